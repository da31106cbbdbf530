package kernel

// Broadcast repeats x along its axes of size 1, but for the first, that of the batch:
//
//	x (N,1,1,C) -> y (N,H,W,C), y[n,h,w,c] = x[n,0,0,c]
//
// from and to are the shapes of x and y, of as many axes.
func Broadcast[T Float](from, to []int, x, y []T) {
	n, in, out := images(from, to, x, y, "kernel: Broadcast: slices do not match the shapes")
	spans(n, max(1, 1<<13/out), func(first, end int) {
		for i := first; i < end; i++ {
			repeat(from[1:], to[1:], x[i*in:(i+1)*in], y[i*out:(i+1)*out])
		}
	})
}

// BroadcastGrad is Broadcast's gradient: dx is the sum of all dy that are made of the
// same x, image for image, in order.
func BroadcastGrad[T Float](from, to []int, dy, dx []T) {
	n, in, out := images(from, to, dx, dy, "kernel: BroadcastGrad: slices do not match the shapes")
	add := of[T]().add
	spans(n, max(1, 1<<13/out), func(first, end int) {
		clear(dx[first*in : end*in])
		for i := first; i < end; i++ {
			gather(from[1:], to[1:], dy[i*out:(i+1)*out], dx[i*in:(i+1)*in], add)
		}
	})
}

// images says how many there are, and how many numbers each has in both shapes.
func images[T Float](from, to []int, x, y []T, message string) (n, in, out int) {
	n, in, out = from[0], sizeOf(from[1:]), sizeOf(to[1:])
	check(len(from) == len(to) && from[0] == to[0] && len(x) == n*in && len(y) == n*out, message)
	return n, in, out
}

func sizeOf(sizes []int) int {
	n := 1
	for _, size := range sizes {
		n *= size
	}
	return n
}

// repeat is Broadcast of an image.
func repeat[T Float](from, to []int, x, y []T) {
	if same := len(x) == len(y); same || len(x) == 1 {
		if same {
			copy(y, x)
			return
		}
		for i := range y {
			y[i] = x[0]
		}
		return
	}
	part, step := len(y)/to[0], len(x)/from[0]
	for i := range to[0] {
		at := i % from[0] * step
		repeat(from[1:], to[1:], x[at:at+step], y[i*part:(i+1)*part])
	}
}

// gather is BroadcastGrad of an image, added to dx.
func gather[T Float](from, to []int, dy, dx []T, add func(y, x []T)) {
	if same := len(dx) == len(dy); same || len(dx) == 1 {
		if same {
			add(dx, dy)
			return
		}
		for _, v := range dy {
			dx[0] += v
		}
		return
	}
	part, step := len(dy)/to[0], len(dx)/from[0]
	for i := range to[0] {
		at := i % from[0] * step
		gather(from[1:], to[1:], dy[i*part:(i+1)*part], dx[at:at+step], add)
	}
}
