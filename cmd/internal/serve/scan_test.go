package serve

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestFloat: the short way gives the float32 nearest to the text, as the long
// way does.
func TestFloat(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	texts := []string{"0", "-0", "1", "0.5", "0.0000001", "16777215", "16777217", "16777219", "0.16777217", "1.6777217", "99999999", "123456789", "0.1234567890123", "1e-45", "3.4e38", "12.5", "0.10000000149"}
	for range 200_000 {
		digits := 1 + rng.IntN(9)
		n := rng.IntN(int(math.Pow10(digits)))
		texts = append(texts, fmt.Sprintf("%d.%0*d", rng.IntN(3), digits, n), strconv.Itoa(n), strconv.FormatFloat(float64(rng.Float32()), 'g', -1, 32))
	}
	for _, text := range texts {
		want, err := strconv.ParseFloat(text, 32)
		if err != nil {
			t.Fatal(err)
		}
		for _, behind := range []string{",", "]", " ,"} {
			s := scanner{text: text + behind}
			got, err := s.float("data")
			if err != nil || math.Float32bits(got) != math.Float32bits(float32(want)) || s.at != len(text) {
				t.Fatalf("%s: %v, %v at %d, expected %v", text, got, err, s.at, want)
			}
		}
	}
}
