// What all parts of the page share: the server's answers, and what is on the page now.

export const $ = id => document.getElementById(id);

// shared is what the parts know of each other.
export const shared = {
  models: [],   // as /api/models says
  image: null,  // what the networks see, bytes (H,W,C)
};

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

// latest makes of a slow function one that runs at most once at a time and
// never misses the last call.
export function latest(work) {
  let running = false, again = false;
  return async () => {
    if (running) { again = true; return; }
    running = true;
    do {
      again = false;
      try { await work(); say(""); } catch (e) { if (e.name !== "AbortError") say(e.message); }
    } while (again);
    running = false;
  };
}

export const bytes = text => Uint8Array.from(atob(text ?? ""), c => c.charCodeAt(0));
export const base64 = data => btoa(String.fromCharCode(...data));
