package augment

// Key names one distortion of one image. Equal keys distort equally, whenever
// and wherever; in any other case distortions are independent.
type Key struct {
	Seed  uint64 // of the run
	Epoch int
	Row   int // of the image in its set
	View  int // of the image in its epoch: 0 where there is but one
}

// stream is a counter-based source of randomness: value i is a function of the
// key and i. It is SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom
// Number Generators, OOPSLA 2014), begun at a place that the key is mixed into.
type stream uint64

const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio, odd

func newStream(k Key) stream {
	h := uint64(golden)
	for _, v := range [...]uint64{k.Seed, uint64(k.Epoch), uint64(k.Row), uint64(k.View)} {
		h = mix(h ^ v + golden)
	}
	return stream(h)
}

// mix is SplitMix64's finalizer, a bijection.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *stream) next() uint64 {
	*s += golden
	return mix(uint64(*s))
}

// within draws from -reach to reach; of a reach of 0 that is 0.
func (s *stream) within(reach float64) float64 {
	return float64(reach * (float64(s.next()>>11)/(1<<52) - 1))
}
