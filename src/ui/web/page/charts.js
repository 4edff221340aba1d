// Charts over time, drawn as SVG in the colours of the stylesheet: bars exactly one bucket wide, lines with gaps where
// nothing was measured, values under the pointer, and a time that is chosen by dragging.
import { bytes, el, fill, short, stamp } from "./dom.js";

const space = { left: 60, right: 8, top: 8, bottom: 36 };
const dragLeast = 4; // pixels: less is a click
const gapSeconds = 5; // between two points of a line

export const formats = { count: short, bytes, rate: (n) => short(n) + "/s" };

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
const px = (n) => n.toFixed(2);

/**
 * A chart in `box`. The data that setData() takes is {from, to, high, …} with times in ms; `marks(data, scale)` gives the
 * nodes, `tooltip(data, ms)` what is shown under the pointer: {title, rows: [[name, class, text]]}, or null.
 * @param select  where set, gets (from, to) in ms of a time that was chosen by dragging
 * @return {setData, destroy}
 */
export function chart(box, { format, marks, tooltip, select }) {
  const picture = svg("svg", { "aria-hidden": "true" });
  const chosen = el("div.chosen", { hidden: true });
  const tip = el("div.tip", { hidden: true });
  fill(box, picture, chosen, tip);
  let data = null;
  let scale = null;
  let began = null; // where a drag did

  function draw() {
    if (!data || !box.clientWidth) return;
    scale = scaleOf(data, box.clientWidth, box.clientHeight);
    picture.setAttribute("viewBox", `0 0 ${box.clientWidth} ${box.clientHeight}`);
    picture.replaceChildren(...valueAxis(scale, format), ...timeAxis(scale), ...marks(data, scale));
  }
  const within = (event) => Math.min(scale.right, Math.max(scale.left, event.clientX - box.getBoundingClientRect().left));

  function show(event) {
    if (!scale) return;
    const at = within(event);
    const found = tooltip(data, scale.time(at));
    tip.hidden = !found;
    if (!found) return;
    fill(tip, el("b", {}, found.title), found.rows.map(([name, kind, text]) => el("span.key." + kind, {}, name, el("span.num", {}, text))));
    tip.style.left = Math.max(0, at > box.clientWidth / 2 ? at - tip.offsetWidth - 12 : at + 12) + "px";
    if (began === null) return;
    chosen.hidden = Math.abs(at - began) < dragLeast;
    chosen.style.left = Math.min(at, began) + "px";
    chosen.style.width = Math.abs(at - began) + "px";
  }
  function end(event) {
    const from = began;
    began = null;
    chosen.hidden = true;
    const to = within(event);
    if (from !== null && Math.abs(to - from) >= dragLeast && event.type === "pointerup") select(scale.time(Math.min(from, to)), scale.time(Math.max(from, to)));
  }
  box.addEventListener("pointermove", show);
  box.addEventListener("pointerleave", () => (tip.hidden = true));
  if (select) {
    box.classList.add("choosable");
    box.addEventListener("pointerdown", (event) => {
      if (!scale || event.button !== 0) return;
      began = within(event);
      box.setPointerCapture(event.pointerId);
    });
    box.addEventListener("pointerup", end);
    box.addEventListener("pointercancel", end);
  }
  const resized = new ResizeObserver(draw);
  resized.observe(box);
  return {
    setData(next) {
      data = next;
      draw();
    },
    destroy: () => resized.disconnect(),
  };
}

function scaleOf({ from, to, high }, width, height) {
  const left = space.left;
  const right = Math.max(left + 1, width - space.right);
  const bottom = Math.max(space.top + 1, height - space.bottom);
  return {
    from, to, left, right, bottom,
    high: high > 0 ? high * 1.05 : 1,
    x: (ms) => left + ((ms - from) / (to - from)) * (right - left),
    y(value) { return bottom - (value / this.high) * (bottom - space.top); },
    time: (x) => from + ((x - left) / (right - left)) * (to - from),
  };
}

/** The least of 1, 2, 5, 10, … (of powers of two for bytes) that gives no more than so many steps up to `high`. */
export function valueStep(high, steps, binary) {
  let step = 1;
  for (let i = 0; high / step > steps; i++) step = binary ? step * 2 : step * (i % 3 === 1 ? 2.5 : 2);
  return step;
}

function valueAxis(scale, format) {
  const nodes = [];
  const step = valueStep(scale.high, Math.max(2, Math.floor((scale.bottom - space.top) / 36)), format === bytes);
  for (let value = 0; value <= scale.high; value += step) {
    const y = px(scale.y(value));
    nodes.push(svg("line", { class: "grid", x1: scale.left, x2: scale.right, y1: y, y2: y }), svg("text", { class: "value", x: scale.left - 8, y, dy: "0.32em" }, format(value)));
  }
  return nodes;
}

const minute = 60000;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [1000, 5000, 10000, 30000, minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day,
  30 * day, 91 * day, 182 * day, 365 * day];
const pad = (n) => String(n).padStart(2, "0");

/** Round local times between the two, at most so many, each with its words; the day stands where it begins. */
export function timeTicks(from, to, most) {
  let step = timeSteps.find((each) => (to - from) / each <= most) ?? 365 * day;
  while ((to - from) / step > most) step *= 2;
  const offset = new Date(from).getTimezoneOffset() * minute;
  const ticks = [];
  let before = -1;
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= to; at += step) {
    const t = new Date(at);
    const date = `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
    const time = `${pad(t.getHours())}:${pad(t.getMinutes())}` + (step < minute ? ":" + pad(t.getSeconds()) : "");
    ticks.push({ at, words: step >= day ? [date] : before === t.getDate() ? [time] : [time, date] });
    before = t.getDate();
  }
  return ticks;
}

function timeAxis(scale) {
  return timeTicks(scale.from, scale.to, Math.max(2, Math.floor((scale.right - scale.left) / 90))).map(({ at, words }) => {
    // Whole within the picture, also at its ends.
    const half = Math.max(...words.map((each) => each.length)) * 3.2;
    const x = px(Math.min(scale.right + space.right - half, Math.max(half, scale.x(at))));
    return svg("text", { class: "time" }, ...words.map((each, i) => svg("tspan", { x, y: scale.bottom + 15 + 13 * i }, each)));
  });
}

/**
 * Bars of several series on top of each other, each as wide as its bucket.
 * data: {from, to, bucket, high, bars: [[start, value…]]} in ms; series: [[name, class]] in the order of the values.
 */
export function barChart(box, { series, format, select }) {
  return chart(box, {
    format,
    select,
    marks: ({ bars, bucket }, scale) => bars.flatMap(([start, ...values]) => {
      const left = scale.x(start);
      const width = scale.x(start + bucket) - left;
      let sum = 0;
      return values.flatMap((value, i) => {
        if (!value) return [];
        const top = scale.y(sum + value);
        const node = svg("rect", { class: "mark " + series[i][1], "data-start": start, x: px(left), width: px(width > 3 ? width - 1 : width), y: px(top), height: px(scale.y(sum) - top) });
        sum += value;
        return [node];
      });
    }),
    tooltip({ bars, bucket }, ms) {
      const found = bars.find(([start]) => ms >= start && ms < start + bucket);
      if (!found) return null;
      return { title: `${stamp(found[0])} – ${stamp(found[0] + bucket).slice(11)}`, rows: series.map(([name, kind], i) => [name, kind, format(found[1 + i])]).filter((_, i) => found[1 + i]) };
    },
  });
}

/** Lines: data: {from, to, high, points: [[ms, value…]]}. Where two points are far apart, nothing is between them. */
export function lineChart(box, { series, format }) {
  return chart(box, {
    format,
    marks: ({ points }, scale) => series.map(([, kind], i) => svg("path", { class: "trace " + kind, d: points.map((point, at) => {
      const gap = at === 0 || point[0] - points[at - 1][0] > gapSeconds * 1000;
      return `${gap ? "M" : "L"}${px(scale.x(point[0]))} ${px(scale.y(point[1 + i]))}`;
    }).join("") })),
    tooltip({ points }, ms) {
      const nearest = points.reduce((best, point) => (!best || Math.abs(point[0] - ms) < Math.abs(best[0] - ms) ? point : best), null);
      if (!nearest || Math.abs(nearest[0] - ms) > gapSeconds * 1000) return null;
      return { title: stamp(nearest[0], true).slice(11), rows: series.map(([name, kind], i) => [name, kind, format(nearest[1 + i])]) };
    },
  });
}
