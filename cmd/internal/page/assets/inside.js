// Inside of a network: its layers' outputs, and the evidence for each class.

import { $, ask, base64, bytes, latest, named, shared } from "./api.js";
import { choice, element, gray, signed } from "./pictures.js";

let inside = ""; // the network that is looked into
let timer = 0;

// insideOf takes note of new models.
export function insideOf(models) {
  const names = models.map(m => m.name);
  if (!names.includes(inside)) inside = names.at(-1) ?? "";
  choice($("inside-choice"), names, inside, name => { inside = name; insideOf(shared.models); look(); });
}

// look looks again, once the hand rests.
export function look() {
  clearTimeout(timer);
  timer = setTimeout(looking, 120);
}

const looking = latest(async () => {
  const model = named(inside), image = shared.image;
  for (const part of ["inside", "why"]) $(part).classList.toggle("idle", !image || !model);
  if (!image || !model) return;
  const body = { model: inside, image: base64(image) };
  const [seen, evidence] = await Promise.all([ask("api/layers", body), ask("api/evidence", body)]);
  const focused = document.activeElement?.dataset.layer;
  $("layers").replaceChildren(...seen.layers.map(l => layer(l, model)));
  if (focused) $("layers").querySelector(`[data-layer="${focused}"]`)?.focus();
  field();
  const [height, width, channels] = seen.image;
  $("evidence").replaceChildren(...evidence.classes.map((text, i) => {
    const canvas = signed(picture(`Evidence for ${model.classes[i]}`, "pixels"), bytes(text), image, height, width, channels);
    return element("figure", {}, element("figcaption", {}, model.classes[i]), canvas);
  }));
  $("evidence-title").textContent = `Evidence, as the ${inside.toUpperCase()} weighs it`;
  $("evidence-scale").textContent = `Full colour is a loss or a gain of ${evidence.largest.toFixed(1)}.`;
});

const picture = (label, kind) => element("canvas", { class: kind, role: "img", "aria-label": label });

function layer(l, model) {
  const parts = [element("h3", {}, l.name, " ", element("small", {}, `${l.type}, ${l.shape.join(" × ")}, ${l.low.toFixed(2)} to ${l.high.toFixed(2)}`))];
  if (l.kernels) parts.push(...kernels(l));
  parts.push(l.shape.length === 3 ? maps(l) : units(l, model));
  return element("div", { class: "layer" }, ...parts);
}

function kernels(l) {
  const data = bytes(l.kernels), [height, width, , filters] = l.kernel_shape;
  const row = element("div", { class: "maps kernels", role: "img", "aria-label": `The ${filters} kernels of ${l.name}` });
  for (let c = 0; c < filters; c++) row.append(gray(element("canvas"), data, height, width, c, filters));
  return [element("p", { class: "hint" }, `Its ${filters} kernels, grey where they are zero, and the map that each of them makes:`), row];
}

// units are the outputs of a dense layer: a field of them, or one for each class.
function units(l, model) {
  const data = bytes(l.values), count = l.shape[0];
  if (count === model.classes.length) {
    const row = element("div", { class: "units", role: "img", "aria-label": `${l.name}: a value for each class` });
    model.classes.forEach((name, i) => row.append(element("div", {}, gray(element("canvas"), data.slice(i, i + 1), 1, 1), element("small", {}, name))));
    return row;
  }
  const columns = Math.min(count, count > 256 ? 64 : 32), rows = Math.ceil(count / columns), padded = new Uint8Array(rows * columns);
  padded.set(data);
  return gray(picture(`${l.name}: ${count} units`, "unit"), padded, rows, columns);
}

// maps are the outputs of a convolution. Pointer or arrow keys show what a value sees.
function maps(l) {
  const data = bytes(l.values), [height, width, channels] = l.shape, at = { map: 0, y: height >> 1, x: width >> 1 };
  const box = element("div", { class: "maps", role: "img", tabindex: "0", "data-layer": l.name,
    "aria-label": `The ${channels} maps of ${l.name}. Arrow keys move over a map, page up and page down change it.` });
  const canvases = Array.from({ length: channels }, (_, c) => gray(element("canvas"), data, height, width, c, channels));
  box.append(...canvases);
  const show = () => {
    canvases.forEach((c, i) => c.classList.toggle("at", i === at.map));
    field(l, at, data[(at.y * width + at.x) * channels + at.map]);
  };
  const leave = () => { canvases[at.map].classList.remove("at"); field(); };
  box.addEventListener("pointermove", e => {
    const map = canvases.indexOf(e.target);
    if (map < 0) return;
    const b = e.target.getBoundingClientRect();
    at.map = map;
    at.y = within(Math.floor((e.clientY - b.top) / b.height * height), height);
    at.x = within(Math.floor((e.clientX - b.left) / b.width * width), width);
    canvases.forEach(c => c.classList.remove("at"));
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
  return box;
}

const within = (v, n) => Math.min(n - 1, Math.max(0, v));

// field shows which part of the picture a value of a map is made of.
function field(l, at, value) {
  const model = named(inside);
  if (!shared.image || !model) return;
  const [height, width, channels] = model.image, scale = 8;
  const small = gray(document.createElement("canvas"), shared.image, height, width, 0, channels), canvas = $("field");
  canvas.width = scale * width;
  canvas.height = scale * height;
  const ctx = canvas.getContext("2d");
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (!l) { $("field-text").textContent = "the picture"; return; }
  ctx.strokeStyle = "#f6ad55";
  ctx.lineWidth = 4;
  ctx.strokeRect(scale * at.x + 2, scale * at.y + 2, scale * l.field - 4, scale * l.field - 4);
  $("field-text").textContent = `${l.name}, map ${at.map}, row ${at.y}, column ${at.x}: ${(l.low + value / 255 * (l.high - l.low)).toFixed(2)}, made of ${l.field} × ${l.field} pixels`;
}
