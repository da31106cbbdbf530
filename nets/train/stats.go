package train

import (
	"stheno/nets"
)

// Stats is what training knows of itself at the moment a callback is called.
// Epochs, batches and steps count from 1. Callbacks share one Stats: they read
// it during the call and keep copies, never the pointer.
type Stats struct {
	Phase          string // of a run that has more than one; else empty
	Epoch, Epochs  int    // this epoch, and how many are planned
	Batch, Batches int    // this batch of the epoch, and how many an epoch has
	Step, Steps    int    // optimizer steps done in all, and those after which training ends; 0 is no such end
	Rows           int    // rows in this batch

	BatchLoss, BatchAccuracy float64 // of this batch, before its update
	Loss, Accuracy           float64 // sample-weighted means over the epoch so far
	ValLoss, ValAccuracy     float64 // over the validation rows; valid where Validated says so
	Validated                bool    // whether this epoch has been validated
	LearningRate             float64 // of the step just done
	Whole                    bool    // whether all of the epoch is done: batches, validation, and its EpochEnd begun

	TestBatch, TestBatches int  // progress of the validation that is running
	Settling               bool // it is that of the pass before it, which finds the states of averaged weights: see Average

	Stopped string // why a callback or Plan.Steps has ended training; empty if neither has

	Seconds        float64 // since the epoch began; kept by Stopwatch
	SecondsPerStep float64 // mean time of the epoch's training steps; kept by Stopwatch

	mean  mean // behind Loss and Accuracy
	final bool // whether it is a callback that has ended training: then nothing is left to resume
}

// score is what a program has found of its batch.
type score struct {
	loss float64 // mean over the rows
	hits int
}

func scoreOf(p *nets.Program) score { return score{p.Loss(), p.Hits()} }

// mean is a mean over rows: a batch of 96 counts as 96.
type mean struct {
	rows, hits int
	sum        float64
}

func (m *mean) add(s score, rows int) {
	m.rows += rows
	m.hits += s.hits
	m.sum += float64(s.loss * float64(rows))
}

func (m *mean) loss() float64 { return m.sum / float64(m.rows) }

func (m *mean) accuracy() float64 { return float64(m.hits) / float64(m.rows) }
