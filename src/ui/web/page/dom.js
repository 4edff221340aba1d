// The DOM without markup from strings: whatever a log line holds can only become text.

/** el("div.card.wide", {title: "…", onclick: …}, "text", node, [more]) */
export function el(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  add(node, children);
  return node;
}

function add(node, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(node, child);
    else if (child !== null && child !== undefined && child !== false) node.append(typeof child === "string" ? visible(child) : child);
  }
}

/** Characters that would turn the text around them, or hide, by their numbers: a log line must not disguise the page. */
function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** Replaces the children. */
export function fill(node, ...children) {
  node.replaceChildren();
  add(node, children);
}

/** Writes a text only where it changed, so that a selection and a reader's position stay. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const whole = new Intl.NumberFormat("en");
export function count(n) {
  return whole.format(Math.round(n));
}

/** Three digits; zeros only where they stand before the point. */
function digits(n) {
  const text = n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** 1,234 · 51.5 k · 1.23 M */
export function short(n) {
  if (n > 0 && n < 0.95) return n.toPrecision(1);
  if (n < 10000) return n < 100 && n % 1 !== 0 ? n.toFixed(1) : whole.format(Math.round(n));
  for (const [limit, unit] of [[1e9, "G"], [1e6, "M"]]) if (n >= limit * 0.9995) return digits(n / limit) + " " + unit;
  return digits(n / 1e3) + " k";
}

export function bytes(n) {
  let unit = 0;
  while (n >= 1023.5 && unit < 5) { n /= 1024; unit++; }
  return (unit === 0 ? whole.format(Math.round(n)) : digits(n)) + " " + ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][unit];
}

export function seconds(s) {
  if (s < 1) return Math.round(s * 1000) + " ms";
  if (s < 120) return s.toFixed(s < 10 ? 1 : 0) + " s";
  if (s < 7200) return Math.round(s / 60) + " min";
  return s < 172800 ? (s / 3600).toFixed(1) + " h" : (s / 86400).toFixed(1) + " d";
}

/** A metric's value by the unit in its name. */
export function amount(name, value) {
  if (typeof value !== "number") return "–";
  if (name.includes("seconds")) return seconds(value);
  return name.includes("bytes") ? bytes(value) : count(value);
}

const pad = (n) => String(n).padStart(2, "0");
/** Local time: 2026-01-31 01:31, with seconds where asked. */
export function stamp(ms, withSeconds) {
  const t = new Date(ms);
  if (Number.isNaN(t.getTime())) return "";
  return `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())} ${pad(t.getHours())}:${pad(t.getMinutes())}` + (withSeconds ? ":" + pad(t.getSeconds()) : "");
}
