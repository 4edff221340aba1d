// uPlot in our colours, sized to its box.
import { bytes, short } from "./dom.js";

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/**
 * A chart over time in `box`; make(width) gives uPlot's options. It is made anew when the theme changes.
 * @return {setData, destroy}
 */
export function chart(box, make) {
  let data = null;
  let plot = null;
  const height = () => box.clientHeight || 160;
  const build = () => {
    plot?.destroy();
    plot = data ? new window.uPlot({ width: box.clientWidth, height: height(), ...make() }, data, box) : null;
  };
  const resized = new ResizeObserver(() => plot?.setSize({ width: box.clientWidth, height: height() }));
  resized.observe(box);
  addEventListener("themechange", build);
  return {
    setData(next) {
      const first = !data || data.length !== next.length;
      data = next;
      if (first || !plot) build();
      else plot.setData(next);
    },
    rebuild: build,
    destroy() {
      removeEventListener("themechange", build);
      resized.disconnect();
      plot?.destroy();
    },
  };
}

const wholes = Array.from({ length: 15 }, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat(); // half a line is none
const powers = Array.from({ length: 60 }, (_, i) => 2 ** i); // 4 GiB and 8 GiB, not 3.73 and 7.45

export function axes(format) {
  const line = { stroke: colour("dim"), font: "11px system-ui, sans-serif", grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
  return [{ ...line, grid: { show: false }, size: 44, gap: 8, space: 70, values: times }, { ...line, size: 60, incrs: format === bytes ? powers : wholes, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick))) }];
}

const pad = (n) => String(n).padStart(2, "0");
/** Times as short as their distance allows; the day where it begins. */
function times(_, splits, axis, space, seconds) {
  return splits.map((split, i) => {
    const t = new Date(split * 1000);
    const day = `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
    if (seconds >= 86400) return day;
    const time = `${pad(t.getHours())}:${pad(t.getMinutes())}` + (seconds < 60 ? ":" + pad(t.getSeconds()) : "");
    const before = i ? new Date(splits[i - 1] * 1000).getDate() : -1;
    return before === t.getDate() ? time : `${time}\n${day}`;
  });
}

export const formats = { count: short, bytes, rate: (n) => short(n) + "/s" };

/** Bars of `series` on top of each other: [{label, colour, values}], with times in seconds. */
export function stacked(times, series) {
  const sums = new Array(times.length).fill(0);
  const rows = series.map((each) => each.values.map((value, i) => (sums[i] += value)));
  // The tallest is drawn first, the others over it.
  return [times, ...rows.reverse()];
}
