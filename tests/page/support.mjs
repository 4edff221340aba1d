// What the page's tests share: a folder, processes, a browser page that must stay clean, and waiting.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const { chromium } = await import(process.env.PLAYWRIGHT);
export const program = process.env.LOGPIPE;
const timeMax = 240_000; // a machine may be very busy
// Of the tests, not for the program, to which they would be options.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LOGPIPE")));

export function check(condition, what) {
  if (!condition) throw new Error(what);
}
export function equal(got, wanted, what) {
  check(got === wanted, `${what}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

export async function until(condition, what, time = timeMax) {
  const end = Date.now() + time;
  let last;
  while (Date.now() < end) {
    try {
      const value = await condition();
      if (value) return value;
    } catch (failure) {
      last = failure;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not in time: ${what}${last ? ` (${last.message})` : ""}`);
}

export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Where other machines reach this one; none where they cannot. */
export function machineAddress() {
  return Object.values(os.networkInterfaces()).flat().find((each) => each.family === "IPv4" && !each.internal)?.address;
}

/** Everything of one test; close() ends and removes it. */
export class World {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "logpipe-page-"));
    this.children = [];
    this.browsers = [];
    this.sites = [];
  }
  file(name, text) {
    const full = path.join(this.folder, name);
    if (text !== undefined) fs.writeFileSync(full, text);
    return full;
  }
  run(command, args, input) {
    const done = spawnSync(command, args, { cwd: this.folder, env: environment, input, encoding: "utf8", timeout: timeMax, maxBuffer: 1 << 28 });
    check(done.status === 0, `${command} ${args.join(" ")}: ${done.status} ${done.stderr}`);
    return done.stdout;
  }
  start(...args) {
    const log = fs.openSync(path.join(this.folder, `${args[0]}.log`), "a");
    const child = spawn(program, args, { cwd: this.folder, env: environment, stdio: ["ignore", log, log] });
    child.ended = new Promise((resolve) => child.on("exit", resolve));
    this.children.push(child);
    return child;
  }
  /** Another process that holds the store's write lock, until it is ended. */
  async holdStore(file) {
    const code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()";
    const child = spawn("python3", ["-c", code, this.file(file)], { stdio: ["pipe", "pipe", "inherit"] });
    child.ended = new Promise((resolve) => child.on("exit", resolve));
    this.children.push(child);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    return child;
  }
  log(name) {
    if (!fs.existsSync(path.join(this.folder, `${name}.log`))) return "";
    return fs.readFileSync(path.join(this.folder, `${name}.log`), "utf8");
  }
  async end(child, signal = "SIGTERM") {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await child.ended;
  }
  /** `run` with its page. */
  async pipeline(...more) {
    this.port = await freePort();
    this.forward = `127.0.0.1:${await freePort()}`;
    this.address = `http://127.0.0.1:${this.port}`;
    const child = this.start("run", "--data-dir", "data", "--listen", this.forward, "--admin", "none", "--page", `127.0.0.1:${this.port}`, ...more);
    await until(() => fetch(this.address + "/readyz").then((answer) => answer.ok || answer.status === 401), "the page");
    return child;
  }
  produce(file) {
    this.run(program, ["produce", "--file", file, "--to", `forward://${this.forward}`]);
  }
  async ledger() {
    return (await (await fetch(this.address + "/api/status")).json()).ledger;
  }
  async drained(events) {
    await until(async () => {
      const book = await this.ledger();
      return book.in >= events && book.in_flight === 0 && book.difference === 0;
    }, `${events} events to pass`);
  }
  /** A page that fails the test by a console error, a script error, or a request to another host. */
  async open(hash, options = {}) {
    const browser = await this.browser();
    const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, colorScheme: "light", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(timeMax);
    page.faults = [];
    page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") page.faults.push(`console: ${message.text()}`); });
    page.on("pageerror", (failure) => page.faults.push(`script: ${failure.message}`));
    page.on("dialog", (dialog) => dialog.accept());
    page.on("request", (request) => { if (new URL(request.url()).origin !== this.address) page.faults.push(`foreign: ${request.url()}`); });
    await page.goto(`${this.address}/#/${hash}`);
    return page;
  }
  /** A page of another site. @return its address */
  async site(html) {
    const server = http.createServer((request, answer) => answer.writeHead(200, { "Content-Type": "text/html" }).end(html));
    this.sites.push(server);
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://localhost:${server.address().port}/`;
  }
  /** What a user's browser does there. */
  async visit(address) {
    const browser = await this.browser();
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(timeMax);
    await page.goto(address);
    return page;
  }
  async browser() {
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    this.browsers.push(browser);
    return browser;
  }
  async close() {
    for (const site of this.sites) site.close();
    for (const browser of this.browsers) await browser.close();
    for (const child of this.children) await this.end(child, "SIGKILL");
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

export function clean(page) {
  equal(page.faults.join("\n"), "", "faults of the page");
}

/** The dashboard has drawn exactly this query. */
export async function drawn(page) {
  await page.waitForFunction(() => document.getElementById("main").dataset.shown === new URLSearchParams(location.hash.split("?")[1] || "").toString());
}
export async function tile(page, key) {
  return (await page.getAttribute(`[data-tile="${key}"]`, "data-value")).replaceAll(",", "");
}

/** Texts whose contrast is below WCAG AA, each with its ratio; run in the browser. */
function paleTexts() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const over = (top, under) => { const [r, g, b, a = 1] = top; return [r, g, b].map((each, i) => each * a + under[i] * (1 - a)); };
  const light = (rgb) => rgb.map((each) => each / 255).map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      layers.push(channels(style.backgroundColor));
      if (style.backgroundImage !== "none") layers.push(channels(style.backgroundImage.match(/rgba?\([^)]*\)/)[0]));
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const pale = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility() || element.closest(":disabled, noscript")) continue;
    const style = getComputedStyle(element);
    const under = ground(element);
    const [a, b] = [light(over(channels(style.color), under)), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) pale.push(`${node.data.trim().slice(0, 30)} (${element.className || element.tagName}): ${ratio.toFixed(2)}`);
  }
  return [...new Set(pale)];
}

/** What is shown can be read, light and dark; and a picture of each, where they are wanted. */
export async function picture(page, name) {
  const folder = process.env.LOGPIPE_SCREENSHOTS;
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, scheme);
    equal((await page.evaluate(paleTexts)).join("\n"), "", `texts without enough contrast, ${scheme}`);
    if (folder) await page.screenshot({ path: path.join(folder, `${name}-${scheme}.png`), fullPage: true });
  }
}
