package kernel

import "sync"

// Slide is how a window slides along one axis of an image: its pixel k at place o
// stands on the image's pixel o·Stride + k·Dilation - Before, or beyond the image.
type Slide struct{ In, Size, Stride, Dilation, Before, Out int }

// pixel is where the window's pixel k stands at place o; ok is false beyond the image.
func (s Slide) pixel(o, k int) (p int, ok bool) {
	p = o*s.Stride + k*s.Dilation - s.Before
	return p, p >= 0 && p < s.In
}

// place is the place at which the window's pixel k stands on pixel p, if there is one.
func (s Slide) place(p, k int) (o int, ok bool) {
	from := p + s.Before - k*s.Dilation
	return from / s.Stride, from >= 0 && from%s.Stride == 0 && from/s.Stride < s.Out
}

// covered is how many of the window's pixels stand on the image at place o.
func (s Slide) covered(o int) (n int) {
	for k := range s.Size {
		if _, ok := s.pixel(o, k); ok {
			n++
		}
	}
	return n
}

// Slides is a window that slides over N images of C channels.
type Slides struct {
	N, C         int
	Down, Across Slide
}

// sizes are how many numbers the images have and the places, and the window's area.
func (s Slides) sizes() (images, places, area int) {
	return s.N * s.image(), s.N * s.Down.Out * s.Across.Out * s.C, s.Down.Size * s.Across.Size
}

// image is the size of an image.
func (s Slides) image() int { return s.Down.In * s.Across.In * s.C }

// run is a row of numbers along one axis that are made in one way: number i, at to +
// i·step, of the numbers that stand at each tap's from + i·along.
type run struct {
	to, step, count int
	along           int
	taps            []tap
}

// tap is one of the window's pixels in a run.
type tap struct {
	k, from int
	covered int // of the window's pixels, at the place that it belongs to
}

// places are the runs that make the places of an image's pixels.
func (s Slide) places() (runs []run) {
	for o := range s.Out {
		var taps []tap
		for k := range s.Size {
			if p, ok := s.pixel(o, k); ok {
				taps = append(taps, tap{k, p, s.covered(o)})
			}
		}
		runs = join(runs, run{o, 1, 1, s.Stride, taps})
	}
	return runs
}

// pixels are the runs that make an image's pixels of the places that stand on them:
// the way back of places.
func (s Slide) pixels() (runs []run) {
	for first := range min(s.Stride, s.In) {
		for p := first; p < s.In; p += s.Stride {
			var taps []tap
			for k := range s.Size {
				if o, ok := s.place(p, k); ok {
					taps = append(taps, tap{k, o, s.covered(o)})
				}
			}
			runs = join(runs, run{p, s.Stride, 1, 1, taps})
		}
	}
	return runs
}

// join adds a number to the last run, or begins a new one.
func join(runs []run, one run) []run {
	if len(runs) > 0 {
		if last := &runs[len(runs)-1]; last.goesOn(one) {
			last.count++
			return runs
		}
	}
	return append(runs, one)
}

// goesOn says whether one is the run's next number.
func (r *run) goesOn(one run) bool {
	if one.to != r.to+r.count*r.step || len(one.taps) != len(r.taps) {
		return false
	}
	for i, t := range r.taps {
		t.from += r.count * r.along
		if t != one.taps[i] {
			return false
		}
	}
	return true
}

// gathering is a row of pixels of y, each of which is made of pixels of x. The loops over
// it are those of the pools and of the depthwise convolution; they leave out the
// channels below first.
type gathering[T Float] struct {
	pixels, channels int
	x, y             []T
	xStep, yStep     int // from a pixel to the next one of the row
	taps             []reach[T]
	marks            []uint8 // which of a window's pixels was taken: beside y, or beside x
	marksStep        int
	w, bias          []T // of the depthwise convolution
	relu             bool

	args any // of the assembly
}

// reach is where a pixel of x stands that is taken into a pixel of y. The order of its
// fields is known to _asm/gather.go.
type reach[T Float] struct {
	at int // in x, for the row's first pixel
	k  int // the window's pixel
	w  int // its number of the first channel, in the filter
	by T   // 1 / how many are taken, at its place
}

// source is pixel p of the row, at a reach.
func (g *gathering[T]) source(p int, r reach[T], first int) []T {
	return g.x[r.at+p*g.xStep+first:][:g.channels-first]
}

// target is pixel p of the row.
func (g *gathering[T]) target(p, first int) []T { return g.y[p*g.yStep+first:][:g.channels-first] }

// overlap says whether windows at two places can stand on one pixel.
func (s Slides) overlap() bool {
	apart := func(s Slide) bool { return s.Stride > (s.Size-1)*s.Dilation }
	return !apart(s.Down) || !apart(s.Across)
}

// leaves says whether there are pixels that no window stands on, where none overlap.
func (s Slides) leaves() bool {
	all := func(s Slide) bool { return s.Out*s.Size-s.Before >= s.In && s.Size == s.Stride }
	return !all(s.Down) || !all(s.Across)
}

// gathers are lent, with what the assembly keeps in them, to those who make rows.
var gathers32, gathers64 = sync.Pool{New: func() any { return new(gathering[float32]) }}, sync.Pool{New: func() any { return new(gathering[float64]) }}

func gathersOf[T Float]() *sync.Pool {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return &gathers32
	}
	return &gathers64
}

// sheet is a batch on one side of a window: images or places.
type sheet[T Float] struct {
	width, height int
	data          []T
	marks         []uint8 // nil without any
}

// pass makes a batch y of a batch x, row by row, by what begins as its gathering.
type pass[T Float] struct {
	s            Slides
	down, across []run
	taps         [][]reach[T] // of each run down and each run across, for the first row of that
	x, y         sheet[T]
	gathering[T]
}

// newPass prepares one.
func newPass[T Float](s Slides, down, across []run, x, y sheet[T], g gathering[T]) pass[T] {
	p := pass[T]{s, down, across, nil, x, y, g}
	for _, d := range down {
		for _, a := range across {
			var taps []reach[T]
			for _, u := range d.taps {
				for _, v := range a.taps {
					k := u.k*s.Across.Size + v.k
					taps = append(taps, reach[T]{(u.from*x.width + v.from) * s.C, k, k * s.C, 1 / T(u.covered*v.covered)})
				}
			}
			p.taps = append(p.taps, taps)
		}
	}
	return p
}

// forwards makes places of pixels.
func forwards[T Float](s Slides, x, y []T, g gathering[T]) pass[T] {
	return newPass(s, s.Down.places(), s.Across.places(), sheet[T]{s.Across.In, s.Down.In, x, nil}, sheet[T]{s.Across.Out, s.Down.Out, y, nil}, g)
}

// backwards makes pixels of places.
func backwards[T Float](s Slides, y, x []T, g gathering[T]) pass[T] {
	return newPass(s, s.Down.pixels(), s.Across.pixels(), sheet[T]{s.Across.Out, s.Down.Out, y, nil}, sheet[T]{s.Across.In, s.Down.In, x, nil}, g)
}

// numbersPerBlock is about how many numbers of a batch are made between two looks for
// a thread that has nothing to do.
const numbersPerBlock = 1 << 13

// run makes all rows, each run of them by one call of loop.
func (p *pass[T]) run(loop func(g *gathering[T], first int)) {
	spans(p.s.N*p.y.height, max(1, numbersPerBlock/(p.y.width*p.s.C)), func(from, to int) { p.rows(from, to, p.gathering, loop) })
}

// rows makes some of all images' rows, by what begins as g.
func (p *pass[T]) rows(from, to int, g gathering[T], loop func(g *gathering[T], first int)) {
	lent := gathersOf[T]().Get().(*gathering[T])
	defer gathersOf[T]().Put(lent)
	args := lent.args
	*lent = g
	lent.args = args
	for i := from; i < to; i++ {
		p.row(i/p.y.height, i%p.y.height, lent, loop)
	}
}

// row makes one of an image's rows; rows that are not made of the same reaches follow
// each other as down has them.
func (p *pass[T]) row(n, row int, g *gathering[T], loop func(g *gathering[T], first int)) {
	d := 0
	for row >= p.down[d].count {
		row -= p.down[d].count
		d++
	}
	down, c := p.down[d], p.s.C
	images, places := (n*p.x.height+row*down.along)*p.x.width*c, (n*p.y.height+down.to+row*down.step)*p.y.width*c
	for a, across := range p.across {
		to := places + across.to*c
		g.taps = p.taps[d*len(p.across)+a]
		g.pixels, g.channels, g.xStep, g.yStep = across.count, c, across.along*c, across.step*c
		g.x, g.y = p.x.data[images:], p.y.data[to:]
		switch {
		case p.x.marks != nil:
			g.marks, g.marksStep = p.x.marks[images:], g.xStep
		case p.y.marks != nil:
			g.marks, g.marksStep = p.y.marks[to:], g.yStep
		}
		loop(g, 0)
	}
}
