package graph

import "fmt"

// Window is how a kernel, or a pool, slides over an image: Keras's strides,
// dilation_rate and padding. The zero Window has stride 1 and no padding.
type Window struct {
	Strides  [2]int // pixels down and across from one place to the next; 0 is 1
	Dilation [2]int // pixels down and across from one of the kernel's to the next; 0 is 1
	Same     bool   // zeros stand around the image as TensorFlow puts them, so that stride 1 keeps its size
}

func (w Window) String() string {
	return fmt.Sprintf("Strides:%v Dilation:%v Same:%v", w.Strides, w.Dilation, w.Same)
}

// Span is a Window along one axis of an image.
type Span struct {
	In, Size         int // of the image and the kernel
	Stride, Dilation int
	Before, After    int // zeros before and after the image
	Out              int // places of the kernel; below 1 if it does not fit
}

// Along is the window along axis 0, down, or 1, across, for an image and a kernel of
// so many pixels.
//
// Padding "same" gives ceil(in/stride) places, with the zeros that these need; of an
// odd number of them, there is one more after the image, as in TensorFlow.
func (w Window) Along(axis, in, size int) Span {
	s := Span{In: in, Size: size, Stride: max(1, w.Strides[axis]), Dilation: max(1, w.Dilation[axis])}
	extent := (size-1)*s.Dilation + 1
	if !w.Same {
		s.Out = (in - extent + s.Stride) / s.Stride
		if in < extent {
			s.Out = 0
		}
		return s
	}
	s.Out = (in + s.Stride - 1) / s.Stride
	zeros := max(0, (s.Out-1)*s.Stride+extent-in)
	s.Before, s.After = zeros/2, zeros-zeros/2
	return s
}

// check refuses what is no window.
func (w Window) check() error {
	if min(w.Strides[0], w.Strides[1], w.Dilation[0], w.Dilation[1]) < 0 {
		return fmt.Errorf("strides %v and dilation %v: none can be negative", w.Strides, w.Dilation)
	}
	return nil
}
