package data_test

import (
	"fmt"
	"image"
	"math/rand/v2"

	"stheno/data"
	"stheno/data/digit"
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

// Images in memory, as bytes or as pictures, become a set; what does not fit is
// refused.
func ExampleNewSet() {
	shape := [3]int{2, 2, 1} // height, width, channels
	set, err := data.NewSet([]uint8{
		255, 255, 0, 0, // bright above
		0, 0, 255, 255, // bright below
	}, []int{0, 1}, shape, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set.Len(), "images of", set.Shape())

	black, white := image.NewGray(image.Rect(0, 0, 640, 480)), image.NewGray(image.Rect(0, 0, 640, 480))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	pixels, err := digit.Rows([]image.Image{white, black}, shape, digit.Preparation{Method: digit.Raw}) // only scaled
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pixels)
	_, err = data.NewSet(pixels, []int{0, 2}, shape, 2)
	fmt.Println(err)
	// Output:
	// 2 images of [2 2 1]
	// [255 255 255 255 0 0 0 0]
	// data: not a valid set: row 1 has label 2, and a label of 2 classes is from 0 to 1
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
	set, err := data.NewSet(make([]uint8, 5), make([]int, 5), [3]int{1, 1, 1}, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	for b := range set.Batches(2, nil) { // nil: the order of the file
		fmt.Println(b.Index, b.Rows)
	}
	// Output:
	// 0 [0 1]
	// 1 [2 3]
	// 2 [4]
}

func ExampleSet_Pick() {
	set, err := data.NewSet([]uint8{0, 51, 255}, []int{7, 8, 9}, [3]int{1, 1, 1}, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	pixels, labels := make([]float32, 2), make([]int, 2)
	data.Decode(set.Pick(2, 1), pixels, labels)
	fmt.Println(pixels, labels)
	// Output: [1 0.2] [9 8]
}
