package command

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// TestFloat: the short way gives the float32 nearest to the text, as the long
// way does.
func TestFloat(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	texts := []string{"0", "-0", "1", "0.5", "0.0000001", "16777215", "16777217", "16777219", "0.16777217", "1.6777217", "99999999", "123456789", "0.1234567890123", "1e-45", "3.4e38", "12.5", "8388608.5", "8388609.5", "0.0000000298023223876953125", "16777217.0", "999999999999999", "0.27450982", "1000000000000000", "00", "01.5", "1.", "0.10000000149"}
	for range 200_000 {
		digits := 1 + rng.IntN(9)
		n := rng.IntN(int(math.Pow10(digits)))
		texts = append(texts, fmt.Sprintf("%d.%0*d", rng.IntN(3), digits, n), strconv.Itoa(n), strconv.FormatFloat(float64(rng.Float32()), 'g', -1, 32))
	}
	for _, text := range texts {
		want, err := strconv.ParseFloat(text, 32)
		if !json.Valid([]byte(text)) {
			if v, next, ok := decimal(text+",", 0); ok && next == len(text) {
				t.Errorf("%s is read as %v", text, v)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, behind := range []string{",", "]", " ,"} {
			s := scanner{text: text + behind}
			got, err := s.float("data")
			if err != nil || math.Float32bits(got) != math.Float32bits(float32(want)) || s.at != len(text) {
				t.Fatalf("%s: %v, %v at %d, expected %v", text, got, err, s.at, want)
			}
		}
	}
}

// TestFloats: numbers in a row are those that are read one by one.
func TestFloats(t *testing.T) {
	for text, want := range map[string]int{
		"0,0,255,0.5,1]": 4, "1,2,": 2, "0": 0, "": 0, "0,": 1, "0,-1,2,": 1, "0, 1,": 1, "00,1,": 0, "1.,": 0, ".5,": 0, "1,2,3,4,5,6,7,": 6,
		"8388608.5,": 0, "1e3,": 0, "0.5": 0,
	} {
		s := scanner{text: text}
		if got := s.floats(nil, 6); len(got) != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, value := range map[string]string{"UINT8": "37", "FP32": "0.27450982"} {
		list := make([]string, 784)
		for i := range list {
			if list[i] = "0"; i%5 == 0 {
				list[i] = value
			}
		}
		body := fmt.Sprintf(`{"inputs":[{"name":"image","shape":[1,784],"datatype":%q,"data":[%s]}]}`, name, strings.Join(list, ","))
		b.Run("datatype="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := decodeInfer(payload{json: body}, mnist, 1)
				if err != nil {
					b.Fatal(err)
				}
				free(r.images)
			}
		})
	}
}
