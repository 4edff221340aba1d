// Dead letters: reasons, counts, the original lines, and retry.
import { request, post } from "./api.js";
import { bytes, count, el, fill, setText, stamp } from "./dom.js";

const refreshMs = 5000;

export function deadLettersView(main) {
  let timer = 0;
  let reason = null; // shown only, {stage, reason}
  let shown = "";
  const said = el("p.note", { role: "status" });
  const total = el("span.dim");
  const reasons = el("ol.reasons");
  const list = el("div.letters");
  const all = el("button", { type: "button", onclick: () => retry({ all: true }, "Retry all dead letters?") }, "Retry all");
  main.append(el("section.toolbar", {}, el("h1", {}, "Dead letters ", total), el("span.grow"), all), said,
    el("div.pair.uneven", {}, el("section.card.top", {}, el("h2", {}, "Reasons"), reasons), el("section.card", {}, el("h2", {}, "Newest"), list)));

  async function retry(which, confirmation) {
    if (confirmation && !confirm(confirmation)) return;
    setText(said, "Retrying …");
    try {
      const { retried } = await post("/api/dead-letters/retry", which);
      setText(said, `${count(retried)} retried, with the same ids. What is rejected once more comes back here.`);
    } catch (problem) {
      setText(said, problem.message);
    }
    await refresh();
  }

  function letterCard(letter) {
    const original = letter.record ?? decode(letter.record_base64);
    return el("article.letter", { "data-id": letter.id }, el("div.head", {}, el("span.chip.bad", {}, letter.stage), el("strong", {}, letter.reason), el("span.grow"),
      el("button", { type: "button", "aria-label": "Retry " + letter.id, disabled: letter.found < letter.parts, onclick: () => retry({ ids: [letter.id] }) }, "Retry")),
      el("p.dim", {}, [stamp(Date.parse(letter.time), true), letter.origin, letter.tag, letter.id, letter.attempts > 1 ? letter.attempts + " attempts" : "",
        letter.found < letter.parts ? `incomplete: ${letter.found} of ${letter.parts} parts` : ""].filter(Boolean).join(" · ")),
      el("pre", { tabindex: "0" }, original + (letter.record_bytes > original.length && letter.record_bytes > 16384 ? `\n… ${bytes(letter.record_bytes)} in all` : "")));
  }

  async function refresh() {
    clearTimeout(timer);
    try {
      const response = await request("/api/dead-letters?limit=200");
      const text = JSON.stringify([response, reason]);
      if (text !== shown) {
        shown = text;
        draw(response);
      }
    } catch (problem) {
      setText(said, problem.message);
    }
    timer = setTimeout(refresh, refreshMs);
  }

  function draw(response) {
    setText(total, count(response.dead_letters) + (response.incomplete ? ` and ${count(response.incomplete)} incomplete` : ""));
    all.disabled = !response.dead_letters;
    const most = response.reasons[0]?.dead_letters || 1;
    fill(reasons, response.reasons.length ? response.reasons.slice(0, 50).map((each) => {
      const chosen = reason && reason.stage === each.stage && reason.reason === each.reason;
      const bar = el("span.share");
      bar.style.width = (100 * each.dead_letters) / most + "%";
      return el("li", {}, el("button", { type: "button", title: each.reason, "aria-pressed": String(Boolean(chosen)), onclick: () => { reason = chosen ? null : each; refresh(); } },
        bar, el("span.cut", {}, `${each.stage}: ${each.reason}`), el("span.num", {}, count(each.dead_letters))));
    }) : el("li.empty", {}, "None: every line became a document."));
    const newest = response.newest.filter((each) => !reason || (each.stage === reason.stage && each.reason === reason.reason));
    fill(list, newest.length ? newest.map(letterCard) : el("p.empty", {}, "Nothing here."));
  }

  refresh();
  return { leave: () => clearTimeout(timer) };
}

/** Bytes that are not text, as readable as they get. */
function decode(base64) {
  return Array.from(atob(base64 || ""), (c) => (c >= " " && c < "\x7f" ? c : "\\x" + c.charCodeAt(0).toString(16).padStart(2, "0"))).join("");
}
