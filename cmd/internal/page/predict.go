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
	Name          string    `json:"name"`
	Probabilities []float32 `json:"probabilities"`
	Micros        int64     `json:"micros"` // that the answer took, with its wait for others
}

type predictJSON struct {
	Empty  bool   `json:"empty"` // nothing is drawn
	Image  []byte `json:"image"` // that the networks see: bytes (H,W,C)
	Height int    `json:"height"`
	Width  int    `json:"width"`
	Models []said `json:"models"`
}

// predict asks all networks about one image.
func (p *Page) predict(w http.ResponseWriter, r *http.Request) (any, error) {
	p.drawings.note()
	models, shape := p.shown()
	pixels, ink, err := readImage(w, r, shape)
	if err != nil {
		return nil, err
	}
	return saidOf(r.Context(), models, pixels, ink, shape)
}

// shown are the networks as they are now, and the shape of their images.
func (p *Page) shown() (models []Model, shape [3]int) {
	models, shape = p.source.Models(), [3]int{digit.Side, digit.Side, 1}
	if len(models) > 0 {
		shape = models[0].input()
	}
	return models, shape
}

// saidOf is what networks say of an image.
func saidOf(ctx context.Context, models []Model, pixels []byte, ink bool, shape [3]int) (predictJSON, error) {
	answer := predictJSON{Empty: !ink, Image: pixels, Height: shape[0], Width: shape[1], Models: []said{}}
	if !ink {
		return answer, nil
	}
	image := scaled(pixels)
	for _, m := range models {
		if m.input() != shape {
			continue
		}
		began := time.Now()
		scores, err := m.predict(ctx, image)
		if err != nil {
			return predictJSON{}, err
		}
		answer.Models = append(answer.Models, said{m.Name, scores.Probabilities, time.Since(began).Microseconds()})
	}
	return answer, nil
}

// readImage reads a drawing, which is prepared as MNIST's images were, or an
// image that is prepared already.
func readImage(w http.ResponseWriter, r *http.Request, shape [3]int) (pixels []byte, ink bool, err error) {
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
		if err := readJSON(w, r, &body); err != nil {
			return nil, false, err
		}
		return body.Image, true, checkImage(body.Image, shape)
	}
	return nil, false, refuse(http.StatusUnsupportedMediaType, "Content-Type %q: a drawing is image/png or application/octet-stream, an image application/json", kind)
}

func readDrawing(w http.ResponseWriter, r *http.Request, shape [3]int) ([]byte, bool, error) {
	if err := checkChannels(shape); err != nil {
		return nil, false, err
	}
	picture, err := digit.Decode(http.MaxBytesReader(w, r.Body, maxPNG+1), digit.Limits{Pixels: maxPixels, Bytes: maxPNG})
	switch {
	case errors.Is(err, digit.ErrLimit):
		return nil, false, refuse(http.StatusRequestEntityTooLarge, "%v", err)
	case err != nil:
		return nil, false, refuse(http.StatusBadRequest, "%v", err)
	}
	pixels, ink := picture.Input(shape, false)
	return pixels, ink, nil
}

// readGray reads a drawing as the bytes of its grey pixels, row by row, of as
// many columns as the query's width: no browser has to make a PNG of it.
func readGray(w http.ResponseWriter, r *http.Request, shape [3]int) ([]byte, bool, error) {
	width, err := strconv.Atoi(r.URL.Query().Get("width"))
	if err != nil || width < 1 || width > maxPixels {
		return nil, false, refuse(http.StatusBadRequest, "a drawing of bytes needs ?width=, how many of them are a row")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPixels))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, false, refuse(http.StatusRequestEntityTooLarge, "the drawing has more than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return nil, false, refuse(http.StatusBadRequest, "the drawing breaks off after %d bytes", len(body))
	}
	return fromGray(body, width, shape)
}

// fromGray prepares grey pixels, rows of width.
func fromGray(body []byte, width int, shape [3]int) ([]byte, bool, error) {
	if err := checkChannels(shape); err != nil {
		return nil, false, err
	}
	if width == 0 || len(body) == 0 || len(body)%width != 0 {
		return nil, false, refuse(http.StatusBadRequest, "%d bytes are no drawing of rows of %d", len(body), width)
	}
	gray := &image.Gray{Pix: body, Stride: width, Rect: image.Rect(0, 0, width, len(body)/width)}
	pixels, ink := digit.FromImage(gray).Input(shape, false)
	return pixels, ink, nil
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

// scaled is bytes as a network wants them, from 0 to 1.
func scaled(pixels []byte) []float32 {
	set := data.Set{Pixels: pixels, Labels: []byte{0}, Height: 1, Width: len(pixels), Channels: 1}
	values := make([]float32, len(pixels))
	data.Decode(set.Pick(0), values, nil)
	return values
}

// asked is the body that names a network and brings an image for it.
type asked struct {
	Model string `json:"model"`
	Image []byte `json:"image"`
}

func (p *Page) asked(w http.ResponseWriter, r *http.Request) (m Model, pixels []byte, err error) {
	var body asked
	if err := readJSON(w, r, &body); err != nil {
		return m, nil, err
	}
	if m, err = p.model(body.Model); err != nil {
		return m, nil, err
	}
	return m, body.Image, checkImage(body.Image, m.input())
}
