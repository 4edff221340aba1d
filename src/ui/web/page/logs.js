// The dashboard of the data. The address holds the view: range or from and to, filters, the search.
import { request } from "./api.js";
import { barChart, formats } from "./charts.js";
import { bytes, count, el, fill, setText, short, stamp } from "./dom.js";

const ranges = [["15m", 15], ["1h", 60], ["6h", 360], ["24h", 1440], ["7d", 10080], ["30d", 43200], ["all", 0]];
const classes = [["1xx", 1], ["2xx", 2], ["3xx", 3], ["4xx", 4], ["5xx", 5], ["none", 0]];
const refreshMs = 5000;
const scansMax = 20; // for the first lines of a view
const noStatus = "-";

/** The API's query: times as milliseconds, filters as they are. */
function apiQuery(query, fields) {
  const out = new URLSearchParams();
  const range = ranges.find(([name]) => name === (query.get("range") || "all"));
  if (query.has("from") && query.has("to")) {
    out.set("from", query.get("from"));
    out.set("to", query.get("to"));
  } else if (range && range[1]) {
    const now = Date.now();
    out.set("from", now - range[1] * 60000);
    out.set("to", now + 60000);
  }
  for (const { name } of fields) for (const value of query.getAll(name)) out.append(name, value);
  if (query.get("q")) out.set("q", query.get("q"));
  return out;
}

/** What a field of a document is, by its path; undefined: it has none. */
export function valueAt(document_, path) {
  return path.split(".").reduce((object, name) => (object !== null && typeof object === "object" && Object.hasOwn(object, name) ? object[name] : undefined), document_);
}

export function logsView(main, { page, query: first, setQuery }) {
  const { top: fields, lines: listed, search: searched, status: statusField, size, unique } = page.documents;
  let query = first;
  let pending = null;
  let timer = 0;

  const searchText = "Search " + searched.map(({ name }) => name).join(", ");
  const search = el("input", { type: "search", placeholder: searchText + "   /", "aria-label": searchText, maxlength: 200, spellcheck: "false", hidden: !searched.length });
  const rangeBox = el("div.segments", { role: "group", "aria-label": "Time range" });
  const chips = el("div.chips", { "aria-label": "Filters" });
  const note = el("p.note", { role: "status" });
  const tiles = el("section.tiles", { "aria-label": "Figures" });
  const legend = el("div.legend");
  const statusBox = el("div.plot");
  const bytesBox = el("div.plot");
  const tops = el("section.tops");
  const lines = el("tbody");
  const more = el("button.quiet", { type: "button", onclick: () => loadLines(true) }, "Older lines");
  main.append(el("section.toolbar", {}, search, rangeBox), chips, note, tiles,
    el("div.pair", {}, el("section.card", {}, el("h2", {}, statusField ? "Status classes over time" : "Lines over time"), legend, statusBox), size && el("section.card", {}, el("h2", {}, size.title + " over time"), bytesBox)),
    tops, el("section.card.scroll", {}, el("h2", {}, "Newest lines"), el("table.lines", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "time"), listed.map((field) =>
      el("th" + (isFigure(field, statusField) ? ".num" : ""), { scope: "col" }, field.name)))), lines), more));

  const change = (edit) => {
    const next = new URLSearchParams(query);
    edit(next);
    setQuery(next);
  };
  const toggle = (field, value) => change((next) => {
    const had = next.getAll(field);
    next.delete(field);
    for (const each of had) if (each !== value) next.append(field, each);
    if (!had.includes(value)) next.append(field, value);
  });
  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => change((next) => (search.value.trim() ? next.set("q", search.value.trim()) : next.delete("q"))), 250);
  });

  const wholeMinute = 60000;
  const select = (from, to) => change((next) => {
    next.delete("range");
    next.set("from", Math.floor(from / wholeMinute) * wholeMinute);
    next.set("to", Math.floor(to / wholeMinute) * wholeMinute + wholeMinute);
  });
  const statusPlot = barChart(statusBox, { series: classes.map(([name]) => [name, "class-" + name]), format: formats.count, select });
  const bytesPlot = size && barChart(bytesBox, { series: [["bytes", "in"]], format: formats.bytes, select });

  function drawControls() {
    if (document.activeElement !== search) search.value = query.get("q") || "";
    const chosen = query.has("from") ? "" : query.get("range") || "all";
    fill(rangeBox, ranges.map(([name]) => el("button", { type: "button", "aria-pressed": String(name === chosen), onclick: () => change((next) => { next.delete("from"); next.delete("to"); next.set("range", name); }) }, name)));
    const chip = (text, remove) => el("button.chip.removable", { type: "button", title: "Remove this filter", onclick: remove }, el("span.cut", {}, text), el("span", { "aria-hidden": "true" }, "×"));
    fill(chips, query.has("from") && chip(`${stamp(Number(query.get("from")))} – ${stamp(Number(query.get("to")))}`, () => change((next) => { next.delete("from"); next.delete("to"); })),
      fields.flatMap(({ name }) => query.getAll(name).map((value) => chip(`${name}: ${value}`, () => toggle(name, value)))));
  }

  function drawFigures(all) {
    const byClass = new Array(6).fill(0);
    for (const bar of all.bars) for (let i = 0; i < 6; i++) byClass[i] += bar[1 + i];
    const part = (n) => (all.documents ? ((100 * n) / all.documents).toFixed(1) + " %" : "–");
    // Over the time that has data, as a rule much less than the range.
    const covered = all.bars.length ? Math.max(60, (all.bars[all.bars.length - 1][0] - all.bars[0][0] + all.bar_ms) / 1000) : 0;
    const tile = (name, value, title, key, mood) => el("div.tile" + (mood ? "." + mood : ""), { title, "data-tile": key, "data-value": String(title ?? "") }, el("b", {}, value), el("span.dim", {}, name));
    const values = unique && all.fields[unique.name];
    fill(tiles, tile("lines", short(all.documents), count(all.documents), "documents"), tile("lines a second", covered ? short(all.documents / covered) : "–", null, "rate"),
      statusField && tile("4xx", part(byClass[4]), count(byClass[4]), "4xx", byClass[4] ? "warn" : ""), statusField && tile("5xx", part(byClass[5]), count(byClass[5]), "5xx", byClass[5] ? "bad" : ""),
      size && tile(size.title.toLowerCase(), bytes(all.bytes), count(all.bytes), "bytes"), values && tile("unique " + unique.title, short(values.distinct) + (values.others ? "+" : ""), count(values.distinct), "unique"));
    fill(legend, statusField && classes.filter(([, at]) => byClass[at]).map(([name, at]) => {
      const value = name === "none" ? noStatus : name;
      return el("button.key." + "class-" + name, { type: "button", "data-class": name, "aria-pressed": String(query.getAll(statusField.name).includes(value)), onclick: () => toggle(statusField.name, value) }, `${name} ${count(byClass[at])}`);
    }));
    const isAll = ![...query.keys()].some((name) => name !== "range") && (query.get("range") || "all") === "all";
    if (isAll && !all.in_range) setText(note, "No lines yet. Send some with logpipe produce, any client of the Fluent forward protocol, or the form under Produce.");
    else setText(note, all.counted >= all.in_range ? "" : all.incomplete ? `Counting: the newest ${count(all.counted)} of ${count(all.in_range)} lines so far …` : `Under a filter the figures are of the newest ${count(all.counted)} of the ${count(all.in_range)} lines of this time. A shorter time counts all of its lines.`);
  }

  function drawCharts(all) {
    for (const box of [statusBox, bytesBox]) box.classList.toggle("is-empty", !all.bars.length);
    // The first and the last bucket are whole, whatever of them was asked for.
    const first = all.bars[0]?.[0] ?? all.from;
    const last = (all.bars[all.bars.length - 1]?.[0] ?? first) + all.bar_ms;
    const span = { from: Math.min(all.from, first), to: Math.max(all.to, last), bucket: all.bar_ms };
    const status = all.bars.map((bar) => [bar[0], ...classes.map(([, at]) => bar[1 + at])]);
    const sum = ([, ...values]) => values.reduce((a, b) => a + b, 0);
    statusPlot.setData({ ...span, bars: status, high: Math.max(0, ...status.map(sum)) });
    bytesPlot?.setData({ ...span, bars: all.bars.map((bar) => [bar[0], bar[7]]), high: Math.max(0, ...all.bars.map((bar) => bar[7])) });
  }

  function drawTops(all) {
    const focused = document.activeElement?.dataset?.value !== undefined ? [document.activeElement.dataset.field, document.activeElement.dataset.value] : null;
    fill(tops, fields.map(({ name, title }) => {
      const { top, distinct, others, missed } = all.fields[name];
      const most = top[0]?.documents || 1;
      const row = (each) => {
        const bar = el("span.share");
        bar.style.width = (100 * each.documents) / most + "%";
        return el("li", {}, el("button", { type: "button", "data-field": name, "data-value": each.value, title: each.value, "aria-pressed": String(query.getAll(name).includes(each.value)), onclick: () => toggle(name, each.value) },
          bar, el("span.cut", {}, each.value || "(empty)"), el("span.num", { title: between(each) }, count(each.documents), each.missed > 0 && el("span.dim", {}, ` + ≤ ${short(each.missed)}`))));
      };
      const rest = others > 0 && el("li.others", { title: `Values that are not kept by name: too long, or each in at most ${count(missed)} lines` }, el("span", {}, "others"), el("span.num", {}, count(others)));
      return el("section.card.top", { "data-top": name }, el("h2", {}, title, el("span.dim", {}, distinct > top.length ? `${top.length} of ${count(distinct)}${others ? "+" : ""}` : "")),
        top.length || rest ? el("ol", {}, top.map(row), rest) : el("p.empty", {}, "none"));
    }));
    if (focused) for (const button of tops.querySelectorAll("button")) if (button.dataset.field === focused[0] && button.dataset.value === focused[1]) button.focus();
  }

  async function drawOverview(wanted, signal) {
    const all = await request("/api/logs/overview?" + wanted, { signal });
    drawFigures(all);
    drawCharts(all);
    drawTops(all);
    return all;
  }

  let before = 0;
  let newest = -1;
  async function loadLines(older, signal) {
    const wanted = apiQuery(query, fields);
    wanted.set("limit", 50);
    if (older) wanted.set("before", before);
    let response = await request("/api/logs/lines?" + wanted, { signal });
    // What is rare may be far back: a response covers a part of the lines.
    for (let more = 0; !response.lines.length && response.before && more < scansMax; more++) {
      wanted.set("before", response.before);
      response = await request("/api/logs/lines?" + wanted, { signal });
    }
    // A reader who has gone back, or opened a line, must not lose the position.
    if (!older && (lines.querySelector(".open") || lines.dataset.older)) return;
    if (!older && response.lines[0]?.row === newest && lines.childElementCount) return;
    if (!older) newest = response.lines[0]?.row ?? -1;
    before = response.before;
    more.hidden = !before;
    const rows = response.lines.flatMap((line) => lineRows(line, page.documents));
    if (older) {
      lines.dataset.older = "yes";
      lines.append(...rows);
    } else {
      fill(lines, rows.length ? rows : el("tr", {}, el("td.empty", { colspan: listed.length + 1 }, response.before ? "No such line among the newest; continue with the older ones." : "No lines.")));
    }
  }

  async function refresh(fresh) {
    clearTimeout(timer);
    pending?.abort();
    pending = new AbortController();
    const { signal } = pending;
    if (fresh) { delete lines.dataset.older; newest = -1; fill(lines); }
    try {
      const wanted = apiQuery(query, fields);
      let all = await drawOverview(wanted, signal);
      const had = loadLines(false, signal);
      had.catch(() => {}); // reported below; until then it may fail unnoticed
      for (let seen = -1; all.incomplete && all.counted > seen; ) {
        seen = all.counted;
        all = await drawOverview(wanted, signal);
      }
      await had;
      main.dataset.shown = query.toString();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      setText(note, problem.status === 404 ? "The store does not exist yet: the first line creates it." : problem.message);
    }
    if (!signal.aborted) timer = setTimeout(() => (document.hidden ? (timer = setTimeout(refresh, refreshMs)) : refresh()), refreshMs);
  }

  drawControls();
  refresh(true);
  return {
    change(next) {
      query = next;
      drawControls();
      refresh(true);
    },
    leave() {
      clearTimeout(timer);
      clearTimeout(typing);
      pending?.abort();
      statusPlot.destroy();
      bytesPlot?.destroy();
      delete main.dataset.shown;
    },
  };
}

/** How often a value is there, where not every line of it was counted by its name. */
function between({ documents, missed, bytes: sent }) {
  return missed > 0 ? `At least ${count(documents)}, at most ${count(documents + missed)} lines; ${bytes(sent)} of those that are counted` : bytes(sent);
}

/** A number that is not a status. */
function isFigure(field, statusField) {
  return field.number && field.name !== statusField?.name;
}

/** A line and, when it is opened, its document below. */
function lineRows(line, { lines: listed, time, status: statusField }) {
  let document_ = {};
  try {
    document_ = JSON.parse(line.document);
  } catch { /* shown as it is */ }
  const text = (value) => (value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
  const firstText = listed.find(({ number }) => !number);
  const cell = (field) => {
    const value = valueAt(document_, field.path);
    if (field.name === statusField?.name) return el("td", {}, el("span.status.class-" + (/^[1-5]/.test(text(value)) ? text(value)[0] + "xx" : "none"), {}, text(value)));
    if (field.number) return el("td.num", {}, typeof value === "number" ? count(value) : text(value));
    return el("td.cut", { title: text(value) }, text(value ?? (field === firstText ? line.document.slice(0, 200) : "")));
  };
  const at = time && valueAt(document_, time.path);
  const button = el("button.line", { type: "button", "aria-expanded": "false" }, typeof at === "number" ? stamp(at, true) : "–");
  const row = el("tr", {}, el("td", {}, button), listed.map(cell));
  row.addEventListener("click", () => {
    if (getSelection()?.toString()) return;
    const open = row.classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
    if (!open) return row.nextElementSibling?.classList.contains("document") && row.nextElementSibling.remove();
    row.after(el("tr.document", {}, el("td", { colspan: listed.length + 1 }, el("pre", { tabindex: "0" }, pretty(line.document)))));
  });
  return [row];
}

/** Indented without parsing: numbers and escapes stay as they were written. */
export function pretty(json) {
  let out = "";
  let depth = 0;
  let inside = false;
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (inside) {
      out += c;
      if (c === "\\") out += json[++i] ?? "";
      else if (c === '"') inside = false;
    } else if (c === '"') {
      inside = true;
      out += c;
    } else if (c === "{" || c === "[") {
      const next = json[i + 1];
      out += c;
      if (next === "}" || next === "]") out += json[++i];
      else out += "\n" + "  ".repeat(++depth);
    } else if (c === "}" || c === "]") out += "\n" + "  ".repeat(Math.max(0, --depth)) + c;
    else if (c === ",") out += ",\n" + "  ".repeat(depth);
    else if (c === ":") out += ": ";
    else if (!/\s/.test(c)) out += c;
  }
  return out;
}
