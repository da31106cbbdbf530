package train_test

import (
	"strings"
	"testing"

	"stheno/nets/train"
)

func TestScaledRate(t *testing.T) {
	for _, c := range []struct {
		scale string
		batch int
		want  float64
	}{
		{"", 512, 0.001}, {"none", 512, 0.001},
		{"linear", 128, 0.001}, {"linear", 512, 0.004}, {"linear", 64, 0.0005},
		{"sqrt", 128, 0.001}, {"sqrt", 512, 0.002}, {"sqrt", 32, 0.0005}, {"sqrt", 2048, 0.004},
	} {
		if got, err := train.ScaledRate(c.scale, 0.001, c.batch); got != c.want || err != nil {
			t.Errorf("%q at batch %d: %v, %v, want %v", c.scale, c.batch, got, err, c.want)
		}
	}
	if _, err := train.ScaledRate("cubic", 0.001, 128); err == nil || !strings.HasSuffix(err.Error(), `scale "cubic" of the learning rate; there are none, linear or sqrt`) {
		t.Error(err)
	}
}
