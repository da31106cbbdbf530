package command

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"stheno/cmd/internal/shell"
	"stheno/nets/run"
)

// TestOptimizersInARun: config.json and the checkpoint have each optimizer's
// settings under Keras's names, those that are off are absent, and the run says
// by which it is trained.
func TestOptimizersInARun(t *testing.T) {
	dir, tmp := small(t), t.TempDir()
	models := make(map[string]string)
	for flags, c := range map[string]struct{ settings, optimizer, class, said string }{
		"":                                       {`"optimizer":"adam"`, `{"learning_rate":0.001,"beta_1":0.9,"beta_2":0.999,"epsilon":1e-7}`, "Adam", ""},
		"-optimizer sgd -lr 0.01":                {`"optimizer":"sgd"`, `{"learning_rate":0.01,"momentum":0,"nesterov":false}`, "SGD", "sgd\n"},
		"-optimizer sgd -momentum 0.9 -nesterov": {`"optimizer":"sgd","momentum":0.9,"nesterov":true`, `{"learning_rate":0.001,"momentum":0.9,"nesterov":true}`, "SGD", "sgd with Nesterov's momentum 0.9"},
		"-optimizer rmsprop -momentum 0.5 -weight-decay 0.1":                                 {`"optimizer":"rmsprop","momentum":0.5,"weight_decay":0.1`, `{"learning_rate":0.001,"rho":0.9,"momentum":0.5,"epsilon":1e-7,"centered":false,"weight_decay":0.1}`, "RMSprop", "rmsprop with momentum 0.5 and weight decay 0.1"},
		"-optimizer adamw -weight-decay 0.1 -pretrain triplet -pretrain-epochs 1":            {`"optimizer":"adamw","weight_decay":0.1`, `{"learning_rate":0.001,"beta_1":0.9,"beta_2":0.999,"epsilon":1e-7,"weight_decay":0.1}`, "Adam", "adamw with weight decay 0.1"},
		"-optimizer sgd -momentum 0.9 -pretrain triplet -pretrain-epochs 1 -schedule cosine": {`"optimizer":"sgd","momentum":0.9`, `{"learning_rate":0.001,"momentum":0.9,"nesterov":false}`, "SGD", "sgd with momentum 0.9"},
	} {
		out := filepath.Join(tmp, strings.ReplaceAll("run"+flags, " ", ""))
		args := strings.Fields(flags)
		o := succeed(t, mlp, append(args, "-data", dir, "-epochs", "1", "-batch", "7", "-out", out)...)
		if !strings.Contains(o.stderr, c.said) {
			t.Errorf("%s: stderr says nothing of %s: %s", flags, c.said, o.stderr)
		}
		config, err := run.Folder(out).ReadConfig()
		if err != nil {
			t.Fatal(err)
		}
		settings, _ := json.Marshal(config.Settings)
		var optimizer bytes.Buffer
		if err := json.Compact(&optimizer, config.Optimizer); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(settings, []byte(c.settings+",")) && !bytes.Contains(settings, []byte(c.settings+"}")) || optimizer.String() != c.optimizer {
			t.Errorf("%s: settings %s, optimizer %s", flags, settings, &optimizer)
		}
		if name := `\"optimizer\":{\"name\":\"` + c.class + `\",`; !strings.Contains(read(t, out, "checkpoint/step-000003.safetensors"), name) {
			t.Errorf("%s: the checkpoint is not of %s", flags, c.class)
		}
		model := read(t, out, "model.safetensors")
		if other, ok := models[model]; ok {
			t.Errorf("%q and %q train the same weights", flags, other)
		}
		models[model] = flags
	}
	for _, flags := range []string{"-optimizer sgd", "-optimizer adamw", "-momentum 0.9"} {
		if o := command(t, mlp, append([]string{"-resume", filepath.Join(tmp, "run")}, strings.Fields(flags)...)...); o.code != shell.Wrong || !strings.Contains(o.stderr, flags+": the run has -") {
			t.Errorf("%s on resume: exit code %d, %s", flags, o.code, o.stderr)
		}
	}
}
