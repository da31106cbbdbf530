package keras

import (
	"encoding/json"
	"fmt"
)

const kerasRegularizers = "keras.regularizers"

// WriteRegularizer is what a config says of a penalty of l1 times the absolute values and
// l2 times the squares: an L1, an L2, or both, and null where there is none.
func WriteRegularizer(l1, l2 float64) json.RawMessage {
	first, _ := json.Marshal(l1)
	second, _ := json.Marshal(l2)
	class, config := "L1L2", fmt.Sprintf(`{"l1":%s,"l2":%s}`, first, second)
	switch {
	case l1 == 0 && l2 == 0:
		return json.RawMessage("null")
	case l2 == 0:
		class, config = "L1", fmt.Sprintf(`{"l1":%s}`, first)
	case l1 == 0:
		class, config = "L2", fmt.Sprintf(`{"l2":%s}`, second)
	}
	return fmt.Appendf(nil, `{"module":%q,"class_name":%q,"config":%s,"registered_name":null}`, kerasRegularizers, class, config)
}

// ReadRegularizer is what a config says of an L1, an L2, an L1L2, or of none.
func ReadRegularizer(text []byte) (l1, l2 float64, err error) {
	if string(text) == "null" {
		return 0, 0, nil
	}
	e, err := parseEntry(text)
	keys := map[string][]string{"L1": {"l1"}, "L2": {"l2"}, "L1L2": {"l1", "l2"}}[e.class]
	if err != nil || e.module != kerasRegularizers || e.registered != "" || keys == nil {
		return 0, 0, fmt.Errorf("the regularizer is %s, expected Keras's L1, L2 or L1L2", short(text))
	}
	into := map[string]*float64{"l1": &l1, "l2": &l2}
	for _, key := range keys {
		if json.Unmarshal(e.config[key], into[key]) != nil || len(e.config) != len(keys) {
			return 0, 0, fmt.Errorf("the regularizer is %s, expected numbers %v", short(text), keys)
		}
	}
	return l1, l2, nil
}
