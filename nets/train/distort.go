package train

import (
	"gorgonia.org/tensor"

	"stheno/data"
	"stheno/data/augment"
	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
)

// newDistorter is nil if nothing is to be distorted.
func newDistorter(s augment.Spec, rows *data.Set) *augment.Augmenter {
	if s.Off() {
		return nil
	}
	return augment.New(s, rows.Shape())
}

// distort is decode with distorted images, those of one seed and
// epoch, in so many views. All
// threads distort the images of a batch just before it is trained on: a step
// keeps every processor busy, so that to distort in its background would take
// from the kernels what it saves here, and unsettle how they share their work.
// An image's distortion is known by its row in the set, so that neither the batch
// nor the thread, nor where training goes on, changes a bit of it.
func distort(a *augment.Augmenter, batch data.Batch, p *nets.Program, of augment.Key, views int) {
	each := len(batch.Rows) / views // of a batch of several views, the first ones of all rows come first
	key := func(i int) augment.Key {
		return augment.Key{Seed: of.Seed, Epoch: of.Epoch, Row: batch.Rows[i], View: of.View + i/each}
	}
	if images := p.Images(); images.Dtype() == tensor.Float64 {
		wide := graph.Slice[float64](images)
		narrow := make([]float32, len(wide))
		distortRows(a, batch, narrow, p.Labels(), key)
		for i, v := range narrow {
			wide[i] = float64(v)
		}
	} else {
		distortRows(a, batch, graph.Slice[float32](images), p.Labels(), key)
	}
}

// distortRows writes images (N,H,W,C), each distorted by its own key, and labels
// (N); nil labels are left out.
func distortRows(a *augment.Augmenter, batch data.Batch, images []float32, labels []int, key func(i int) augment.Key) {
	kernel.Rows(len(batch.Rows), func(i int) {
		pixels, label := batch.Row(i)
		a.Distort(images[i*len(pixels):(i+1)*len(pixels)], pixels, key(i))
		if labels != nil {
			labels[i] = label
		}
	})
}
