package page

import (
	"sync/atomic"
	"time"
)

// drawings knows whether somebody draws. To judge all test images takes every
// processor for seconds; the answers to a drawing are not to wait for that.
type drawings struct {
	last atomic.Pointer[time.Time] // that one was asked about
}

func (d *drawings) note() {
	now := time.Now()
	d.last.Store(&now)
}

// giveWay waits until the hand rests, but three seconds at most: a page that is
// drawn on without end slows other work down and does not stop it.
func (d *drawings) giveWay() {
	const rest, most = 200 * time.Millisecond, 3 * time.Second
	for began := time.Now(); ; {
		last := d.last.Load()
		if last == nil {
			return
		}
		wait := min(rest-time.Since(*last), most-time.Since(began))
		if wait <= 0 {
			return
		}
		time.Sleep(wait)
	}
}
