package data_test

import (
	"fmt"
	"math/rand/v2"

	"stheno/data"
)

// One epoch over MNIST, decoded batch by batch into the same memory.
func Example() {
	mnist, err := data.Open("") // or a folder with files of MNIST's kind
	if err != nil {
		fmt.Println(err)
		return
	}
	const batch = 128
	shape := mnist.Train.Shape()
	size := shape[0] * shape[1] * shape[2]
	pixels := make([]float32, batch*size) // in training, the graph's input
	labels := make([]int, batch)

	rng := rand.New(rand.NewPCG(1, 0))
	steps, last := 0, 0
	for b := range mnist.Train.Batches(batch, rng) {
		n := len(b.Rows)
		data.Decode(b, pixels[:n*size], labels[:n])
		steps, last = steps+1, n // b.Rows is valid up to here
	}
	fmt.Printf("%d images of %v in %d classes\n", mnist.Train.Len(), shape, mnist.Classes)
	fmt.Printf("%d batches, the last of %d\n", steps, last)
	// Output:
	// 60000 images of [28 28 1] in 10 classes
	// 469 batches, the last of 96
}

func ExampleOneHot() {
	hot := data.OneHot[float32]([]int{2, 0}, 3)
	fmt.Println(hot[:3])
	fmt.Println(hot[3:])
	// Output:
	// [0 0 1]
	// [1 0 0]
}

func ExampleSet_Batches() {
	set := &data.Set{Pixels: make([]uint8, 5), Labels: make([]uint8, 5), Height: 1, Width: 1, Channels: 1}
	for b := range set.Batches(2, nil) { // nil: the order of the file
		fmt.Println(b.Index, b.Rows)
	}
	// Output:
	// 0 [0 1]
	// 1 [2 3]
	// 2 [4]
}

func ExampleSet_Pick() {
	set := &data.Set{Pixels: []uint8{0, 51, 255}, Labels: []uint8{7, 8, 9}, Height: 1, Width: 1, Channels: 1}
	pixels, labels := make([]float32, 2), make([]int, 2)
	data.Decode(set.Pick(2, 1), pixels, labels)
	fmt.Println(pixels, labels)
	// Output: [1 0.2] [9 8]
}
