package safetensors_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	oracle "github.com/nlpodyssey/safetensors"

	"stheno/nets/safetensors"
)

func TestRoundTrip(t *testing.T) {
	tensors, metadata := sample()
	data := write(t, tensors, metadata)
	if again := write(t, tensors, metadata); !bytes.Equal(again, data) {
		t.Error("the same input gave other bytes")
	}
	if n := data[0]; n%8 != 0 {
		t.Errorf("header of %d bytes is not padded to 8", n)
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(data), "bytewise": iotest.OneByteReader(bytes.NewReader(data)),
		"with more behind": io.MultiReader(bytes.NewReader(data), strings.NewReader("more")),
	} {
		got, meta, err := safetensors.Read(r, int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(tensors, got); d != "" {
			t.Errorf("%s: tensors (-want +got):\n%s", name, d)
		}
		if d := cmp.Diff(metadata, meta); d != "" {
			t.Errorf("%s: metadata (-want +got):\n%s", name, d)
		}
	}
}

func TestEmptyFileRoundTrip(t *testing.T) {
	data := write(t, nil, nil)
	if want := file("{}      "); !bytes.Equal(data, want) {
		t.Errorf("found %q, expected %q", data, want)
	}
	tensors, metadata, err := read(data)
	if len(tensors) != 0 || metadata != nil || err != nil {
		t.Errorf("found %v, %v, %v", tensors, metadata, err)
	}
}

// TestLayout freezes the bytes of a file: other releases must read and write the same.
func TestLayout(t *testing.T) {
	got := write(t, []safetensors.Tensor{f32("w", []int{1, 2}, 1, 2), f64("b", nil, 3)}, map[string]string{"z": "1", "a": "2"})
	want := file(`{"__metadata__":{"a":"2","z":"1"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},`+
		`"b":{"dtype":"F64","shape":[],"data_offsets":[8,16]}}  `,
		0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 8, 0x40)
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Error(d)
	}
}

func TestTensorsComeInFileOrder(t *testing.T) {
	got, _, err := read(file(`{"late":{"shape":[1],"data_offsets":[1,2],"dtype":"U8"},`+
		"\n\t"+`"early":{"dtype":"I8","shape":[1],"data_offsets":[0,1]} }`, 7, 8)) // unpadded, as some write it
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Name != "early" || got[0].Data[0] != 7 || got[1].Name != "late" || got[1].Data[0] != 8 {
		t.Errorf("found %v", got)
	}
	if c := cap(got[0].Data); c != 1 {
		t.Errorf("the first tensor's data has capacity %d: an append would write into the second", c)
	}
}

func TestOracleReadsOurs(t *testing.T) {
	tensors, metadata := sample()
	theirs, err := oracle.Deserialize(write(t, tensors, metadata))
	if err != nil {
		t.Fatal(err)
	}
	if theirs.Len() != len(tensors) {
		t.Fatalf("found %d tensors, expected %d", theirs.Len(), len(tensors))
	}
	for _, want := range tensors {
		got, ok := theirs.Tensor(want.Name)
		if !ok || got.DType().String() != want.DType || fmt.Sprint(got.Shape()) != fmt.Sprint(want.Shape) || !bytes.Equal(got.Data(), want.Data) {
			t.Errorf("%q: found %v, %v, expected %v", want.Name, ok, got, want)
		}
	}
}

func TestOursReadsOracle(t *testing.T) {
	tensors, metadata := sample()
	// Their NewTensorView takes a scalar to have no elements (their reader does not).
	tensors = slices.DeleteFunc(tensors, func(x safetensors.Tensor) bool { return len(x.Shape) == 0 })
	views := map[string]oracle.TensorView{}
	for _, x := range tensors {
		shape := make([]uint64, len(x.Shape))
		for i, n := range x.Shape {
			shape[i] = uint64(n)
		}
		dtype, err := oracle.ParseDType(x.DType)
		if err != nil {
			t.Fatal(err)
		}
		if views[x.Name], err = oracle.NewTensorView(dtype, shape, x.Data); err != nil {
			t.Fatal(err)
		}
	}
	data, err := oracle.Serialize(views, metadata)
	if err != nil {
		t.Fatal(err)
	}
	got, meta, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	byName := func(list []safetensors.Tensor) map[string]safetensors.Tensor {
		m := map[string]safetensors.Tensor{}
		for _, x := range list {
			m[x.Name] = x
		}
		return m
	}
	if d := cmp.Diff(byName(tensors), byName(got)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(metadata, meta); d != "" {
		t.Error(d)
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct {
		tensors  []safetensors.Tensor
		metadata map[string]string
		want     string
	}{
		{[]safetensors.Tensor{f32("", nil, 1)}, nil, `tensor "": found an empty name`},
		{[]safetensors.Tensor{f32("__metadata__", nil, 1)}, nil, `keeps for its metadata`},
		{[]safetensors.Tensor{f32("a\xff", nil, 1)}, nil, `tensor "a\xff": found a name that is not UTF-8`},
		{[]safetensors.Tensor{f32("a", nil, 1), f32("a", nil, 1)}, nil, `tensor "a": found the name a second time`},
		{[]safetensors.Tensor{{Name: "a", DType: "f32"}}, nil, `tensor "a": dtype: found "f32"`},
		{[]safetensors.Tensor{f32("a", []int{-1, -1}, 1)}, nil, `tensor "a": shape: found the size -1`},
		{[]safetensors.Tensor{f32("a", []int{3, 4}, 1)}, nil, `tensor "a": data: 4 bytes, but F32 (3, 4) takes 48`},
		{[]safetensors.Tensor{{Name: "a", DType: "F4", Shape: []int{3}, Data: []byte{1}}}, nil, `F4 (3) takes 12 bits, expected whole bytes`},
		{nil, map[string]string{"k": "\xff"}, `__metadata__: key "k": found text that is not UTF-8`},
	} {
		var out bytes.Buffer
		err := safetensors.Write(&out, c.tensors, c.metadata)
		checkError(t, err, c.want)
		if out.Len() != 0 {
			t.Errorf("%s: %d bytes were written before the error", c.want, out.Len())
		}
	}
}

func TestWriteKeepsTheHeaderLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some hundred megabytes")
	}
	err := safetensors.Write(io.Discard, nil, map[string]string{"k": strings.Repeat(" ", 100_000_000)})
	checkError(t, err, `the format allows 100000000`)
}

// failing takes n bytes, then refuses.
type failing struct{ n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestWriteReportsTheWriter(t *testing.T) {
	for n, want := range map[int]string{0: "writing the header", 64: `tensor "w": writing the data`} {
		err := safetensors.Write(&failing{n}, []safetensors.Tensor{f32("w", nil, 1)}, nil)
		checkError(t, err, want)
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%v does not wrap the writer's error", err)
		}
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	tensors, metadata := sample()
	data := write(t, tensors, metadata)
	good, bad := filepath.Join(dir, "good.safetensors"), filepath.Join(dir, "bad.safetensors")
	os.WriteFile(good, data, 0o644)
	os.WriteFile(bad, data[:len(data)-1], 0o644)
	got, meta, err := safetensors.ReadFile(good)
	if err != nil || !cmp.Equal(got, tensors) || !cmp.Equal(meta, metadata) {
		t.Errorf("found %v, %v, %v", got, meta, err)
	}
	_, _, err = safetensors.ReadFile(bad)
	checkError(t, err, bad+`: tensor "bytes": data_offsets [36, 41]: the file ends at offset`)
	_, _, err = safetensors.ReadFile(dir)
	checkError(t, err, dir+": found a folder, expected a regular file")
	_, _, err = safetensors.ReadFile(filepath.Join(dir, "none"))
	checkError(t, err, filepath.Join(dir, "none"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}
}

func TestPutGetKeepBits(t *testing.T) {
	quiet := math.Float32frombits(0x7fc12345)
	in32, out32 := []float32{1, quiet, float32(math.Inf(1)), 1e-45}, make([]float32, 4)
	in64, out64 := []float64{1, math.Float64frombits(0x7ff8000012345678), math.Inf(1), 5e-324}, make([]float64, 4)
	buf := make([]byte, 32)
	safetensors.Put(buf[:16], in32)
	safetensors.Get(out32, buf[:16])
	safetensors.Put(buf, in64)
	safetensors.Get(out64, buf)
	for i := range in32 {
		if math.Float32bits(in32[i]) != math.Float32bits(out32[i]) || math.Float64bits(in64[i]) != math.Float64bits(out64[i]) {
			t.Errorf("element %d: found %x and %x", i, math.Float32bits(out32[i]), math.Float64bits(out64[i]))
		}
	}
	for name, call := range map[string]func(){
		"Put32": func() { safetensors.Put(buf, in32) }, "Put64": func() { safetensors.Put(buf[:31], in64) },
		"Get32": func() { safetensors.Get(out32, buf) }, "Get64": func() { safetensors.Get(out64, buf[:31]) },
	} {
		func() {
			defer func() {
				if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "safetensors: ") {
					t.Errorf("%s: a wrong length panicked with %q", name, s)
				}
			}()
			call()
		}()
	}
}

// checkError holds every error to the promise: one line, the package's name first.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("no error, expected %q", want)
	case !strings.Contains(err.Error(), want):
		t.Errorf("found the error %q, expected %q", err, want)
	case !strings.HasPrefix(err.Error(), "safetensors: "), strings.Contains(err.Error(), "\n"), len(err.Error()) > 400:
		t.Errorf("not a line of the package: %q", err)
	}
}

func BenchmarkPut(b *testing.B) {
	src, dst := make([]float32, 1<<20), make([]byte, 4<<20)
	b.SetBytes(int64(len(dst)))
	for b.Loop() {
		safetensors.Put(dst, src)
	}
}
