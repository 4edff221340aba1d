// The page's figures without a browser: numbers in words, ticks of axes, and which pumps events enter by.
//   node tests/page/figures_test.mjs
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import assert from "node:assert/strict";

// The browser knows by the element that loads it that a file is a module; Node by a package.json beside it.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "logpipe-figures-"));
process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
fs.cpSync(path.join(path.dirname(fileURLToPath(import.meta.url)), "../../src/ui/web/page"), folder, { recursive: true });
fs.writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
const load = (name) => import(pathToFileURL(path.join(folder, name)));
const { amount, bytes, count, short } = await load("dom.js");
const { timeTicks, valueStep } = await load("charts.js");
const { chainOf, entering, inOrder } = await load("chain.js");

for (const [n, wanted] of [[0, "0"], [0.04, "0.04"], [0.5, "0.5"], [2.5, "2.5"], [42, "42"], [999, "999"], [1234, "1,234"], [9999, "9,999"], [10000, "10 k"], [10049, "10 k"], [12345, "12.3 k"],
  [20000, "20 k"], [100000, "100 k"], [123456, "123 k"], [200000, "200 k"], [999499, "999 k"], [999950, "1 M"], [1000000, "1 M"], [1234567, "1.23 M"], [2000000, "2 M"], [20000000, "20 M"],
  [200000000, "200 M"], [999999999, "1 G"], [3e9, "3 G"], [3e11, "300 G"], [5e12, "5000 G"]])
  assert.equal(short(n), wanted, `short(${n})`);
for (const [n, wanted] of [[0, "0 B"], [1000, "1,000 B"], [1023, "1,023 B"], [1024, "1 KiB"], [1536, "1.5 KiB"], [102400, "100 KiB"], [204800, "200 KiB"], [1034240, "1010 KiB"], [1048575, "1 MiB"],
  [1048576, "1 MiB"], [10 * 2 ** 30, "10 GiB"], [200 * 2 ** 30, "200 GiB"]])
  assert.equal(bytes(n), wanted, `bytes(${n})`);
assert.equal(count(200000), "200,000");
for (const [name, value, wanted] of [["journal_bytes", 1536, "1.5 KiB"], ["bytes_out_total", 0, "0 B"], ["kafka_round_trip_seconds", 0.25, "250 ms"], ["requests_in_flight", 12000, "12,000"], ["rate", null, "–"]])
  assert.equal(amount(name, value), wanted, `amount(${name}, ${value})`);

for (const [high, steps, binary, wanted] of [[1, 4, false, 1], [10, 4, false, 5], [11, 4, false, 5], [100, 4, false, 50], [200000, 4, false, 50000], [7, 4, true, 2], [5 * 2 ** 30, 4, true, 2 ** 31]])
  assert.equal(valueStep(high, steps, binary), wanted, `valueStep(${high})`);

// Round times, in order, never more than asked for, whatever the range.
const begin = Date.UTC(2015, 4, 17, 8, 3, 17);
for (const length of [60e3, 300e3, 3600e3, 6.5 * 3600e3, 86400e3, 7 * 86400e3, 40 * 86400e3, 400 * 86400e3, 12 * 365 * 86400e3]) {
  const ticks = timeTicks(begin, begin + length, 8);
  assert.ok(ticks.length >= 1 && ticks.length <= 9, `${ticks.length} ticks in ${length} ms`);
  for (const [i, { at, words }] of ticks.entries()) {
    assert.ok(at >= begin && at <= begin + length && (i === 0 || at > ticks[i - 1].at), `a tick of ${length} ms`);
    assert.equal(at % 1000, 0);
    assert.match(words.join(" "), /^\d\d:\d\d(:\d\d)?( \d{4}-\d\d-\d\d)?$|^\d{4}-\d\d-\d\d$/);
  }
}

// A pump's name, its source's target and its sink's.
const pump = (name, from, to, ...between) => ({ name, stages: [{ name: "source", target: from }, ...between.map((stage) => ({ name: stage, target: "" })), { name: "sink", target: to }] });
const receive = pump("receive", "forward://0.0.0.0:24224", "journal:data/logs");
const index = pump("index", "journal:data/logs", "sqlite:data/store.sqlite", "normalize");
const produce = pump("produce", "http://there/lines", "journal:data/logs");
const names = (pumps) => pumps.map((each) => each.name).join(" ");
for (const [wanted, ...pumps] of [["receive index", receive, index], ["receive index", index, receive], ["receive produce index", receive, index, produce], ["produce receive index", produce, index, receive],
  ["a b c d", pump("a", "1", "2"), pump("c", "8", "9"), pump("d", "9", "7"), pump("b", "2", "3")], ["b a", pump("b", "", ""), pump("a", "", "")], ["a b", pump("a", "1", "2"), pump("b", "2", "1")], ["a", pump("a", "1", "1")]])
  assert.equal(names(inOrder(pumps)), wanted, "the order of the data");

const drawn = (...pumps) => chainOf(inOrder(pumps)).boxes.map((box) => box.stages.map((stage) => stage.target || stage.name).join("+")).join(" ");
assert.equal(drawn(index, receive), "forward://0.0.0.0:24224 journal:data/logs+journal:data/logs normalize sqlite:data/store.sqlite", "one box a target");
assert.equal(drawn(pump("a", "", ""), pump("b", "", "")), "source sink source sink", "without targets nothing is joined");
const { boxes, links } = chainOf(inOrder([receive, index, pump("other", "x", "y")]));
assert.equal(links.length, boxes.length - 1, "a link between any two");
assert.equal(links.map((link) => (link.pump ? link.pump.name + (link.toSink ? " out" : " in") : "-")).join(", "), "receive out, index in, index out, -, other out");

const first = (...pumps) => names(entering(inOrder(pumps)));
assert.equal(first(receive, index), "receive");
assert.equal(first(produce, receive, index), "produce receive", "a run from the page writes beside the listener");
assert.equal(first(pump("produce", "http://there/lines", "forward://127.0.0.1:24224"), pump("forward", "forward://0.0.0.0:24224", "journal:a"), pump("deliver", "journal:a", "kafka://b/t")), "forward",
  "what is sent to a listener of ours counts there");
assert.equal(first(pump("produce", "http://there/lines", "forward://127.0.0.1:24224")), "produce");
assert.equal(first(pump("consume", "kafka://b/a", "kafka://b/b"), pump("index", "kafka://b/b", "opensearch://s/i")), "consume");
assert.equal(first(), "");
console.log("ok");
