package safetensors_test

import (
	"bytes"
	"fmt"

	"stheno/nets/safetensors"
)

// A weight is written and read back; then the file is cut, and the error says where.
func Example() {
	kernel := []float32{1, 2, 3, 4, 5, 6}
	data := make([]byte, 4*len(kernel))
	safetensors.Put(data, kernel)
	var file bytes.Buffer
	err := safetensors.Write(&file, []safetensors.Tensor{
		{Name: "dense.kernel", DType: "F32", Shape: []int{2, 3}, Data: data},
	}, map[string]string{"model": "mlp"})
	if err != nil {
		fmt.Println(err)
		return
	}
	whole := file.Bytes()

	tensors, metadata, err := safetensors.Read(bytes.NewReader(whole), int64(len(whole)))
	for _, t := range tensors {
		values := make([]float32, len(t.Data)/4)
		safetensors.Get(values, t.Data)
		fmt.Println(t.Name, t.DType, t.Shape, values)
	}
	fmt.Println(metadata, err)

	cut := whole[:len(whole)-4]
	_, _, err = safetensors.Read(bytes.NewReader(cut), int64(len(cut)))
	fmt.Println(err)
	// Output:
	// dense.kernel F32 [2 3] [1 2 3 4 5 6]
	// map[model:mlp] <nil>
	// safetensors: tensor "dense.kernel": data_offsets [0, 24]: the file ends at offset 132, after 20 bytes of data
}
