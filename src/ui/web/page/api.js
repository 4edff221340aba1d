// The HTTP API and the live stream. One connection for the whole page.

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const refusals = new Set();
/** Told when the server wants to see a token. */
export function onRefusal(tell) {
  refusals.add(tell);
}

export async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...options });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem(0, "The server does not answer.");
  }
  const text = await answer.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Problem(answer.status, text.slice(0, 200) || answer.statusText);
  }
  if (answer.status === 401) for (const tell of refusals) tell();
  if (!answer.ok) throw new Problem(answer.status, body.detail || answer.statusText);
  return body;
}

export function post(path, body) {
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** The live stream: keeps the newest news, tells who listens, reconnects by itself, and knows when it is stale. */
export class Live {
  constructor() {
    this.listeners = new Set();
    this.latest = null;
    this.state = "connecting";
    this.source = null;
    this.heard = 0;
    this.tries = 0;
    this.timer = setInterval(() => this.check(), 1000);
    this.open();
  }

  open() {
    this.source?.close();
    this.source = new EventSource("/api/live");
    this.opened = performance.now();
    this.source.addEventListener("processes", (event) => {
      this.heard = performance.now();
      this.tries = 0;
      this.latest = JSON.parse(event.data);
      this.change("live");
      for (const listener of this.listeners) listener(this.latest);
    });
    this.source.addEventListener("error", () => this.change("stale"));
  }

  /** Nothing for 4 s is stale; the browser gives some broken connections up for good, so we open anew. */
  check() {
    const now = performance.now();
    if (now - Math.max(this.heard, this.opened) < 4000) return;
    this.change("stale");
    const wait = Math.min(10000, 1000 * 2 ** this.tries);
    if (now - this.opened < wait) return;
    this.tries++;
    this.open();
  }

  change(state) {
    this.state = state;
    this.onstate?.(state);
  }

  listen(listener) {
    this.listeners.add(listener);
    if (this.latest) listener(this.latest);
    return () => this.listeners.delete(listener);
  }
}
