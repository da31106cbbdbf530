package augment

import "runtime"

// Augmenter distorts images of one size. Any number of goroutines may use it.
type Augmenter struct {
	spec                    Spec
	height, width, channels int
	smoother                *smoother // nil without an elastic distortion
	free                    chan *scratch
}

// What a caller's bug is answered with.
const (
	panicShape = "augment: height, width and channels must be positive"
	panicSizes = "augment: an image must have exactly height*width*channels values"
)

// New makes an Augmenter for images (H,W,C). It panics if the shape is empty or
// Check refuses the spec.
func New(s Spec, shape [3]int) *Augmenter {
	if min(shape[0], shape[1], shape[2]) < 1 {
		panic(panicShape)
	}
	if err := s.Check(); err != nil {
		panic(err.Error())
	}
	a := &Augmenter{spec: s, height: shape[0], width: shape[1], channels: shape[2], free: make(chan *scratch, 2*runtime.GOMAXPROCS(0))}
	if s.Elastic != nil {
		a.smoother = newSmoother(*s.Elastic, a.height, a.width)
	}
	return a
}

// scratch is what the distortion of one image needs.
type scratch struct {
	padded []float32 // the image with a frame of one blank pixel, (H+2,W+2,C)
	dx, dy []float32 // displacements (H,W); all 0 without an elastic distortion
	a, b   []float32 // (H,W)
}

func (a *Augmenter) newScratch() *scratch {
	size := a.height * a.width
	s := &scratch{padded: make([]float32, (a.height+2)*(a.width+2)*a.channels), dx: make([]float32, size), dy: make([]float32, size)}
	if a.smoother != nil {
		s.a, s.b = make([]float32, size), make([]float32, size)
	}
	return s
}

func (a *Augmenter) take() *scratch {
	select {
	case s := <-a.free:
		return s
	default:
		return a.newScratch()
	}
}

func (a *Augmenter) giveBack(s *scratch) {
	select {
	case a.free <- s:
	default: // there is enough for every processor
	}
}

// Distort writes the distorted pixels (H,W,C), scaled from 0..255 to 0..1, to
// dst. It works on bytes, which are a quarter of the memory to read, and scales
// them before it interpolates: what is not moved has data.Decode's bits. It
// allocates nothing once it is warm.
func (a *Augmenter) Distort(dst []float32, pixels []uint8, k Key) {
	if size := a.height * a.width * a.channels; len(dst) != size || len(pixels) != size {
		panic(panicSizes)
	}
	s := a.take()
	defer a.giveBack(s)
	random := newStream(k)
	var affine Affine
	if a.spec.Affine != nil {
		affine = *a.spec.Affine
	}
	m := affine.draw(&random, a.height, a.width)
	if a.smoother != nil {
		a.displace(s, random)
	}
	a.pad(s.padded, pixels)
	a.resample(dst, s, m)
}

// displace draws the displacements. One value of the stream makes the noise of
// a pixel in x and in y.
func (a *Augmenter) displace(s *scratch, random stream) {
	dx, dy := s.dx, s.dy[:len(s.dx)]
	for i := range dx {
		z := random.next()
		dx[i] = float32(int32(z>>32)) / (1 << 31)
		dy[i] = float32(int32(z)) / (1 << 31)
	}
	a.smoother.smooth(dx, s.a, s.b)
	a.smoother.smooth(dy, s.a, s.b)
}

// scaled is v/255 for every byte v, as data.Decode has it.
var scaled = func() (table [256]float32) {
	for v := range table {
		table[v] = float32(v) / 255
	}
	return table
}()

// pad writes the scaled image inside the frame, which nobody writes to.
func (a *Augmenter) pad(padded []float32, pixels []uint8) {
	row := a.width * a.channels
	for y := range a.height {
		from := ((y+1)*(a.width+2) + 1) * a.channels
		inside := padded[from : from+row]
		for i, v := range pixels[y*row : (y+1)*row] {
			inside[i] = scaled[v]
		}
	}
}

// resample reads each pixel of dst from where m and the displacements say. The
// frame makes pixels beyond the rim as good as others, up to one pixel's width;
// all that lies further out is blank.
func (a *Augmenter) resample(dst []float32, s *scratch, m inverse) {
	right, bottom := float32(a.width+1), float32(a.height+1)
	xx, yx := float32(m.xx), float32(m.yx)
	stride := (a.width + 2) * a.channels
	for y := range a.height {
		x0 := float32(m.x0 + float64(m.xy*float64(y)) + 1) // in the frame's coordinates
		y0 := float32(m.y0 + float64(m.yy*float64(y)) + 1)
		dx, dy := s.dx[y*a.width:(y+1)*a.width], s.dy[y*a.width:(y+1)*a.width]
		out := dst[y*a.width*a.channels:]
		for x := range dx {
			qx := x0 + float32(xx*float32(x)) + dx[x]
			qy := y0 + float32(yx*float32(x)) + dy[x]
			if !(qx >= 0 && qx < right && qy >= 0 && qy < bottom) {
				clear(out[x*a.channels : (x+1)*a.channels])
				continue
			}
			ix, iy := int(qx), int(qy)
			fx, fy := qx-float32(ix), qy-float32(iy)
			above := s.padded[iy*stride+ix*a.channels:]
			below := above[stride:]
			for c := range a.channels {
				top := above[c] + float32(fx*(above[c+a.channels]-above[c]))
				low := below[c] + float32(fx*(below[c+a.channels]-below[c]))
				out[x*a.channels+c] = top + float32(fy*(low-top))
			}
		}
	}
}
