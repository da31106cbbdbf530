// The page: the pad asks, the other parts show.

import { $, ask, bytes, latest, overlapping, say, shared } from "./api.js";
import { answer, cardsOf, nothing } from "./answers.js";
import { askOf } from "./drawing.js";
import { errorsOf, onChoose } from "./errors.js";
import { insideOf, look } from "./inside.js";
import { draw, listen, training } from "./learning.js";
import { newPad } from "./pad.js";
import { gray } from "./pictures.js";

// predict shows what the networks see and say, once they have said it.
async function predict(asked) {
  const said = await asked;
  return () => {
    shared.image = said.empty ? null : bytes(said.image);
    shared.own = Object.fromEntries(said.models.filter(m => m.image).map(m => [m.name, bytes(m.image)]));
    gray($("seen"), bytes(said.image), said.height, said.width, 0, shared.models[0]?.image[2] ?? 1);
    prepared(said);
    answer(said);
    look();
  };
}

// prepared says what has become of the drawing before the networks saw it.
function prepared({ preparation, height, width, models }) {
  const ways = {
    mnist: "your ink, 20 pixels long, its centre of mass in the middle",
    raw: `your drawing, light on black, only scaled to ${height} × ${width}, as their training pictures were (a network that learnt dark ink on white reads that badly)`,
  };
  const others = models.filter(m => m.image);
  const also = others.length ? ` ${others.map(m => m.name.toUpperCase()).join(", ")}: ${ways[others[0].preparation]}.` : "";
  const text = `What the networks see: ${ways[preparation] ?? "this image, as it is"}.${also}`;
  if ($("prepared").textContent !== text) $("prepared").textContent = text;
}

function blank() {
  shared.image = null;
  shared.own = {};
  gray($("seen"), new Uint8Array(784), 28, 28);
  nothing();
  look();
}

let picture = null; // a test image that is on the pad as it is

// Three questions cover a hand that moves with each frame and a slow answer.
const asking = overlapping(3, async () => {
  if (picture) return predict(ask("api/predict", { image: picture }));
  if (pad.empty()) return blank;
  return predict(askOf(pad.gray()));
});

const pad = newPad($("pad"), $("width"), () => { picture = null; asking(); });
$("clear").addEventListener("click", pad.clear);
$("undo").addEventListener("click", pad.undo);

onChoose((shown, image) => {
  pad.show(shown);
  picture = image;
  asking();
  const smooth = matchMedia("(prefers-reduced-motion: no-preference)").matches;
  $("draw").scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
});

let listening = false;
const refresh = latest(async () => {
  const state = await ask("api/models");
  shared.models = state.models;
  cardsOf(shared.models);
  insideOf(shared.models);
  $("tests").hidden = !state.tests;
  if (state.tests) errorsOf(shared.models);
  training(state.training);
  draw();
  await asking();
  if (state.training.state !== "off" && !listening) { listening = true; listen(refresh); }
});

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
refresh().catch(e => say(e.message));
