package command

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// sample is what several runs of one kind have in common.
type sample struct {
	Mean      float64     `json:"mean"`
	Deviation *float64    `json:"deviation,omitempty"` // the sample's, with n-1; absent for one run
	Interval  *[2]float64 `json:"interval,omitempty"`  // 95 % confidence interval of the mean, by Student's t
}

// newSample is of at least one value.
func newSample(values []float64) sample {
	s := sample{Mean: stat.Mean(values, nil)}
	if n := float64(len(values)); n > 1 {
		deviation := stat.StdDev(values, nil)
		half := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975) * deviation / math.Sqrt(n)
		s.Deviation, s.Interval = &deviation, &[2]float64{s.Mean - half, s.Mean + half}
	}
	return s
}

// mcnemar is the exact two-sided McNemar test: of the images that only one of
// two models gets right, are the halves different? a and b are how many only
// the first and only the second gets right.
func mcnemar(a, b int) (p float64) {
	if a == b {
		return 1
	}
	half := distuv.Binomial{N: float64(a + b), P: 0.5}
	return min(1, 2*half.CDF(float64(min(a, b))))
}

// welch is the two-sided t-test of Welch: are the means of two samples, each of
// two values at least, different?
func welch(a, b []float64) (p float64) {
	va, vb := stat.Variance(a, nil)/float64(len(a)), stat.Variance(b, nil)/float64(len(b))
	difference := math.Abs(stat.Mean(a, nil) - stat.Mean(b, nil))
	if va+vb == 0 {
		if difference == 0 {
			return 1
		}
		return 0
	}
	nu := (va + vb) * (va + vb) / (va*va/float64(len(a)-1) + vb*vb/float64(len(b)-1))
	t := distuv.StudentsT{Sigma: 1, Nu: nu}
	return 2 * t.CDF(-difference/math.Sqrt(va+vb))
}
