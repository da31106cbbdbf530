// What all parts of the page share: the server's answers, and what is on the page now.

export const $ = id => document.getElementById(id);

// shared is what the parts know of each other.
export const shared = {
  models: [],   // as /api/models says
  image: null,  // what the networks see, bytes (H,W,C)
  own: {},      // by name: what a network sees that sees it prepared in another way
};

export const imageOf = name => shared.image && (shared.own[name] ?? shared.image);

export const named = name => shared.models.find(m => m.name === name);

export const say = text => { $("alert").textContent = text; };

// ask gets JSON, or posts a body: JSON, or a drawing's bytes. With a signal it
// can be given up, and everything else goes first.
export async function ask(path, body, signal) {
  const options = signal ? { signal, priority: "low" } : {};
  if (body !== undefined) {
    const drawing = body instanceof Uint8Array;
    options.method = "POST";
    options.body = drawing ? body : JSON.stringify(body);
    options.headers = { "Content-Type": drawing ? "application/octet-stream" : "application/json" };
  }
  // Giving up, or a lost connection, can come before the answer or within it.
  const lost = e => { throw e.name === "AbortError" ? e : new Error("The server does not answer."); };
  const reply = await fetch(path, options).catch(lost);
  const answer = await reply.json().catch(e => reply.ok || e.name === "AbortError" ? lost(e) : {});
  if (!reply.ok) throw new Error(answer.error ?? `${reply.status} ${reply.statusText}`);
  return answer;
}

// rest waits until nothing else is to be done, or throws if that has been given up.
export async function rest(signal) {
  await new Promise(go => globalThis.requestIdleCallback ? requestIdleCallback(go, { timeout: 200 }) : setTimeout(go));
  signal.throwIfAborted();
}

// overlapping makes of a question, which resolves to what shows its answer, one
// that does not wait for the answer before, up to most at a time. An answer is not
// shown after that to a later question, and the last call is never missed.
export function overlapping(most, question) {
  let asked = 0, shown = 0, running = 0, again = false;
  return async function run() {
    if (running === most) { again = true; return; }
    const number = ++asked;
    running++;
    try {
      const show = await question();
      if (number > shown) { shown = number; show(); say(""); }
    } catch (e) {
      if (number > shown && e.name !== "AbortError") say(e.message);
    }
    running--;
    if (again) { again = false; await run(); }
  };
}

// latest makes of a slow function one that runs at most once at a time and
// never misses the last call.
export const latest = work => overlapping(1, async () => { await work(); return () => {}; });

export function bytes(text) {
  const codes = atob(text ?? ""), all = new Uint8Array(codes.length);
  for (let i = 0; i < all.length; i++) all[i] = codes.charCodeAt(i);
  return all;
}
export const base64 = data => btoa(String.fromCharCode(...data));
