package serve

import (
	"context"
	"fmt"
	"net/http"

	"stheno/cmd/internal/registry"
)

// page is all that stands at /, /ui/ and /api/: what a person sees, and what it
// asks for. It has the models; guard has looked at its requests, and pageHeaders
// goes before what it shows. Handlers that answer for long (a stream of events)
// have to move their write deadline with http.ResponseController, and to end
// with serving, the context that ends when the server begins to stop.
func page(_ context.Context, models *registry.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, "Stheno serves\n\n")
		for _, m := range models.Models() {
			fmt.Fprintf(w, "  POST /v2/models/%s/infer    /v1/models/%[1]s:predict\n", m.Name)
		}
		fmt.Fprint(w, "\nGET /v2, /v2/models, /metrics\n")
	})
	mux.HandleFunc("/", notFound)
	return pageHeaders(mux)
}
