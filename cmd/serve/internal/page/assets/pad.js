// The drawing pad: strokes by mouse, touch, pen or keyboard, kept as points so
// that they can be taken back and drawn again when the colours change.

import { element } from "./pictures.js";

export function newPad(canvas, widthInput, changed) {
  const ctx = canvas.getContext("2d", { alpha: false });
  const copy = element("canvas", { width: canvas.width / 4, height: canvas.height / 4 }).getContext("2d", { willReadFrequently: true });
  copy.scale(0.25, 0.25);
  let strokes = [], current = null, backdrop = null;
  const cursor = { x: canvas.width / 2, y: canvas.height / 2, down: false, shown: false };

  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const light = colour => /^#f/i.test(colour);

  function paint(target, paper, ink) {
    target.fillStyle = paper;
    target.fillRect(0, 0, canvas.width, canvas.height);
    if (backdrop) {
      target.imageSmoothingEnabled = false;
      target.globalCompositeOperation = light(paper) ? "difference" : "lighten"; // dark ink on light paper
      target.drawImage(backdrop, 0, 0, canvas.width, canvas.height);
      target.globalCompositeOperation = "source-over";
    }
    target.strokeStyle = ink;
    target.lineCap = target.lineJoin = "round";
    for (const s of strokes) trace(target, s, 0);
  }

  // trace draws a stroke from one of its points on.
  function trace(target, stroke, from) {
    const points = stroke.points.slice(from), last = points.at(-1);
    target.lineWidth = stroke.width;
    target.beginPath();
    target.moveTo(points[0].x, points[0].y);
    for (const p of points) target.lineTo(p.x, p.y);
    if (points[0].x === last.x) target.lineTo(last.x + 0.01, last.y); // a point alone is drawn too
    target.stroke();
  }

  function redraw() {
    paint(ctx, colour("--pad"), colour("--stroke"));
    if (cursor.shown) {
      ctx.save(); // a stroke may go on in its own colour
      ctx.strokeStyle = colour("--accent");
      ctx.lineWidth = cursor.down ? 6 : 2;
      ctx.beginPath();
      ctx.arc(cursor.x, cursor.y, widthInput.valueAsNumber / 2, 0, 7);
      ctx.stroke();
      ctx.restore();
    }
  }

  function update() { redraw(); changed(); }

  function begin(x, y) {
    if (backdrop) { backdrop = null; strokes = []; }
    current = { width: widthInput.valueAsNumber, points: [{ x, y }] };
    strokes.push(current);
    update();
  }
  function extend(x, y) { if (current) { current.points.push({ x, y }); update(); } }
  function end() { current = null; }

  let box; // of the pad; to ask for it with each move would lay the page out each time
  const measure = () => { box = canvas.getBoundingClientRect(); };
  addEventListener("scroll", () => { if (current) measure(); }, { passive: true });
  const at = e => [(e.clientX - box.left) * canvas.width / box.width, (e.clientY - box.top) * canvas.height / box.height];
  const point = e => { const [x, y] = at(e); return { x, y }; };
  canvas.addEventListener("pointerdown", e => {
    if (e.button > 0) return;
    canvas.setPointerCapture(e.pointerId);
    cursor.shown = false;
    measure();
    begin(...at(e));
  });
  canvas.addEventListener("pointermove", e => {
    if (!current) return;
    const parts = e.getCoalescedEvents?.() ?? [], from = current.points.length - 1;
    for (const part of parts.length ? parts : [e]) current.points.push(point(part));
    trace(ctx, current, from); // what is drawn already stays: a move costs the same however long the stroke is
    changed();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, end);

  function clear() { strokes = []; backdrop = null; current = null; cursor.down = false; update(); }
  function undo() { backdrop = current = null; strokes.pop(); update(); }

  canvas.addEventListener("keydown", e => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (move) {
      const by = e.shiftKey ? 4 : 14;
      cursor.x = Math.min(canvas.width, Math.max(0, cursor.x + by * move[0]));
      cursor.y = Math.min(canvas.height, Math.max(0, cursor.y + by * move[1]));
      cursor.shown = true;
      if (cursor.down) extend(cursor.x, cursor.y); else redraw();
    } else if (e.key === " " || e.key === "Enter") {
      cursor.shown = true;
      cursor.down = !cursor.down;
      if (cursor.down) begin(cursor.x, cursor.y); else { end(); redraw(); }
    } else if (e.key === "c" || e.key === "C") {
      clear();
    } else if (e.key === "z" || e.key === "Z") {
      undo();
    } else {
      return;
    }
    e.preventDefault();
  });
  canvas.addEventListener("blur", () => { cursor.shown = false; redraw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  redraw();

  return {
    clear, undo,
    empty: () => strokes.length === 0 && !backdrop,
    show(image) { strokes = []; current = null; backdrop = image; redraw(); },
    // gray is the drawing in white on black, a byte for each pixel, whatever the
    // colours of the page. A quarter of the pad's size is plenty for 20 pixels of
    // ink, and quick. A PNG would be less to send, but takes longer to make.
    gray() {
      paint(copy, "#000", "#fff");
      const { data, width } = copy.getImageData(0, 0, copy.canvas.width, copy.canvas.height);
      const grays = new Uint8Array(data.length / 4);
      for (let i = 0; i < grays.length; i++) grays[i] = data[4 * i];
      return { data: grays, width };
    },
  };
}
