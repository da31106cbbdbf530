package live

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"stheno/cmd/serve/internal/page"
	"stheno/cmd/train/command"
	"stheno/data"
	"stheno/nets"
	"stheno/nets/run"
	"stheno/nets/train"
)

func TestMain(m *testing.M) {
	os.Unsetenv("STHENO_DATA") // MNIST itself, wherever the tests run
	code := m.Run()
	closeBrowser()
	os.Exit(code)
}

var mnist = sync.OnceValues(func() (*data.Dataset, error) { return data.Open("") })

func openMNIST(t testing.TB) *data.Dataset {
	t.Helper()
	set, err := mnist()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// fixed are models that do not change.
type fixed struct {
	models []page.Model
	set    *data.Set
}

func (f fixed) Models() []page.Model { return f.models }
func (f fixed) Test() *data.Set      { return f.set }

// quickly trains both networks for a few steps: right in some nine of ten.
var quickly = sync.OnceValues(func() (fixed, error) {
	set, err := mnist()
	if err != nil {
		return fixed{}, err
	}
	f := fixed{set: set.Test}
	for _, n := range []struct {
		net   nets.Network
		steps int
	}{{nets.MLP(set.Train.Shape(), set.Classes), 150}, {nets.CNN(set.Train.Shape(), set.Classes), 60}} {
		m, err := nets.New(n.net, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
		if err != nil {
			return f, err
		}
		history := &run.History{}
		if _, err := train.Fit(context.Background(), m, set.Train, train.NewAdam(0.001), train.Plan{Epochs: 1, Batch: 128, Steps: n.steps, Shuffle: true, Seed: 1}); err != nil {
			return f, err
		}
		result, err := train.Evaluate(context.Background(), m, set.Test, nil)
		if err != nil {
			return f, err
		}
		for epoch := 1; epoch <= 3; epoch++ { // a history to look at
			loss, accuracy := 0.3/float64(epoch), 1-0.06/float64(epoch)
			history.Rows = append(history.Rows, train.Row{Epoch: epoch, Loss: 1.1 * loss, Accuracy: accuracy - 0.01, ValLoss: &loss, ValAccuracy: &accuracy})
		}
		f.models = append(f.models, page.Model{Name: m.Name, Predictor: nets.NewPredictor(m), Config: run.Config{Params: m.Params(), Data: run.Source{Image: m.Input}}, History: history.Rows, TestAccuracy: &result.Accuracy})
	}
	return f, nil
})

// serve serves a page.
func serve(t testing.TB, source page.Source, training page.Training) string {
	t.Helper()
	p := page.New(source, training)
	server := httptest.NewServer(p)
	t.Cleanup(func() { p.Close(); server.CloseClientConnections(); server.Close() })
	return server.URL
}

// part is the first images of a set.
func part(s *data.Set, n int) *data.Set {
	c := *s
	c.Pixels, c.Labels = s.Pixels[:n*s.Height*s.Width*s.Channels], s.Labels[:n]
	return &c
}

// start trains into folders of the test.
func start(t testing.TB, set *data.Dataset, runs map[string][]string, names ...string) (*Trainer, map[string]string) {
	t.Helper()
	folders := make(map[string]string)
	networks := map[string]func([3]int, int) nets.Network{"mlp": nets.MLP, "cnn": nets.CNN}
	var list []Run
	for _, name := range names {
		folders[name] = filepath.Join(t.TempDir(), name)
		list = append(list, Run{Program: command.Program{Name: name, Network: networks[name]}, Args: append([]string{"-out", folders[name], "-verbose", "0"}, runs[name]...)})
	}
	trainer := Start(t.Context(), set, list, io.Discard)
	t.Cleanup(func() { trainer.Stop(); trainer.Wait() })
	return trainer, folders
}
