package page

import (
	"context"
	"errors"
	"image"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"stheno/data"
	"stheno/data/digit"
)

// said is what one network says of an image.
type said struct {
	Name          string       `json:"name"`
	Probabilities []float32    `json:"probabilities"`
	Micros        int64        `json:"micros"`                // that the answer took, with its wait for others
	Preparation   digit.Method `json:"preparation,omitempty"` // of the image that it saw; absent for one that came as it is
	Image         []byte       `json:"image,omitempty"`       // that it saw, if it is another than the first network's
}

type predictJSON struct {
	Empty       bool         `json:"empty"` // nothing is drawn
	Image       []byte       `json:"image"` // that the networks see: bytes (H,W,C)
	Height      int          `json:"height"`
	Width       int          `json:"width"`
	Preparation digit.Method `json:"preparation,omitempty"` // of the image; absent for one that came as it is
	Models      []said       `json:"models"`
}

// predict asks all networks about one image.
func (p *Page) predict(w http.ResponseWriter, r *http.Request) (any, error) {
	p.drawings.note()
	models, shape := p.shown()
	d, err := p.readImage(w, r, shape)
	if err != nil {
		return nil, err
	}
	return saidOf(r.Context(), models, d, shape)
}

// shown are the networks as they are now, and the shape of their images.
func (p *Page) shown() (models []Model, shape [3]int) {
	models, shape = p.source.Models(), [3]int{digit.Side, digit.Side, 1}
	if len(models) > 0 {
		shape = models[0].input()
	}
	return models, shape
}

// subject is what is asked about: a picture, which each network sees prepared as
// its training images were, or an image as networks see it.
type subject struct {
	picture *digit.Picture
	image   []byte // if there is no picture
}

// row is the drawing as a network sees it.
type row struct {
	pixels []byte
	ink    bool
	method digit.Method
}

func (d subject) row(shape [3]int, by digit.Preparation) (r row, err error) {
	if d.picture == nil {
		return row{pixels: d.image, ink: true}, nil
	}
	r.method = by.Method
	if r.pixels, r.ink, err = d.picture.Row(shape, by); err != nil {
		return r, refuse(http.StatusConflict, "%v", err)
	}
	return r, nil
}

// rowsOf prepares a drawing in each of the ways that the networks for images of a
// shape were trained with, and says which is the first one's.
func rowsOf(models []Model, d subject, shape [3]int) (first row, rows map[digit.Preparation]row, err error) {
	rows = map[digit.Preparation]row{}
	for _, m := range models {
		by := m.Config.Preparation()
		if _, ok := rows[by]; ok || m.input() != shape {
			continue
		}
		r, err := d.row(shape, by)
		if err != nil {
			return first, nil, err
		}
		if len(rows) == 0 {
			first = r
		}
		rows[by] = r
	}
	if len(rows) == 0 { // nobody is there yet
		first, err = d.row(shape, digit.Preparation{Method: digit.MNIST})
	}
	return first, rows, err
}

// saidOf is what networks say of a drawing.
func saidOf(ctx context.Context, models []Model, d subject, shape [3]int) (predictJSON, error) {
	first, rows, err := rowsOf(models, d, shape)
	if err != nil {
		return predictJSON{}, err
	}
	answer := predictJSON{Empty: !first.ink, Image: first.pixels, Height: shape[0], Width: shape[1], Preparation: first.method, Models: []said{}}
	for _, r := range rows {
		answer.Empty = answer.Empty || !r.ink
	}
	if answer.Empty {
		return answer, nil
	}
	for _, m := range models {
		if m.input() != shape {
			continue
		}
		seen := rows[m.Config.Preparation()]
		began := time.Now()
		scores, err := m.predict(ctx, data.Scaled[float32](seen.pixels))
		if err != nil {
			return predictJSON{}, err
		}
		one := said{Name: m.Name, Probabilities: scores.Probabilities, Micros: time.Since(began).Microseconds(), Preparation: seen.method}
		if seen.method != first.method {
			one.Image = seen.pixels
		}
		answer.Models = append(answer.Models, one)
	}
	return answer, nil
}

// readImage reads a drawing, or an image that is prepared already.
func (p *Page) readImage(w http.ResponseWriter, r *http.Request, shape [3]int) (subject, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "image/png":
		return readDrawing(w, r, shape)
	case "application/octet-stream":
		return readGray(w, r, shape)
	case "application/json":
		var body struct {
			Image []byte `json:"image"`
		}
		if err := p.readJSON(w, r, &body); err != nil {
			return subject{}, err
		}
		return subject{image: body.Image}, checkImage(body.Image, shape)
	}
	return subject{}, refuse(http.StatusUnsupportedMediaType, "Content-Type %q: a drawing is image/png or application/octet-stream, an image application/json", kind)
}

func readDrawing(w http.ResponseWriter, r *http.Request, shape [3]int) (subject, error) {
	if err := checkChannels(shape); err != nil {
		return subject{}, err
	}
	picture, err := digit.Decode(http.MaxBytesReader(w, r.Body, maxPNG+1), digit.Limits{Pixels: maxPixels, Bytes: maxPNG})
	switch {
	case errors.Is(err, digit.ErrLimit):
		return subject{}, refuse(http.StatusRequestEntityTooLarge, "%v", err)
	case err != nil:
		return subject{}, refuse(http.StatusBadRequest, "%v", err)
	}
	return subject{picture: picture}, nil
}

// readGray reads a drawing as the bytes of its grey pixels, row by row, of as
// many columns as the query's width: no browser has to make a PNG of it.
func readGray(w http.ResponseWriter, r *http.Request, shape [3]int) (subject, error) {
	width, err := strconv.Atoi(r.URL.Query().Get("width"))
	if err != nil || width < 1 || width > maxPixels {
		return subject{}, refuse(http.StatusBadRequest, "a drawing of bytes needs ?width=, how many of them are a row")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPixels))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return subject{}, refuse(http.StatusRequestEntityTooLarge, "the drawing has more than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return subject{}, refuse(http.StatusBadRequest, "the drawing breaks off after %d bytes", len(body))
	}
	return fromGray(body, width, shape)
}

// fromGray is a drawing of grey pixels, rows of width.
func fromGray(body []byte, width int, shape [3]int) (subject, error) {
	if err := checkChannels(shape); err != nil {
		return subject{}, err
	}
	if width == 0 || len(body) == 0 || len(body)%width != 0 {
		return subject{}, refuse(http.StatusBadRequest, "%d bytes are no drawing of rows of %d", len(body), width)
	}
	gray := &image.Gray{Pix: body, Stride: width, Rect: image.Rect(0, 0, width, len(body)/width)}
	return subject{picture: digit.FromImage(gray)}, nil
}

func checkChannels(shape [3]int) error {
	if shape[2] != 1 && shape[2] != 3 {
		return refuse(http.StatusConflict, "the networks want images of %d channels", shape[2])
	}
	return nil
}

// checkImage holds an image against the shape that networks want.
func checkImage(image []byte, shape [3]int) error {
	if want := shape[0] * shape[1] * shape[2]; len(image) != want {
		return refuse(http.StatusBadRequest, "the image has %d bytes, %d x %d x %d are %d", len(image), shape[0], shape[1], shape[2], want)
	}
	return nil
}

// asked is the body that names a network and brings an image for it.
type asked struct {
	Model string `json:"model"`
	Image []byte `json:"image"`
}

func (p *Page) asked(w http.ResponseWriter, r *http.Request) (m Model, pixels []byte, err error) {
	var body asked
	if err := p.readJSON(w, r, &body); err != nil {
		return m, nil, err
	}
	if m, err = p.model(body.Model); err != nil {
		return m, nil, err
	}
	return m, body.Image, checkImage(body.Image, m.input())
}
