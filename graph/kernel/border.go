package kernel

// Border is what stands around images of H x W pixels of C channels in larger ones.
type Border struct {
	N, H, W, C               int
	Top, Bottom, Left, Right int // pixels; 0 or more
}

// row is where row h of image n begins among the larger ones, behind its left border.
func (b Border) row(n, h int) int {
	return ((n*(b.Top+b.H+b.Bottom)+b.Top+h)*(b.Left+b.W+b.Right) + b.Left) * b.C
}

// check holds slices to the sizes of the images, and of the larger ones.
func (b Border) check(inner, outer int, message string) {
	check(inner == b.N*b.H*b.W*b.C && outer == b.N*(b.Top+b.H+b.Bottom)*(b.Left+b.W+b.Right)*b.C, message)
}

// Pad puts images x into larger ones, whose border is zero:
//
//	clear(y)
//	for n, h, w, c := range x {
//		y[n, Top+h, Left+w, c] = x[n, h, w, c]
//	}
func Pad[T Float](b Border, x, y []T) {
	b.check(len(x), len(y), "kernel: Pad: slices do not match the border")
	size, image, row := b.row(1, 0)-b.row(0, 0), b.H*b.W*b.C, b.W*b.C
	spans(b.N, max(1, 1<<13/size), func(from, to int) {
		clear(y[from*size : to*size])
		for n := from; n < to; n++ {
			for h := range b.H {
				copy(y[b.row(n, h):], x[n*image+h*row:][:row])
			}
		}
	})
}

// Crop takes images out of larger ones:
//
//	for n, h, w, c := range y {
//		y[n, h, w, c] = x[n, Top+h, Left+w, c]
//	}
func Crop[T Float](b Border, x, y []T) {
	b.check(len(y), len(x), "kernel: Crop: slices do not match the border")
	image, row := b.H*b.W*b.C, b.W*b.C
	spans(b.N, max(1, 1<<13/image), func(from, to int) {
		for n := from; n < to; n++ {
			for h := range b.H {
				copy(y[n*image+h*row:][:row], x[b.row(n, h):])
			}
		}
	})
}
