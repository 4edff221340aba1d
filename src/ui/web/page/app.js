// The frame: tabs, the link's state, the theme, and which view the address names.
import { request, Live, onUnauthorized, Problem } from "./api.js";
import { el, fill, setText, stamp } from "./dom.js";
import { deadLettersView } from "./dead_letters.js";
import { logsView } from "./logs.js";
import { pipelineView } from "./pipeline.js";
import { produceView } from "./produce.js";

const views = {
  pipeline: { title: "Pipeline", make: pipelineView, there: () => true },
  logs: { title: "Logs", make: logsView, there: (page) => page.logs },
  letters: { title: "Dead letters", make: deadLettersView, there: (page) => page.dead_letters },
  produce: { title: "Produce", make: produceView, there: (page) => page.produce },
};

const main = document.getElementById("main");
const tabs = document.getElementById("tabs");
const link = document.getElementById("link");

function theme(name) {
  if (name) localStorage.setItem("theme", name);
  const chosen = localStorage.getItem("theme");
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  dispatchEvent(new Event("themechange"));
}
theme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme());
document.getElementById("theme").addEventListener("click", () =>
  theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));

let page = null;
let live = null;
let shown = null; // {name, leave}

function addressOf() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: path || "pipeline", query: new URLSearchParams(query || "") };
}

function show() {
  if (!page) return;
  let { name, query } = addressOf();
  if (!Object.hasOwn(views, name) || !views[name].there(page)) name = "pipeline";
  for (const tab of tabs.children) {
    const current = tab.dataset.view === name;
    if (current) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  document.title = `${views[name].title} – logpipe`;
  if (shown?.name === name) return shown.change?.(query);
  shown?.leave?.();
  main.replaceChildren();
  shown = { name, ...views[name].make(main, { page, live, query, setQuery }) };
}

/** The address holds the view; going back is the browser's. */
function setQuery(query) {
  const text = query.toString();
  location.hash = `#/${shown.name}${text ? "?" + text : ""}`;
}

function linkState(state) {
  link.className = "chip " + (state === "live" ? "good" : state === "stale" ? "bad" : "");
  link.dataset.state = state;
  document.body.classList.toggle("is-stale", state === "stale");
  setText(link, state === "live" ? "live" : state === "stale" ? (live?.latest ? "stale since " + stamp(live.latest.time_ms, true).slice(11) + ", reconnecting" : "no connection") : "connecting");
}

function askForToken() {
  if (document.getElementById("token")) return;
  shown?.leave?.();
  shown = null;
  const said = el("p.bad", { role: "alert" });
  const field = el("input", { id: "token", type: "password", autocomplete: "current-password", required: true });
  const form = el("form.card.narrow", {
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        await request("/api/session", { method: "POST", body: field.value });
        start();
      } catch (problem) {
        setText(said, problem.message);
      }
    },
  }, el("h2", {}, "This logpipe wants to see a token"), el("p.dim", {}, "It is the first line of the file that --auth-token-file names."),
    el("label", {}, "Token", field), el("button.primary", { type: "submit" }, "Go on"), said);
  fill(main, form);
  field.focus();
}
onUnauthorized(askForToken);

async function start() {
  try {
    page = await request("/api/page");
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 401) return;
    linkState("stale");
    setTimeout(start, 2000);
    return;
  }
  views.logs.title = page.documents.title || "Logs";
  main.replaceChildren();
  fill(tabs, Object.entries(views).filter(([, view]) => view.there(page)).map(([name, view]) =>
    el("a", { href: "#/" + name, "data-view": name }, view.title)));
  if (!live) {
    live = new Live();
    live.onstate = linkState;
  } else {
    live.open();
  }
  show();
}

addEventListener("hashchange", show);
addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea, button") || event.ctrlKey || event.metaKey || event.altKey) return;
  const tab = tabs.children[Number(event.key) - 1];
  if (tab) tab.click();
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); }
  }
});
start();
