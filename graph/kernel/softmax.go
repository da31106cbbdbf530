package kernel

import "math"

// Softmax turns each row of x (n,c) into probabilities:
//
//	for i := range n {
//		for j := range c {
//			p[i,j] = exp(x[i,j] - max(x[i])) / sum(exp(x[i] - max(x[i])))
//		}
//	}
func Softmax[T Float](n, c int, x, p []T) {
	check(len(x) == n*c && len(p) == n*c, "kernel: Softmax: slices do not match n, c")
	spans(n*min(c, 1), ceil(1<<10, c+1), func(from, to int) {
		for i := from; i < to; i++ {
			softmaxRow(x[i*c:i*c+c], p[i*c:i*c+c])
		}
	})
}

// softmaxRow writes one row's probabilities and returns log(sum(exp(x))).
func softmaxRow[T Float](x, p []T) T {
	top := x[0]
	for _, v := range x[1:] {
		top = max(top, v)
	}
	var sum T
	for j, v := range x {
		p[j] = T(math.Exp(float64(v - top)))
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
	return top + T(math.Log(float64(sum)))
}

// SoftmaxGrad is the gradient of Softmax, from the probabilities p that came
// of it:
//
//	for i := range n {
//		for j := range c {
//			dx[i,j] = p[i,j] * (dp[i,j] - sum(dp[i] * p[i]))
//		}
//	}
func SoftmaxGrad[T Float](n, c int, p, dp, dx []T) {
	check(len(p) == n*c && len(dp) == n*c && len(dx) == n*c, "kernel: SoftmaxGrad: slices do not match n, c")
	spans(n, ceil(1<<12, c+1), func(from, to int) {
		for i := from; i < to; i++ {
			var sum T
			for j := i * c; j < i*c+c; j++ {
				sum += T(dp[j] * p[j])
			}
			for j := i * c; j < i*c+c; j++ {
				dx[j] = p[j] * (dp[j] - sum)
			}
		}
	})
}

// CrossEntropy is the mean cross-entropy of n rows of logits x (n,c) against
// their labels (n), of which the share smoothing is spread over all classes,
// through a softmax that it leaves in p, and the number of rows whose largest
// logit is the label's:
//
//	for i := range n {
//		target := (1-smoothing)·x[i,label[i]] + smoothing·mean(x[i])
//		loss += (log(sum(exp(x[i]))) - target) / n // the log shifted by max(x[i])
//		hits += (1 if argmax(x[i]) == label[i] else 0)
//	}
//
// The sum runs in float64. A label outside 0 ... c-1 panics.
func CrossEntropy[T Float](n, c int, x []T, labels []int, smoothing float64, p []T) (loss T, hits int) {
	check(len(x) == n*c && len(p) == n*c && len(labels) == n, "kernel: CrossEntropy: slices do not match n, c")
	losses := borrow[float64](n)
	defer giveBack(losses)
	Rows(n, func(i int) {
		row := x[i*c : i*c+c]
		log := softmaxRow(row, p[i*c:i*c+c])
		losses[i] = float64(log - row[labels[i]])
		if smoothing > 0 {
			losses[i] += float64(smoothing * (float64(row[labels[i]]) - mean(row)))
		}
	})
	var sum float64
	for _, loss := range losses {
		sum += loss
	}
	return T(sum / float64(max(1, n))), CountHits(x, labels)
}

func mean[T Float](x []T) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	return sum / float64(len(x))
}

// CountHits is how many rows of x have their largest element at the label:
//
//	for i := range labels {
//		if argmax(x[i]) == labels[i] { // the first of equals
//			hits++
//		}
//	}
func CountHits[T Float](x []T, labels []int) (hits int) {
	c := len(x) / max(1, len(labels))
	for i, label := range labels {
		if argmax(x[i*c:i*c+c]) == label {
			hits++
		}
	}
	return hits
}

// argmax is the index of the first largest element; NaN is never larger.
func argmax[T Float](x []T) int {
	best := 0
	for j, v := range x {
		if v > x[best] {
			best = j
		}
	}
	return best
}

// CrossEntropyGrad is the gradient of CrossEntropy by its logits, from the
// probabilities p that it left, scaled by the gradient dloss of the loss:
//
//	for i := range n {
//		for j := range c {
//			target := smoothing/c + (1-smoothing if j == label[i] else 0)
//			dx[i,j] = (p[i,j] - target) * dloss / n
//		}
//	}
func CrossEntropyGrad[T Float](n, c int, p []T, labels []int, smoothing float64, dloss T, dx []T) {
	check(len(p) == n*c && len(dx) == n*c && len(labels) == n, "kernel: CrossEntropyGrad: slices do not match n, c")
	scale, other := dloss/T(n), T(smoothing/float64(c))
	own := T(1 - smoothing + smoothing/float64(c))
	for i, label := range labels {
		for j := i * c; j < i*c+c; j++ {
			dx[j] = (p[j] - other) * scale
		}
		dx[i*c+label] = (p[i*c+label] - own) * scale
	}
}
