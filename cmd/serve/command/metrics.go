package command

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"stheno/cmd/serve/internal/registry"
)

// metrics count requests, inferences (images) and executions apart: inferences
// by executions is the mean batch.
type metrics struct {
	registry                        *prometheus.Registry
	requests, refused, loads        *prometheus.CounterVec
	inferences, executions          *prometheus.CounterVec
	sentAway, closed, pageRefused   *prometheus.CounterVec
	version                         *prometheus.GaugeVec
	batch, latency, queued, running *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{"model"})
		m.registry.MustRegister(h)
		return h
	}
	seconds := prometheus.ExponentialBuckets(0.0001, 2, 16) // to 3.3 s
	m.requests = counter("stheno_requests_total", "Requests for predictions, by the status of their answer.", "model", "code")
	m.refused = counter("stheno_refused_total", "Requests that were answered with 503, as there was no room.", "model")
	m.inferences = counter("stheno_inferences_total", "Images that were predicted.", "model")
	m.executions = counter("stheno_executions_total", "Executions of a network; inferences by executions is the mean batch.", "model")
	m.loads = counter("stheno_loads_total", "Readings of a run's folder, by outcome.", "model", "outcome")
	m.sentAway = counter("stheno_connections_refused_total", "Connections that were answered with 503, as there were too many of their kind.", "kind")
	m.closed = counter("stheno_connections_dismissed_total", "Connections that were closed while they rested, as there was no room for another one.", "kind")
	m.pageRefused = counter("stheno_page_refused_total", "Requests of the page that were refused for want of room or as too large, by the status of their answer.", "code")
	m.version = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "stheno_model_version", Help: "The version that serves."}, []string{"model"})
	m.batch = histogram("stheno_batch_images", "Images of an execution.", prometheus.ExponentialBuckets(1, 2, 9))
	m.latency = histogram("stheno_request_seconds", "From a request's headers to the end of its answer, of those that were answered with 200.", seconds)
	m.queued = histogram("stheno_queue_seconds", "How long a request waited for its execution.", seconds)
	m.running = histogram("stheno_execution_seconds", "How long an execution took.", seconds)
	m.registry.MustRegister(m.version, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds the lengths of the models' queues.
func (m *metrics) watch(models *registry.Registry) {
	for _, model := range models.Models() {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "stheno_queue_images", Help: "Images that are decoded, wait or are computed.",
			ConstLabels: prometheus.Labels{"model": model.Name},
		}, func() float64 { return float64(model.Taken()) }))
	}
}

// watchConnections adds how many connections are open, by what they are for.
func (m *metrics) watchConnections(all *connections) {
	for k, name := range kindNames {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "stheno_connections", Help: "Open connections, by what they are for.", ConstLabels: prometheus.Labels{"kind": name},
		}, func() float64 { return float64(all.open(kind(k))) }))
	}
}

// dismissed counts a connection that was closed for another one.
func (m *metrics) dismissed(k kind) { m.closed.WithLabelValues(kindNames[k]).Inc() }

// executed is registry.Options.Observe.
func (m *metrics) executed(model string, images int, queued []time.Duration, took time.Duration) {
	m.inferences.WithLabelValues(model).Add(float64(images))
	m.executions.WithLabelValues(model).Inc()
	m.batch.WithLabelValues(model).Observe(float64(images))
	m.running.WithLabelValues(model).Observe(took.Seconds())
	waited := m.queued.WithLabelValues(model)
	for _, d := range queued {
		waited.Observe(d.Seconds())
	}
}

// loaded is registry.Options.Loaded.
func (m *metrics) loaded(model string, version int, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.loads.WithLabelValues(model, outcome).Inc()
	m.version.WithLabelValues(model).Set(float64(version))
}

// answered counts a request for a prediction.
func (m *metrics) answered(model string, status int, took time.Duration) {
	m.requests.WithLabelValues(model, strconv.Itoa(status)).Inc()
	switch status {
	case http.StatusOK:
		m.latency.WithLabelValues(model).Observe(took.Seconds())
	case http.StatusServiceUnavailable:
		m.refused.WithLabelValues(model).Inc()
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}
