package summary_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"stheno/nets/summary"
)

var (
	mlp = []summary.Row{
		{"image", "InputLayer", []int{28, 28, 1}, 0, 0, nil},
		{"flatten", "Flatten", []int{784}, 0, 0, nil},
		{"dense", "Dense", []int{512}, 401_920, 0, nil},
		{"dense_1", "Dense", []int{10}, 5_130, 0, nil},
	}
	cnn = []summary.Row{
		{"image", "InputLayer", []int{28, 28, 1}, 0, 0, nil},
		{"conv2d", "Conv2D", []int{26, 26, 32}, 320, 0, nil},
		{"conv2d_1", "Conv2D", []int{24, 24, 64}, 18_496, 0, nil},
		{"flatten", "Flatten", []int{36_864}, 0, 0, nil},
		{"dense", "Dense", []int{128}, 4_718_720, 0, nil},
		{"dense_1", "Dense", []int{10}, 1_290, 0, nil},
	}
	// awkward is the model of testdata/reference.py.
	awkward = []summary.Row{
		{"image", "InputLayer", []int{28, 28, 1}, 0, 0, nil},
		{"a_layer_whose_name_is_longer_than_any_column", "Conv2D", []int{1_000_000, 1_000_000, 1_000_000}, 1_234_567_890_123_456, 0, nil},
		{"two words and more words than fit", "Dense", nil, 2_097_152, 0, nil},
		{"dense_1", "Dense", []int{10}, 10, 0, nil},
	}
)

func render(t *testing.T, model string, rows []summary.Row, columns int) string {
	t.Helper()
	var out strings.Builder
	if err := summary.Write(&out, model, rows, columns); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func golden(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n") // a Windows checkout may have them
}

func TestKerasAt80Columns(t *testing.T) {
	for name, rows := range map[string][]summary.Row{"mlp": mlp, "cnn": cnn} {
		if d := cmp.Diff(golden(t, "summary-"+name+".txt"), render(t, name, rows, 80)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestRichWrapsTheSame holds wrapping, ellipses and widths against recorded output of
// testdata/reference.py, which prints the table only.
func TestRichWrapsTheSame(t *testing.T) {
	for _, columns := range []int{40, 60} {
		got := render(t, "m", awkward, columns)
		got = got[strings.Index(got, "┏"):strings.Index(got, " Total")]
		if d := cmp.Diff(golden(t, fmt.Sprintf("rich-%d.txt", columns)), got); d != "" {
			t.Errorf("%d columns (-want +got):\n%s", columns, d)
		}
	}
}

// TestBranches holds the table of a network that branches against Keras's.
func TestBranches(t *testing.T) {
	map16 := []int{28, 28, 16}
	rows := []summary.Row{
		{"image", "InputLayer", []int{28, 28, 1}, 0, 0, nil},
		{"conv2d", "Conv2D", map16, 144, 144, []string{"image"}},
		{"batch_normalization", "BatchNormalization", map16, 64, 32, []string{"conv2d"}},
		{"re_lu", "ReLU", map16, 0, 0, []string{"batch_normalization"}},
		{"conv2d_2", "Conv2D", map16, 2320, 0, []string{"re_lu"}},
		{"separable_conv2d", "SeparableConv2D", map16, 416, 0, []string{"re_lu"}},
		{"conv2d_1", "Conv2D", map16, 32, 0, []string{"image"}},
		{"add", "Add", map16, 0, 0, []string{"conv2d_2", "separable_conv2d", "conv2d_1", "re_lu"}},
		{"concatenate", "Concatenate", []int{28, 28, 17}, 0, 0, []string{"add", "image"}},
		{"global_average_pooling2d", "GlobalAveragePooling2D", []int{17}, 0, 0, []string{"concatenate"}},
		{"a_name_that_is_longer_than_its_column", "Dense", []int{10}, 180, 0, []string{"global_average_pooling2d"}},
	}
	got := ""
	for _, columns := range []int{200, 80, 60} {
		got += render(t, "fork", rows, columns)
	}
	if d := cmp.Diff(golden(t, "branches.txt"), got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if render(t, "fork", rows, 1) != render(t, "fork", rows, 44) {
		t.Error("no terminal is taken to be narrower than 44 columns")
	}
}

func TestEveryWidthIsKept(t *testing.T) {
	long := strings.Repeat("a long model name ", 20) + strings.Repeat("x", 300)
	for columns := 40; columns <= 200; columns++ {
		for i, line := range strings.Split(render(t, long, awkward, columns), "\n") {
			n := utf8.RuneCountInString(line)
			framed := strings.ContainsAny(line, "┏┃┡│├└")
			if n > columns || framed && n != min(88, columns-4) {
				t.Errorf("%d columns: line %d is %d wide: %s", columns, i+1, n, line)
			}
		}
	}
	if wide := render(t, "cnn", cnn, 92); wide != render(t, "cnn", cnn, 1000) ||
		!strings.Contains(wide, "┏"+strings.Repeat("━", 38)+"┳"+strings.Repeat("━", 29)+"┳"+strings.Repeat("━", 17)+"┓") {
		t.Errorf("from 92 columns on the widths are 38, 29 and 17, found\n%s", wide)
	}
	if render(t, "cnn", cnn, -1) != render(t, "cnn", cnn, 28) {
		t.Error("no terminal is taken to be narrower than 28 columns")
	}
}

func TestUnits(t *testing.T) {
	for params, want := range map[int]string{
		0: "0 (0.00 B)", 1: "1 (4.00 B)", 255: "255 (1020.00 B)", 256: "256 (1.00 KB)",
		407_050: "407,050 (1.55 MB)", 1 << 28: "268,435,456 (1.00 GB)", 1 << 38: "274,877,906,944 (1.00 TB)",
		1<<63 - 1: "9,223,372,036,854,775,807 (32.00 EB)",
	} {
		got := render(t, "m", []summary.Row{{"a", "B", nil, params, 0, nil}}, 80)
		if !strings.Contains(got, "\n Total params: "+want+"\n Trainable params: "+want+"\n Non-trainable params: 0 (0.00 B)\n") {
			t.Errorf("%d: found\n%s\nexpected %s", params, got, want)
		}
	}
}

func TestControlCharactersDoNotBreakTheFrame(t *testing.T) {
	got := render(t, "a\nb", []summary.Row{{"c\x1b[2J", "D", nil, 0, 0, nil}}, 80)
	if !strings.HasPrefix(got, "Model: \"a\uFFFDb\"\n") || strings.Contains(got, "\x1b") {
		t.Errorf("found %q", got)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestWriterErrorIsReturned(t *testing.T) {
	if err := summary.Write(broken{}, "mlp", mlp, 80); err == nil || err.Error() != "broken" {
		t.Errorf("found %v", err)
	}
}

// The table of a small model on a narrow terminal.
func ExampleWrite() {
	var out strings.Builder
	summary.Write(&out, "mlp", []summary.Row{
		{Name: "flatten", Type: "Flatten", Output: []int{784}},
		{Name: "dense", Type: "Dense", Output: []int{10}, Params: 7850},
	}, 60)
	fmt.Print(out.String())
	// Output:
	// Model: "mlp"
	// ┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
	// ┃ Layer (type)           ┃ Output Shape    ┃   Param # ┃
	// ┡━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
	// │ flatten (Flatten)      │ (None, 784)     │         0 │
	// ├────────────────────────┼─────────────────┼───────────┤
	// │ dense (Dense)          │ (None, 10)      │     7,850 │
	// └────────────────────────┴─────────────────┴───────────┘
	//  Total params: 7,850 (30.66 KB)
	//  Trainable params: 7,850 (30.66 KB)
	//  Non-trainable params: 0 (0.00 B)
}
