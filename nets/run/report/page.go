package report

import (
	_ "embed"
	"html/template"
	"io"

	"stheno/nets/train/progress"
)

// styleSheet is shared by all pages.
//
//go:embed page.css
var styleSheet string

//go:embed page.html
var shell string

//go:embed report.html
var body string

var functions = template.FuncMap{
	"percent": func(v any) string { return Percent(number(v)) }, "probability": func(v any) string { return probability(number(v)) },
	"thousands": Thousands, "seconds": Seconds, "millis": Millis, "operations": Operations, "number": Number,
	"css": func() template.CSS { return template.CSS(styleSheet) },
}

// number is a float64, of whichever of our types.
func number(v any) float64 {
	if f, ok := v.(progress.Float); ok {
		return float64(f)
	}
	return v.(float64)
}

// Page is a template of a page: body defines "title" and "main", in the frame
// and with the style of a report, and with its functions.
func Page(body string) *template.Template {
	return template.Must(template.Must(template.New("page").Funcs(functions).Parse(shell)).Parse(body))
}

var page = Page(body)

// HTML writes the report as a page that holds all that it shows.
func (r *Report) HTML(w io.Writer) error { return page.Execute(w, r.view()) }
