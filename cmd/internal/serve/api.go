package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"stheno/cmd/internal/batcher"
	"stheno/cmd/internal/registry"
	"stheno/nets"
)

// methods are the handlers of a path.
type methods map[string]http.HandlerFunc

// ServeHTTP answers another method with 405. HEAD is GET without a body.
func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if h, ok := m[method]; ok {
		h(w, r)
		return
	}
	var allowed []string
	for name := range m {
		allowed = append(allowed, name)
	}
	slices.Sort(allowed)
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeError(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s is not allowed here, only %s", short(r.Method), strings.Join(allowed, ", ")))
}

// handler is all that the server answers; page stands at /, /ui/ and /api/.
func (s *Server) handler(page http.Handler) http.Handler {
	mux := http.NewServeMux()
	get := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, methods{http.MethodGet: h}) }
	get("/v2", s.serverMetadata)
	get("/v2/{$}", s.serverMetadata)
	get("/v2/health/live", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, object{"live": true}) })
	get("/v2/health/ready", s.ready)
	get("/v2/models", s.list)
	for _, path := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		get(path, s.modelMetadata)
		get(path+"/ready", s.modelReady)
		mux.Handle(path+"/infer", methods{http.MethodPost: s.infer})
	}
	mux.HandleFunc("/v1/models/{model}", s.tensorflow)
	mux.HandleFunc("/v1/models/{model}/versions/{version}", s.tensorflow)
	mux.Handle("/metrics", methods{http.MethodGet: s.metrics.handler().ServeHTTP})
	mux.Handle("/v2/", http.HandlerFunc(notFound))
	mux.Handle("/v1/", http.HandlerFunc(notFound))
	for _, path := range []string{"/{$}", "/ui/", "/api/"} {
		mux.Handle(path, pageHeaders(page))
	}
	mux.HandleFunc("/", notFound)
	return s.outermost(guard(s.options.hosts, mux))
}

// outermost is around everything: headers that all answers have, the end of
// connections when the server stops, panics, and the log of requests.
func (s *Server) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s.handled.Add(1)
		if s.stopping.Load() {
			w.Header().Set("Connection", "close")
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				s.log.Error("panic", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				writeError(recorder, http.StatusInternalServerError, "an error of the server, which its log describes")
			} else if p != nil {
				panic(p)
			}
			if s.options.access {
				s.log.Info("request", "method", r.Method, "path", r.URL.Path, "status", recorder.status, "took", time.Since(began), "from", r.RemoteAddr)
			}
		}()
		next.ServeHTTP(recorder, r)
	})
}

// recorder remembers an answer's status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

type object map[string]any

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who does not read it is gone
}

func writeError(w http.ResponseWriter, status int, message string) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if status == http.StatusRequestEntityTooLarge || status == http.StatusRequestTimeout {
		w.Header().Set("Connection", "close") // the rest of the body is not read
	}
	writeJSON(w, status, object{"error": message})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeError(w, http.StatusNotFound, "nothing is at "+short(r.URL.Path))
}

func (s *Server) serverMetadata(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, object{"name": "stheno", "version": s.version, "extensions": []string{}})
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if s.stopping.Load() {
		writeJSON(w, http.StatusServiceUnavailable, object{"ready": false})
		return
	}
	writeJSON(w, http.StatusOK, object{"ready": true})
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	names := []string{}
	for _, m := range s.models.Models() {
		names = append(names, m.Name)
	}
	writeJSON(w, http.StatusOK, object{"models": names})
}

// model finds the model and the version of a path, or answers with 404.
func (s *Server) model(w http.ResponseWriter, r *http.Request, name string) (*registry.Model, *registry.Version) {
	m := s.models.Model(name)
	if m == nil {
		writeError(w, http.StatusNotFound, fmt.Sprintf("model %q is unknown; GET /v2/models lists those that are served", short(name)))
		return nil, nil
	}
	v := m.Current()
	if !isVersion(r, v) {
		writeError(w, http.StatusNotFound, noVersion(r, m, v))
		return nil, nil
	}
	return m, v
}

// versionOf is the version of a path: TensorFlow Serving's has a verb behind it.
func versionOf(r *http.Request) string {
	version := r.PathValue("version")
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		version, _, _ = strings.Cut(version, ":")
	}
	return version
}

// isVersion says whether v is what a path asks for.
func isVersion(r *http.Request, v *registry.Version) bool {
	version := versionOf(r)
	return version == "" || version == v.VersionText()
}

func noVersion(r *http.Request, m *registry.Model, v *registry.Version) string {
	return fmt.Sprintf("version %q of model %q is not served: version %s is", short(versionOf(r)), m.Name, v.VersionText())
}

func (s *Server) modelMetadata(w http.ResponseWriter, r *http.Request) {
	m, v := s.model(w, r, r.PathValue("model"))
	if m == nil {
		return
	}
	tensor := func(name, datatype string, shape ...int) object {
		return object{"name": name, "datatype": datatype, "shape": shape}
	}
	in := v.Network.Input
	answer := object{
		"name": m.Name, "versions": []string{v.VersionText()}, "platform": "stheno",
		"inputs":  []object{tensor(inputName, "FP32", -1, in[0], in[1], in[2])},
		"outputs": []object{tensor(logitsName, "FP32", -1, v.Classes), tensor(probabilities, "FP32", -1, v.Classes)},
	}
	if names := v.Config.Data.Names; len(names) > 0 {
		answer["parameters"] = object{"class_names": names}
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) modelReady(w http.ResponseWriter, r *http.Request) {
	m, _ := s.model(w, r, r.PathValue("model"))
	if m == nil {
		return
	}
	status := http.StatusOK
	if s.stopping.Load() {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, object{"name": m.Name, "ready": status == http.StatusOK})
}

// refusal is an error with the status that says it.
type refusal struct {
	status  int
	message string
}

func (e refusal) Error() string { return e.message }

// predict is what both protocols have in common: the body, a place, and work,
// which decodes, predicts and encodes.
func (s *Server) predict(w http.ResponseWriter, r *http.Request, m *registry.Model, work func(body string, p registry.Place) ([]byte, error)) {
	began := time.Now()
	answer, err := s.answer(w, r, m, work)
	if err == nil {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
		s.metrics.answered(m.Name, http.StatusOK, time.Since(began))
		return
	}
	var refused refusal
	switch {
	case errors.As(err, &refused):
	case errors.Is(err, batcher.ErrFull), errors.Is(err, batcher.ErrClosed):
		refused = refusal{http.StatusServiceUnavailable, "the queue is full, try again later"}
	case r.Context().Err() != nil:
		refused = refusal{499, "the client has gone"} // as nginx has it; nobody reads this
	default:
		s.log.Error("prediction failed", "model", m.Name, "error", err)
		refused = refusal{http.StatusInternalServerError, "the prediction failed; the server's log says why"}
	}
	s.metrics.answered(m.Name, refused.status, time.Since(began))
	writeError(w, refused.status, refused.message)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, m *registry.Model, work func(string, registry.Place) ([]byte, error)) ([]byte, error) {
	if m.Full() { // before anything is spent on the request
		return nil, batcher.ErrFull
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, refusal{http.StatusUnsupportedMediaType, "Content-Encoding " + short(encoding) + " is not served"}
	}
	if r.Header.Get("Inference-Header-Content-Length") != "" {
		return nil, refusal{http.StatusBadRequest, "the binary tensor extension is not served: send JSON (binary_data=False in Triton's client)"}
	}
	body, release, err := s.bodies.read(w, r)
	defer release()
	if err != nil {
		status, message := bodyError(err)
		return nil, refusal{status, message}
	}
	place, err := m.Enter() // not before: slow clients hold no places
	if err != nil {
		return nil, err
	}
	defer place.Leave()
	if !isVersion(r, place.Version) {
		return nil, refusal{http.StatusNotFound, noVersion(r, m, place.Version)}
	}
	return work(body, place)
}

// badRequest is the refusal of a request that cannot be understood.
func (s *Server) badRequest(err error) error {
	if errors.Is(err, errTooMany) {
		return refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("a request may have %d images", s.options.queue)}
	}
	return refusal{http.StatusBadRequest, err.Error()}
}

// infer is the Open Inference Protocol's.
func (s *Server) infer(w http.ResponseWriter, r *http.Request) {
	m, _ := s.model(w, r, r.PathValue("model"))
	if m == nil {
		return
	}
	s.predict(w, r, m, func(body string, p registry.Place) ([]byte, error) {
		request, err := decodeInfer(body, p.Version.Network.Input, s.options.queue)
		if err != nil {
			return nil, s.badRequest(err)
		}
		scores, err := predictIn(r.Context(), p, request.images)
		if err != nil {
			return nil, err
		}
		return encodeInfer(m.Name, p.Version, &request, scores), nil
	})
}

// tensorflow is TensorFlow Serving's REST API: the colon is a part of a segment.
func (s *Server) tensorflow(w http.ResponseWriter, r *http.Request) {
	last := "model"
	if r.PathValue("version") != "" {
		last = "version"
	}
	name, _, _ := strings.Cut(r.PathValue("model"), ":")
	_, verb, asked := strings.Cut(r.PathValue(last), ":")
	switch {
	case asked && verb != "predict":
		notFound(w, r)
	case asked:
		methods{http.MethodPost: func(w http.ResponseWriter, r *http.Request) { s.tensorflowPredict(w, r, name) }}.ServeHTTP(w, r)
	default:
		methods{http.MethodGet: func(w http.ResponseWriter, r *http.Request) { s.tensorflowStatus(w, r, name) }}.ServeHTTP(w, r)
	}
}

func (s *Server) tensorflowStatus(w http.ResponseWriter, r *http.Request, name string) {
	m, v := s.model(w, r, name)
	if m == nil {
		return
	}
	state := "AVAILABLE"
	if s.stopping.Load() {
		state = "UNLOADING"
	}
	writeJSON(w, http.StatusOK, object{"model_version_status": []object{{
		"version": v.VersionText(), "state": state, "status": object{"error_code": "OK", "error_message": ""},
	}}})
}

func (s *Server) tensorflowPredict(w http.ResponseWriter, r *http.Request, name string) {
	m, _ := s.model(w, r, name)
	if m == nil {
		return
	}
	s.predict(w, r, m, func(body string, p registry.Place) ([]byte, error) {
		request, err := decodePredict(body, p.Version.Network.Input, s.options.queue)
		if err != nil {
			return nil, s.badRequest(err)
		}
		scores, err := predictIn(r.Context(), p, request.images)
		if err != nil {
			return nil, err
		}
		return encodePredict(request.column, scores), nil
	})
}

// predictIn predicts in a place, and refuses what JSON cannot say.
func predictIn(ctx context.Context, p registry.Place, images []float32) (nets.Scores, error) {
	scores, err := p.Predict(ctx, images)
	if err == nil {
		err = registry.Check(scores)
	}
	return scores, err
}
