package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"stheno/cmd/serve/internal/batcher"
	"stheno/cmd/serve/internal/registry"
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
func (s *server) handler(page http.Handler) http.Handler {
	mux := http.NewServeMux()
	get := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, methods{http.MethodGet: h}) }
	get("/v2", s.serverMetadata)
	get("/v2/{$}", s.serverMetadata)
	get("/v2/health/live", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, object{"live": true}) })
	get("/v2/health/ready", s.ready)
	mux.HandleFunc("OPTIONS /{$}", s.ready)
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
func (s *server) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s.handled.Add(1)
		if s.stopping.Load() {
			w.Header().Set("Connection", "close")
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		recorder := &recorder{ResponseWriter: w, request: r, status: http.StatusOK}
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
		s.admission.admit(recorder, r, next)
	})
}

// recorder remembers an answer's status, and takes what a refused request still sends.
type recorder struct {
	http.ResponseWriter
	request *http.Request
	status  int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	if status >= http.StatusBadRequest && status != http.StatusRequestTimeout {
		takeRest(r.ResponseWriter, r.request)
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

type object map[string]any

func writeJSON(w http.ResponseWriter, status int, v any) {
	content, _ := json.Marshal(v) // texts, numbers and lists of them
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(content)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(content, '\n')) // who does not read it is gone
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

func (s *server) serverMetadata(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, object{"name": "stheno", "version": s.version, "extensions": []string{"binary_tensor_data", "classification"}})
}

// ready is false while no model is served, as before the first is trained, and
// when the server stops.
func (s *server) ready(w http.ResponseWriter, _ *http.Request) {
	if s.stopping.Load() || len(s.models.Models()) == 0 {
		writeJSON(w, http.StatusServiceUnavailable, object{"ready": false})
		return
	}
	writeJSON(w, http.StatusOK, object{"ready": true})
}

func (s *server) list(w http.ResponseWriter, _ *http.Request) {
	names := []string{}
	for _, m := range s.models.Models() {
		names = append(names, m.Name)
	}
	writeJSON(w, http.StatusOK, object{"models": names})
}

// model finds the model and the version of a path, or answers with 404.
func (s *server) model(w http.ResponseWriter, r *http.Request, name string) (*registry.Model, *registry.Version) {
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

func (s *server) modelMetadata(w http.ResponseWriter, r *http.Request) {
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

func (s *server) modelReady(w http.ResponseWriter, r *http.Request) {
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

// work decodes a request, predicts in a place, and encodes.
type work func(p payload, place registry.Place) (answer []byte, jsonLength int, err error)

// binaryHeader says how much of a body is JSON, in the binary tensor extension.
const binaryHeader = "Inference-Header-Content-Length"

// predict is what both protocols have in common: the body, a place, and work.
func (s *server) predict(w http.ResponseWriter, r *http.Request, m *registry.Model, do work) {
	began := time.Now()
	answer, jsonLength, err := s.answer(w, r, m, do)
	if err == nil {
		h := w.Header()
		h["Content-Type"] = jsonType
		if jsonLength > 0 {
			h.Set("Content-Type", "application/octet-stream")
			h.Set(binaryHeader, strconv.Itoa(jsonLength))
		}
		_, _ = w.Write(answer)
		s.metrics.answered(m.Name, http.StatusOK, time.Since(began))
		return
	}
	var refused refusal
	switch {
	case errors.As(err, &refused):
	case errors.Is(err, batcher.ErrFull), errors.Is(err, batcher.ErrClosed):
		s.metrics.answered(m.Name, http.StatusServiceUnavailable, time.Since(began))
		s.pace.refuse(w, r)
		return
	case r.Context().Err() != nil:
		refused = refusal{499, "the client has gone"} // as nginx has it; nobody reads this
	default:
		s.log.Error("prediction failed", "model", m.Name, "error", err)
		refused = refusal{http.StatusInternalServerError, "the prediction failed; the server's log says why"}
	}
	s.metrics.answered(m.Name, refused.status, time.Since(began))
	writeError(w, refused.status, refused.message)
}

var jsonType = []string{"application/json"} // a header's value that all answers share

func (s *server) answer(w http.ResponseWriter, r *http.Request, m *registry.Model, do work) ([]byte, int, error) {
	if m.Full() { // before anything is spent on the request
		return nil, 0, batcher.ErrFull
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, 0, refusal{http.StatusUnsupportedMediaType, "Content-Encoding " + short(encoding) + " is not served"}
	}
	body, release, err := s.bodies.read(w, r)
	defer release()
	if err != nil {
		status, message := bodyError(err)
		return nil, 0, refusal{status, message}
	}
	place, err := m.Enter() // not before: slow clients hold no places
	if err != nil {
		return nil, 0, err
	}
	defer place.Leave()
	if !isVersion(r, place.Version) {
		return nil, 0, refusal{http.StatusNotFound, noVersion(r, m, place.Version)}
	}
	p, err := split(body, r.Header.Get(binaryHeader))
	if err != nil {
		return nil, 0, err
	}
	return do(p, place)
}

// split divides a body into JSON and what is behind it.
func split(body, header string) (payload, error) {
	if header == "" {
		return payload{json: body}, nil
	}
	n, err := strconv.Atoi(header)
	if err != nil || n < 0 || n > len(body) {
		return payload{}, refusal{http.StatusBadRequest, fmt.Sprintf("%s: %s is no part of the body's %d bytes", binaryHeader, short(header), len(body))}
	}
	return payload{body[:n], body[n:], true}, nil
}

// scores predicts images that have been decoded, and frees them.
func (s *server) scores(r *http.Request, place registry.Place, images []float32, err error) (nets.Scores, error) {
	if errors.Is(err, errTooMany) {
		return nets.Scores{}, refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("a request may have %d images", s.options.queue)}
	} else if err != nil {
		return nets.Scores{}, refusal{http.StatusBadRequest, err.Error()}
	}
	scores, err := place.Predict(r.Context(), images)
	if err == nil { // otherwise they may still be predicted
		free(images)
		err = registry.Check(scores) // JSON cannot say all
	}
	return scores, err
}

// infer is the Open Inference Protocol's.
func (s *server) infer(w http.ResponseWriter, r *http.Request) {
	m, _ := s.model(w, r, r.PathValue("model"))
	if m == nil {
		return
	}
	s.predict(w, r, m, func(p payload, place registry.Place) ([]byte, int, error) {
		request, err := decodeInfer(p, place.Version.Network.Input, s.options.queue)
		scores, err := s.scores(r, place, request.images, err)
		if err != nil {
			return nil, 0, err
		}
		answer, jsonLength := encodeInfer(m.Name, place.Version, &request, scores)
		return answer, jsonLength, nil
	})
}

// tensorflow is TensorFlow Serving's REST API: the colon is a part of a segment.
func (s *server) tensorflow(w http.ResponseWriter, r *http.Request) {
	last := "model"
	if r.PathValue("version") != "" {
		last = "version"
	}
	name, _, _ := strings.Cut(r.PathValue("model"), ":")
	_, verb, asked := strings.Cut(r.PathValue(last), ":")
	switch {
	case asked && verb != "predict" && verb != "classify":
		notFound(w, r)
	case asked:
		methods{http.MethodPost: func(w http.ResponseWriter, r *http.Request) { s.tensorflowPredict(w, r, name, verb) }}.ServeHTTP(w, r)
	default:
		methods{http.MethodGet: func(w http.ResponseWriter, r *http.Request) { s.tensorflowStatus(w, r, name) }}.ServeHTTP(w, r)
	}
}

func (s *server) tensorflowStatus(w http.ResponseWriter, r *http.Request, name string) {
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

func (s *server) tensorflowPredict(w http.ResponseWriter, r *http.Request, name, verb string) {
	m, _ := s.model(w, r, name)
	if m == nil {
		return
	}
	s.predict(w, r, m, func(p payload, place registry.Place) ([]byte, int, error) {
		if p.extended {
			return nil, 0, refusal{http.StatusBadRequest, binaryHeader + " is for /v2"}
		}
		image := place.Version.Network.Input
		if verb == "classify" {
			images, err := decodeClassify(p.json, image, s.options.queue)
			scores, err := s.scores(r, place, images, err)
			if err != nil {
				return nil, 0, err
			}
			return encodeClassify(place.Version, scores), 0, nil
		}
		request, err := decodePredict(p.json, image, s.options.queue)
		scores, err := s.scores(r, place, request.images, err)
		if err != nil {
			return nil, 0, err
		}
		return encodePredict(request.column, scores), 0, nil
	})
}
