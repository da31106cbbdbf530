package data_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"stheno/data"
)

// TestSetsThatDoNotFitAreRefused by Check, and by what cuts a set.
func TestSetsThatDoNotFitAreRefused(t *testing.T) {
	for _, c := range []struct {
		set  *data.Set
		want string
	}{
		{nil, "nil"},
		{&data.Set{}, "0 x 0 x 0"},
		{&data.Set{Height: 2, Width: -3, Channels: 1}, "2 x -3 x 1"},
		{&data.Set{Height: 2, Width: 3, Channels: 1}, "no labels"},
		{&data.Set{Labels: make([]uint8, 2), Height: 1 << 31, Width: 1 << 31, Channels: 4}, "at most 4096"}, // in all 2^64, which is 0
		{&data.Set{Pixels: make([]uint8, 12), Height: 2, Width: 3, Channels: 1}, "no labels"},
		{&data.Set{Pixels: make([]uint8, 11), Labels: make([]uint8, 2), Height: 2, Width: 3, Channels: 1}, "11 pixel values and 2 labels: so many images of 2 x 3 x 1 have 12"},
		{&data.Set{Pixels: make([]uint8, 12), Labels: make([]uint8, 1), Height: 2, Width: 3, Channels: 1}, "have 6"},
		{&data.Set{Labels: make([]uint8, 2), Height: 2, Width: 3, Channels: 1}, "have 12"},
	} {
		if err := c.set.Check(); !errors.Is(err, data.ErrFormat) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.set, err, c.want)
		}
		if err := c.set.Pick(0).Check(); err == nil {
			t.Errorf("%+v: its rows make a batch", c.set)
		}
		if _, err := c.set.Balanced(1, rand.New(rand.NewPCG(1, 0))); err == nil {
			t.Errorf("%+v: can be balanced", c.set)
		}
		if _, err := (&data.Dataset{Train: c.set}).Split(0.5); err == nil {
			t.Errorf("%+v: can be split", c.set)
		}
	}
	whole := &data.Set{Pixels: make([]uint8, 12), Labels: make([]uint8, 2), Height: 2, Width: 3, Channels: 1}
	if err := errors.Join(whole.Check(), whole.Pick(1, 0).Check()); err != nil {
		t.Error(err)
	}
	if _, err := whole.Balanced(1, nil); err == nil || !strings.Contains(err.Error(), "no source of random numbers") {
		t.Errorf("error %v", err)
	}
	for _, b := range []data.Batch{{}, whole.Pick(), whole.Pick(0, 2), whole.Pick(-1)} {
		if b.Check() == nil {
			t.Errorf("%+v is a batch", b)
		}
	}
}
