package serve

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// inferRequest is what a client of either protocol asks.
type inferRequest struct {
	id         string
	parameters string // a JSON object as it came; or empty
	outputs    []string
	images     []float32 // (N,H,W,C), values from 0 to 1
}

// The names of a model's tensors.
const (
	inputName     = "image"
	logitsName    = "logits"
	probabilities = "probabilities"
)

var outputNames = []string{logitsName, probabilities}

// inputTensor is an input as it is written.
type inputTensor struct {
	name, datatype string
	shape          []int
	values         []float32
	nesting        []int // the arrays of data; one number if they are flat
	hasData        bool
}

// decodeInfer reads a request of the Open Inference Protocol for images of a
// size. limit is how many images it may have; errTooMany is more.
func decodeInfer(body string, image [3]int, limit int) (r inferRequest, err error) {
	s := &scanner{text: body}
	var input *inputTensor
	seen := make(map[string]bool, 4)
	err = s.object("the request", func(key string) (err error) {
		if known := slices.Contains([]string{"id", "parameters", "inputs", "outputs"}, key); known && seen[key] {
			return fmt.Errorf("%q stands twice in the request", key)
		}
		seen[key] = true
		switch key {
		case "id":
			r.id, err = s.str("id")
		case "parameters":
			r.parameters, err = s.parameters()
		case "inputs":
			input, err = s.inputs(image, limit)
		case "outputs":
			r.outputs, err = s.outputs()
		default:
			_, err = s.raw()
		}
		return err
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return r, err
	}
	if input == nil {
		return r, fmt.Errorf("the request has no inputs: one is needed, named %q", inputName)
	}
	if len(r.outputs) == 0 {
		r.outputs = outputNames
	}
	r.images, err = input.images(image)
	return r, err
}

// parameters takes an object of strings, numbers and booleans.
func (s *scanner) parameters() (string, error) {
	s.peek()
	from := s.at
	err := s.object("parameters", func(key string) error {
		if c := s.peek(); c == '{' || c == '[' || c == 'n' {
			return fmt.Errorf("parameter %q must be a string, a number or a boolean", key)
		}
		if key == "binary_data_output" {
			return s.jsonOnly(key)
		}
		_, err := s.raw()
		return err
	})
	return s.text[from:s.at], err
}

// jsonOnly takes a parameter of the binary extension that asks for nothing.
func (s *scanner) jsonOnly(key string) error {
	value, err := s.raw()
	if err == nil && value != "false" {
		err = fmt.Errorf("parameter %q: the binary tensor extension is not served, send and ask for JSON", key)
	}
	return err
}

// tensorParameters takes the parameters of an input or output.
func (s *scanner) tensorParameters() error {
	return s.object("parameters", func(key string) error {
		if strings.HasPrefix(key, "binary_data") {
			return s.jsonOnly(key)
		}
		_, err := s.raw()
		return err
	})
}

func (s *scanner) inputs(image [3]int, limit int) (input *inputTensor, err error) {
	err = s.array("inputs", func() error {
		if input != nil {
			return fmt.Errorf("the request has several inputs: the model has one, %q", inputName)
		}
		input = &inputTensor{}
		return s.input(input, image, limit)
	})
	return input, err
}

func (s *scanner) input(t *inputTensor, image [3]int, limit int) error {
	size := image[0] * image[1] * image[2]
	err := s.object("an input", func(key string) (err error) {
		switch key {
		case "name":
			t.name, err = s.str("an input's name")
		case "datatype":
			t.datatype, err = s.str("an input's datatype")
		case "shape":
			t.shape = t.shape[:0]
			err = s.array("an input's shape", func() error {
				n, err := s.whole("an input's shape")
				if len(t.shape) == maxDepth {
					return errors.New("an input's shape is too long")
				}
				t.shape = append(t.shape, n)
				return err
			})
		case "data":
			if t.hasData {
				return errors.New(`"data" stands twice in an input`)
			}
			t.hasData = true
			t.values, t.nesting, err = s.tensor("data", make([]float32, 0, size), limit*size)
		case "parameters":
			err = s.tensorParameters()
		default:
			_, err = s.raw()
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case t.name != inputName:
		return fmt.Errorf("input %q is unknown: the model has one, %q", short(t.name), inputName)
	case !t.hasData:
		return fmt.Errorf("input %q has no data", t.name)
	}
	return nil
}

func (s *scanner) outputs() (names []string, err error) {
	err = s.array("outputs", func() error {
		name := ""
		err := s.object("an output", func(key string) (err error) {
			switch key {
			case "name":
				name, err = s.str("an output's name")
			case "parameters":
				err = s.tensorParameters()
			default:
				_, err = s.raw()
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case !slices.Contains(outputNames, name):
			return fmt.Errorf("output %q is unknown: the model has %s", short(name), strings.Join(outputNames, " and "))
		case slices.Contains(names, name):
			return fmt.Errorf("output %q is asked for twice", name)
		}
		names = append(names, name)
		return nil
	})
	return names, err
}

// images checks the tensor and scales its values, in place.
func (t *inputTensor) images(image [3]int) ([]float32, error) {
	if err := shapeError(t.shape, image); err != nil {
		return nil, err
	}
	if size := image[0] * image[1] * image[2]; t.shape[0] != len(t.values)/size || len(t.values)%size != 0 {
		return nil, fmt.Errorf("shape %v stands beside %d values", t.shape, len(t.values))
	}
	if len(t.nesting) > 1 && !slices.Equal(t.nesting, t.shape) {
		return nil, fmt.Errorf("data is nested as %v, the shape is %v", t.nesting, t.shape)
	}
	switch t.datatype {
	case "FP32":
		return t.values, unitError(t.values, "send the datatype UINT8 for pixels from 0 to 255")
	case "UINT8":
		for i, v := range t.values {
			if !(v >= 0 && v <= 255) || v != float32(math.Trunc(float64(v))) {
				return nil, fmt.Errorf("value %v at position %d is no UINT8, a whole number from 0 to 255", v, i)
			}
			t.values[i] = v / 255
		}
		return t.values, nil
	}
	return nil, fmt.Errorf("datatype %q is not served: there are FP32, values from 0 to 1, and UINT8, values from 0 to 255", short(t.datatype))
}

// unitError refuses values outside of 0 to 1; NaN is none of them.
func unitError(values []float32, advice string) error {
	for i, v := range values {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("value %v at position %d is not from 0 to 1: %s", v, i, advice)
		}
	}
	return nil
}

// shapeError accepts [N,H,W,C]; for one channel [N,H,W] and [N,H*W] too.
func shapeError(shape []int, image [3]int) error {
	ok := len(shape) == 4 && [3]int(shape[1:]) == image
	if image[2] == 1 {
		ok = ok || len(shape) == 3 && shape[1] == image[0] && shape[2] == image[1] ||
			len(shape) == 2 && shape[1] == image[0]*image[1]
	}
	if ok && shape[0] > 0 {
		return nil
	}
	return fmt.Errorf("shape %v is none of this model's: images have shape [N %d %d %d] with N from 1", shape, image[0], image[1], image[2])
}

// predictRequest is a request of TensorFlow Serving.
type predictRequest struct {
	images []float32
	column bool // inputs and outputs instead of instances and predictions
}

// decodePredict reads it. Its tensor's shape is how its arrays are nested.
func decodePredict(body string, image [3]int, limit int) (r predictRequest, err error) {
	s := &scanner{text: body}
	size := image[0] * image[1] * image[2]
	var nesting []int
	key := ""
	err = s.object("the request", func(k string) (err error) {
		switch k {
		case "instances", "inputs":
			if key != "" {
				return fmt.Errorf("%q stands beside %q", k, key)
			}
			key = k
			r.images, nesting, err = s.tensor(k, make([]float32, 0, size), limit*size)
		case "signature_name":
			name, err := s.str(k)
			if err == nil && name != "serving_default" {
				err = fmt.Errorf("signature %q is unknown: there is serving_default", short(name))
			}
			return err
		default:
			_, err = s.raw()
		}
		return err
	})
	if err == nil {
		err = s.end()
	}
	switch {
	case err != nil:
		return r, err
	case key == "":
		return r, errors.New(`the request has neither "instances" nor "inputs"`)
	}
	r.column = key == "inputs"
	if err := shapeError(nesting, image); err != nil {
		return r, fmt.Errorf("%s: %w", key, err)
	}
	return r, unitError(r.images, "divide pixels by 255")
}
