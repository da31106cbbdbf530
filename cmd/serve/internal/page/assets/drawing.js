// A hand that draws asks with each of its moves. A request for each would cost the
// browser more than all else that it does for an answer: drawings and answers go
// over one connection, in order, and by requests where there is none.

import { ask } from "./api.js";

const patience = 3000; // with a connection, in milliseconds: not every one that is dead says so
const pause = 5000; // before the next one
let connection = null; // sends a drawing and resolves to its answer, or to null if that is lost
let ended = -Infinity; // when the last connection did

function connect() {
  const url = new URL("api/draw", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url), waiting = [];
  let open, timer = setTimeout(lose, patience);
  const opened = new Promise(resolve => { open = resolve; });
  socket.onopen = () => { expect(); open(true); };
  socket.onmessage = e => { waiting.shift()?.(JSON.parse(e.data)); expect(); };
  socket.onclose = lose;

  // expect waits for the next answer, if one is due.
  function expect() {
    clearTimeout(timer);
    if (waiting.length) timer = setTimeout(lose, patience);
  }
  function lose() {
    clearTimeout(timer);
    if (connection === send) { connection = null; ended = performance.now(); }
    open(false);
    for (const answer of waiting.splice(0)) answer(null);
    socket.close();
  }
  async function send(message) {
    if (!await opened || connection !== send || socket.readyState !== socket.OPEN) return null; // it may be closing: onclose comes later
    return new Promise(answer => { waiting.push(answer); socket.send(message); expect(); });
  }
  return send;
}

// connected is a connection, or null if there is none.
function connected() {
  if (!connection && performance.now() - ended > pause) {
    try { connection = connect(); } catch { ended = performance.now(); } // not every browser's policy lets one
  }
  return connection;
}

// askOf asks about a drawing, as the pad's gray gives it.
export async function askOf({ data, width }) {
  const message = new Uint8Array(2 + data.length);
  message.set([width & 255, width >> 8]);
  message.set(data, 2);
  const said = await connected()?.(message);
  if (!said) return ask("api/predict?width=" + width, data);
  if (said.error) throw new Error(said.error);
  return said;
}
