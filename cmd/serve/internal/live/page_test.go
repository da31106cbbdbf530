package live

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"gorgonia.org/tensor"

	"stheno/cmd/serve/internal/page"
	"stheno/nets"
	"stheno/nets/run"
)

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

func openFixed(t *testing.T) *browser {
	t.Helper()
	models, err := quickly()
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, serve(t, models, nil))
	b.until(`document.querySelectorAll(".model").length === 2`)
	return b
}

// TestDrawing draws digits, and both networks know them.
func TestDrawing(t *testing.T) {
	b := openFixed(t)
	for _, c := range []string{"0", "1", "7", "3"} {
		b.draw(digits[c])
		b.says(0, c)
		b.says(1, c)
		b.until(fmt.Sprintf(`document.getElementById("verdict").textContent.startsWith("Both say %s; second guess ")`, c))
		b.click("#clear")
		b.until(`document.getElementById("verdict").textContent === "Nothing is drawn yet."`)
	}
	b.draw(digits["1"])
	b.says(0, "1")
	b.until(`document.getElementById("prepared").textContent === "What the networks see: your ink, 20 pixels long, its centre of mass in the middle."`)
	b.click("#undo")
	b.until(`document.querySelectorAll(".bar.first").length === 0`)
	b.sound()
}

// TestLostConnection loses the connection for drawings; then it gets none, and one
// that says nothing.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	b := openFixed(t)
	b.run(chromedp.Evaluate(`window.connections = []; window.WebSocket = class extends WebSocket {
		constructor(url) { super(url); connections.push(this); }
	}; 0`, nil))
	draw := func(c string) {
		b.draw(digits[c])
		b.says(0, c)
		b.click("#clear")
	}
	draw("7")
	b.run(chromedp.Evaluate(`import("/ui/drawing.js").then(drawing => {
		connections[0].close(); // and asks before the page hears of it
		return drawing.askOf({ data: new Uint8Array(140 * 140), width: 140 });
	}).then(said => { window.said = said; }); window.WebSocket = class {
		constructor() { connections.push(this); setTimeout(() => this.onclose()); }
		close() {}
	}; 0`, nil))
	b.until(`window.said?.empty`)
	draw("3")
	time.Sleep(5 * time.Second) // then the page tries again
	draw("0")
	b.until(`connections.length >= 2`)
	b.run(chromedp.Evaluate(`window.WebSocket = class { constructor() { connections.push(this); } close() { window.given = true; } }; 0`, nil))
	time.Sleep(5 * time.Second)
	draw("7")
	b.until(`connections.length >= 3 && given`)
	b.sound()
}

// TestUndoWithinAStroke: what is taken back is not drawn on with.
func TestUndoWithinAStroke(t *testing.T) {
	b := openFixed(t)
	mouse := b.hand()
	b.run(mouse(input.MousePressed, point{0.2, 0.5}), mouse(input.MouseMoved, point{0.5, 0.5}), chromedp.KeyEvent("z"),
		mouse(input.MouseMoved, point{0.8, 0.5}), mouse(input.MouseReleased, point{0.8, 0.5}))
	b.until(`document.getElementById("verdict").textContent === "Nothing is drawn yet."`)
	if dark := b.ink(point{0.3, 0.5}, point{0.7, 0.5}); max(dark[0], dark[1]) > 50 {
		t.Errorf("ink that was taken back: %d", dark)
	}
}

// TestScrollWithinAStroke: ink comes where the pen is, though the pad has moved.
func TestScrollWithinAStroke(t *testing.T) {
	b := openFixed(t)
	b.view(390, "light")
	b.run(chromedp.Evaluate(`scrollTo(0, 0)`, nil))
	mouse := b.hand()
	b.run(mouse(input.MousePressed, point{0.2, 0.5}), mouse(input.MouseMoved, point{0.4, 0.5}),
		chromedp.Evaluate(`new Promise(go => { addEventListener("scroll", () => requestAnimationFrame(go), { once: true }); scrollBy(0, 60); })`, nil, awaitPromise))
	mouse = b.hand()
	b.run(mouse(input.MouseMoved, point{0.6, 0.5}), mouse(input.MouseMoved, point{0.8, 0.5}), mouse(input.MouseReleased, point{0.8, 0.5}))
	b.until(`document.querySelectorAll(".bar.first").length === 2`)
	if dark := b.ink(point{0.3, 0.5}, point{0.5, 0.5}, point{0.7, 0.5}, point{0.5, 0.3}, point{0.5, 0.7}); min(dark[0], dark[1], dark[2]) < 200 || max(dark[3], dark[4]) > 50 {
		t.Errorf("ink along a line, and above and below it: %d", dark)
	}
	b.sound()
}

// TestKeyboard draws a one without a mouse, and reaches everything by Tab.
func TestKeyboard(t *testing.T) {
	b := openFixed(t)
	b.run(chromedp.Focus("#pad", chromedp.ByQuery), chromedp.KeyEvent(strings.Repeat(kb.ArrowUp, 12)), chromedp.KeyEvent(" "),
		chromedp.KeyEvent(strings.Repeat(kb.ArrowDown, 24)), chromedp.KeyEvent(" "))
	b.says(0, "1")
	b.says(1, "1")
	b.until(`document.querySelectorAll("#layers .maps[tabindex]").length === 2`)
	b.run(chromedp.Focus("#layers .maps[tabindex]", chromedp.ByQuery), chromedp.KeyEvent(kb.PageDown+kb.ArrowRight))
	b.until(`document.getElementById("field-text").textContent.startsWith("conv2d, map 1, row 13, column 14")`)
	b.run(chromedp.Focus("#inside-choice [aria-checked=true]", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowLeft))
	b.until(`document.activeElement.textContent === "MLP" && document.querySelector("#layers h3").textContent.startsWith("dense ")`)
	b.run(chromedp.Focus("#pad", chromedp.ByQuery), chromedp.KeyEvent("z"))
	b.until(`document.getElementById("verdict").textContent === "Nothing is drawn yet."`)
	nameless := js[[]string](b, `[...document.querySelectorAll("button, input, canvas, img, progress")].filter(e => !e.closest("[role=img][aria-label]") && !e.closest("[aria-hidden=true]") && !e.getAttribute("aria-label") && !e.alt && !e.textContent.trim() && !e.closest("button")).map(e => e.outerHTML.slice(0, 120))`)
	if len(nameless) > 0 {
		t.Errorf("elements without a name for a screen reader: %q", nameless)
	}
	b.sound()
}

// own is a layer that the page does not know.
type own struct{ nets.Conv2D }

// TestMapsOfALayerOfOnesOwn: a value is told, and nothing of the pixels that it is made
// of, which the page cannot know.
func TestMapsOfALayerOfOnesOwn(t *testing.T) {
	t.Parallel()
	m, err := nets.New(nets.Network{Name: "own", Input: [3]int{28, 28, 1}, Layers: []nets.Layer{
		nets.Conv2D{Filters: 2, Side: 3}, own{nets.Conv2D{Filters: 2, Side: 1}}, nets.Flatten{}, nets.Dense{Units: 10},
	}}, tensor.Float32, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, serve(t, fixed{models: []page.Model{{Name: m.Name, Predictor: nets.NewPredictor(m), Config: run.Config{Data: run.Source{Image: m.Input}}}}}, nil))
	b.draw(digits["3"])
	b.until(`document.querySelectorAll("#layers .maps[tabindex]").length === 2`)
	b.run(chromedp.Focus("#layers .layer:nth-child(2) .maps[tabindex]", chromedp.ByQuery), chromedp.KeyEvent(kb.PageDown+kb.ArrowRight))
	b.until(`/^own, map 1, row 13, column 14: -?[0-9.]+$/.test(document.getElementById("field-text").textContent)`)
	b.sound()
}

// TestErrors walks from the matrix to an image, and puts it on the pad.
func TestErrors(t *testing.T) {
	t.Parallel()
	b := openFixed(t)
	b.until(`document.querySelectorAll("#gallery button").length === 60`)
	sum := js[int](b, `[...document.querySelectorAll("#matrix td button")].reduce((n, b) => n + (Number(b.textContent) || 0), 0)`)
	if sum != 10000 {
		t.Errorf("the matrix counts %d test images", sum)
	}
	b.click(`#matrix [data-cell="4-9"]`)
	b.until(`document.getElementById("gallery-title").textContent.startsWith("4, taken for 9: ") && document.querySelector("#gallery button span").textContent === "4, not 9"`)
	b.click("#gallery button")
	b.says(1, "9") // it is the CNN's error
	b.until(`document.getElementById("inside").className !== "idle"`)
	b.click(`#matrix [data-cell="4-9"]`)
	b.until(`document.getElementById("gallery-title").textContent.startsWith("Errors: ")`)
	b.click("#tests-choice [aria-checked=false]")
	b.until(`document.querySelector("#tests-choice [aria-checked=true]").textContent === "MLP" && document.querySelectorAll("#gallery button").length === 60`)
	b.sound()
}

// TestLooks looks at the page on a telephone and on a desk, by day and by night.
func TestLooks(t *testing.T) {
	t.Parallel()
	b := openFixed(t)
	for _, width := range []int64{1400, 390} {
		for _, scheme := range []string{"light", "dark"} {
			b.view(width, scheme)
			b.click("#clear")
			b.draw(digits["3"])
			b.says(0, "3")
			b.until(`document.querySelectorAll("#evidence figure").length === 10 && document.querySelectorAll("#gallery button").length === 60`)
			b.sound()
			b.shot(fmt.Sprintf("page-%d-%s", width, scheme))
		}
	}
}

// TestLatency measures from a move of the mouse, the first that a question is
// about, to an answer of both networks to this question or a later one. Nobody
// listens to the page's requests, nodes and styles meanwhile, as they do in other
// tests: each would be a message more.
func TestLatency(t *testing.T) {
	b := openFixed(t)
	b.run(network.Disable(), css.Disable(), dom.Disable(), chromedp.Evaluate(`{
		let began, asked = 0, answered = 0, waiting = [];
		window.latencies = [];
		document.getElementById("pad").addEventListener("pointermove", () => { began ??= performance.now(); }, true);
		window.WebSocket = class extends WebSocket {
			constructor(url) { super(url); this.addEventListener("message", () => answered++); }
			send(message) {
				const number = ++asked;
				if (began !== undefined) waiting.push({ number, began });
				began = undefined;
				super.send(message);
			}
		};
		new MutationObserver(() => {
			for (const w of waiting.filter(w => w.number <= answered)) latencies.push(performance.now() - w.began);
			waiting = waiting.filter(w => w.number > answered);
		}).observe(document.querySelectorAll(".model")[1].querySelector("small"), { characterData: true, subtree: true });
		0
	}`, nil))
	first := 0 // answers to the first digit, which also warms the page up
	for i, c := range []string{"0", "7", "3", "0", "3"} {
		b.draw(digits[c])
		b.says(0, c)
		b.run(chromedp.Evaluate(`document.getElementById("clear").click()`, nil))
		if i == 0 {
			first = js[int](b, "window.latencies.length")
		}
	}
	all := js[[]float64](b, "window.latencies")
	if first < 5 || len(all) < first+5 {
		t.Fatalf("only %d answers while drawing, %d of them to the first digit", len(all), first)
	}
	t.Logf("from a move to both answers: %s; the first digit's: %s", spread(all), spread(all[:first]))
	if high := percentile(all, 95); high > 1000 {
		t.Errorf("the 95th percentile is %.0f ms", high)
	}
}

func spread(times []float64) string {
	return fmt.Sprintf("median %.1f ms, 95th percentile %.1f ms, of %d", percentile(times, 50), percentile(times, 95), len(times))
}

func percentile(times []float64, p int) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[(len(sorted)-1)*p/100]
}

// TestOverlapping answers the first of two questions last, while a third waits.
func TestOverlapping(t *testing.T) {
	b := openFixed(t)
	b.run(chromedp.Evaluate(`import("/ui/api.js").then(async api => {
		const ends = [], shown = [];
		const ask = api.overlapping(2, () => new Promise(end => ends.push(what => end(() => shown.push(what)))));
		const asked = [ask(), ask(), ask()], begun = ends.length;
		ends[1]("second");
		await asked[2];
		await new Promise(go => setTimeout(go));
		ends[0]("first");
		ends[2]("third");
		await Promise.all(asked);
		window.end = begun + ": " + shown;
	}); 0`, nil))
	b.until(`window.end`)
	if end := js[string](b, "window.end"); end != "2: second,third" {
		t.Errorf("begun at once, and shown: %s", end)
	}
}

// TestGivenUp gives up a question within its answer, after the headers.
func TestGivenUp(t *testing.T) {
	b := openFixed(t)
	b.run(chromedp.Evaluate(`{
		const real = window.fetch, stop = new AbortController();
		window.fetch = async (...what) => { const reply = await real(...what); stop.abort(); return reply; };
		import("/ui/api.js").then(api => api.ask("api/models", undefined, stop.signal))
			.then(() => "answered", e => e.name).then(end => { window.end = end; window.fetch = real; });
		0
	}`, nil))
	b.until(`window.end`)
	if end := js[string](b, "window.end"); end != "AbortError" {
		t.Errorf("ended with %s, want AbortError", end)
	}
	b.sound()
}

// TestProblemsAreSeen breaks the page in each way that the tests must notice.
func TestProblemsAreSeen(t *testing.T) {
	b := openFixed(t)
	for script, want := range map[string]string{
		`console.error("seen?")`:                            "console: error",
		`setTimeout(() => { throw new Error("seen?") })`:    "exception: ",
		`fetch("http://127.0.0.2:9/").catch(() => {})`:      "violates", // the policy
		`document.body.setAttribute("style", "color: red")`: "violates",
		`document.head.append(document.createElement("script")); document.querySelector("head script:last-child").textContent = "1"`: "violates",
		`fetch("/api/nothing")`: "404",
	} {
		b.run(chromedp.Evaluate(script+"; 0", nil), chromedp.Sleep(200*time.Millisecond))
		b.mu.Lock()
		if !strings.Contains(strings.Join(b.problems, " "), want) {
			t.Errorf("%s: seen is %q", script, b.problems)
		}
		b.problems = nil
		b.mu.Unlock()
	}
	b.hear(&network.EventRequestWillBeSent{Request: &network.Request{URL: "https://elsewhere.example/font.woff2"}})
	b.hear(&network.EventRequestWillBeSent{Request: &network.Request{URL: "data:,"}})
	if len(b.problems) != 1 || !strings.Contains(b.problems[0], "elsewhere") {
		t.Errorf("of a request to another host is seen: %q", b.problems)
	}
	b.problems = nil
}
