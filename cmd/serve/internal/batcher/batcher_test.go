package batcher

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"stheno/nets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// network is a stand-in for a predictor: an image is one value, its logit the
// same and its probability the double. It waits for open before each execution,
// if that is not nil, and says on started that it has begun.
type network struct {
	open, started chan struct{}

	mu      sync.Mutex
	batches []int
	queued  []time.Duration
}

func (n *network) predict(images []float32) (nets.Scores, error) {
	if n.open != nil {
		n.started <- struct{}{}
		<-n.open
	}
	if images[0] == 13 {
		panic("thirteen")
	}
	s := nets.Scores{Classes: 1, Logits: slices.Clone(images)}
	for _, v := range images {
		s.Probabilities = append(s.Probabilities, 2*v)
	}
	return s, nil
}

func (n *network) observe(images int, queued []time.Duration, _ time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.batches = append(n.batches, images)
	n.queued = append(n.queued, queued...)
}

func (n *network) start(t *testing.T, batch, queue int, wait time.Duration) *Batcher {
	b := New(Options{Size: 1, Predict: n.predict, Batch: batch, Queue: queue, Wait: wait, Observe: n.observe})
	t.Cleanup(b.Close)
	return b
}

func held() *network { return &network{open: make(chan struct{}), started: make(chan struct{}, 100)} }

func ask(ctx context.Context, b *Batcher, images ...float32) (nets.Scores, error) {
	place, err := b.Enter()
	if err != nil {
		return nets.Scores{}, err
	}
	defer place.Leave()
	return place.Predict(ctx, images)
}

// await waits until something has become true.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (b *Batcher) waits() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// TestBatches: while one execution runs the others gather, in order, and a
// request that does not fit waits for the next execution.
func TestBatches(t *testing.T) {
	n := held()
	b := n.start(t, 4, 100, 0)
	var group sync.WaitGroup
	send := func(images ...float32) {
		before := b.waits()
		group.Go(func() {
			s, err := ask(t.Context(), b, images...)
			if err != nil || !slices.Equal(s.Logits, images) || s.Probabilities[len(images)-1] != 2*images[len(images)-1] {
				t.Errorf("%v: %v, %v", images, s, err)
			}
		})
		await(t, "a request", func() bool { return b.waits() > before || len(n.started) > 0 && before == 0 })
	}
	send(1)
	<-n.started
	send(2)
	send(3, 4)
	send(5, 6)
	send(7, 8, 9, 10, 11, 12)
	send(14)
	close(n.open)
	group.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	if want := []int{1, 3, 2, 6, 1}; !slices.Equal(n.batches, want) {
		t.Errorf("executions of %v images, expected %v", n.batches, want)
	}
}

// TestWait: a request waits only for those who have a place and have not asked,
// and for them no longer than it may.
func TestWait(t *testing.T) {
	n := &network{}
	b := n.start(t, 8, 100, time.Hour)
	if _, err := ask(t.Context(), b, 1); err != nil { // would wait for an hour
		t.Fatal(err)
	}
	late, _ := b.Enter()
	var group sync.WaitGroup
	group.Go(func() { ask(t.Context(), b, 2) })
	await(t, "a request that waits", func() bool { return b.waits() == 1 })
	if _, err := late.Predict(t.Context(), []float32{3}); err != nil {
		t.Fatal(err)
	}
	late.Leave()
	idler, _ := b.Enter()
	group.Go(func() { ask(t.Context(), b, 4) })
	await(t, "a request that waits", func() bool { return b.waits() == 1 })
	idler.Leave() // without a question
	group.Wait()
	if want := []int{1, 2, 1}; !slices.Equal(n.batches, want) {
		t.Errorf("executions of %v images, expected %v", n.batches, want)
	}

	short := &network{}
	bounded := short.start(t, 8, 100, 5*time.Millisecond)
	silent, _ := bounded.Enter()
	defer silent.Leave()
	if _, err := ask(t.Context(), bounded, 1); err != nil {
		t.Fatal(err)
	}
	if short.queued[0] < 5*time.Millisecond {
		t.Errorf("waited %v for one who had a place", short.queued[0])
	}
}

func TestFull(t *testing.T) {
	n := held()
	b := n.start(t, 1, 3, 0)
	var group sync.WaitGroup
	group.Go(func() { ask(t.Context(), b, 1) })
	<-n.started
	group.Go(func() { ask(t.Context(), b, 2) })
	await(t, "the second request", func() bool { return b.waits() == 1 })
	if _, err := ask(t.Context(), b, 3, 4); !errors.Is(err, ErrFull) {
		t.Errorf("two images in one place: %v", err)
	}
	place, err := b.Enter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Enter(); !errors.Is(err, ErrFull) || !b.Full() {
		t.Errorf("a fourth: %v", err)
	}
	place.Leave()
	if b.Taken() != 2 || b.Full() {
		t.Errorf("%d places are taken, expected 2", b.Taken())
	}
	close(n.open)
	group.Wait()
	if b.Taken() != 0 {
		t.Errorf("%d places are taken after all have left", b.Taken())
	}
}

// TestCancel: who gives up while waiting frees his place and is not computed.
func TestCancel(t *testing.T) {
	n := held()
	b := n.start(t, 1, 2, 0)
	var group sync.WaitGroup
	group.Go(func() { ask(t.Context(), b, 1) })
	<-n.started
	ctx, cancel := context.WithCancel(t.Context())
	group.Go(func() {
		if _, err := ask(ctx, b, 2); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
	await(t, "the second request", func() bool { return b.waits() == 1 })
	cancel()
	await(t, "its place", func() bool { return b.Taken() == 1 && b.waits() == 0 })
	close(n.open)
	group.Wait()
	if _, err := ask(t.Context(), b, 3); err != nil {
		t.Error(err)
	}
	if want := []int{1, 1}; !slices.Equal(n.batches, want) {
		t.Errorf("executions of %v images, expected %v", n.batches, want)
	}
}

// TestClose: who has a place gets an answer, nobody gets a place.
func TestClose(t *testing.T) {
	n := held()
	b := n.start(t, 1, 9, 0)
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			if s, err := ask(t.Context(), b, float32(i)); err != nil || s.Logits[0] != float32(i) {
				t.Errorf("%d: %v, %v", i, s, err)
			}
		})
	}
	<-n.started
	await(t, "two that wait", func() bool { return b.waits() == 2 })
	late, _ := b.Enter()
	closed := make(chan struct{})
	go func() { b.Close(); close(closed) }()
	await(t, "the closing", func() bool {
		place, err := b.Enter()
		if err == nil {
			place.Leave()
		}
		return errors.Is(err, ErrClosed)
	})
	close(n.open)
	group.Wait()
	select {
	case <-closed:
		t.Error("is closed before the last has asked")
	case <-time.After(10 * time.Millisecond):
	}
	if _, err := late.Predict(t.Context(), []float32{5}); err != nil {
		t.Error(err)
	}
	late.Leave()
	<-closed
}

func TestFailures(t *testing.T) {
	b := (&network{}).start(t, 4, 9, 0)
	if _, err := ask(t.Context(), b, 13); err == nil || !strings.Contains(err.Error(), "thirteen") {
		t.Errorf("a panic: %v", err)
	}
	if _, err := ask(t.Context(), b); err == nil || !strings.Contains(err.Error(), "0 values") {
		t.Errorf("no images: %v", err)
	}
	if s, err := ask(t.Context(), b, 1); err != nil || s.Logits[0] != 1 {
		t.Errorf("afterwards: %v, %v", s, err)
	}
}
