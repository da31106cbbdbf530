// The page: asks the server and shows its answers.

import { newPad } from "./pad.js";
import { bytes, gray, signed, element, curves, choice } from "./pictures.js";

const $ = id => document.getElementById(id);
let models = [];        // as /api/models says
let inside = "";        // the network that is looked into
let tested = "";        // the network whose errors are shown
let image = null;       // what the networks see, 0 to 255
let cards = new Map();  // a model's card
const live = new Map(); // what a training model has told so far

async function ask(path, body, type = "application/json") {
  const options = body === undefined ? {} : { method: "POST", body: type === "application/json" ? JSON.stringify(body) : body, headers: { "Content-Type": type } };
  const reply = await fetch(path, options);
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error ?? reply.statusText);
  return answer;
}

// latest makes of a slow function one that runs at most once at a time and
// never misses the last call.
function latest(work) {
  let running = false, again = false;
  return async () => {
    if (running) { again = true; return; }
    running = true;
    do {
      again = false;
      try { await work(); } catch (e) { say(e.message); }
    } while (again);
    running = false;
  };
}

const say = text => { $("status").textContent = text; };

// Answers.

function card(model) {
  const bars = model.classes.map(name => {
    const bar = element("progress", { max: "1", value: 0, "aria-label": `probability of ${name}` }), text = element("span");
    return { row: element("div", { class: "bar" }, element("span", {}, name), bar, text), bar, text };
  });
  const time = element("small");
  const box = element("div", { class: "model" }, element("h3", {}, element("span", {}, model.name), time), ...bars.map(b => b.row));
  return { box, bars, time };
}

function show(answer) {
  for (const said of answer.models) {
    const c = cards.get(said.name);
    if (!c) continue;
    const order = said.probabilities.map((p, i) => i).sort((a, b) => said.probabilities[b] - said.probabilities[a]);
    c.time.textContent = answer.empty ? "" : said.micros < 1000 ? `${said.micros} µs` : `${(said.micros / 1000).toFixed(1)} ms`;
    c.bars.forEach((b, i) => {
      const p = answer.empty ? 0 : said.probabilities[i];
      b.bar.value = p;
      b.text.textContent = answer.empty ? "" : (100 * p).toFixed(p > 0.0995 ? 0 : 1) + " %";
      b.row.className = "bar" + (answer.empty ? "" : i === order[0] ? " first" : i === order[1] ? " second" : "");
    });
    said.first = order[0];
    said.second = order[1];
  }
  const verdict = $("verdict"), classes = models[0]?.classes ?? [];
  verdict.className = "";
  if (answer.empty) { verdict.textContent = "Nothing is drawn yet."; return; }
  const firsts = new Set(answer.models.map(m => m.first));
  if (answer.models.length === 0) {
    verdict.textContent = "No network has learnt anything yet.";
  } else if (firsts.size > 1) {
    verdict.className = "disagree";
    verdict.textContent = "They disagree: " + answer.models.map(m => `${m.name} says ${classes[m.first]}`).join(", ") + ".";
  } else {
    const m = answer.models.at(-1);
    verdict.textContent = `${answer.models.length > 1 ? "Both say" : m.name + " says"} ${classes[m.first]}; second guess ${classes[m.second]}.`;
  }
}

async function predict(body, type) {
  const answer = await ask("api/predict", body, type);
  image = bytes(answer.image);
  gray($("seen"), image, answer.height, answer.width);
  gray($("field"), image, answer.height, answer.width);
  show(answer);
  look();
}

const pad = newPad($("pad"), $("width"), latest(async () => {
  if (pad.empty()) { image = null; show({ empty: true, models: models.map(m => ({ name: m.name, probabilities: m.classes.map(() => 0) })) }); return; }
  await predict(await pad.png(), "image/png");
}));
$("clear").addEventListener("click", pad.clear);
$("undo").addEventListener("click", pad.undo);

// Layers and evidence.

let timer = 0;
function look() {
  clearTimeout(timer);
  timer = setTimeout(looking, 120); // when the hand rests
}

const looking = latest(async () => {
  if (!image || !inside) return;
  const body = { model: inside, image: btoa(String.fromCharCode(...image)) };
  const [seen, evidence] = await Promise.all([ask("api/layers", body), ask("api/evidence", body)]);
  $("layers").replaceChildren(...seen.layers.map(layer));
  const [height, width] = seen.image;
  $("evidence").replaceChildren(...evidence.classes.map((text, i) => {
    const name = models.find(m => m.name === inside).classes[i];
    return element("figure", {}, signed(element("canvas", { class: "pixels", "aria-label": `evidence for ${name}` }), bytes(text), image, height, width), element("figcaption", {}, name));
  }));
});

function layer(l) {
  const data = bytes(l.values), box = element("div", { class: "maps" });
  const [height, width, channels] = l.shape.length === 3 ? l.shape : [1, l.shape[0], 1];
  for (let c = 0; c < channels; c++) {
    const map = gray(element("canvas", { class: l.shape.length === 3 ? "" : "unit", "aria-label": `${l.name}, map ${c}` }), data, height, width, c, channels);
    if (l.field > 0) {
      map.addEventListener("pointermove", e => {
        const b = map.getBoundingClientRect();
        field(l, c, Math.floor((e.clientY - b.top) / b.height * height), Math.floor((e.clientX - b.left) / b.width * width));
      });
      map.addEventListener("pointerleave", () => field());
    }
    box.append(map);
  }
  const parts = [element("h3", {}, `${l.name}: ${l.type}, ${l.shape.join(" × ")}`)];
  if (l.kernels) {
    const k = bytes(l.kernels), [kh, kw, , out] = l.kernel_shape, row = element("div", { class: "maps", "aria-label": `kernels of ${l.name}` });
    for (let c = 0; c < out; c++) row.append(gray(element("canvas", { "aria-label": `kernel ${c}` }), k, kh, kw, c, out));
    parts.push(element("p", { class: "hint" }, "its kernels, black below zero and white above:"), row, element("p", { class: "hint" }, "its maps:"));
  }
  return element("div", {}, ...parts, box);
}

// field shows which part of the picture a pixel of a map looks at.
function field(l, channel, y, x) {
  const [height, width] = models.find(m => m.name === inside).image;
  const canvas = gray($("field"), image, height, width);
  if (!l) { $("field-text").textContent = "the picture"; return; }
  const ctx = canvas.getContext("2d");
  ctx.strokeStyle = "#f6ad55";
  ctx.strokeRect(x + 0.5, y + 0.5, l.field - 1, l.field - 1);
  $("field-text").textContent = `${l.name}, map ${channel}, (${y}, ${x}): ${l.field} × ${l.field} pixels`;
}

// Errors.

async function matrix() {
  const model = models.find(m => m.name === tested);
  if (!model) { $("matrix").replaceChildren(); $("gallery").replaceChildren(); return; }
  const { matrix: counts } = await ask("api/confusion?model=" + encodeURIComponent(tested));
  const most = Math.max(1, ...counts.flatMap((row, i) => row.filter((n, j) => i !== j)));
  const table = element("table", {}, element("caption", { class: "hint" }, "label by row, answer by column"));
  table.append(element("tr", {}, element("th"), ...model.classes.map(c => element("th", { scope: "col" }, c))));
  counts.forEach((row, i) => table.append(element("tr", {}, element("th", { scope: "row" }, model.classes[i]), ...row.map((n, j) => {
    const b = element("button", { type: "button", "aria-label": `${n} images of ${model.classes[i]} taken for ${model.classes[j]}`, "aria-pressed": "false" }, n ? String(n) : "·");
    if (i !== j) b.style.setProperty("background", `color-mix(in srgb, var(--wrong) ${Math.round(70 * n / most)}%, transparent)`);
    b.addEventListener("click", () => {
      table.querySelectorAll("[aria-pressed=true]").forEach(o => o.setAttribute("aria-pressed", "false"));
      b.setAttribute("aria-pressed", "true");
      gallery(`&label=${i}&guess=${j}`, `${model.classes[i]} taken for ${model.classes[j]}`).catch(e => say(e.message));
    });
    return element("td", { class: i === j ? "right" : "" }, b);
  }))));
  $("matrix").replaceChildren(table);
  await gallery("", "Errors");
}

async function gallery(query, title) {
  const model = models.find(m => m.name === tested);
  const found = await ask("api/tests?model=" + encodeURIComponent(tested) + query);
  $("gallery-title").textContent = `${title}: ${found.total}${found.total > found.images.length ? `, ${found.images.length} shown` : ""}`;
  $("gallery").replaceChildren(...found.images.map(t => {
    const data = bytes(t.image), canvas = gray(element("canvas", { class: "pixels" }), data, model.image[0], model.image[1]);
    const b = element("button", { type: "button", "aria-label": `test image ${t.index}: ${model.classes[t.label]}, taken for ${model.classes[t.guess]}` }, canvas,
      t.label === t.guess ? `${model.classes[t.label]}` : `${model.classes[t.label]}, not ${model.classes[t.guess]}`);
    b.addEventListener("click", () => {
      pad.show(canvas);
      predict({ image: t.image }).catch(e => say(e.message));
      $("pad").scrollIntoView({ block: "nearest" });
    });
    return b;
  }));
}

// Models, and the training that is running.

const refresh = latest(async () => {
  const state = await ask("api/models");
  models = state.models;
  cards = new Map(models.map(m => [m.name, card(m)]));
  $("models").replaceChildren(...[...cards.values()].map(c => c.box));
  const names = models.map(m => m.name);
  if (!names.includes(inside)) inside = names.at(-1) ?? "";
  if (!names.includes(tested)) tested = names.at(-1) ?? "";
  choices();
  history();
  training(state.training);
  await matrix();
  if (image) look();
});

function choices() {
  const names = models.map(m => m.name);
  choice($("inside-choice"), names, inside, name => { inside = name; choices(); look(); });
  choice($("tests-choice"), names, tested, name => { tested = name; choices(); matrix().catch(e => say(e.message)); });
}

function history() {
  const parts = [];
  for (const name of new Set([...models.map(m => m.name), ...live.keys()])) {
    const rows = live.get(name)?.rows ?? models.find(m => m.name === name)?.history ?? [], points = live.get(name)?.points ?? [];
    parts.push(curves(`${name}: loss, nats`, rows, "loss", points), curves(`${name}: accuracy`, rows, "accuracy", points));
  }
  $("curves").replaceChildren(...parts);
}

function training(t) {
  $("training").hidden = !t || !["training", "paused"].includes(t.state);
  $("pause").textContent = t?.state === "paused" ? "Go on" : "Pause";
  if (!t || t.state === "off") { say(models.map(m => `${m.name}: test accuracy ${m.test_accuracy?.toFixed(4) ?? "unknown"}`).join(" · ")); return; }
  say(t.text);
}

$("pause").addEventListener("click", () => ask("api/training/" + ($("pause").textContent === "Pause" ? "pause" : "resume"), {}).catch(e => say(e.message)));
$("stop").addEventListener("click", () => ask("api/training/stop", {}).catch(e => say(e.message)));

function listen() {
  const events = new EventSource("api/training");
  let due = false;
  events.addEventListener("state", e => training(JSON.parse(e.data)));
  events.addEventListener("step", e => {
    const s = JSON.parse(e.data);
    if (!live.has(s.model)) live.set(s.model, { points: [], rows: [] });
    const run = live.get(s.model);
    if (run.points.length && s.at < run.points.at(-1).at) run.points.length = run.rows.length = 0;
    run.points.push(s);
    if (run.points.length > 400) run.points = run.points.filter((p, i) => i % 2);
    if (!due) { due = true; requestAnimationFrame(() => { due = false; history(); }); }
  });
  events.addEventListener("epoch", e => {
    const row = JSON.parse(e.data);
    live.get(row.model)?.rows.push(row);
    history();
  });
  events.addEventListener("models", refresh);
}

refresh();
listen();
