package train

import (
	"fmt"
	"reflect"

	"stheno/nets"
)

// Worker is a Callback that works on a model or an optimizer: Fit refuses one that
// works on others than its own.
type Worker interface {
	Callback
	WorksOn() (*nets.Model, Optimizer) // nil where it works on none
}

// worksOn is the model and the optimizer that a callback was given; nil where it
// was given none.
func worksOn(c Callback) (*nets.Model, Optimizer) {
	switch c := c.(type) {
	case *EarlyStopping:
		return c.Model, nil
	case *Average:
		return c.Model, nil
	case Worker:
		return c.WorksOn()
	case *ReduceLROnPlateau:
		return nil, c.Optimizer
	case LearningRateSchedule:
		return nil, c.Optimizer
	case *LearningRateSchedule:
		return nil, c.Optimizer
	}
	return nil, nil
}

// checkCallbacks refuses a callback that would keep, save or change what is not
// trained. An optimizer of another type may be one that hands on what it is told.
func (p Plan) checkCallbacks(m *nets.Model, opt Optimizer) error {
	for i, c := range p.Callbacks {
		other, its := worksOn(c)
		what := ""
		switch {
		case other != nil && other != m:
			what = "model"
		case !isNil(its) && reflect.TypeOf(its) == reflect.TypeOf(opt) && reflect.TypeOf(opt).Comparable() && its != opt:
			what = "optimizer"
		default:
			continue
		}
		return fmt.Errorf("train: Plan.Callbacks[%d], %s, was given another %s than Fit: give both the same", i, reflect.Indirect(reflect.ValueOf(c)).Type().Name(), what)
	}
	return nil
}
