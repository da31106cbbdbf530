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
    gray($("seen"), bytes(said.image), said.height, said.width, 0, shared.models[0]?.image[2] ?? 1);
    answer(said);
    look();
  };
}

function blank() {
  shared.image = null;
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
