package kernel

// Channels are N rows of C channels, as of images (N,H,W,C), of which each pixel is a
// row, or of a dense layer (N,C).
type Channels struct{ N, C int }

// wideRows are Channels as they are walked. A row of few channels fills no vector, so g
// rows, which lie side by side, are walked as one of w = g·C numbers; what is found of a
// channel in g places is added up. The rows left over are walked one by one.
type wideRows struct {
	Channels
	g, w int // rows in a wide one, and its numbers
	rows int // wide ones
}

const (
	widest    = 32      // numbers from which a row is wide
	wideBlock = 128     // rows whose sums run in T; those of blocks are added in float64
	wideShard = 1 << 16 // numbers, about, whose sums belong together, whoever computes them
	widePiece = 1 << 11 // numbers, about, that a kernel comes by several times
	wideSpan  = 1 << 14 // numbers, about, that a thread takes at a time where there are no sums
)

func (s Channels) wide() wideRows {
	const lanes = 16 // of the widest vector
	g := lanes / gcd(s.C, lanes)
	for g*s.C < widest {
		g *= 2
	}
	return wideRows{s, g, g * s.C, s.N / g}
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// rowSpan is some rows, all wide or all as they are.
type rowSpan struct {
	from, end int // in x
	w         int // numbers of a row
}

func (p rowSpan) rows() int { return (p.end - p.from) / p.w }

// parts is how many spans of about so many numbers there are.
func (s wideRows) parts(size int) int {
	parts := ceil(s.rows, max(1, size/s.w))
	if s.rows*s.g < s.N {
		parts++
	}
	return parts
}

// part is span i of those.
func (s wideRows) part(i, size int) rowSpan {
	rows := max(1, size/s.w)
	if i*rows < s.rows {
		return rowSpan{i * rows * s.w, min(s.rows, (i+1)*rows) * s.w, s.w}
	}
	return rowSpan{s.rows * s.w, s.N * s.C, s.C}
}

// blocks are the blocks of one, in order.
func (p rowSpan) blocks(block func(from, end int)) {
	for from := p.from; from < p.end; from += wideBlock * p.w {
		block(from, min(p.end, from+wideBlock*p.w))
	}
}

// pieces calls piece for rows of w numbers that stay in the nearest cache, as a kernel
// that adds up columns comes by them several times.
func pieces(from, end, w int, piece func(from, end int)) {
	for step := max(1, widePiece/w) * w; from < end; from += step {
		piece(from, min(end, from+step))
	}
}

// addTo adds up in float64.
func addTo[T Float](sum []float64, x []T) {
	for j, v := range x {
		sum[j] += float64(v)
	}
}

// each calls do for every span, on several threads.
func (s wideRows) each(do func(p rowSpan)) {
	parallel(s.parts(wideSpan), func(i int) { do(s.part(i, wideSpan)) })
}

// across borrows the channels' parameter for a wide row. It begins as it is for one row.
func across[T Float](s wideRows, p []T) []T {
	wide := borrow[T](s.w)
	for i := 0; i < s.w; i += s.C {
		copy(wide[i:], p)
	}
	return wide
}

// padded borrows a wide row for the rows that are left over, with zeros behind them: so
// that what a kernel makes of a number depends on no other place than its channel.
func padded[T Float](s wideRows, x []T) []T {
	row := borrow[T](s.w)
	clear(row[copy(row, x):])
	return row
}

// addUp adds up what was found of each channel in all spans, in their order, weighed.
func (s wideRows) addUp(found func(i int) []float64, weight func(p rowSpan) float64, sum []float64) {
	clear(sum)
	for i := range s.parts(wideShard) {
		p, f := s.part(i, wideShard), found(i)
		by := weight(p)
		for at := 0; at < p.w; at += s.C {
			for c := range sum {
				sum[c] += float64(f[at+c] * by)
			}
		}
	}
}

// ChannelMoments finds the mean of each channel of x, and the sum of the squares of the
// distances from it:
//
//	for c := range s.C {
//		mean[c] = sum over n of x[n,c] / s.N
//		squares[c] = sum over n of (x[n,c] - mean[c])²
//	}
//
// A shard's sums are of distances from the mean of its first block, so that a mean that
// is large beside them costs no digits; shards are joined in float64, as Chan, Golub
// and LeVeque do (1983).
func ChannelMoments[T Float](s Channels, x []T, mean, squares []float64) {
	check(len(x) == s.N*s.C && len(mean) == s.C && len(squares) == s.C, "kernel: ChannelMoments: slices do not match N, C")
	wide := s.wide()
	parts := wide.parts(wideShard)
	found := borrow[float64](2 * parts * wide.w)
	defer giveBack(found)
	means := func(i int) []float64 { return found[2*i*wide.w:][:wide.w] }
	distances := func(i int) []float64 { return found[(2*i+1)*wide.w:][:wide.w] }
	parallel(parts, func(i int) { momentsOf(wide.part(i, wideShard), x, means(i), distances(i)) })
	rows := func(p rowSpan) float64 { return float64(p.rows()) }
	wide.addUp(means, rows, mean)
	for c := range mean {
		mean[c] /= float64(s.N)
	}
	for i := range parts {
		p, m, d := wide.part(i, wideShard), means(i), distances(i)
		for j := range p.w {
			off := m[j] - mean[j%s.C]
			d[j] += float64(rows(p) * float64(off*off))
		}
	}
	wide.addUp(distances, func(rowSpan) float64 { return 1 }, squares)
}

// momentsOf are the mean of each column of a span, and the sum of the squares of the
// distances from it.
func momentsOf[T Float](p rowSpan, x []T, mean, squares []float64) {
	pilot, sums := borrow[T](p.w), borrow[T](2*p.w)
	defer giveBack(pilot)
	defer giveBack(sums)
	clear(mean)
	clear(squares)
	kernels, first := of[T](), min(wideBlock, p.rows())
	kernels.sumRows(first, p.w, x[p.from:p.from+first*p.w], pilot)
	for j := range pilot {
		pilot[j] /= T(first)
	}
	p.blocks(func(from, end int) {
		clear(sums)
		pieces(from, end, p.w, func(from, end int) { kernels.moments(x[from:end], pilot, sums[:p.w], sums[p.w:]) })
		addTo(mean, sums[:p.w])
		addTo(squares, sums[p.w:])
	})
	n := float64(p.rows())
	for j, m := range pilot {
		off := mean[j] / n
		squares[j] = max(0, squares[j]-float64(mean[j]*off))
		mean[j] = float64(m) + off
	}
}

// ChannelNorm shifts and scales each channel, and rectifies if asked to:
//
//	for n, c := range x {
//		y[n,c] = (x[n,c]-mean[c])·scale[c] + shift[c]
//		if relu && y[n,c] <= 0 { // a NaN stays
//			y[n,c] = 0
//		}
//	}
func ChannelNorm[T Float](s Channels, x, mean, scale, shift, y []T, relu bool) {
	check(len(x) == s.N*s.C && len(y) == len(x) && len(mean) == s.C && len(scale) == s.C && len(shift) == s.C, "kernel: ChannelNorm: slices do not match N, C")
	wide := s.wide()
	m, by, add := across(wide, mean), across(wide, scale), across(wide, shift)
	defer giveBack(m)
	defer giveBack(by)
	defer giveBack(add)
	norm := of[T]().norm
	wide.each(func(p rowSpan) {
		if p.w == wide.w {
			norm(x[p.from:p.end], m, by, add, y[p.from:p.end], relu)
			return
		}
		row := padded(wide, x[p.from:p.end])
		defer giveBack(row)
		norm(row, m, by, add, row, relu)
		copy(y[p.from:p.end], row)
	})
}

// ChannelNormSums are what the gradients of ChannelNorm's parameters, and of the
// batch's moments, are made of:
//
//	for n, c := range dy {
//		dz = dy[n,c] // with relu: where y[n,c] > 0, else 0
//		sum[c] += dz
//		product[c] += dz·(x[n,c]-mean[c])
//	}
//
// y is computed again, with the bits that ChannelNorm gives it.
func ChannelNormSums[T Float](s Channels, x, dy, mean, scale, shift []T, relu bool, sum, product []float64) {
	check(len(x) == s.N*s.C && len(dy) == len(x) && len(mean) == s.C && len(scale) == s.C && len(shift) == s.C && len(sum) == s.C && len(product) == s.C,
		"kernel: ChannelNormSums: slices do not match N, C")
	wide := s.wide()
	m, by, add := across(wide, mean), across(wide, scale), across(wide, shift)
	defer giveBack(m)
	defer giveBack(by)
	defer giveBack(add)
	parts := wide.parts(wideShard)
	found := borrow[float64](2 * parts * wide.w)
	defer giveBack(found)
	normSums := of[T]().normSums
	parallel(parts, func(i int) {
		p, found := wide.part(i, wideShard), found[2*i*wide.w:2*(i+1)*wide.w]
		sums := borrow[T](2 * wide.w)
		defer giveBack(sums)
		clear(found)
		if p.w < wide.w {
			row, drow := padded(wide, x[p.from:p.end]), padded(wide, dy[p.from:p.end])
			defer giveBack(row)
			defer giveBack(drow)
			clear(sums)
			normSums(row, drow, m, by, add, sums[:wide.w], sums[wide.w:], relu)
			for at := 0; at < wide.w; at += s.C {
				addTo(found, sums[at:at+s.C])
				addTo(found[wide.w:], sums[wide.w+at:][:s.C])
			}
			return
		}
		p.blocks(func(from, end int) {
			clear(sums)
			pieces(from, end, p.w, func(from, end int) {
				normSums(x[from:end], dy[from:end], m, by, add, sums[:p.w], sums[p.w:], relu)
			})
			addTo(found, sums[:p.w])
			addTo(found[wide.w:], sums[p.w:])
		})
	})
	one := func(rowSpan) float64 { return 1 }
	wide.addUp(func(i int) []float64 { return found[2*i*wide.w:] }, one, sum)
	wide.addUp(func(i int) []float64 { return found[(2*i+1)*wide.w:] }, one, product)
}

// ChannelNormGrad is the gradient of a normalization by its input, where the moments
// that it normalizes by depend on the input too, by what they pull back:
//
//	for n, c := range dy {
//		dz = dy[n,c] // with relu: where y[n,c] > 0, else 0
//		dx[n,c] = dz·scale[c] - pull[c] - (x[n,c]-mean[c])·slope[c]
//	}
func ChannelNormGrad[T Float](s Channels, x, dy, mean, scale, shift, pull, slope, dx []T, relu bool) {
	check(len(x) == s.N*s.C && len(dy) == len(x) && len(dx) == len(x) && len(mean) == s.C && len(scale) == s.C && len(shift) == s.C && len(pull) == s.C && len(slope) == s.C,
		"kernel: ChannelNormGrad: slices do not match N, C")
	wide := s.wide()
	m, by, add, less, tilt := across(wide, mean), across(wide, scale), across(wide, shift), across(wide, pull), across(wide, slope)
	for _, p := range [][]T{m, by, add, less, tilt} {
		defer giveBack(p)
	}
	normGrad := of[T]().normGrad
	wide.each(func(p rowSpan) {
		if p.w == wide.w {
			normGrad(x[p.from:p.end], dy[p.from:p.end], m, by, add, less, tilt, dx[p.from:p.end], relu)
			return
		}
		row, drow := padded(wide, x[p.from:p.end]), padded(wide, dy[p.from:p.end])
		defer giveBack(row)
		defer giveBack(drow)
		normGrad(row, drow, m, by, add, less, tilt, drow, relu)
		copy(dx[p.from:p.end], drow)
	})
}

// genericMoments adds up the distances, and their squares, of rows of x from a pilot, as
// long as one of them.
func genericMoments[T Float](x, pilot, sum, squares []T) {
	for w := len(pilot); len(x) >= w; x = x[w:] {
		for j, v := range x[:w] {
			d := v - pilot[j]
			sum[j] += d
			squares[j] += T(d * d)
		}
	}
}

// genericNorm is ChannelNorm's loop, for rows as long as mean.
func genericNorm[T Float](x, mean, scale, shift, y []T, relu bool) {
	for w := len(mean); len(x) >= w; x, y = x[w:], y[w:] {
		for j, v := range x[:w] {
			v = T((v-mean[j])*scale[j]) + shift[j]
			if relu && v <= 0 {
				v = 0
			}
			y[j] = v
		}
	}
}

// genericNormSums is ChannelNormSums's loop, for rows as long as mean; it goes on from
// the sums that there are.
func genericNormSums[T Float](x, dy, mean, scale, shift, sum, product []T, relu bool) {
	for w := len(mean); len(x) >= w; x, dy = x[w:], dy[w:] {
		for j, v := range x[:w] {
			d, dz := v-mean[j], dy[j]
			if relu && !(T(d*scale[j])+shift[j] > 0) {
				dz = 0
			}
			sum[j] += dz
			product[j] += T(dz * d)
		}
	}
}

// genericNormGrad is ChannelNormGrad's loop, for rows as long as mean.
func genericNormGrad[T Float](x, dy, mean, scale, shift, pull, slope, dx []T, relu bool) {
	for w := len(mean); len(x) >= w; x, dy, dx = x[w:], dy[w:], dx[w:] {
		for j, v := range x[:w] {
			d, dz := v-mean[j], dy[j]
			if relu && !(T(d*scale[j])+shift[j] > 0) {
				dz = 0
			}
			dx[j] = T(dz*scale[j]) - pull[j] - T(d*slope[j])
		}
	}
}
