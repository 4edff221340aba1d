// What /produceEventsToPipeline does, with its progress.
import { request, post } from "./api.js";
import { bytes, count, el, setText, short } from "./dom.js";

export function produceView(main, { page, live }) {
  const source = el("select", { id: "source" }, el("option", { value: "own" }, page.produce_source || "the configured source"), el("option", { value: "demo" }, "made-up nginx lines"));
  const number = (id, value, least, most = 1000000000) => el("input", { id, type: "number", value, min: least, max: most, step: 1, required: true });
  const lines = number("lines", 10000, 1, page.produce_lines_max || undefined);
  const rate = number("rate", 0, 0);
  const seed = number("seed", 1, 0);
  const demo = el("div.fields", { hidden: true }, el("label", {}, "Lines", lines), el("label", {}, "A second (0: no limit)", rate), el("label", {}, "Seed", seed));
  const button = el("button.primary", { type: "submit" }, "Produce");
  const stopper = el("button", { type: "button", id: "stop", hidden: true, onclick: end }, "Stop");
  const bar = el("progress", { hidden: true, "aria-label": "Progress" });
  const figures = el("p.figures-line");
  const said = el("p.note", { role: "status" });
  const form = el("form.card.narrow", { onsubmit: run }, el("h2", {}, "Send lines through the pipeline"), el("label", {}, "Source", source), demo, el("div.actions", {}, button, stopper), bar, figures, said,
    el("p.dim", {}, "The same as POST /produceEventsToPipeline. It ends when every line is acknowledged, and goes on when this page is closed."));
  main.append(form);
  source.addEventListener("change", () => (demo.hidden = source.value !== "demo"));

  let wanted = 0;
  let busy = false; // by this page
  async function run(event) {
    event.preventDefault();
    const isDemo = source.value === "demo";
    wanted = isDemo ? lines.valueAsNumber : 0;
    busy = button.disabled = true;
    setText(said, "Sending …");
    said.className = "note";
    try {
      const response = await post("/produceEventsToPipeline", isDemo ? { demo: { lines: lines.valueAsNumber, rate: rate.valueAsNumber, seed: seed.valueAsNumber } } : undefined);
      setText(said, response.message);
      said.className = "note good";
    } catch (problem) {
      setText(said, problem.message);
      said.className = "note bad";
    }
    busy = button.disabled = false;
  }

  async function end() {
    stopper.disabled = true;
    try {
      await request("/produceEventsToPipeline", { method: "DELETE" });
    } catch (problem) {
      setText(said, problem.message);
      said.className = "note bad";
    }
  }

  let before = null;
  const stop = live.listen((snapshot) => {
    const pump = snapshot.processes.find((each) => !each.address)?.status?.pumps.find((each) => each.name === "produce");
    bar.hidden = stopper.hidden = !pump;
    if (!pump) stopper.disabled = false;
    button.disabled = busy || Boolean(pump); // one at a time, from any client
    if (!pump) {
      before = null;
      return setText(figures, "");
    }
    const safe = pump.this_run.indexed + pump.this_run.duplicates;
    const passed = before ? (snapshot.time_ms - before.t) / 1000 : 0;
    const speed = passed > 0 ? short((safe - before.safe) / passed) : "–";
    before = { t: snapshot.time_ms, safe };
    if (wanted) {
      bar.max = wanted;
      bar.value = safe;
    } else {
      bar.removeAttribute("value");
    }
    setText(figures, `${count(safe)} safe · ${speed}/s · ${bytes(pump.bytes_in)}` + (pump.this_run.dead ? ` · ${count(pump.this_run.dead)} dead` : ""));
  });
  return { leave: stop };
}
