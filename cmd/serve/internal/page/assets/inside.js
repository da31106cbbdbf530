// Inside of a network: its layers' outputs, and the evidence for each class.

import { $, ask, base64, bytes, imageOf, latest, named, rest, shared } from "./api.js";
import { choice, element, gray, signed, small } from "./pictures.js";

let inside = ""; // the network that is looked into
let timer = 0;
let stale = new AbortController();

// insideOf takes note of new models.
export function insideOf(models) {
  const names = models.map(m => m.name);
  if (!names.includes(inside)) inside = names.at(-1) ?? "";
  choice($("inside-choice"), names, inside, name => { inside = name; insideOf(shared.models); look(); });
}

// look looks again, once the hand rests. What was asked before is given up: the
// answers to the drawing come first.
export function look() {
  clearTimeout(timer);
  stale.abort();
  stale = new AbortController();
  timer = setTimeout(looking, 200);
}

const looking = latest(async () => {
  const model = named(inside), image = imageOf(inside);
  for (const part of ["inside", "why"]) $(part).classList.toggle("idle", !image || !model);
  if (!image || !model) return;
  const body = { model: inside, image: base64(image) }, { signal } = stale;
  const seen = await ask("api/layers", body, signal);
  field();
  await layers(seen.layers, model, signal);
  const evidence = await ask("api/evidence", body, signal);
  await rest(signal);
  classesOf(model).forEach((picture, i) => signed(picture, bytes(evidence.classes[i]), image, ...seen.image));
  $("evidence-title").textContent = `Evidence, as the ${inside.toUpperCase()} weighs it`;
  $("evidence-scale").textContent = `Full colour is a loss or a gain of ${evidence.largest.toPrecision(2)}.`;
});

// classesOf are the pictures of the evidence, one for each class.
function classesOf({ classes }) {
  const box = $("evidence");
  if (box.dataset.of !== JSON.stringify(classes)) {
    box.dataset.of = JSON.stringify(classes);
    box.replaceChildren(...classes.map(name => element("figure", {}, element("figcaption", {}, name), small(`Evidence for ${name}`, "pixels"))));
  }
  return box.querySelectorAll("img");
}

// views are the layers on the page: each has a box, and update shows new values in
// it. They stay while the network does, and with them whatever has the focus.
let views = [], shownAs = "";

async function layers(list, model, signal) {
  const key = model.name + list.map(l => ` ${l.name} ${l.shape}`);
  if (key !== shownAs) {
    shownAs = key;
    views = list.map(l => layer(l, model));
    $("layers").replaceChildren(...views.map(v => v.box));
  }
  for (const [i, v] of views.entries()) {
    await rest(signal);
    v.update(list[i]);
  }
}

function layer(l, model) {
  const about = element("small"), parts = [element("h3", {}, l.name, " ", about)], inner = [];
  if (l.kernels) inner.push(kernels(l));
  inner.push(l.shape.length === 3 ? maps(l) : l.shape[0] === model.classes.length ? perClass(l, model) : units(l));
  return {
    box: element("div", { class: "layer" }, ...parts, ...inner.map(v => v.box)),
    update: now => {
      about.textContent = `${now.type}, ${now.shape.join(" × ")}, ${now.low.toFixed(2)} to ${now.high.toFixed(2)}`;
      inner.forEach(v => v.update(now));
    },
  };
}

function kernels(l) {
  const [height, width, , filters] = l.kernel_shape, pictures = Array.from({ length: filters }, () => small());
  let shown;
  const row = element("div", { class: "maps kernels", role: "img", "aria-label": `The ${filters} kernels of ${l.name}` }, ...pictures);
  return {
    box: element("div", {}, element("p", { class: "hint" }, `Its ${filters} kernels, grey where they are zero, and the map that each of them makes:`), row),
    update: now => {
      if (shown === now.kernels) return;
      const data = bytes(shown = now.kernels);
      pictures.forEach((picture, c) => gray(picture, data, height, width, c, filters));
    },
  };
}

// perClass are the outputs of a layer that has one for each class.
function perClass(l, model) {
  const pictures = model.classes.map(() => small());
  return {
    box: element("div", { class: "units", role: "img", "aria-label": `${l.name}: a value for each class` },
      ...model.classes.map((name, i) => element("div", {}, pictures[i], element("small", {}, name)))),
    update: now => { const data = bytes(now.values); pictures.forEach((picture, i) => gray(picture, data.slice(i, i + 1), 1, 1)); },
  };
}

// units are the outputs of another dense layer, as a field.
function units(l) {
  const count = l.shape.reduce((a, b) => a * b), columns = Math.min(count, count > 256 ? 64 : 32), rows = Math.ceil(count / columns);
  const box = small(`${l.name}: ${count} units`, "unit");
  return { box, update: now => { const padded = new Uint8Array(rows * columns); padded.set(bytes(now.values)); gray(box, padded, rows, columns); } };
}

// maps are the outputs of a layer that has a plane for each channel. Pointer or arrow keys show what a value sees.
function maps(l) {
  const [height, width, channels] = l.shape, at = { map: 0, y: height >> 1, x: width >> 1 };
  const pictures = Array.from({ length: channels }, () => small());
  const box = element("div", { class: "maps", role: "img", tabindex: "0",
    "aria-label": `The ${channels} maps of ${l.name}. Arrow keys move over a map, page up and page down change it.` }, ...pictures);
  let now = l, data = [], pointing = false;
  const show = () => {
    pointing = true;
    pictures.forEach((c, i) => c.classList.toggle("at", i === at.map));
    field(now, at, data[(at.y * width + at.x) * channels + at.map]);
  };
  const leave = () => { pointing = false; pictures[at.map].classList.remove("at"); field(); };
  box.addEventListener("pointermove", e => {
    const map = pictures.indexOf(e.target);
    if (map < 0) return;
    const b = e.target.getBoundingClientRect();
    at.map = map;
    at.y = within(Math.floor((e.clientY - b.top) / b.height * height), height);
    at.x = within(Math.floor((e.clientX - b.left) / b.width * width), width);
    show();
  });
  box.addEventListener("pointerleave", leave);
  box.addEventListener("blur", leave);
  box.addEventListener("focus", () => { if (box.matches(":focus-visible")) show(); });
  box.addEventListener("keydown", e => {
    const by = { ArrowLeft: [0, -1, 0], ArrowRight: [0, 1, 0], ArrowUp: [-1, 0, 0], ArrowDown: [1, 0, 0], PageUp: [0, 0, -1], PageDown: [0, 0, 1] }[e.key];
    if (!by) return;
    e.preventDefault();
    at.y = within(at.y + by[0], height);
    at.x = within(at.x + by[1], width);
    at.map = within(at.map + by[2], channels);
    show();
  });
  const update = l => {
    now = l;
    data = bytes(l.values);
    pictures.forEach((picture, c) => gray(picture, data, height, width, c, channels));
    if (pointing) show();
  };
  return { box, update };
}

const within = (v, n) => Math.min(n - 1, Math.max(0, v));

// field shows which part of the picture a value of a map is made of.
function field(l, at, value) {
  const model = named(inside), image = imageOf(inside);
  if (!image || !model) return;
  const [height, width, channels] = model.image, scale = 8;
  const seen = gray(document.createElement("canvas"), image, height, width, 0, channels), canvas = $("field");
  canvas.width = scale * width;
  canvas.height = scale * height;
  const ctx = canvas.getContext("2d");
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(seen, 0, 0, canvas.width, canvas.height);
  if (!l) { $("field-text").textContent = "the picture"; return; }
  const says = `${l.name}, map ${at.map}, row ${at.y}, column ${at.x}: ${(l.low + value / 255 * (l.high - l.low)).toFixed(2)}`;
  if (!l.field) { $("field-text").textContent = says; return; } // of which pixels is not known
  ctx.strokeStyle = "#f6ad55";
  ctx.lineWidth = 4;
  const [rows, columns] = l.field.size, [top, left] = ["y", "x"].map((axis, i) => l.field.start[i] + at[axis] * l.field.step[i]);
  ctx.strokeRect(scale * left + 2, scale * top + 2, scale * columns - 4, scale * rows - 4);
  $("field-text").textContent = `${says}, made of ${rows} × ${columns} pixels`;
}
