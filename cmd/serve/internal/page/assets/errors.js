// Where a network errs: the confusion matrix and the test images behind it.

import { $, ask, bytes, latest, named, shared } from "./api.js";
import { choice, element, gray, small } from "./pictures.js";

let tested = "";     // the network whose errors are shown
let cell = null;     // the chosen cell of the matrix; null is all errors
let chosen = () => {};

// onChoose says what happens with a test image that is chosen.
export function onChoose(f) { chosen = f; }

// errorsOf takes note of new models.
export function errorsOf(models) {
  const names = models.map(m => m.name);
  if (!names.includes(tested)) { tested = names.at(-1) ?? ""; cell = null; }
  choice($("tests-choice"), names, tested, name => { tested = name; cell = null; errorsOf(shared.models); });
  refresh();
}

const refresh = latest(async () => {
  const model = named(tested);
  if (!model) { $("matrix").replaceChildren(); $("gallery").replaceChildren(); return; }
  const { matrix, accuracy } = await ask("api/confusion?model=" + encodeURIComponent(tested));
  if (model.name !== tested) return;
  const focused = document.activeElement?.dataset.cell;
  $("matrix").replaceChildren(table(model, matrix, accuracy));
  if (focused) $("matrix").querySelector(`[data-cell="${focused}"]`)?.focus();
  await gallery();
});

function table(model, counts, accuracy) {
  const most = Math.max(1, ...counts.flatMap((row, i) => row.filter((n, j) => i !== j)));
  const t = element("table", {}, element("caption", { class: "hint" }, `Rows are labels, columns answers; ${(100 * accuracy).toFixed(2)} % are right.`));
  t.append(element("tr", {}, element("td"), ...model.classes.map(c => element("th", { scope: "col" }, c))));
  counts.forEach((row, i) => t.append(element("tr", {}, element("th", { scope: "row" }, model.classes[i]),
    ...row.map((n, j) => entry(model, n, i, j, n / most)))));
  return t;
}

function entry(model, n, label, guess, share) {
  const here = cell && cell.label === label && cell.guess === guess;
  const b = element("button", { type: "button", "data-cell": `${label}-${guess}`, "aria-pressed": String(!!here),
    "aria-label": `${n} images of ${model.classes[label]} taken for ${model.classes[guess]}` }, n ? String(n) : "·");
  if (label !== guess && n) b.style.setProperty("background", `color-mix(in srgb, var(--wrong) ${Math.round(10 + 60 * share)}%, transparent)`);
  b.addEventListener("click", () => {
    cell = cell && cell.label === label && cell.guess === guess ? null : { label, guess };
    for (const o of $("matrix").querySelectorAll("button")) o.setAttribute("aria-pressed", String(!!cell && o === b));
    show();
  });
  return element("td", { class: label === guess ? "right" : n ? "" : "none" }, b);
}

const show = latest(gallery);

async function gallery() {
  const model = named(tested);
  if (!model) return;
  const found = await ask("api/tests?model=" + encodeURIComponent(tested) + (cell ? `&label=${cell.label}&guess=${cell.guess}` : ""));
  const what = !cell ? "Errors" : cell.label === cell.guess ? `${model.classes[cell.label]}, and seen as that` : `${model.classes[cell.label]}, taken for ${model.classes[cell.guess]}`;
  const some = found.total > found.images.length ? `, the worst ${found.images.length} are here` : "";
  $("gallery-title").textContent = `${what}: ${found.total}${some}`;
  $("gallery").replaceChildren(...found.images.map(t => tile(t, model)));
}

function tile(t, model) {
  const data = bytes(t.image), [height, width, channels] = model.image;
  const picture = gray(small("", "pixels"), data, height, width, 0, channels);
  const label = model.classes[t.label], guess = model.classes[t.guess], sure = `${Math.round(100 * t.sure)} %`;
  const b = element("button", { type: "button", "aria-label": `Test image ${t.index}: ${label}, taken for ${guess}, ${sure} sure` }, picture,
    element("span", {}, t.label === t.guess ? label : `${label}, not ${guess}`), element("small", {}, sure));
  b.addEventListener("click", () => chosen(picture, t.image));
  return b;
}
