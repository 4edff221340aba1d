// The picture of the pipeline as it runs, the ledger, and what is wrong with it.
import { chainOf, entering, pumpsOf } from "./chain.js";
import { formats, lineChart } from "./charts.js";
import { amount, bytes, count, el, fill, seconds, setText, short, stamp } from "./dom.js";

const historySeconds = 300;

class Rates {
  constructor() {
    this.before = new Map();
    this.history = []; // [ms, in, out]
  }
  update(snapshot, pumps) {
    const rates = new Map();
    for (const pump of pumps) {
      const key = `${pump.process.address}|${pump.process.status.pid}|${pump.name}`;
      const run = pump.this_run;
      const now = { t: snapshot.time_ms, in: run.in, out: run.indexed + run.duplicates + run.dead + (run.dropped ?? 0) + (run.routed ?? 0), dead: run.dead, bytes: pump.bytes_in };
      const was = this.before.get(key);
      const passed = was ? (now.t - was.t) / 1000 : 0;
      const per = (name) => (passed > 0 ? Math.max(0, (now[name] - was[name]) / passed) : 0);
      rates.set(pump, { in: per("in"), out: per("out"), dead: per("dead"), bytes: per("bytes") });
      this.before.set(key, now);
    }
    const last = pumps[pumps.length - 1];
    if (last) this.history.push([snapshot.time_ms, entering(pumps).reduce((sum, pump) => sum + rates.get(pump).in, 0), rates.get(last).out]);
    while (this.history.length && this.history[0][0] < snapshot.time_ms - historySeconds * 1000) this.history.shift();
    return rates;
  }
}
// Kept while the page is open, so that the chart survives a change of view.
const rates = new Rates();

function problemsOf(processes) {
  const problems = [];
  for (const process of processes) {
    if (!process.status) {
      problems.push({ where: process.address, reason: process.reason || "The process does not respond.", hint: "Start it, or check its address." });
      continue;
    }
    const name = process.status.subcommand;
    for (const pump of process.status.pumps)
      for (const stage of pump.stages)
        if (!stage.up) problems.push({ where: `${name} · ${pump.name} · ${stage.name}`, reason: stage.reason, hint: stage.hint });
    if (process.status.ledger.difference !== 0 && unbalanced.get(process.address) > 2)
      problems.push({ where: `${name} · ledger`, reason: `The difference is ${process.status.ledger.difference}, not 0: events are missing or duplicated.`, hint: "Run logpipe verify, and please report it with the output of logpipe status --json." });
    if (process.status.draining) problems.push({ where: name, reason: "It is stopping: it finishes what it has read, and reads nothing new.", hint: "" });
  }
  return problems;
}
const unbalanced = new Map(); // how often in a row: batches that move are seen twice for a moment

function boxCard(box) {
  const names = box.stages.map((stage) => stage.name).join(" · ");
  const dot = el("span.dot");
  const state = el("span.state");
  const figures = el("dl.figures");
  const all = el("dl.metrics");
  const node = el("article.box" + (box.atRest ? ".store" : ""), { "data-stage": box.stages.map((stage) => stage.name).join(" "), title: names },
    el("h3", {}, dot, box.stages[0].title || box.stages[0].name), el("p.dim", {}, box.stages[0].target || names), figures, state,
    el("details", {}, el("summary", {}, "all metrics"), all));
  return {
    node,
    update(now) {
      const up = now.stages.every((stage) => stage.up);
      node.classList.toggle("down", !up);
      setText(state, up ? "" : "down");
      const shown = now.stages.flatMap((stage) => [...(typeof stage.backlog === "number" ? [["backlog", count(stage.backlog)]] : []), ...stage.figures.map((each) => [each.title, amount(each.name, each.value)])]);
      if (now.stages.some((stage) => stage.retries)) shown.push(["retries", count(now.stages.reduce((sum, stage) => sum + stage.retries, 0))]);
      definitions(figures, shown);
      definitions(all, now.stages.flatMap((stage) => Object.entries(stage.metrics).map(([name, value]) => [name, amount(name, value)])));
    },
  };
}
function definitions(list, rows) {
  if (list.childElementCount !== rows.length * 2) fill(list, rows.map(() => [el("dt"), el("dd")]));
  rows.forEach(([name, value], i) => {
    setText(list.children[2 * i], name);
    setText(list.children[2 * i + 1], value);
  });
}

function arrow(link) {
  const rate = el("span.rate");
  const fillBar = el("span.fill");
  const queue = el("span.queue", { title: "How full the queue is" }, fillBar);
  const node = el("div.arrow", { "aria-hidden": link.pump ? null : "true" }, rate, el("span.line"), link.pump ? queue : null);
  return {
    node,
    update(now, known) {
      if (!now.pump) return;
      const per = known.get(now.pump);
      setText(rate, short(now.toSink ? per.out : per.in) + "/s");
      node.classList.toggle("moving", per.in > 0 || per.out > 0);
      // Set by the CSSOM: the page's policy allows no style attributes.
      fillBar.style.width = Math.min(100, (now.pump.queued_batches / (now.pump.queued_batches_max || 1)) * 100) + "%";
      queue.title = `${now.pump.queued_batches} of ${now.pump.queued_batches_max} batches queued, ${bytes(now.pump.in_flight_bytes)} in flight`;
    },
  };
}

export function pipelineView(main, { live }) {
  const problems = el("section.problems", { role: "alert", "aria-live": "assertive" });
  const books = el("section.card.books", { "aria-label": "Ledger" });
  const flow = el("section.flow", { "aria-label": "The pipeline" });
  const plotBox = el("div.plot");
  const rows = el("tbody");
  const warnings = el("section.card.warnings", { "aria-label": "Last warnings", hidden: true });
  main.append(problems, books, flow,
    el("section.card", {}, el("h2", {}, "Events a second, the last five minutes ", el("span.key.in", {}, "in"), el("span.key.out", {}, "out")), plotBox),
    el("section.card.scroll", {}, el("h2", {}, "Pumps"), el("table.pumps", {}, el("thead", {}, el("tr", {},
      ["pump", "in/s", "out/s", "bytes/s", "backlog", "queued", "in flight", "oldest", "dead", "retries"].map((name, i) => el("th" + (i ? ".num" : ""), { scope: "col" }, name)))), rows)), warnings);
  const plot = lineChart(plotBox, { series: [["in", "in"], ["out", "out"]], format: formats.rate });

  let drawn = "";
  let parts = null;
  function draw(pumps) {
    const chain = chainOf(pumps);
    const name = chain.boxes.map((box) => box.pump.process.address + box.pump.name + box.stages.map((stage) => stage.name)).join("|");
    if (name !== drawn) {
      drawn = name;
      parts = { boxes: chain.boxes.map(boxCard), links: chain.links.map(arrow) };
      fill(flow, parts.boxes.map((box, i) => [box.node, parts.links[i]?.node]));
      if (!pumps.length) fill(flow, el("p.empty", {}, "Nothing runs at the moment."));
    }
    return chain;
  }

  function update(snapshot) {
    for (const { address, status } of snapshot.processes)
      unbalanced.set(address, status && status.ledger.difference !== 0 ? (unbalanced.get(address) || 0) + 1 : 0);
    const pumps = pumpsOf(snapshot.processes);
    const known = rates.update(snapshot, pumps);
    const chain = draw(pumps);
    chain.boxes.forEach((box, i) => parts.boxes[i].update(box));
    chain.links.forEach((each, i) => parts.links[i].update(each, known));

    const wrong = problemsOf(snapshot.processes);
    const text = JSON.stringify(wrong);
    if (problems.dataset.shown !== text) {
      problems.dataset.shown = text;
      fill(problems, wrong.map((each) => el("div.problem", {}, el("strong", {}, each.where), el("p", {}, each.reason || "It is down."), each.hint ? el("p.dim", {}, each.hint) : null)));
    }
    fill(books, snapshot.processes.filter((each) => each.status?.pumps.length).map(({ status }) => ledger(status)));
    fill(rows, pumps.map((pump) => row(pump, known.get(pump))));
    const said = snapshot.processes.flatMap(({ status }) => (status?.warnings || []).map((each) => ({ ...each, by: status.subcommand }))).sort((a, b) => b.time_ns - a.time_ns).slice(0, 10);
    warnings.hidden = !said.length;
    if (said.length) fill(warnings, el("h2", {}, "Last warnings"), said.map((each) => el("p", {}, el("span.dim", {}, `${stamp(each.time_ns / 1e6, true)} ${each.by} `), el("span" + (each.severity === "error" ? ".bad" : ""), {}, each.message))));
    plot.setData({ from: snapshot.time_ms - historySeconds * 1000, to: snapshot.time_ms, high: Math.max(10, ...rates.history.map((each) => Math.max(each[1], each[2]))), points: rates.history });
  }

  const stop = live.listen(update);
  return { leave: () => { stop(); plot.destroy(); } };
}

function ledger(status) {
  const book = status.ledger;
  const term = (name, value) => el("span.term", {}, el("b", {}, count(value)), el("span.dim", {}, name));
  const passed = (name, value) => (value ? el("span", {}, "+ ", term(name, value)) : "");
  const zero = book.difference === 0;
  return el("div.ledger", { "data-process": status.subcommand }, el("span.name", {}, status.subcommand), term("in", book.in), "=", term("indexed", book.indexed), "+", term("already there", book.duplicates), "+",
    term("dead", book.dead), "+", term("in flight", book.in_flight), passed("taken", book.taken), passed("dropped", book.dropped), passed("routed", book.routed), passed("tombstones", book.tombstones), passed("gaps", book.gaps), passed("expired", book.expired),
    book.by_runs || book.by_retries ? el("span.dim", { title: "came in beside the first stage, since the process started" }, `of in: ${count(book.by_runs)} by runs, ${count(book.by_retries)} by retries`) : "",
    el("span.chip" + (zero ? ".good" : ".bad"), { title: "in minus all other terms: must be 0" }, "difference " + count(book.difference)));
}

function row(pump, per) {
  const cells = [short(per.in), short(per.out), bytes(per.bytes), typeof pump.backlog === "number" ? count(pump.backlog) : "–", count(pump.queued_batches), count(pump.ledger.in_flight + (pump.ledger.taken ?? 0)), pump.oldest_seconds ? seconds(pump.oldest_seconds) : "–",
    count(pump.ledger.dead), count(pump.retries)];
  return el("tr", { "data-pump": pump.name }, el("th", { scope: "row" }, pump.name, el("span.dim", {}, pump.process.address ? " " + pump.process.address : "", pump.finished ? " (finished)" : "")),
    cells.map((cell) => el("td.num", {}, cell)));
}
