// How the networks have learnt, and the training that is running.

import { $, ask, say, shared } from "./api.js";
import { curves, element, narrow } from "./pictures.js";

const live = new Map(); // what a network that is training has told: { points, rows }
const maxPoints = 300;  // of a curve
let due = false;

function run(name) {
  if (!live.has(name)) live.set(name, { points: [], rows: [] });
  return live.get(name);
}

// draw draws the curves, at most once a frame.
export function draw() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    const names = new Set([...shared.models.map(m => m.name), ...live.keys()]);
    $("curves").replaceChildren(...[...names].map(learnt));
  });
}

narrow.addEventListener("change", draw);

function learnt(name) {
  const { points, rows: told } = live.get(name) ?? { points: [], rows: [] };
  const rows = told.length ? told : shared.models.find(m => m.name === name)?.history ?? [];
  const last = rows.at(-1), now = points.at(-1);
  const text = last ? `After epoch ${last.epoch}: loss ${last.loss.toFixed(4)}, accuracy ${last.accuracy.toFixed(4)}` +
    (last.val_loss == null ? "" : `; on the test images ${last.val_loss.toFixed(4)} and ${last.val_accuracy.toFixed(4)}`) + "."
    : now ? `Loss ${now.loss.toFixed(4)}, accuracy ${now.accuracy.toFixed(4)}.` : "No epoch yet.";
  return element("div", { class: "learnt" }, element("h3", {}, name.toUpperCase()), element("p", { class: "hint" }, text),
    curves("loss", rows, points, `${name}, loss. ${text}`), curves("accuracy", rows, points, `${name}, accuracy. ${text}`));
}

// training shows the state of training.
export function training(t) {
  const busy = t.state === "training" || t.state === "paused";
  $("training").hidden = !busy;
  $("pause").textContent = t.state === "paused" ? "Go on" : "Pause";
  $("state").textContent = t.state === "off" ? shared.models.map(m => m.name.toUpperCase()).join(" and ") : (t.state === "paused" ? "Paused. " : "") + t.text;
  document.body.dataset.training = t.state;
}

function control(button, what) {
  $(button).addEventListener("click", () => ask("api/training/" + what(), {}).then(training).catch(e => say(e.message)));
}
control("pause", () => $("pause").textContent === "Pause" ? "pause" : "resume");
control("stop", () => "stop");

function point(p) {
  const r = run(p.model);
  r.points.push(p);
  if (r.points.length > maxPoints) r.points = r.points.filter((_, i) => i % 2 === 0);
}

// listen follows training; refresh is called when a network has learnt something.
export function listen(refresh) {
  const events = new EventSource("api/training"), on = (kind, what) => events.addEventListener(kind, e => { what(JSON.parse(e.data)); draw(); });
  on("past", past => {
    live.clear();
    past.points.forEach(point);
    past.rows.forEach(row => run(row.model).rows.push(row));
  });
  on("state", training);
  on("step", point);
  on("epoch", row => run(row.model).rows.push(row));
  events.addEventListener("models", refresh);
  events.addEventListener("open", () => say(""));
  events.addEventListener("error", () => {
    say("The server does not answer; trying again.");
    if (events.readyState === EventSource.CLOSED) setTimeout(() => listen(refresh), 5000); // it was refused, and does not ask again by itself
  });
}
