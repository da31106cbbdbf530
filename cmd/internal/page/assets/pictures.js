// Small pictures: pixels, maps, bars and curves.

export const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

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
export function signed(canvas, data, under, height, width) {
  canvas.width = width;
  canvas.height = height;
  const ctx = canvas.getContext("2d"), image = ctx.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    const v = (data[i] << 24 >> 24) / 127, base = under[i] * 0.35, tone = v > 0 ? [66, 140, 235] : [240, 150, 40];
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

function svg(name, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

// curves draws one metric of a run's epochs, train and validation.
export function curves(title, rows, metric, live = []) {
  const width = 460, height = 240, left = 52, right = 12, top = 28, bottom = 40;
  const series = [["train", rows.map(r => [r.epoch, r[metric]])], ["val", rows.filter(r => r["val_" + metric] != null).map(r => [r.epoch, r["val_" + metric]])]];
  if (live.length) series[0][1] = live.map(p => [p.at, p[metric]]);
  const all = series.flatMap(s => s[1]);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, width: "100%" });
  picture.append(svg("text", { x: left, y: 16 }, title));
  if (!all.length) { picture.append(svg("text", { x: left, y: height / 2 }, "no epoch yet")); return picture; }
  const last = Math.max(1, ...all.map(p => p[0])), first = Math.min(1, ...all.map(p => p[0]));
  let low = Math.min(...all.map(p => p[1])), high = Math.max(...all.map(p => p[1]));
  if (high - low < 1e-9) { high += 0.01; low -= 0.01; }
  const x = v => left + (v - first) / Math.max(1e-9, last - first) * (width - left - right);
  const y = v => top + (high - v) / (high - low) * (height - top - bottom);
  for (const v of [low, (low + high) / 2, high]) {
    picture.append(svg("path", { class: "axis", d: `M${left} ${y(v)}H${width - right}` }), svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, v.toFixed(3)));
  }
  for (const v of new Set([Math.ceil(first), Math.round((first + last) / 2), Math.floor(last)])) picture.append(svg("text", { x: x(v), y: height - 22, "text-anchor": "middle" }, String(v)));
  picture.append(svg("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "epoch"));
  for (const [name, points] of series) {
    if (points.length > 1) picture.append(svg("path", { class: name, d: "M" + points.map(p => `${x(p[0])} ${y(p[1])}`).join("L") }));
    if (points.length < 40) for (const p of points) picture.append(svg("circle", { class: name, cx: x(p[0]), cy: y(p[1]), r: 2.5 }));
  }
  picture.append(svg("path", { class: "train", d: `M${width - 170} 12h18` }), svg("text", { x: width - 148, y: 16 }, "train"), svg("path", { class: "val", d: `M${width - 100} 12h18` }), svg("text", { x: width - 78, y: 16 }, "validation"));
  return picture;
}

// choice is a group of radio buttons.
export function choice(group, names, chosen, choose) {
  const buttons = names.map(name => element("button", { type: "button", class: "choice", role: "radio", "aria-checked": String(name === chosen), tabindex: name === chosen ? "0" : "-1" }, name));
  buttons.forEach((b, i) => {
    b.addEventListener("click", () => choose(names[i]));
    b.addEventListener("keydown", e => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
      if (!by) return;
      e.preventDefault();
      choose(names[(i + by + names.length) % names.length]);
      group.querySelector("[aria-checked=true]")?.focus();
    });
  });
  group.replaceChildren(...buttons);
}
