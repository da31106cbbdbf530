package command

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"

	"stheno/cmd/serve/internal/registry"
	"stheno/nets"
)

// appendFloats writes numbers as JSON, each the shortest text that is nearest to
// it: who reads it as float32 has the same bits. The numbers are finite.
func appendFloats(b []byte, values []float32) []byte {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(v), 'g', -1, 32)
	}
	return append(b, ']')
}

func appendString(b []byte, text string) []byte {
	quoted, _ := json.Marshal(text)
	return append(b, quoted...)
}

// encodeInfer is the Open Inference Protocol's answer. jsonLength is how much of
// it is JSON, if there is something behind that; otherwise 0.
func encodeInfer(model string, v *registry.Version, r *inferRequest, s nets.Scores) (b []byte, jsonLength int) {
	b = make([]byte, 0, 256+32*len(s.Logits))
	b = appendString(append(b, `{"model_name":`...), model)
	b = appendString(append(b, `,"model_version":`...), v.VersionText())
	if r.id != "" {
		b = appendString(append(b, `,"id":`...), r.id)
	}
	if fields := labels(v) + r.parameters; fields != "" {
		b = append(append(append(b, `,"parameters":{`...), fields[1:]...), '}')
	}
	b = append(b, `,"outputs":[`...)
	var tail []byte
	for i, o := range r.outputs {
		if i > 0 {
			b = append(b, ',')
		}
		b, tail = appendOutput(b, tail, o, v, s)
	}
	b = append(b, "]}\n"...)
	if len(tail) > 0 {
		jsonLength = len(b)
	}
	return append(b, tail...), jsonLength
}

// appendOutput writes a tensor to the JSON b, with its data there or in tail.
func appendOutput(b, tail []byte, o output, v *registry.Version, s nets.Scores) ([]byte, []byte) {
	scores, columns, datatype := s.Logits, s.Classes, "FP32"
	if o.name == probabilities {
		scores = s.Probabilities
	}
	rows := len(scores) / s.Classes
	var texts []string
	if o.classes > 0 {
		columns, datatype = min(o.classes, s.Classes), "BYTES"
		texts = classification(scores, s.Classes, columns, v)
	}
	b = appendString(append(b, `{"name":`...), o.name)
	b = append(append(append(b, `,"datatype":"`...), datatype...), `","shape":[`...)
	b = strconv.AppendInt(b, int64(rows), 10)
	b = strconv.AppendInt(append(b, ','), int64(columns), 10)
	if o.binary {
		before := len(tail)
		tail = appendBinary(tail, scores, texts)
		b = strconv.AppendInt(append(b, `],"parameters":{"binary_data_size":`...), int64(len(tail)-before), 10)
		return append(b, "}}"...), tail
	}
	b = append(b, `],"data":`...)
	if texts != nil {
		quoted, _ := json.Marshal(texts)
		return append(append(b, quoted...), '}'), tail
	}
	return append(appendFloats(b, scores), '}'), tail
}

// appendBinary writes texts, each with its length before it, or else numbers.
func appendBinary(b []byte, values []float32, texts []string) []byte {
	for _, text := range texts {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(text))), text...)
	}
	if texts == nil {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b
}

// classification names the n likeliest classes of each row, of probabilities or of
// logits, as the extension of this name does: "value:index", and ":label" where
// classes have names.
func classification(scores []float32, classes, n int, v *registry.Version) (texts []string) {
	for ; len(scores) > 0; scores = scores[classes:] {
		for _, g := range nets.Likeliest(scores[:classes], n) {
			text := strconv.FormatFloat(float64(g.Probability), 'g', -1, 32) + ":" + strconv.Itoa(g.Class)
			if names := v.Config.Data.Names; len(names) > 0 {
				text += ":" + names[g.Class]
			}
			texts = append(texts, text)
		}
	}
	return texts
}

// labels is the field of an answer's parameters that names the classes, with a
// comma before it; empty where they have no names. Parameters are no arrays, so
// it is a text that holds one.
func labels(v *registry.Version) string {
	names := v.Config.Data.Names
	if len(names) == 0 {
		return ""
	}
	list, _ := json.Marshal(names)
	return string(appendString([]byte(`,"`+labelsParameter+`":`), string(list)))
}

// encodePredict is TensorFlow Serving's answer: a row of probabilities an image.
func encodePredict(column bool, s nets.Scores) []byte {
	b := make([]byte, 0, 64+16*len(s.Probabilities))
	if column {
		b = append(b, `{"outputs":[`...)
	} else {
		b = append(b, `{"predictions":[`...)
	}
	for i := 0; i < len(s.Probabilities); i += s.Classes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFloats(b, s.Probabilities[i:i+s.Classes])
	}
	return append(b, "]}\n"...)
}

// encodeClassify is TensorFlow Serving's answer: for each image the classes'
// names with their probabilities.
func encodeClassify(v *registry.Version, s nets.Scores) []byte {
	b := append(make([]byte, 0, 64+32*len(s.Probabilities)), `{"result":[`...)
	for i, p := range s.Probabilities {
		class := i % s.Classes
		if class == 0 {
			if i > 0 {
				b = append(b, "],"...)
			}
			b = append(b, '[')
		}
		b = appendString(append(b, '['), v.Config.Data.Class(class))
		b = strconv.AppendFloat(append(b, ','), float64(p), 'g', -1, 32)
		b = append(b, ']')
		if class < s.Classes-1 {
			b = append(b, ',')
		}
	}
	return append(b, "]]}\n"...)
}
