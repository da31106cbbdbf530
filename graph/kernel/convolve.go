package kernel

import (
	"fmt"
	"unsafe"
)

// Conv is the shape of a convolution: N images of H x W pixels in C channels, F
// filters of KH x KW pixels, and how these slide. Left out, strides and dilation are
// 1, there are no zeros around an image, and all channels are one group.
type Conv struct {
	N, H, W, C, KH, KW, F    int
	SH, SW                   int // strides: pixels down and across from one place to the next
	DH, DW                   int // dilation: pixels down and across from one of the filter's to the next
	Top, Left, Bottom, Right int // rows and columns of zeros around an image
	G                        int // groups: filter f sees the C/G channels of group f/(F/G)
}

// whole is the shape with what was left out.
func (s Conv) whole() Conv {
	for _, n := range []*int{&s.SH, &s.SW, &s.DH, &s.DW, &s.G} {
		*n = max(1, *n)
	}
	return s
}

// plain says whether filters slide with stride 1 over the images alone.
func (s Conv) plain() bool {
	return max(s.SH, s.SW, s.DH, s.DW, s.G) <= 1 && s.Top+s.Left+s.Bottom+s.Right == 0
}

// extent is how many pixels down and across a filter spans.
func (s Conv) extent() (h, w int) {
	s = s.whole()
	return (s.KH-1)*s.DH + 1, (s.KW-1)*s.DW + 1
}

// Out is the size of an output image in pixels.
func (s Conv) Out() (oh, ow int) {
	h, w := s.extent()
	s = s.whole()
	return (s.H+s.Top+s.Bottom-h)/s.SH + 1, (s.W+s.Left+s.Right-w)/s.SW + 1
}

// patch is how many numbers a filter looks at.
func (s Conv) patch() int { return s.KH * s.KW * (s.C / max(1, s.G)) }

// image is how many numbers an image of the input and one of the output have.
func (s Conv) image() (x, y int) {
	oh, ow := s.Out()
	return s.H * s.W * s.C, oh * ow * s.F
}

// sizes are the lengths of the input, the kernel and the output.
func (s Conv) sizes() (x, w, y int) {
	x, y = s.image()
	return s.N * x, s.patch() * s.F, s.N * y
}

func (s Conv) check(x, w, b, y int, bug string) {
	h, ew := s.extent()
	check(min(s.KH, s.KW, s.C, s.F) > 0 && s.H+s.Top+s.Bottom >= h && s.W+s.Left+s.Right >= ew, "kernel: a convolution needs channels, and filters that fit into the image")
	check(min(s.SH, s.SW, s.DH, s.DW, s.G, s.Top, s.Left, s.Bottom, s.Right) >= 0 && s.C%max(1, s.G) == 0 && s.F%max(1, s.G) == 0, "kernel: a convolution needs strides, dilation and zeros that are not negative, and groups that divide its channels and filters")
	nx, nw, ny := s.sizes()
	check(x == nx && w == nw && (b == s.F || b == 0) && y == ny, bug)
}

// Algorithm is how a convolution is computed.
type Algorithm int

// The algorithms. Direct adds up products as the loop of Convolve does, in
// whatever order; Winograd needs 2.25 multiplications where it needs 9, and
// rounds a little more. Auto is Winograd where that is faster.
const (
	Auto Algorithm = iota
	Direct
	Winograd
)

var algorithms = [...]string{"auto", "direct", "winograd"}

func (a Algorithm) String() string { return algorithms[a] }

// ParseAlgorithm is the algorithm of a name.
func ParseAlgorithm(name string) (Algorithm, error) {
	for a, n := range algorithms {
		if n == name {
			return Algorithm(a), nil
		}
	}
	return 0, fmt.Errorf("no convolution algorithm %q: there are auto, direct and winograd", name)
}

// worthwhile is how many channels and filters Winograd's must be a multiple of
// for Auto to choose it: its vectors are filled then.
const worthwhile = 16

// Resolve is the algorithm that a stands for, for a shape and an element type:
// Direct or Winograd. It refuses to force Winograd on what it cannot compute.
func Resolve[T Float](s Conv, a Algorithm) (Algorithm, error) {
	fits := s.KH == 3 && s.KW == 3
	slides := max(s.SH, s.SW, s.DH, s.DW, s.G) <= 1
	oh, ow := s.Out()
	switch {
	case a == Winograd && !fits:
		return 0, fmt.Errorf("winograd is for kernels of 3 x 3, not %d x %d: use auto or direct", s.KH, s.KW)
	case a == Winograd && !slides:
		return 0, fmt.Errorf("winograd is for convolutions of stride 1 and dilation 1, in one group: use auto or direct")
	case a != Auto:
		return a, nil
	case fits && slides && of[T]().winogradIsFast && s.C%worthwhile == 0 && s.F%worthwhile == 0 && min(oh, ow) >= winogradSide:
		return Winograd, nil
	}
	return Direct, nil
}

// resolved is Resolve for callers that have asked before.
func resolved[T Float](s Conv, a Algorithm) Algorithm {
	a, err := Resolve[T](s, a)
	check(err == nil, "kernel: winograd is for kernels of 3 x 3 with stride 1")
	return a
}

// Convolve correlates x (N,H,W,C) with w (KH,KW,C/G,F), which is what deep
// learning calls a convolution, into y (N,OH,OW,F), adds the bias b (F), nil for none,
// and rectifies if asked to:
//
//	for n, i, j, f := range y {
//		y[n,i,j,f] = b[f]
//		for u, v, c := range w { // x is 0 around the image; a group's channels begin at (f/(F/G))·C/G
//			y[n,i,j,f] += x[n, i·SH+u·DH-Top, j·SW+v·DW-Left, group's first + c] * w[u,v,c,f]
//		}
//		if relu && y[n,i,j,f] <= 0 { // a NaN stays, so that a diverged run is seen
//			y[n,i,j,f] = 0
//		}
//	}
func Convolve[T Float](s Conv, a Algorithm, x, w, b, y []T, relu bool) {
	s.check(len(x), len(w), len(b), len(y), "kernel: Convolve: slices do not match the shape")
	if b == nil {
		b = borrow[T](s.F)
		defer giveBack(b)
		clear(b)
	}
	resolved[T](s, a) // refuses what it cannot be
	if s.plain() {
		convolvePlain(s, a, x, w, b, y, relu)
		return
	}
	of[T]().slide(s.whole(), a, x, w, b, y, relu)
}

// convolvePlain is Convolve of a plain shape.
func convolvePlain[T Float](s Conv, a Algorithm, x, w, b, y []T, relu bool) {
	if resolved[T](s, a) == Winograd {
		winograd(s, x, w, b, y, relu)
		return
	}
	of[T]().convolve(s, x, w, b, y, relu)
}

// ConvolveGrad are the gradients of Convolve by its input, its kernel and its
// bias, from its output y and the gradient dy of that:
//
//	for n, i, j, f := range dy {
//		dz := dy[n,i,j,f]
//		if relu && !(y[n,i,j,f] > 0) {
//			dz = 0
//		}
//		db[f] += dz // dx, dw and db start at 0
//		for u, v, c := range w {
//			dx[n, i·SH+u·DH-Top, j·SW+v·DW-Left, group's first + c] += dz * w[u,v,c,f] // within the image
//			dw[u,v,c,f] += dz * x[the same]
//		}
//	}
//
// Those of dx, dw and db that are nil are not wanted. Sums over images are added up
// in eight ranges of images, and these in order.
func ConvolveGrad[T Float](s Conv, a Algorithm, x, w, y, dy, dx, dw, db []T, relu bool) {
	s.check(len(x), len(w), s.F, len(y), "kernel: ConvolveGrad: slices do not match the shape")
	check(len(dy) == len(y) && (dx == nil || len(dx) == len(x)) && (dw == nil || len(dw) == len(w)) && (db == nil || len(db) == s.F),
		"kernel: ConvolveGrad: gradients do not match the shape")
	g := convGrad[T]{s, x, w, y, dy, dx, dw, db, relu}
	resolved[T](s, a)
	if s.plain() {
		g.plainly(a)
		return
	}
	g.Conv = s.whole()
	of[T]().slideGrad(&g, a)
}

// plainly is ConvolveGrad of a plain shape.
func (g *convGrad[T]) plainly(a Algorithm) {
	if resolved[T](g.Conv, a) == Winograd {
		g.winograd()
		return
	}
	of[T]().convolveGrad(g)
}

// convGrad is a ConvolveGrad under way.
type convGrad[T Float] struct {
	Conv
	x, w, y, dy []T
	dx, dw, db  []T
	relu        bool
}

// shards is in how many ranges of images the sums are computed.
func (g *convGrad[T]) shards() int { return min(shardCount, g.N) }

// images are the range of a shard.
func (g *convGrad[T]) images(shard int) (from, to int) {
	return shard * g.N / g.shards(), (shard + 1) * g.N / g.shards()
}

// dz is image n's gradient before the ReLU, copied to where there is room for it.
func (g *convGrad[T]) dz(n int, room []T) {
	_, size := g.image()
	from, to := n*size, (n+1)*size
	if g.relu {
		of[T]().reluGrad(room[:size], g.dy[from:to], g.y[from:to])
		return
	}
	copy(room, g.dy[from:to])
}

// streams says whether an image y of a batch of outputs is to be written past the
// caches.
func streams[T Float](s Conv, y []T) bool {
	_, _, size := s.sizes()
	line := cacheLine / int(unsafe.Sizeof(y[0]))
	return size >= largeC && s.F%line == 0 && uintptr(unsafe.Pointer(&y[0]))%cacheLine == 0
}

// mask is the output, where it decides which gradients count, and nothing without
// a ReLU.
func (g *convGrad[T]) mask() []T {
	if g.relu {
		return g.y
	}
	return nil
}

// imagesOf cuts image n out of a batch.
func imagesOf[T Float](batch []T, images, n int) []T {
	size := len(batch) / images
	return batch[n*size : (n+1)*size]
}
