// A hand that draws asks with each of its moves. A request for each would cost the
// browser more than all else that it does for an answer: drawings and answers go
// over one connection, in order, and by requests where there is none.

import { ask } from "./api.js";

let connection = null; // sends a drawing and resolves to its answer, or to null if that is lost
let ended = -Infinity; // when the last connection did

function connect() {
  const url = new URL("api/draw", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url), waiting = [];
  socket.onmessage = e => waiting.shift()(JSON.parse(e.data));
  const opened = new Promise(resolve => {
    socket.onopen = () => resolve(true);
    socket.onclose = () => {
      connection = null;
      ended = performance.now();
      resolve(false);
      for (const lose of waiting) lose(null);
    };
  });
  return async message => await opened ? new Promise(answer => { waiting.push(answer); socket.send(message); }) : null;
}

// askOf asks about a drawing, as the pad's gray gives it.
export async function askOf({ data, width }) {
  const message = new Uint8Array(2 + data.length);
  message.set([width & 255, width >> 8]);
  message.set(data, 2);
  if (!connection && performance.now() - ended > 5000) connection = connect();
  const said = connection && await connection(message);
  if (!said) return ask("api/predict?width=" + width, data);
  if (said.error) throw new Error(said.error);
  return said;
}
