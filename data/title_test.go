package data

import "testing"

func TestTitle(t *testing.T) {
	d, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Title(); got != "MNIST" {
		t.Errorf("MNIST is called %s", got)
	}
	if d = (&Dataset{Dir: "digits", Files: []File{{SHA256: "0"}}}); d.Title() != "digits" {
		t.Errorf("a folder is called %s", d.Title())
	}
}
