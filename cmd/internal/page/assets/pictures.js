// Small pictures: pixels, maps, bars and curves.

// gray paints bytes (H,W) or, with a step, one channel of (H,W,C).
export function gray(canvas, data, height, width, channel = 0, channels = 1) {
  canvas.width = width;
  canvas.height = height;
  const ctx = canvas.getContext("2d"), image = ctx.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    image.data.fill(data[i * channels + channel], 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  ctx.putImageData(image, 0, 0);
  return canvas;
}

// signed paints signed bytes (H,W): blue above zero, orange below, over a gray image.
export function signed(canvas, data, under, height, width, channels = 1) {
  canvas.width = width;
  canvas.height = height;
  const ctx = canvas.getContext("2d"), image = ctx.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    const v = (data[i] << 24 >> 24) / 127, base = under[i * channels] * 0.4, tone = v > 0 ? [66, 140, 235] : [240, 150, 40];
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = base + (tone[c] - base) * Math.abs(v);
    image.data[4 * i + 3] = 255;
  }
  ctx.putImageData(image, 0, 0);
  return canvas;
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

// curves draws one metric of a run: its epochs' validation, and for training the
// epochs or, of one that is running, the points between them.
export function curves(title, rows, metric, live, label) {
  const size = { width: 460, height: 210, left: 48, right: 14, top: 28, bottom: 36 };
  const train = live.length ? live.map(p => [p.at, p[metric]]) : rows.map(r => [r.epoch, r[metric]]);
  const val = rows.filter(r => r["val_" + metric] != null).map(r => [r.epoch, r["val_" + metric]]);
  const picture = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img", "aria-label": label });
  picture.append(svg("text", { x: size.left, y: 16, class: "title" }, title), ...legend(size));
  const all = [...train, ...val];
  if (!all.length) return picture;
  const first = live.length ? 0 : 1, last = Math.max(first + 1, Math.ceil(Math.max(...all.map(p => p[0]))));
  let low = Math.min(...all.map(p => p[1])), high = Math.max(...all.map(p => p[1]));
  if (high - low < 1e-9) { high += 0.01; low -= 0.01; }
  const x = v => size.left + (v - first) / (last - first) * (size.width - size.left - size.right);
  const y = v => size.top + (high - v) / (high - low) * (size.height - size.top - size.bottom);
  picture.append(...axes(size, x, y, first, last, low, high));
  for (const [name, points] of [["train", train], ["val", val]]) {
    if (points.length > 1) picture.append(svg("path", { class: name, d: "M" + points.map(p => `${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)}`).join("L") }));
    if (points.length < 30) for (const p of points) picture.append(svg("circle", { class: name, cx: x(p[0]), cy: y(p[1]), r: 3 }));
  }
  return picture;
}

function legend({ width }) {
  return [svg("path", { class: "train", d: `M${width - 190} 12h20` }), svg("text", { x: width - 165, y: 16 }, "training"),
    svg("path", { class: "val", d: `M${width - 100} 12h20` }), svg("text", { x: width - 75, y: 16 }, "test images")];
}

function axes({ width, height, left, right }, x, y, first, last, low, high) {
  const digits = high - low < 0.02 ? 4 : high - low < 0.2 ? 3 : 2, parts = [];
  for (const v of [low, (low + high) / 2, high]) {
    parts.push(svg("path", { class: "axis", d: `M${left} ${y(v)}H${width - right}` }), svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, v.toFixed(digits)));
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
