package train

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"gorgonia.org/tensor"

	"stheno/graph"
	"stheno/graph/kernel"
	"stheno/nets"
)

// LoadModel makes the network that config.json names, with the weights of
// model.safetensors. A folder that is no run, or a run that has not written its
// model yet, is refused.
func (f Folder) LoadModel() (*nets.Model, Config, error) {
	c, err := f.ReadConfig()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, c, fmt.Errorf("train: %s: is no run folder: %w", f, bare(err))
	}
	if err != nil {
		return nil, c, err
	}
	if c.Phase != "" {
		return nil, c, fmt.Errorf("train: %s: is the %s of the run in %s, and classifies nothing: name that run", f, c.Phase, filepath.Dir(filepath.Clean(string(f))))
	}
	if _, err := os.Stat(f.File(ModelFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, c, fmt.Errorf("train: %s: the run is not finished: there is no %s yet", f, ModelFile)
	}
	m, err := c.newModel()
	if err == nil {
		err = m.ReadWeights(f.File(ModelFile))
	}
	if err != nil {
		return nil, c, fmt.Errorf("train: %s: %w", f, err)
	}
	return m, c, nil
}

// bare is what the system says, without a path that the line names already.
func bare(err error) error {
	if onPath := (*fs.PathError)(nil); errors.As(err, &onPath) {
		return fmt.Errorf("%s: %w", ConfigFile, onPath.Err)
	}
	return err
}

// newModel is the network of a run, with weights that are still to be read.
func (c Config) newModel() (*nets.Model, error) {
	if min(c.Data.Image[0], c.Data.Image[1], c.Data.Image[2], c.Data.Classes) < 1 {
		return nil, fmt.Errorf("%s: images %v of %d classes", ConfigFile, c.Data.Image, c.Data.Classes)
	}
	net, err := nets.Named(c.Network, c.Data.Image, c.Data.Classes)
	if err != nil {
		return nil, err
	}
	algorithm, err := kernel.ParseAlgorithm(c.Settings.Conv)
	if err != nil {
		return nil, fmt.Errorf("%s: conv: %w", ConfigFile, err)
	}
	m, err := nets.New(net, tensor.Float32, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return nil, err
	}
	m.Ops = graph.FusedWith(algorithm)
	return m, nil
}

// ReadHistory reads the rows of history.json; none if there is no such file.
func (f Folder) ReadHistory() ([]Row, error) {
	content, err := os.ReadFile(f.File(HistoryJSONFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var rows []Row
	if err == nil {
		err = json.Unmarshal(content, &rows)
	}
	if err != nil {
		return nil, fmt.Errorf("train: %s: %w", f.File(HistoryJSONFile), err)
	}
	return rows, nil
}

// Step is a row of steps.csv.
type Step struct {
	Step           int
	Loss, Accuracy float64 // of its batch, before the update
}

// ReadSteps reads steps.csv; none if there is no such file.
func (f Folder) ReadSteps() ([]Step, error) {
	file, err := os.Open(f.File(StepsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord, r.ReuseRecord = 3, true
	var steps []Step
	for {
		record, err := r.Read()
		if err == io.EOF {
			return steps, nil
		}
		line, _ := r.FieldPos(0)
		if err == nil && line > 1 { // the first names the columns
			steps, err = appendStep(steps, record)
		}
		if err != nil {
			return nil, fmt.Errorf("train: %s: line %d: %w", f.File(StepsFile), line, err)
		}
	}
}

func appendStep(steps []Step, record []string) ([]Step, error) {
	n, err := strconv.Atoi(record[0])
	loss, lossErr := strconv.ParseFloat(record[1], 64)
	accuracy, accuracyErr := strconv.ParseFloat(record[2], 64)
	return append(steps, Step{n, loss, accuracy}), errors.Join(err, lossErr, accuracyErr)
}
