package run_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"gorgonia.org/tensor"

	"stheno/nets"
	"stheno/nets/internal/disk"
	"stheno/nets/run"
	"stheno/nets/train"
	"stheno/nets/train/traintest"
)

// point is a scalar of an event file.
type point struct {
	Tag   string
	Step  uint64
	Value float32
}

// crc32c is the checksum bit by bit: the polynomial 0x1EDC6F41, reflected.
func crc32c(data []byte) uint32 {
	crc := ^uint32(0)
	for _, b := range data {
		crc ^= uint32(b)
		for range 8 {
			crc = crc>>1 ^ 0x82f63b78&-(crc&1)
		}
	}
	return ^crc
}

// records takes TFRecord's frames off and holds the checksums.
func records(file []byte) (events [][]byte, err error) {
	masked := func(data []byte) uint32 { crc := crc32c(data); return (crc>>15 | crc<<17) + 0xa282ead8 }
	for len(file) > 0 {
		if len(file) < 16 {
			return events, errors.New("a frame is cut off")
		}
		n := binary.LittleEndian.Uint64(file)
		if masked(file[:8]) != binary.LittleEndian.Uint32(file[8:]) || uint64(len(file)) < n+16 {
			return events, errors.New("length")
		}
		event := file[12 : 12+n]
		if masked(event) != binary.LittleEndian.Uint32(file[12+n:]) {
			return events, errors.New("checksum of an event")
		}
		events, file = append(events, event), file[16+n:]
	}
	return events, nil
}

// fields are a message's, by number: uint64 for fixed and varint, []byte else.
func fields(t *testing.T, message []byte) map[protowire.Number][]any {
	t.Helper()
	all := make(map[protowire.Number][]any)
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
		var v any
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(message)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(message)
		case protowire.Fixed32Type:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(message)
			v = uint64(bits)
		case protowire.BytesType:
			v, n = protowire.ConsumeBytes(message)
		default:
			t.Fatalf("field %d has wire type %d", number, kind)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		all[number], message = append(all[number], v), message[n:]
	}
	return all
}

// points reads the one event file of a folder.
func points(t *testing.T, dir string) (all []point) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || !strings.HasPrefix(entries[0].Name(), "events.out.tfevents.") {
		t.Fatalf("%s holds %v (%v), want one event file", dir, entries, err)
	}
	file, err := os.ReadFile(filepath.Join(dir, entries[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	events, err := records(file)
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	for i, event := range events {
		e := fields(t, event)
		if wall := math.Float64frombits(e[1][0].(uint64)); math.Abs(wall-float64(time.Now().Unix())) > 600 {
			t.Errorf("event %d is of %v", i, wall)
		}
		if i == 0 {
			if string(e[3][0].([]byte)) != "brain.Event:2" || len(e) != 2 {
				t.Errorf("the first event is %v", e)
			}
			continue
		}
		if len(e) != 3 {
			t.Errorf("event %d is %v", i, e)
		}
		for _, value := range fields(t, e[5][0].([]byte))[1] {
			v := fields(t, value.([]byte))
			all = append(all, point{string(v[1][0].([]byte)), e[2][0].(uint64), math.Float32frombits(uint32(v[2][0].(uint64)))})
		}
	}
	return all
}

// TestCRC32C holds the reader's checksum against RFC 3720, B.4.
func TestCRC32C(t *testing.T) {
	if got := crc32c(make([]byte, 32)); got != 0x8a9136aa {
		t.Errorf("%#x", got)
	}
}

func TestTensorBoardWritesPoints(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "board")
	b := &run.TensorBoard{Dir: dir, Every: 2}
	var training, validation []point
	note := each{Batch: func(s *train.Stats) error {
		if s.Step%2 == 0 {
			training = append(training, point{"batch_loss", uint64(s.Step), float32(s.BatchLoss)}, point{"batch_accuracy", uint64(s.Step), float32(s.BatchAccuracy)})
		}
		return nil
	}}
	noteEpoch := traintest.EachEpoch{Do: func(s *train.Stats) error {
		step := uint64(s.Epoch - 1)
		training = append(training, point{"epoch_loss", step, float32(s.Loss)}, point{"epoch_accuracy", step, float32(s.Accuracy)}, point{"epoch_learning_rate", step, 0.001})
		validation = append(validation, point{"epoch_loss", step, float32(s.ValLoss)}, point{"epoch_accuracy", step, float32(s.ValAccuracy)})
		if d := cmp.Diff(training, points(t, filepath.Join(dir, "train"))); d != "" { // flushed each epoch
			t.Errorf("epoch %d, train (-want +got):\n%s", s.Epoch, d)
		}
		return nil
	}}
	rows := images(10, toy.Input, 3)
	fit(t, newModel(t, toy, tensor.Float32), rows, train.Plan{Epochs: 3, Batch: 4, Validation: rows, Callbacks: []train.Callback{b, note, noteEpoch}})
	if err := errors.Join(b.Sync(), b.Close(), b.Close()); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(validation, points(t, filepath.Join(dir, "validation"))); d != "" {
		t.Errorf("validation (-want +got):\n%s", d)
	}
	if len(training) != 9+8 || len(validation) != 6 {
		t.Errorf("%d and %d points", len(training), len(validation))
	}

	// A second training in the same second has files of its own.
	fit(t, newModel(t, toy, tensor.Float32), rows, train.Plan{Epochs: 1, Batch: 4, Callbacks: []train.Callback{b}})
	for folder, want := range map[string]int{"train": 2, "validation": 1} {
		if entries, err := os.ReadDir(filepath.Join(dir, folder)); len(entries) != want {
			t.Errorf("%s holds %v (%v), want %d files", folder, entries, err, want)
		}
	}
}

// TestTensorBoardGoesOn: the same points whenever a run is interrupted, each of
// them once.
func TestTensorBoardGoesOn(t *testing.T) {
	dir := t.TempDir()
	build := func(*nets.Model, *train.Adam) []train.Callback {
		return []train.Callback{script{ValLoss: []float64{6, 5, 4, 3, 2, 1}}, &run.TensorBoard{Dir: dir, Every: 1}}
	}
	var want string
	checkResume(t, build, func() {
		got := fmt.Sprint(points(t, filepath.Join(dir, "train")), points(t, filepath.Join(dir, "validation")))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s\nalone\n%s", got, want)
		}
	})
}

func TestTensorBoardRefuses(t *testing.T) {
	if err := (&run.TensorBoard{}).TrainBegin(&train.Stats{}); err == nil || !strings.Contains(err.Error(), "no Dir") {
		t.Errorf("error %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	b := &run.TensorBoard{Dir: file}
	if err := b.TrainBegin(&train.Stats{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
	for _, values := range []string{``, `{"file":"a","train":-1}`, `{"file":"a","train":1,"validation":-1}`, `{"file":"","train":9}`,
		`{"file":"../a","train":9}`, `{"file":"a\\b","train":9}`, `{"file":"a","trian":9}`} {
		if err := b.Restore(train.CallbackState{Values: []byte(values)}); err == nil || !strings.Contains(err.Error(), "state of TensorBoard") {
			t.Errorf("state %s: %v", values, err)
		}
	}
	b = &run.TensorBoard{Dir: t.TempDir()}
	if err := b.Restore(train.CallbackState{Values: []byte(`{"file":"gone","train":99,"validation":0}`)}); err != nil {
		t.Fatal(err)
	}
	if err := b.TrainBegin(&train.Stats{Step: 4}); err == nil || !strings.Contains(err.Error(), "has 0 bytes, the checkpoint knows of 99") {
		t.Errorf("a file that is gone: %v", err)
	}
}

// TestBrokenRecordsAreSeen asks the reader of this test.
func TestBrokenRecordsAreSeen(t *testing.T) {
	dir := t.TempDir()
	b := &run.TensorBoard{Dir: dir}
	if err := errors.Join(b.TrainBegin(&train.Stats{}), b.EpochEnd(&train.Stats{Epoch: 1}), b.Close()); err != nil {
		t.Fatal(err)
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "train", "*"))
	file, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range file {
		file[i] ^= 4
		if _, err := records(file); err == nil {
			t.Errorf("byte %d of %d is changed, and nobody sees it", i, len(file))
		}
		file[i] ^= 4
	}
}

// boardTrial is a trial with event files.
func boardTrial(t *testing.T, r recipe, seed uint64, folder run.Folder) *trial {
	t.Helper()
	p := newTrial(t, r, seed)
	p.board = &run.TensorBoard{Dir: folder.File("tensorboard"), Warn: func(err error) { p.warnings = append(p.warnings, err) }}
	p.checkpoint.Callbacks = append(p.checkpoint.Callbacks, p.board)
	p.in(folder)
	return p
}

// TestAKillInTheFirstEpochDoublesNoPoint: the run goes on from before its first
// step, in the files that the first attempt has begun.
func TestAKillInTheFirstEpochDoublesNoPoint(t *testing.T) {
	folder := run.Folder(quick(t))
	must(t, os.Mkdir(folder.File(run.CheckpointDir), 0o777))
	p := boardTrial(t, mlpRecipe, 1, folder)
	must(t, p.checkpoint.Begin(folder))
	p.board.Every = 1
	must(t, errors.Join(p.board.TrainBegin(&train.Stats{}), p.board.BatchEnd(&train.Stats{Step: 1}), p.board.EpochEnd(&train.Stats{Epoch: 1, Validated: true}), p.board.Sync(), p.board.Close()))

	q := boardTrial(t, mlpRecipe, 1000, folder)
	s, _, err := folder.LoadState()
	must(t, err)
	must(t, s.Restore(q.checkpoint.Parts))
	q.checkpoint.Resume(s)
	q.toTheEnd(t)
	must(t, q.board.Close())
	for _, dir := range []string{"train", "validation"} {
		seen := make(map[string]bool)
		for _, p := range points(t, filepath.Join(q.board.Dir, dir)) {
			key := fmt.Sprint(p.Tag, p.Step)
			if seen[key] || strings.HasPrefix(key, "batch") {
				t.Errorf("%s: %s is there twice, or of the first attempt", dir, key)
			}
			seen[key] = true
		}
	}
}

// TestEventFilesHaveTheirNamesBeforeACheckpointSpeaksOfThem: each folder above
// them is in its own one, durably, or a power cut leaves a checkpoint that knows of
// points in a file that is not there.
func TestEventFilesHaveTheirNamesBeforeACheckpointSpeaksOfThem(t *testing.T) {
	folder := run.Folder(quick(t))
	b := &run.TensorBoard{Dir: folder.File("tensorboard")}
	for _, made := range []bool{false, true} { // by a process that was killed before it had synced them
		var synced []string
		stop := disk.Watch(func(op disk.Op) {
			if op.Name == "sync folder" {
				synced = append(synced, op.Path)
			}
		})
		err := errors.Join(b.TrainBegin(&train.Stats{}), b.EpochEnd(&train.Stats{Epoch: 1, Validated: true}))
		stop()
		must(t, errors.Join(err, b.Close()))
		for _, dir := range []string{"", "tensorboard", "tensorboard/train", "tensorboard/validation"} {
			if !slices.Contains(synced, folder.File(dir)) {
				t.Errorf("folders made before: %v: %q is not synced, only %v", made, dir, synced)
			}
		}
	}
}

// TestPointsWaitForRoom: a file that cannot be made does not end training, and has
// all of its points once it can be.
func TestPointsWaitForRoom(t *testing.T) {
	whole, folder := run.Folder(quick(t)), run.Folder(quick(t))
	for _, f := range []run.Folder{whole, folder} {
		must(t, os.Mkdir(f.File(run.CheckpointDir), 0o777))
		p := boardTrial(t, mlpRecipe, 1, f)
		must(t, p.checkpoint.Begin(f))
		obstacle := filepath.Join(p.board.Dir, "validation")
		if f == folder {
			must(t, os.Mkdir(p.board.Dir, 0o777))
			must(t, os.WriteFile(obstacle, nil, 0o666))
		}
		_, err := p.fit(t.Context(), at(40, func() { os.Remove(obstacle) }))
		must(t, errors.Join(err, p.board.Close()))
		if f == folder && (len(p.warnings) < 2 || strings.Count(fmt.Sprint(p.warnings), "is kept until it can be written") != 1 || !strings.Contains(p.warnings[0].Error(), obstacle)) {
			t.Errorf("warnings %v", p.warnings)
		}
	}
	for _, dir := range []string{"train", "validation"} {
		if d := cmp.Diff(points(t, whole.File("tensorboard/"+dir)), points(t, folder.File("tensorboard/"+dir))); d != "" {
			t.Errorf("%s (-left alone +got):\n%s", dir, d)
		}
	}
}

// TestPointsAreSyncedBesideTraining, also while the validation's file is opened:
// for the race detector.
func TestPointsAreSyncedBesideTraining(t *testing.T) {
	for range 20 {
		b := &run.TensorBoard{Dir: t.TempDir()}
		must(t, b.TrainBegin(&train.Stats{}))
		synced := make(chan error)
		go func() { synced <- b.Sync() }()
		must(t, b.EpochEnd(&train.Stats{Epoch: 1, Validated: true}))
		must(t, errors.Join(<-synced, b.Close()))
	}
}
