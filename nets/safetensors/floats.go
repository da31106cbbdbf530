package safetensors

import (
	"encoding/binary"
	"math"
)

// Put writes src into dst as little-endian bytes, on any machine:
//
//	for i, v := range src { dst[i*size:] = little-endian bits of v }
//
// NaN payloads and the sign of zero are kept. It panics unless len(dst) is len(src)
// times 4 (float32) or 8 (float64).
func Put[T float32 | float64](dst []byte, src []T) {
	switch src := any(src).(type) {
	case []float32:
		if len(dst) != 4*len(src) {
			panic("safetensors: Put: dst is not 4 bytes for each float32 of src")
		}
		for i, v := range src {
			binary.LittleEndian.PutUint32(dst[4*i:4*i+4], math.Float32bits(v))
		}
	case []float64:
		if len(dst) != 8*len(src) {
			panic("safetensors: Put: dst is not 8 bytes for each float64 of src")
		}
		for i, v := range src {
			binary.LittleEndian.PutUint64(dst[8*i:8*i+8], math.Float64bits(v))
		}
	}
}

// Get is the way back from [Put]: it fills dst from the little-endian bytes of src.
// It panics unless len(src) is len(dst) times 4 (float32) or 8 (float64).
func Get[T float32 | float64](dst []T, src []byte) {
	switch dst := any(dst).(type) {
	case []float32:
		if len(src) != 4*len(dst) {
			panic("safetensors: Get: src is not 4 bytes for each float32 of dst")
		}
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i : 4*i+4]))
		}
	case []float64:
		if len(src) != 8*len(dst) {
			panic("safetensors: Get: src is not 8 bytes for each float64 of dst")
		}
		for i := range dst {
			dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i : 8*i+8]))
		}
	}
}
