package train

import (
	"fmt"
	"reflect"

	"gorgonia.org/gorgonia"
)

// unsound are those of Gorgonia's solvers that do not do what they say, and report
// no error: nets.Program.Gradients tells of all of them.
var unsound = map[reflect.Type]string{
	reflect.TypeFor[*gorgonia.AdamW]():         "never moves a weight: use NewAdamW",
	reflect.TypeFor[*gorgonia.AdaGradSolver](): "ignores its options, its rate is always 0.001: use Adam",
}

// checkSolver refuses an optimizer that is one of these, or has one as a field.
func checkSolver(opt Optimizer) error {
	v := reflect.ValueOf(opt)
	found := []reflect.Value{v}
	if v = reflect.Indirect(v); v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			f := v.Field(i)
			if f.Kind() == reflect.Interface {
				f = f.Elem()
			}
			found = append(found, f)
		}
	}
	for _, f := range found {
		if !f.IsValid() {
			continue
		}
		if why, ok := unsound[f.Type()]; ok {
			return fmt.Errorf("train: the optimizer: Gorgonia's %s %s", f.Type().Elem().Name(), why)
		}
	}
	return nil
}
