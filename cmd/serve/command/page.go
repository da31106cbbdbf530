package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"

	"stheno/cmd/serve/internal/batcher"
	"stheno/cmd/serve/internal/live"
	"stheno/cmd/serve/internal/page"
	"stheno/cmd/serve/internal/registry"
	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
)

// page is what a person sees: of the runs that are served, or of those that are
// trained until ctx ends, which are served as each is complete.
func (s *server) page(ctx context.Context) (*page.Page, *live.Trainer) {
	if len(s.options.runs) > 0 {
		return page.New(shown{s.models, s.set}, nil), nil
	}
	runs := live.Notebook(s.options.data)
	for i := range runs {
		runs[i].Done = func(f run.Folder) {
			if err := s.models.Add(string(f)); err != nil {
				s.log.Error("what was trained is not served", "run", string(f), "error", err)
			}
		}
	}
	warnings := slog.NewLogLogger(s.log.Handler(), slog.LevelWarn).Writer()
	trainer := live.Start(ctx, s.set, runs, oneLine{warnings})
	return page.New(trainer, trainer), trainer
}

// oneLine is a log of what training writes for a terminal.
type oneLine struct{ log io.Writer }

func (o oneLine) Write(text []byte) (int, error) {
	_, err := o.log.Write(bytes.Join(bytes.Fields(text), []byte(" ")))
	return len(text), err
}

// shown are the models of runs, as a page shows them.
type shown struct {
	models *registry.Registry
	set    *data.Dataset
}

// Models are those for images of the first one's shape.
func (s shown) Models() (list []page.Model) {
	for _, m := range s.models.Models() {
		v := m.Current()
		if len(list) > 0 && v.Network.Input != list[0].Predictor.Network().Input {
			continue
		}
		p := page.Model{Name: m.Name, Predictor: v.Predictor, Config: v.Config, History: v.History, Predict: throughQueue(m)}
		if n := len(v.History); n > 0 {
			p.TestAccuracy = v.History[n-1].ValAccuracy
		}
		list = append(list, p)
	}
	return list
}

// Test are the test images, if they are of that shape.
func (s shown) Test() *data.Set {
	models := s.models.Models()
	if s.set == nil || s.set.Test == nil || len(models) == 0 || s.set.Test.Shape() != models[0].Current().Network.Input {
		return nil
	}
	return s.set.Test
}

// throughQueue predicts beside the requests of programs, in the same queue: what
// they may take is bounded, and so is what the page may.
func throughQueue(m *registry.Model) func(context.Context, []float32) (nets.Scores, error) {
	return func(ctx context.Context, images []float32) (nets.Scores, error) {
		scores, _, err := m.Predict(ctx, images)
		if errors.Is(err, batcher.ErrFull) || errors.Is(err, batcher.ErrClosed) {
			err = page.ErrBusy
		}
		return scores, err
	}
}
