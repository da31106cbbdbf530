package run

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"stheno/data/digit"
)

// ConfigFormat is the version of config.json. It grows when a reader of the old
// form could be misled. Format 2, which is still read, names the network, mlp or
// cnn; since 3 the network itself is in it.
const ConfigFormat = 3

const namedFormat = 2

// Config is config.json: all that a run was made with.
type Config struct {
	Format       int               `json:"format"`
	Network      string            `json:"network"`         // its name
	Model        json.RawMessage   `json:"model,omitempty"` // the network, as Keras's config of it: see nets.ParseNetwork; absent from format 2 and from a pre-training
	Phase        string            `json:"phase,omitempty"` // of a run in the folder of another: what it is to that
	Params       int               `json:"params"`
	Settings     Settings          `json:"settings"`
	Optimizer    json.RawMessage   `json:"optimizer"` // its settings, as the run began
	Data         Source            `json:"data"`
	Kernels      string            `json:"kernels"`         // the implementation that computed
	Convolutions map[string]string `json:"convolutions"`    // the algorithm of each convolutional layer
	Ranks        int               `json:"ranks,omitempty"` // processes that train together; absent is one
	Versions     map[string]string `json:"versions"`        // of Go, of Stheno where the build knows it, of the modules that compute
}

// Settings are what the user chose.
type Settings struct {
	Data            string  `json:"data"` // the folder as it was given; empty is Stheno's own choice
	Epochs          int     `json:"epochs"`
	Batch           int     `json:"batch"`
	LearningRate    float64 `json:"learning_rate"`
	Seed            uint64  `json:"seed"`
	Shuffle         bool    `json:"shuffle"`
	Steps           int     `json:"steps"`            // 0 is no limit
	CheckpointEvery int     `json:"checkpoint_every"` // steps; 0 is at each epoch's end
	Init            string  `json:"init"`
	Threads         int     `json:"threads"`
	Conv            string  `json:"conv"`
	Patience        int     `json:"patience"`           // epochs; 0 is no early stopping
	Schedule        string  `json:"schedule"`           // of the learning rate
	TensorBoard     bool    `json:"tensorboard"`        // whether event files are written
	ValidationSplit float64 `json:"validation_split"`   // the last part of the training images, held out; 0 validates on the test images
	Labels          int     `json:"labels,omitempty"`   // training images, drawn by the seed, as many of each class; 0 is all
	Repeat          int     `json:"repeat,omitempty"`   // passes over the training images in an epoch; 0 is 1
	Pretrain        string  `json:"pretrain,omitempty"` // the loss of a pre-training; empty is none
	PretrainEpochs  int     `json:"pretrain_epochs,omitempty"`
	Embedding       int     `json:"embedding,omitempty"` // dimensions of what is pre-trained

	// These are absent where they are off: a run without them reads and writes
	// the files that it did before they were there.
	Recipe         string  `json:"recipe,omitempty"`          // whose settings those are that were not given
	Optimizer      string  `json:"optimizer,omitempty"`       // adam, adamw, sgd or rmsprop
	Momentum       float64 `json:"momentum,omitempty"`        // of SGD or RMSprop
	Nesterov       bool    `json:"nesterov,omitempty"`        // SGD's form of it
	WeightDecay    float64 `json:"weight_decay,omitempty"`    // of every kernel; not of Adam
	L2             float64 `json:"l2,omitempty"`              // see nets.Objective
	LabelSmoothing float64 `json:"label_smoothing,omitempty"` // see nets.Objective
	Dropout        float64 `json:"dropout,omitempty"`         // rate; see nets.Network.WithDropout
	EMA            float64 `json:"ema,omitempty"`             // decay; see Average
	SWA            int     `json:"swa,omitempty"`             // epochs; see Average
	RateScale      string  `json:"lr_scale,omitempty"`        // how LearningRate, meant for ReferenceBatch, follows Batch; see ScaledRate
	Augment        string  `json:"augment,omitempty"`         // how the training images are distorted, as augment.Spec writes it; empty is not at all

	// How pictures become the network's images. It is absent from the runs of
	// before there was a choice: see Config.Preparation.
	Preparation digit.Preparation `json:"preparation,omitzero"`
}

// Source is what a run was trained and tested on.
type Source struct {
	Folder  string       `json:"folder"`
	Train   int          `json:"train"` // images
	Test    int          `json:"test"`
	Image   [3]int       `json:"image"` // height, width, channels
	Classes int          `json:"classes"`
	Names   []string     `json:"class_names,omitempty"` // absent: they are called by their numbers
	Files   []SourceFile `json:"files"`
}

// Class is what a class is called.
func (s Source) Class(label int) string {
	if label >= 0 && label < len(s.Names) {
		return s.Names[label]
	}
	return strconv.Itoa(label)
}

// SourceFile is one file of a Source.
type SourceFile struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	SHA256  string `json:"sha256"`            // of the file as it is stored
	Content string `json:"content,omitempty"` // of what a .gz file holds; absent of others, and where it was not known yet
}

// Same says whether two files hold the same, gzipped or not.
func (f SourceFile) Same(other SourceFile) bool {
	return f.SHA256 == other.SHA256 || cmp.Or(f.Content, f.SHA256) == cmp.Or(other.Content, other.SHA256)
}

// Provenance is what a file of another format can say of the run: the seed, and
// the SHA-256 of each data file under its name. It names no place and no time.
func (c Config) Provenance() map[string]string {
	p := map[string]string{"seed": strconv.FormatUint(c.Settings.Seed, 10)}
	for _, f := range c.Data.Files {
		p[f.Name] = f.SHA256
	}
	if names, err := json.Marshal(c.Data.Names); err == nil && len(c.Data.Names) > 0 {
		p["class_names"] = string(names)
	}
	return p
}

// free are the fields that may change when a run goes on: they have no say in
// what a step computes, or are where the run happens to stand.
var free = []string{
	"settings.epochs", "settings.steps", "settings.threads", "settings.checkpoint_every", "settings.data",
	"data.folder", "kernels", "convolutions", "versions", "ranks",
}

// places are where files and layers of one's own are, which may move.
var places = regexp.MustCompile(`^data\.files\.\d+\.(path|content)$|^model\.config\.layers\.\d+\.module$`)

// Differs names the first field in which a run with this config would not be
// the run of the other one, and both values; it is empty if there is none.
// Convolutions and kernels are free, since they are this machine's; with others
// a run goes on with other rounding.
func (c Config) Differs(other Config) string {
	c.Data.Files = slices.Clone(c.Data.Files)
	for i, f := range c.Data.Files {
		if i < len(other.Data.Files) && f.Name == other.Data.Files[i].Name && f.Same(other.Data.Files[i]) {
			c.Data.Files[i] = other.Data.Files[i]
		}
	}
	mine, theirs := c.fixed(), other.fixed()
	names := maps.Clone(mine)
	maps.Copy(names, theirs) // a setting that is off may be absent from one of them
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if mine[name] != theirs[name] {
			return fmt.Sprintf("%s is %s, not %s", name, cmp.Or(mine[name], "absent"), cmp.Or(theirs[name], "absent"))
		}
	}
	return ""
}

// fixed are the fields that are not free, by their path, as JSON.
func (c Config) fixed() map[string]string {
	content, err := json.Marshal(c)
	var tree map[string]any
	if err == nil {
		err = unmarshalNumbers(content, &tree)
	}
	if err != nil {
		panic("run: a Config is no JSON")
	}
	fields := make(map[string]string)
	flatten("", tree, fields)
	return fields
}

func flatten(name string, v any, fields map[string]string) {
	if slices.Contains(free, name) || places.MatchString(name) {
		return
	}
	below := name + "."
	if name == "" {
		below = ""
	}
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			flatten(below+key, value, fields)
		}
	case []any:
		for i, value := range v {
			flatten(below+strconv.Itoa(i), value, fields)
		}
	default:
		text, _ := json.Marshal(v)
		fields[name] = string(text)
	}
}

// unmarshalNumbers keeps numbers as they are written: a seed has 64 bits.
func unmarshalNumbers(content []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	return d.Decode(v)
}
