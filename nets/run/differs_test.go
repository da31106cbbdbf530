package run

import "testing"

// TestDiffersNamesASettingThatOneHas: those that are off are not written.
func TestDiffersNamesASettingThatOneHas(t *testing.T) {
	plain, augmented := Config{}, Config{Settings: Settings{Augment: "affine", Epochs: 3}}
	const name = "settings.augment is "
	if got := augmented.Differs(plain); got != name+`"affine", not absent` {
		t.Errorf("got %q", got)
	}
	if got := plain.Differs(augmented); got != name+`absent, not "affine"` {
		t.Errorf("got %q", got)
	}
	if got := (Config{Settings: Settings{Epochs: 3, Steps: 9}}).Differs(plain); got != "" {
		t.Errorf("a run may go on for longer: %q", got)
	}
	at := func(module, name string) Config {
		return Config{Model: []byte(`{"config":{"layers":[{"module":` + module + `,"registered_name":"` + name + `"}]}}`)}
	}
	if got := at("null", "stheno>Scale").Differs(at(`"example.com/layers"`, "stheno>Scale")); got != "" {
		t.Errorf("a layer may move to another package: %q", got)
	}
	if got := at("null", "stheno>Scale").Differs(at("null", "stheno>Gate")); got == "" {
		t.Error("one layer is as good as another")
	}
}
