// What the networks say of the drawing.

import { $, shared } from "./api.js";
import { element, bold } from "./pictures.js";

let cards = new Map(); // by the network's name

function card(model) {
  const bars = model.classes.map(name => {
    const bar = element("progress", { max: "1", value: 0, "aria-label": `${model.name}: probability of ${name}` }), text = new Text();
    return { row: element("div", { class: "bar" }, element("span", {}, name), bar, element("span", {}, text)), bar, text };
  });
  const time = new Text();
  const epochs = model.history.length;
  const learnt = epochs === 0 ? "as it begins to learn" : `after ${epochs} epoch${epochs > 1 ? "s" : ""}`;
  const known = model.test_accuracy == null ? "" : `; right on ${(100 * model.test_accuracy).toFixed(2)} % of the test images`;
  const box = element("div", { class: "model" },
    element("h3", {}, element("span", {}, model.name.toUpperCase()), element("small", {}, time)), ...bars.map(b => b.row),
    element("p", { class: "hint" }, `${model.params.toLocaleString("en")} parameters, ${learnt}${known}`));
  return { box, bars, time };
}

// cardsOf replaces the cards; what they say comes with the next answer.
export function cardsOf(models) {
  cards = new Map(models.map(m => [m.name, card(m)]));
  $("models").replaceChildren(...[...cards.values()].map(c => c.box));
}

// nothing is said of an empty pad.
export function nothing() {
  for (const c of cards.values()) {
    c.time.data = "";
    for (const b of c.bars) show(b, 0, "", "bar");
  }
  verdict(shared.models.length ? "Nothing is drawn yet." : "The networks have learnt nothing yet. Draw; they will answer soon.");
}

// show writes what has changed of a bar: what is written anew is laid out and
// painted anew, so that half a percent, less than can be seen, is left alone.
function show({ row, bar, text }, value, label, kind) {
  if (bar.value !== value) bar.value = value;
  if (text.data !== label) text.data = label;
  if (row.className !== kind) row.className = kind;
}

export function answer(said) {
  if (said.empty) { nothing(); return; }
  const firsts = said.models.map(one).filter(f => f);
  if (!firsts.length) { nothing(); return; }
  if (new Set(firsts.map(f => f.first)).size > 1) {
    verdict(["They disagree: ", ...firsts.flatMap((f, i) => [i ? ", " : "", `${f.name} says `, bold(f.first)]), "."], "disagree");
    return;
  }
  const f = firsts.at(-1), who = firsts.length > 2 ? "All say " : firsts.length > 1 ? "Both say " : `${f.name} says `;
  verdict([who, bold(f.first), `; second guess ${f.second}.`]);
}

// one shows what one network says.
function one(said) {
  const c = cards.get(said.name), model = shared.models.find(m => m.name === said.name);
  if (!c || !model) return null;
  const order = said.probabilities.map((p, i) => i).sort((a, b) => said.probabilities[b] - said.probabilities[a]);
  c.time.data = said.micros < 1000 ? `${said.micros} µs` : `${(said.micros / 1000).toFixed(1)} ms`;
  c.bars.forEach((b, i) => {
    const p = said.probabilities[i];
    show(b, Math.round(200 * p) / 200, p < 0.01 ? "< 1 %" : Math.round(100 * p) + " %", "bar" + (i === order[0] ? " first" : i === order[1] ? " second" : ""));
  });
  return { name: model.name.toUpperCase(), first: model.classes[order[0]], second: model.classes[order[1]] };
}

let last = "";
function verdict(parts, kind = "") {
  const line = element("span", {}, ...[parts].flat());
  if (line.textContent === last) return; // a screen reader says each once
  last = line.textContent;
  $("verdict").className = kind;
  $("verdict").replaceChildren(line);
}
