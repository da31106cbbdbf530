package command

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
)

// payload is a request's body: JSON, and behind it what the binary tensor
// extension puts there.
type payload struct {
	json, binary string
	extended     bool // the header of the extension is there
}

// inferRequest is what a client of either protocol asks.
type inferRequest struct {
	id         string
	parameters string // the fields of a JSON object, but for ours; or empty
	outputs    []output
	images     []float32 // (N,H,W,C), values from 0 to 1; free takes them back
}

// output is a tensor that is asked for.
type output struct {
	name    string
	binary  bool // behind the JSON
	said    bool // it says itself whether it is binary, which counts before what is said of all
	classes int  // so many of the likeliest, as text; 0 is all values
}

// The names of a model's tensors.
const (
	inputName     = "image"
	logitsName    = "logits"
	probabilities = "probabilities"
)

// labelsParameter is the answer's parameter with the classes' names.
const labelsParameter = "labels"

var outputNames = []string{logitsName, probabilities}

// inputTensor is an input as it is written.
type inputTensor struct {
	name, datatype string
	shape          []int
	values         []float32
	nesting        []int // the arrays of data; one number if they are flat
	hasData        bool
	isBinary       bool
	binarySize     int
}

// decodeInfer reads a request of the Open Inference Protocol for images of a
// size. limit is how many images it may have; errTooMany is more. Texts of the
// request are parts of p.
func decodeInfer(p payload, image [3]int, limit int) (r inferRequest, err error) {
	s := &scanner{text: p.json}
	var input *inputTensor
	binary := false
	err = s.object("the request", func(key string) (err error) {
		switch key {
		case "id":
			r.id, err = s.str("id")
		case "parameters":
			r.parameters, binary, err = s.parameters()
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
		r.outputs = []output{{name: logitsName}, {name: probabilities}}
	}
	for i, o := range r.outputs {
		if !o.said {
			r.outputs[i].binary = binary
		}
	}
	if err := input.take(p, limit*image[0]*image[1]*image[2]); err != nil {
		return r, err
	}
	r.images, err = input.images(image)
	return r, err
}

// parameters takes an object of strings, numbers and booleans. The answer
// repeats its fields, but for those that it has itself. binary is that all
// outputs are wanted so.
func (s *scanner) parameters() (fields string, binary bool, err error) {
	var list []byte
	err = s.object("parameters", func(key string) error {
		if c := s.peek(); c == '{' || c == '[' {
			return fmt.Errorf("parameter %q must be a string, a number or a boolean", key)
		}
		if key == "binary_data_output" {
			binary, err = s.boolean(key)
			return err
		}
		value, err := s.raw()
		if key != labelsParameter {
			list = append(append(appendString(append(list, ','), key), ':'), value...)
		}
		return err
	})
	return string(list), binary, err
}

// boolean takes true or false.
func (s *scanner) boolean(what string) (bool, error) {
	value, err := s.raw()
	if err == nil && value != "true" && value != "false" {
		err = fmt.Errorf("parameter %q must be true or false", what)
	}
	return value == "true", err
}

// tensorParameters takes the parameters of an input or output; known takes those
// that mean something there, and says whether it has.
func (s *scanner) tensorParameters(known func(key string) (bool, error)) error {
	return s.object("parameters", func(key string) error {
		if taken, err := known(key); taken || err != nil {
			return err
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
			err = s.array("an input's shape", func() error {
				n, err := s.whole("an input's shape")
				if len(t.shape) == maxDepth {
					return errors.New("an input's shape is too long")
				}
				t.shape = append(t.shape, n)
				return err
			})
		case "data":
			t.hasData = true
			t.values, t.nesting, err = s.tensor("data", newValues(size), limit*size)
		case "parameters":
			err = s.tensorParameters(func(key string) (taken bool, err error) {
				if taken = key == "binary_data_size"; taken {
					t.isBinary = true
					t.binarySize, err = s.whole(key)
				}
				return taken, err
			})
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
	case !t.hasData && !t.isBinary:
		return fmt.Errorf("input %q has no data", t.name)
	case t.hasData && t.isBinary:
		return fmt.Errorf("input %q has data both in JSON and behind it (binary_data_size)", t.name)
	}
	return nil
}

func (s *scanner) outputs() (list []output, err error) {
	err = s.array("outputs", func() error {
		var o output
		err := s.object("an output", func(key string) (err error) {
			switch key {
			case "name":
				o.name, err = s.str("an output's name")
			case "parameters":
				err = s.tensorParameters(o.parameter(s))
			default:
				_, err = s.raw()
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case !slices.Contains(outputNames, o.name):
			return fmt.Errorf("output %q is unknown: the model has %s", short(o.name), strings.Join(outputNames, " and "))
		case slices.ContainsFunc(list, func(other output) bool { return other.name == o.name }):
			return fmt.Errorf("output %q is asked for twice", o.name)
		}
		list = append(list, o)
		return nil
	})
	return list, err
}

// parameter takes what the extensions say of an output.
func (o *output) parameter(s *scanner) func(key string) (bool, error) {
	return func(key string) (taken bool, err error) {
		switch key {
		case "binary_data":
			o.said = true
			o.binary, err = s.boolean(key)
		case "classification":
			if o.classes, err = s.whole(key); err == nil && o.classes == 0 {
				err = errors.New(`parameter "classification" must be 1 or more`)
			}
		default:
			return false, nil
		}
		return true, err
	}
}

// take reads the values behind the JSON: little-endian, without gaps. limit is
// how many there may be.
func (t *inputTensor) take(p payload, limit int) error {
	switch {
	case !t.isBinary && len(p.binary) > 0:
		return fmt.Errorf("%d bytes stand behind the JSON, but no input has the parameter binary_data_size", len(p.binary))
	case !t.isBinary:
		return nil
	case !p.extended:
		return errors.New("binary_data_size is given, but not the header Inference-Header-Content-Length: the JSON's length")
	case t.binarySize != len(p.binary):
		return fmt.Errorf("binary_data_size is %d, but %d bytes stand behind the JSON", t.binarySize, len(p.binary))
	}
	width := map[string]int{"FP32": 4, "UINT8": 1}[t.datatype]
	if width == 0 {
		return datatypeError(t.datatype)
	}
	if len(p.binary)%width != 0 {
		return fmt.Errorf("binary_data_size %d is no multiple of %d, which a value of %s takes", len(p.binary), width, t.datatype)
	}
	n := len(p.binary) / width
	if n > limit {
		return errTooMany
	}
	t.values = newValues(n)
	for i := range n {
		if width == 1 {
			t.values = append(t.values, float32(p.binary[i]))
			continue
		}
		b := p.binary[4*i : 4*i+4]
		t.values = append(t.values, math.Float32frombits(uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24))
	}
	return nil
}

// values are those of images that have been predicted.
var values sync.Pool

// newValues has no values, and memory for n.
func newValues(n int) []float32 {
	if v, ok := values.Get().(*[]float32); ok && cap(*v) >= n {
		return (*v)[:0]
	}
	return make([]float32, 0, n)
}

// free takes values back that nobody uses any more.
func free(v []float32) {
	if cap(v) <= 1<<14 {
		values.Put(&v)
	}
}

// shades are bytes as networks want them, from 0 to 1.
var shades = func() (table [256]float32) {
	for i := range table {
		table[i] = float32(i) / 255
	}
	return table
}()

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
			n := uint8(max(0, min(255, v)))
			if float32(n) != v {
				return nil, fmt.Errorf("value %v at position %d is no UINT8, a whole number from 0 to 255", v, i)
			}
			t.values[i] = shades[n]
		}
		return t.values, nil
	}
	return nil, datatypeError(t.datatype)
}

func datatypeError(datatype string) error {
	return fmt.Errorf("datatype %q is not served: there are FP32, values from 0 to 1, and UINT8, values from 0 to 255", short(datatype))
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
			r.images, nesting, err = s.tensor(k, newValues(size), limit*size)
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

// decodeClassify reads a request of TensorFlow Serving's Classify: examples with
// one feature, the image, whose values are in one list.
func decodeClassify(body string, image [3]int, limit int) (images []float32, err error) {
	s := &scanner{text: body}
	size := image[0] * image[1] * image[2]
	images = newValues(size)
	example := func() error {
		had := len(images)
		err := s.object("an example", func(key string) (err error) {
			if key != inputName {
				return fmt.Errorf("feature %q is unknown: there is %q", short(key), inputName)
			}
			var nesting []int
			images, nesting, err = s.tensor(key, images, limit*size)
			if err == nil && len(nesting) > 1 {
				err = fmt.Errorf("feature %q must be one list of numbers", key)
			}
			return err
		})
		if n := len(images) - had; err == nil && n != size {
			err = fmt.Errorf("an example has %d values of %q, expected %d", n, inputName, size)
		}
		return err
	}
	err = s.object("the request", func(key string) error {
		switch key {
		case "examples":
			return s.array(key, example)
		case "context":
			return errors.New("a context is not served: put the image into each example")
		}
		_, err := s.raw()
		return err
	})
	if err == nil {
		err = s.end()
	}
	if err == nil && len(images) == 0 {
		err = errors.New(`the request has no "examples"`)
	}
	if err != nil {
		return nil, err
	}
	return images, unitError(images, "divide pixels by 255")
}
