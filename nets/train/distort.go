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

// decode writes a batch of this pass into the memory that is bound to a
// program's inputs, distorted if the plan says so.
func (f *fit) decode(batch data.Batch, p *nets.Program) {
	if f.distort == nil {
		decode(batch, p)
		return
	}
	distort(f.distort, batch, p, augment.Key{Seed: f.plan.Seed, Epoch: f.pass}, f.plan.Views)
}

// distort is decode with distorted images, those of one seed and
// epoch, in so many views. All
// threads distort the images of a batch just before it is trained on: a step
// keeps every processor busy, so that to distort in its background would take
// from the kernels what it saves here, and unsettle how they share their work.
// An image's distortion is known by its row in the set, so that neither the batch
// nor the thread, nor where training goes on, changes a bit of it.
func distort(a *augment.Augmenter, batch data.Batch, p *nets.Program, of augment.Key, views int) {
	if images := p.Images(); images.Dtype() == tensor.Float64 {
		wide := graph.Slice[float64](images)
		narrow := make([]float32, len(wide))
		distortRows(a, batch, narrow, p.Labels(), of, views)
		for i, v := range narrow {
			wide[i] = float64(v)
		}
	} else {
		distortRows(a, batch, graph.Slice[float32](images), p.Labels(), of, views)
	}
}

// distortRows writes images (N,H,W,C) and labels (N); nil labels are left out. A batch of
// several views has all rows in the first, then all in the next.
func distortRows(a *augment.Augmenter, batch data.Batch, images []float32, labels []int, of augment.Key, views int) {
	each := len(batch.Rows) / views
	kernel.Rows(len(batch.Rows), func(i int) {
		pixels, label := batch.Row(i)
		key := of
		key.Row, key.View = batch.Rows[i], of.View+i/each
		a.Distort(images[i*len(pixels):(i+1)*len(pixels)], pixels, key)
		if labels != nil {
			labels[i] = label
		}
	})
}
