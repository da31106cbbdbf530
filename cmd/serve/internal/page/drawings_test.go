package page

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestGiveWay judges while nobody draws, while a hand rests, and while one never does.
func TestGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d drawings
		waits := func(want time.Duration) {
			t.Helper()
			began := time.Now()
			d.giveWay()
			if took := time.Since(began); took != want {
				t.Errorf("gave way for %v, expected %v", took, want)
			}
		}
		waits(0)
		d.note()
		time.Sleep(50 * time.Millisecond)
		waits(150 * time.Millisecond)
		waits(0)

		done := make(chan struct{})
		go func() {
			for range 200 {
				d.note()
				time.Sleep(16 * time.Millisecond)
			}
			close(done)
		}()
		synctest.Wait()
		waits(3 * time.Second)
		<-done
	})
}
