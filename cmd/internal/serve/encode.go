package serve

import (
	"encoding/json"
	"strconv"

	"stheno/cmd/internal/registry"
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

// encodeInfer is the Open Inference Protocol's answer.
func encodeInfer(model string, v *registry.Version, r *inferRequest, s nets.Scores) []byte {
	b := make([]byte, 0, 256+32*len(s.Logits))
	b = appendString(append(b, `{"model_name":`...), model)
	b = appendString(append(b, `,"model_version":`...), v.VersionText())
	if r.id != "" {
		b = appendString(append(b, `,"id":`...), r.id)
	}
	if r.parameters != "" {
		b = append(append(b, `,"parameters":`...), r.parameters...)
	}
	b = append(b, `,"outputs":[`...)
	for i, name := range r.outputs {
		if i > 0 {
			b = append(b, ',')
		}
		values := s.Logits
		if name == probabilities {
			values = s.Probabilities
		}
		b = appendString(append(b, `{"name":`...), name)
		b = strconv.AppendInt(append(b, `,"datatype":"FP32","shape":[`...), int64(len(values)/s.Classes), 10)
		b = strconv.AppendInt(append(b, ','), int64(s.Classes), 10)
		b = append(appendFloats(append(b, `],"data":`...), values), '}')
	}
	return append(b, "]}\n"...)
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
