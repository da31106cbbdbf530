package keras

import (
	"encoding/json"
	"fmt"
	"strings"
)

// dtype is the element type of a model's layers, as safetensors calls it; "" before the
// first of them.
type dtype string

// hold holds a layer's element type to those of the others. What computes in
// half precision or whole numbers computes something else.
func (d *dtype) hold(l entry) error {
	text, ok := l.config["dtype"]
	if !ok {
		return fmt.Errorf("%s has no dtype", l)
	}
	var policy struct {
		Class  string `json:"class_name"`
		Config struct{ Name string }
	}
	name := ""
	if json.Unmarshal(text, &name) != nil {
		if json.Unmarshal(text, &policy) != nil || policy.Class != "DTypePolicy" {
			return fmt.Errorf("%s has the dtype policy %s, expected float32: quantized layers have no counterpart; save the model before quantize()", l, short(text))
		}
		name = policy.Config.Name
	}
	is, ok := map[string]dtype{"float32": "F32", "float64": "F64"}[name]
	switch {
	case !ok && strings.HasPrefix(name, "mixed_"):
		return fmt.Errorf("%s has the dtype policy %.40q, expected float32: set l.dtype_policy = \"float32\" for every l of model.layers, and save the model again", l, name)
	case !ok:
		return fmt.Errorf("%s has the dtype policy %.40q, expected float32: build the model with that, and give it the weights with set_weights(model.get_weights())", l, name)
	case l.class == "InputLayer": // the layers behind it cast to theirs
		return nil
	case *d != "" && *d != is:
		return fmt.Errorf("%s has the dtype policy %s, layers before it another, expected one", l, name)
	}
	*d = is
	return nil
}
