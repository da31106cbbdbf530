// Small pictures: pixels, maps, bars and curves.

// small is a picture that seldom changes: an image, because a canvas, in sight or
// not, costs the browser something with every frame.
export const small = (label = "", kind = "") => element("img", { alt: label, class: kind, draggable: "false" });

const easel = document.createElement("canvas");

// put shows pixels in a canvas, or in an image.
function put(target, pixels) {
  const canvas = target.matches("img") ? easel : target;
  // To set the same size again would lay the page out again.
  if (canvas.width !== pixels.width) canvas.width = pixels.width;
  if (canvas.height !== pixels.height) canvas.height = pixels.height;
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(pixels, 0, 0);
  if (canvas === easel) target.src = easel.toDataURL();
  return target;
}

// gray paints bytes (H,W) or, with a step, one channel of (H,W,C).
export function gray(target, data, height, width, channel = 0, channels = 1) {
  const pixels = new ImageData(width, height), opaque = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < opaque.length; i++) opaque[i] = 0xff000000 | data[i * channels + channel] * 0x010101;
  return put(target, pixels);
}

// signed paints signed bytes (H,W): blue above zero, orange below, over a gray image.
export function signed(target, data, under, height, width, channels = 1) {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    const v = (data[i] << 24 >> 24) / 127, base = under[i * channels] * 0.4, tone = v > 0 ? [66, 140, 235] : [240, 150, 40];
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = base + (tone[c] - base) * Math.abs(v);
    pixels.data[4 * i + 3] = 255;
  }
  return put(target, pixels);
}

export function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in e && typeof value !== "string") e[key] = value; else e.setAttribute(key, value);
  }
  e.append(...children);
  return e;
}

export const bold = text => element("strong", {}, text);

function svg(name, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

export const narrow = matchMedia("(max-width: 46rem)");

// scales are how a metric is drawn: by its logarithm, or by that of the errors.
const scales = {
  loss: { of: v => Math.log(Math.max(1e-5, v)), ticks: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] },
  accuracy: { of: v => -Math.log(Math.max(1e-4, 1 - v)), ticks: [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999] },
};

// curves draws one metric of a run: its epochs' validation, and for training the
// epochs or, of one that is running, the points between them.
export function curves(metric, rows, live, label) {
  const size = { width: narrow.matches ? 330 : 460, height: 200, left: 44, right: 14, top: 28, bottom: 36 }, { of, ticks } = scales[metric];
  const train = live.length ? live.map(p => [p.at, p[metric]]) : rows.map(r => [r.epoch, r[metric]]);
  const val = rows.filter(r => r["val_" + metric] != null).map(r => [r.epoch, r["val_" + metric]]);
  const picture = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img", "aria-label": label });
  picture.append(svg("text", { x: size.left, y: 16, class: "title" }, metric), ...legend(size));
  const all = [...train, ...val];
  if (!all.length) return picture;
  const first = live.length ? 0 : 1, last = Math.max(first + 1, Math.ceil(Math.max(...all.map(p => p[0]))));
  const heights = all.map(p => of(p[1])), low = Math.min(...heights) - 0.05, high = Math.max(...heights) + 0.05;
  const x = v => size.left + (v - first) / (last - first) * (size.width - size.left - size.right);
  const y = v => size.top + (high - of(v)) / (high - low) * (size.height - size.top - size.bottom);
  picture.append(...axes(size, x, y, first, last, shown(ticks.filter(v => of(v) >= low && of(v) <= high), all)));
  for (const [name, points] of [["train", train], ["val", val]]) {
    if (points.length > 1) picture.append(svg("path", { class: name, d: "M" + points.map(p => `${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)}`).join("L") }));
    if (points.length < 30) for (const p of points) picture.append(svg("circle", { class: name, cx: x(p[0]), cy: y(p[1]), r: 3 }));
  }
  return picture;
}

// shown are the ticks, or the least and the largest value if there are not two of them.
function shown(ticks, points) {
  const values = points.map(p => p[1]);
  return ticks.length > 1 ? ticks : [...new Set([Math.min(...values), Math.max(...values)])].map(v => Number(v.toPrecision(3)));
}

function legend({ width }) {
  return [svg("path", { class: "train", d: `M${width - 190} 12h20` }), svg("text", { x: width - 165, y: 16 }, "training"),
    svg("path", { class: "val", d: `M${width - 100} 12h20` }), svg("text", { x: width - 75, y: 16 }, "test images")];
}

function axes({ width, height, left, right }, x, y, first, last, ticks) {
  const parts = [];
  for (const v of ticks) {
    parts.push(svg("path", { class: "axis", d: `M${left} ${y(v).toFixed(1)}H${width - right}` }), svg("text", { x: left - 6, y: (y(v) + 4).toFixed(1), "text-anchor": "end" }, String(v)));
  }
  for (const v of new Set([first, Math.round((first + last) / 2), last])) parts.push(svg("text", { x: x(v), y: height - 20, "text-anchor": "middle" }, String(v)));
  parts.push(svg("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, "epochs"));
  return parts;
}

// choice is a group of radio buttons.
export function choice(group, names, chosen, choose) {
  const buttons = names.map(name => element("button", { type: "button", class: "choice", role: "radio", "aria-checked": String(name === chosen), tabindex: name === chosen ? "0" : "-1" }, name.toUpperCase()));
  buttons.forEach((b, i) => {
    b.addEventListener("click", () => choose(names[i]));
    b.addEventListener("keydown", e => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
      if (!by) return;
      e.preventDefault();
      choose(names[(i + by + names.length) % names.length]);
    });
  });
  const focused = group.contains(document.activeElement);
  group.replaceChildren(...buttons);
  if (focused) group.querySelector("[aria-checked=true]")?.focus();
}
