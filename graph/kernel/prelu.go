package kernel

import "slices"

// Shared says by which of its slopes an image's numbers go, where some stand for all
// along an axis: runs of numbers, each from a slope on or all with one.
type Shared struct {
	image, slopes int // numbers of an image, and slopes
	run           int // numbers of a run
	one           bool
	axes          []sharedAxis // before the run
}

// sharedAxis is an axis of images and what a step along it is among the slopes.
type sharedAxis struct{ size, step int }

// SharedOf is that for images of a shape and slopes of the same shape, or 1 in place of
// some of its sizes.
func SharedOf(image, slopes []int) Shared {
	s := Shared{image: 1, slopes: 1, run: 1}
	axes := make([]sharedAxis, len(image))
	for i := len(image) - 1; i >= 0; i-- {
		axes[i].size = image[i]
		if slopes[i] != 1 {
			axes[i].step = s.slopes
		}
		s.image, s.slopes = s.image*image[i], s.slopes*slopes[i]
	}
	first := true
	for i := len(axes) - 1; i >= 0; i-- {
		if axes[i].size == 1 {
			axes = slices.Delete(axes, i, i+1)
			continue
		}
		if one := axes[i].step == 0; first || one == s.one {
			s.run, s.one, first = s.run*axes[i].size, one, false
			axes = slices.Delete(axes, i, i+1)
			continue
		}
		break
	}
	s.axes = axes
	return s
}

// at is where the slopes of a run begin.
func (s *Shared) at(run int) (slope int) {
	for i := len(s.axes) - 1; i >= 0; i-- {
		slope += run % s.axes[i].size * s.axes[i].step
		run /= s.axes[i].size
	}
	return slope
}

// each hands out the runs of some images, with where their slopes begin and how far
// one is from the next.
func (s *Shared) each(from, to int, do func(at, slope, step int)) {
	step, runs := 1, s.image/s.run
	if s.one {
		step = 0
	}
	for r := range runs {
		slope := s.at(r)
		for n := from; n < to; n++ {
			do(n*s.image+r*s.run, slope, step)
		}
	}
}

// PReLU rectifies n images, with slopes of their own below 0:
//
//	for i := range n*image {
//		y[i] = max(0, x[i]) - alpha[slopeOf(i)] * max(0, -x[i])
//	}
func PReLU[T Float](s Shared, n int, x, alpha, y []T) {
	check(s.fit(n, len(x), len(y), len(alpha)), "kernel: PReLU: slices do not match the sizes")
	spans(n, ceil(1<<13, s.image), func(from, to int) {
		s.each(from, to, func(at, slope, step int) {
			for i, v := range x[at : at+s.run] {
				if !(v > 0) {
					v *= alpha[slope+i*step]
				}
				y[at+i] = v
			}
		})
	})
}

// PReLUGrad is the gradient of PReLU by x:
//
//	for i := range n*image {
//		dx[i] = dy[i]                       // where x[i] > 0
//		dx[i] = dy[i] * alpha[slopeOf(i)]   // where x[i] < 0
//		dx[i] = 0                           // else
//	}
func PReLUGrad[T Float](s Shared, n int, x, alpha, dy, dx []T) {
	check(s.fit(n, len(x), len(dx), len(alpha)) && len(dy) == len(x), "kernel: PReLUGrad: slices do not match the sizes")
	spans(n, ceil(1<<13, s.image), func(from, to int) {
		s.each(from, to, func(at, slope, step int) {
			for i, v := range x[at : at+s.run] {
				d := dy[at+i]
				switch {
				case v < 0:
					d *= alpha[slope+i*step]
				case !(v > 0):
					d = 0
				}
				dx[at+i] = d
			}
		})
	})
}

// PReLUSlopes is the gradient of PReLU by alpha, in at most eight ranges of images whose
// sums are added in order:
//
//	for i := range n*image {
//		dalpha[slopeOf(i)] += min(0, x[i]) * dy[i] // dalpha starts at 0
//	}
func PReLUSlopes[T Float](s Shared, n int, x, dy, dalpha []T) {
	check(s.fit(n, len(x), len(dy), len(dalpha)), "kernel: PReLUSlopes: slices do not match the sizes")
	shards := min(shardCount, n)
	part := borrow[T](shards * s.slopes)
	defer giveBack(part)
	parallel(shards, func(shard int) {
		sums := part[shard*s.slopes : (shard+1)*s.slopes]
		clear(sums)
		s.each(shard*n/shards, (shard+1)*n/shards, func(at, slope, step int) {
			for i, v := range x[at : at+s.run] {
				if v < 0 {
					sums[slope+i*step] += T(v * dy[at+i])
				}
			}
		})
	})
	addShards(shards, part, dalpha)
}

// fit says whether numbers and slopes are as many as n images have.
func (s *Shared) fit(n, x, y, slopes int) bool {
	return x == n*s.image && y == n*s.image && slopes == s.slopes
}
