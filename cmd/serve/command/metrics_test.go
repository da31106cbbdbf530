package command

import (
	"net/http"
	"strings"
	"testing"
)

// count is a counter or gauge of a model, as /metrics' reader sees it.
func (s *served) count(t testing.TB, name, model string) float64 {
	t.Helper()
	families, err := s.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "model" && l.GetValue() == model {
					sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
				}
			}
		}
	}
	return sum
}

func TestMetrics(t *testing.T) {
	s := tiny(t)
	const url = "/v2/models/mlp/infer"
	for range 3 {
		parseAnswer(t, post(t, s.url+url, `{"inputs":[{"name":"image","shape":[2,6],"datatype":"UINT8","data":[0,0,0,0,0,0,0,0,0,0,0,0]}]}`))
	}
	post(t, s.url+url, `{`)
	text := get(t, s.url+"/metrics")
	for _, line := range []string{
		`stheno_requests_total{code="200",model="mlp"} 3`, `stheno_requests_total{code="400",model="mlp"} 1`,
		`stheno_inferences_total{model="mlp"} 6`, `stheno_executions_total{model="mlp"} 3`,
		`stheno_batch_images_bucket{model="mlp",le="1"} 0`, `stheno_batch_images_bucket{model="mlp",le="2"} 3`,
		`stheno_request_seconds_count{model="mlp"} 3`, `stheno_queue_seconds_count{model="mlp"} 3`, `stheno_execution_seconds_count{model="mlp"} 3`,
		`stheno_queue_images{model="mlp"} 0`, `stheno_model_version{model="mlp"} 1`, `stheno_loads_total{model="mlp",outcome="ok"} 1`,
		`go_goroutines `,
	} {
		if text.status != http.StatusOK || !strings.Contains(text.body, "\n"+line) {
			t.Errorf("/metrics has no line %s", line)
		}
	}
	if t.Failed() {
		t.Log(text.body)
	}
}
