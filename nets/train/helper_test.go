package train_test

import "stheno/nets/train/traintest"

// What the tests of the trainer share, by short names.
var (
	toy, toyConv = traintest.Toy, traintest.ToyConv
	images       = traintest.Images
	newModel     = traintest.NewModel
	fit          = traintest.Fit
	sum          = traintest.Sum
	mnist        = traintest.MNIST
	cloned       = traintest.Cloned
	checkResume  = traintest.CheckResume
)

type (
	each   = traintest.Each
	script = traintest.Script
)
