// The HTTP API and the live stream. One connection for the whole page.

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const unauthorizedListeners = new Set();
/** Called when the server requires a token. */
export function onUnauthorized(listener) {
  unauthorizedListeners.add(listener);
}

export async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Problem(0, "The server does not respond.");
  }
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Problem(response.status, text.slice(0, 200) || response.statusText);
  }
  if (response.status === 401) for (const listener of unauthorizedListeners) listener();
  if (!response.ok) throw new Problem(response.status, body.detail || response.statusText);
  return body;
}

export function post(path, body) {
  return request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** The live stream: keeps the newest snapshot, calls the listeners, reconnects by itself, and knows when it is stale. */
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

  /** Nothing for 4 s is stale; the browser abandons some broken connections, so we reconnect. */
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
