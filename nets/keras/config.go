package keras

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// layer is what config.json says of a layer, or of a model, which has layers.
type layer struct {
	Class  string `json:"class_name"`
	Config struct {
		Name       string
		Activation any    // a name, or null, or an object for one of the user's own
		DataFormat string `json:"data_format"`
		Layers     []layer
	}
}

// activations are the ones that weights can be read for. Whether they stand where
// they do in the network that takes the weights, only its user can know.
var activations = []string{"linear", "relu", "softmax"}

// check refuses a model that no network of ours computes as Keras does, though the
// shapes of its weights may fit.
func check(config []byte) error {
	var model layer
	if err := json.Unmarshal(config, &model); err != nil {
		return err
	}
	return model.check()
}

func (l layer) check() error {
	name := fmt.Sprintf("%.60s %.60q", l.Class, l.Config.Name)
	switch activation, named := l.Config.Activation.(string); {
	case !named && l.Config.Activation != nil:
		return fmt.Errorf("%s has an activation without a name of Keras's, expected relu, softmax or linear", name)
	case named && !slices.Contains(activations, activation):
		return fmt.Errorf("%s has the activation %.60q, expected relu, softmax or linear", name, activation)
	case l.Config.DataFormat == "channels_first":
		return fmt.Errorf("%s has images of channels_first, expected channels_last", name)
	case strings.Contains(l.Class, "Pooling"):
		return fmt.Errorf("%s has no counterpart", name)
	}
	for _, below := range l.Config.Layers {
		if err := below.check(); err != nil {
			return err
		}
	}
	return nil
}
