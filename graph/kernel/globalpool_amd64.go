//go:build !purego

package kernel

// reductions are an instruction set's loops of MaxRows and of its gradient.
type reductions struct {
	mostLoop  func(n int, x, y *float32)
	countLoop func(n int, count, x, y *float32)
	whereLoop func(n int, z, x, y, v *float32)
}

func (i *instructions) most(y, x []float32) {
	n := i.whole(len(y))
	if n > 0 {
		i.mostLoop(n, &x[0], &y[0])
	}
	genericMost(y[n:], x[n:])
}

func (i *instructions) countEqual(count, x, y []float32) {
	n := i.whole(len(y))
	if n > 0 {
		i.countLoop(n, &count[0], &x[0], &y[0])
	}
	genericCountEqual(count[n:], x[n:], y[n:])
}

func (i *instructions) whereEqual(z, x, y, v []float32) {
	n := i.whole(len(y))
	if n > 0 {
		i.whereLoop(n, &z[0], &x[0], &y[0], &v[0])
	}
	genericWhereEqual(z[n:], x[n:], y[n:], v[n:])
}
