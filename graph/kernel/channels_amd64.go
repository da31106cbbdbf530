//go:build !purego

package kernel

// channelLoops are the kernels on rows of channels of an instruction set. Those that
// rectify stand second. Their assembly takes rows of a multiple of 16 numbers, as wide
// ones are; others go through the generic loops.
type channelLoops struct {
	momentsOf  func(rows, w int, x, pilot, sum, squares *float32)
	normOf     [2]normLoop
	normSumsOf [2]normSumsLoop
	normGradOf [2]normGradLoop
}

type (
	normLoop     func(rows, w int, x, mean, scale, shift, y *float32)
	normSumsLoop func(rows, w int, x, dy, mean, scale, shift, sum, product *float32)
	normGradLoop func(rows, w int, x, dy, mean, scale, shift, pull, slope, dx *float32)
)

// fit says whether the assembly takes rows of w numbers, of n in all.
func fit(n, w int) bool { return n > 0 && w > 0 && w%16 == 0 }

func second(relu bool) int {
	if relu {
		return 1
	}
	return 0
}

func (l *channelLoops) moments(x, pilot, sum, squares []float32) {
	w := len(pilot)
	if !fit(len(x), w) {
		genericMoments(x, pilot, sum, squares)
		return
	}
	l.momentsOf(len(x)/w, w, &x[0], &pilot[0], &sum[0], &squares[0])
}

func (l *channelLoops) norm(x, mean, scale, shift, y []float32, relu bool) {
	w := len(mean)
	if !fit(len(x), w) {
		genericNorm(x, mean, scale, shift, y, relu)
		return
	}
	l.normOf[second(relu)](len(x)/w, w, &x[0], &mean[0], &scale[0], &shift[0], &y[0])
}

func (l *channelLoops) normSums(x, dy, mean, scale, shift, sum, product []float32, relu bool) {
	w := len(mean)
	if !fit(len(x), w) {
		genericNormSums(x, dy, mean, scale, shift, sum, product, relu)
		return
	}
	l.normSumsOf[second(relu)](len(x)/w, w, &x[0], &dy[0], &mean[0], &scale[0], &shift[0], &sum[0], &product[0])
}

func (l *channelLoops) normGrad(x, dy, mean, scale, shift, pull, slope, dx []float32, relu bool) {
	w := len(mean)
	if !fit(len(x), w) {
		genericNormGrad(x, dy, mean, scale, shift, pull, slope, dx, relu)
		return
	}
	l.normGradOf[second(relu)](len(x)/w, w, &x[0], &dy[0], &mean[0], &scale[0], &shift[0], &pull[0], &slope[0], &dx[0])
}
