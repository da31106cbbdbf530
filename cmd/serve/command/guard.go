package command

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// guard refuses what a browser sends for another site.
//
// A site whose name has been made to mean this machine (DNS rebinding) is known
// by the Host of its requests: every request must name an address, localhost, or
// a name that was given with -host. What is sent across sites is known by
// Sec-Fetch-Site and Origin, and refused unless it only reads (GET, HEAD).
// Predictions count as what does not only read: they cost, and no page of
// another site has a claim to them; the page's connection for drawings, a GET,
// holds Origin against Host by itself. Programs such as curl send neither header
// and are not hindered. HTTP/1.0 has no Host: so plain an asker, whom no browser
// is like, hears whether the server is well, and no more.
func guard(hosts []string, next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusForbidden, "the request comes from another site")
	}))
	next = cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "" && !r.ProtoAtLeast(1, 1) && isHealth(r) {
			next.ServeHTTP(w, r)
			return
		}
		if r.Host == "" {
			writeError(w, http.StatusForbidden, "the request names no host: send the header Host, as HTTP/1.1 does")
			return
		}
		if !hostAllowed(r.Host, hosts) {
			writeError(w, http.StatusForbidden, "the request is for the host "+short(r.Host)+", which is not this server's name; -host gives it one")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isHealth says whether a request asks how the server, or a model, is.
func isHealth(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		return r.URL.Path == "/" // as HAProxy does when it is told nothing
	default:
		return false
	}
	path := r.URL.Path
	model, isModel := strings.CutPrefix(path, "/v1/models/")
	return strings.HasPrefix(path, "/v2/health/") || isModel && !strings.Contains(model, ":") ||
		strings.HasPrefix(path, "/v2/models/") && strings.HasSuffix(path, "/ready")
}

// hostAllowed says whether a request's Host, with or without a port, is an
// address, localhost or one of the names.
func hostAllowed(host string, names []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil || slices.Contains(names, host)
}

// pageHeaders makes a browser take a page's scripts, styles, images and
// connections from this server alone, run nothing that stands in the page
// itself, and show it in no frame.
func pageHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
