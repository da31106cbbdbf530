package live

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// screenshots is a folder that the browser tests leave pictures in, for people.
var screenshots = os.Getenv("STHENO_SCREENSHOTS")

// browser is a tab, and what has gone wrong in it.
type browser struct {
	t    *testing.T
	ctx  context.Context
	host string

	mu       sync.Mutex
	problems []string
}

// open opens a page in Chromium.
func open(t *testing.T, address string) *browser {
	t.Helper()
	b := &browser{t: t}
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	b.host = at.Host
	shared, err := chromium(t)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(shared)
	t.Cleanup(cancel)
	b.ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	chromedp.ListenTarget(b.ctx, b.hear)
	b.run(log.Enable(), network.Enable())
	b.view(1400, "light") // nothing moves by itself while it is clicked on
	b.run(chromedp.Navigate(address))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, p := range b.problems {
			t.Error(p)
		}
	})
	return b
}

// A Chromium newer than the package has values that it does not know, and says.
var quiet = chromedp.WithErrorf(func(string, ...any) {})

// closeBrowser ends Chromium, if it runs.
var closeBrowser = func() {}

// launch starts one Chromium for all tests.
var launch = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(installed()), chromedp.NoSandbox, chromedp.WindowSize(1400, 1000))
	allocator, closeAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeContext := chromedp.NewContext(allocator, quiet)
	closeBrowser = func() { closeContext(); closeAllocator() }
	return ctx, chromedp.Run(ctx)
})

// chromium is a running Chromium.
func chromium(t *testing.T) (context.Context, error) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	if installed() == "" {
		t.Skip("the page is tested in Chromium: install it with apt-get install chromium")
	}
	return launch()
}

func installed() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// hear notes errors of the console, and requests that leave the host.
func (b *browser) hear(event any) {
	problem := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		problem = "exception: " + e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			problem = fmt.Sprintf("console: %s %s", e.Type, e.Args[0].Value)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			problem = fmt.Sprintf("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Host != b.host {
			problem = "a request to another host: " + e.Request.URL
		}
	}
	if problem != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.problems = append(b.problems, problem)
	}
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// js evaluates an expression.
func js[T any](b *browser, expression string) (v T) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, &v))
	return v
}

// text is that of the first element that fits a selector.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return js[string](b, fmt.Sprintf("document.querySelector(%q)?.textContent ?? ''", selector))
}

// until waits for an expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !js[bool](b, "!!("+expression+")") {
		if time.Now().After(deadline) {
			b.t.Fatalf("after 30 s, not yet: %s; the page says %q, %q, %q", expression, b.text("#alert"), b.text("#state"), b.text("#verdict"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// view sets the window's width, and light or dark colours.
func (b *browser) view(width int64, scheme string) {
	b.t.Helper()
	b.run(emulation.SetDeviceMetricsOverride(width, 1000, 1, width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
}

// shot leaves a picture of the whole page, if somebody wants it.
func (b *browser) shot(name string) {
	b.t.Helper()
	if screenshots == "" {
		return
	}
	var picture []byte
	b.run(chromedp.Sleep(300*time.Millisecond), chromedp.FullScreenshot(&picture, 100))
	if err := os.WriteFile(filepath.Join(screenshots, name+".png"), picture, 0o666); err != nil {
		b.t.Fatal(err)
	}
}

// point is a place on the pad, from 0 to 1.
type point struct{ x, y float64 }

// digits are drawn as most people do, in strokes.
var digits = map[string][][]point{
	"0": {arc(0.5, 0.5, 0.2, 0.32, 0, 2*math.Pi)},
	"1": {{{0.5, 0.15}, {0.5, 0.85}}},
	"7": {{{0.28, 0.2}, {0.72, 0.2}, {0.42, 0.85}}},
	"3": {append(arc(0.48, 0.33, 0.2, 0.17, -2.6, math.Pi/2), arc(0.48, 0.67, 0.22, 0.17, -math.Pi/2, 2.6)...)},
}

func arc(x, y, a, b, from, to float64) (points []point) {
	for i := range 25 {
		angle := from + (to-from)*float64(i)/24
		points = append(points, point{x + a*math.Cos(angle), y + b*math.Sin(angle)})
	}
	return points
}

// draw draws strokes with the mouse, in small moves.
func (b *browser) draw(strokes [][]point) {
	b.t.Helper()
	b.run(chromedp.Evaluate(`document.getElementById("draw").scrollIntoView()`, nil))
	mouse := b.hand()
	for _, stroke := range strokes {
		b.run(mouse(input.MousePressed, stroke[0]))
		for i, p := range stroke[1:] {
			for k := range 2 {
				f := float64(k+1) / 2
				b.run(mouse(input.MouseMoved, point{stroke[i].x + f*(p.x-stroke[i].x), stroke[i].y + f*(p.y-stroke[i].y)}))
			}
		}
		b.run(mouse(input.MouseReleased, stroke[len(stroke)-1]))
	}
}

// hand moves the mouse over the pad, where it is now.
func (b *browser) hand() func(input.MouseType, point) chromedp.Action {
	b.t.Helper()
	box := js[struct{ X, Y, Width, Height float64 }](b, `document.getElementById("pad").getBoundingClientRect().toJSON()`)
	return func(kind input.MouseType, p point) chromedp.Action {
		return input.DispatchMouseEvent(kind, box.X+p.x*box.Width, box.Y+p.y*box.Height).WithButton(input.Left).WithButtons(1).WithClickCount(1)
	}
}

// ink is how dark the pad is at some points, from 0 to 255.
func (b *browser) ink(points ...point) (dark []int) {
	b.t.Helper()
	type pixels struct{ Width, Height int }
	pad := js[pixels](b, `(p => ({ width: p.width, height: p.height }))(document.getElementById("pad"))`)
	var at []int
	for _, p := range points {
		at = append(at, 4*(int(p.y*float64(pad.Height))*pad.Width+int(p.x*float64(pad.Width))))
	}
	return js[[]int](b, fmt.Sprintf(`(p => { const { data } = p.getContext("2d").getImageData(0, 0, p.width, p.height); return %s.map(i => 255 - data[i]); })(document.getElementById("pad"))`, strings.ReplaceAll(fmt.Sprint(at), " ", ",")))
}

// click clicks on the first element that fits.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.run(chromedp.ScrollIntoView(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery))
}

// says waits until a network's first answer is a class.
func (b *browser) says(network int, class string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelectorAll(".model")[%d]?.querySelector(".bar.first span")?.textContent === %q`, network, class))
}

// sound is what must be true at any time.
func (b *browser) sound() {
	b.t.Helper()
	if text := b.text("#alert"); text != "" {
		b.t.Errorf("the page complains: %s", text)
	}
	if wide := js[int](b, "document.documentElement.scrollWidth - innerWidth"); wide > 0 {
		widest := js[[]string](b, `[...document.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + "#" + e.id + "." + e.className).slice(0, 5)`)
		b.t.Errorf("the page is %d pixels wider than the window: %s", wide, strings.Join(widest, " "))
	}
}
