// What a reader of the page sees, compared with what jq says of the same lines.
import { check, clean, drawn, equal, freePort, picture, program, tile, until, World } from "./support.mjs";
import { addAccessTests } from "./access_tests.mjs";

const tests = [];
const test = (name, run) => tests.push({ name, run, servers: false });
/** Needs real servers, as tests/servers/with_servers.py starts them. */
const serversTest = (name, run) => tests.push({ name, run, servers: true });

const lineCount = 51462;
/** The lines of the whole test; made once. */
function linesOf(world, count = lineCount) {
  const file = world.file("lines.jsonl");
  world.run(program, ["produce", "--demo", `lines=${count}&seed=1`, "--to", `file:${file}`]);
  return file;
}
const jq = (world, program_, file) => world.run("jq", ["-rn", program_, file]).trim();

test("the dashboard shows what jq computes from the file, and filters and searches change it rightly", async (world) => {
  const file = linesOf(world);
  await world.pipeline();
  world.produce(file);
  await world.drained(lineCount);
  const page = await world.open("logs");
  await drawn(page);
  const sums = JSON.parse(jq(world, `[inputs] | def counted(f): group_by(f) | map({ key: (.[0] | f | tostring), value: length });
    { bytes: (map(.bytes) | add), ips: (map(.remote_ip) | unique | length), c: (counted(.response / 100 | floor) | map(.key += "xx") | from_entries),
      top: (counted(.request) | max_by(.value)) }`, file));
  equal(await tile(page, "documents"), String(lineCount), "requests");
  equal(await tile(page, "bytes"), String(sums.bytes), "bytes");
  equal(await tile(page, "4xx"), String(sums.c["4xx"]), "4xx");
  equal(await tile(page, "5xx"), String(sums.c["5xx"] ?? 0), "5xx");
  equal(await tile(page, "unique"), String(sums.ips), "unique IPs");
  for (const [name, count] of Object.entries(sums.c))
    equal((await page.textContent(`[data-class="${name}"]`)).replaceAll(",", ""), `${name} ${count}`, name);
  const top = page.locator('[data-top="request"] li').first();
  equal(await top.locator("button").getAttribute("data-value"), sums.top.key, "the top request");
  equal((await top.locator(".num").textContent()).replaceAll(",", ""), String(sums.top.value), "its count");

  await picture(page, "logs");
  // A click on a class, then on a request: both hold, and the address says so.
  await page.click('[data-class="4xx"]');
  await drawn(page);
  equal(await tile(page, "documents"), String(sums.c["4xx"]), "requests with 4xx");
  await page.click(`[data-top="request"] button[data-value="${sums.top.key}"]`);
  await drawn(page);
  const both = jq(world, `[inputs | select(.response >= 400 and .response < 500 and .request == "${sums.top.key}")] | "\\(length) \\(map(.bytes) | add)"`, file);
  equal(`${await tile(page, "documents")} ${await tile(page, "bytes")}`, both, "4xx of the top request");
  check((await page.evaluate(() => location.hash)).includes("status=4xx"), "the address holds the filter");
  await page.reload();
  await drawn(page);
  equal(`${await tile(page, "documents")} ${await tile(page, "bytes")}`, both, "the same after a reload");
  await page.goBack();
  await drawn(page);
  equal(await tile(page, "documents"), String(sums.c["4xx"]), "one step back");

  await page.click(".chip.removable");
  await page.fill("input[type=search]", "product_2");
  await page.waitForFunction(() => location.hash.includes("q=product_2"));
  await drawn(page);
  equal(await tile(page, "documents"), jq(world, `[inputs | select("\\(.request) \\(.agent) \\(.referrer)" | test("product_2"))] | length`, file), "found by the search");

  // The newest line, and its whole document.
  await page.click(".lines tbody tr button.line");
  const document_ = JSON.parse(await page.textContent(".document pre"));
  check(document_.event.request.includes("product_2"), "the document is one that was searched for");
  check(/^[0-9a-f]{32}$/.test(document_.fields.assetid), "it is whole");
  await page.click(".lines tbody tr.open button.line");

  // Older lines, without end or repeat.
  const before = await page.locator(".lines tbody tr").count();
  await page.click("text=Older lines");
  await page.waitForFunction((had) => document.querySelectorAll(".lines tbody tr").length > had, before);
  clean(page);
});

/** Where the first chart draws, on the screen: between the first and the last pixel of its grid. */
async function plotted(page) {
  return page.evaluate(() => {
    const grid = document.querySelector(".plot .grid").getBoundingClientRect();
    const plot = document.querySelector(".plot").getBoundingClientRect();
    return { x: grid.left, y: plot.top, width: grid.width, height: plot.height - 36 };
  });
}

test("a bar is as wide as its bucket, nothing is drawn where there is no data, and the pointer tells the values", async (world) => {
  await world.pipeline("--timestamp", "event");
  const line = (time, response, bytes) => JSON.stringify({ time, remote_ip: "10.0.0.1", request: "GET / HTTP/1.1", response, bytes, referrer: "-", agent: "x" });
  const hours = Array.from({ length: 7 }, (_, i) => [line(`17/May/2015:${String(8 + i).padStart(2, "0")}:30:00 +0000`, 200, 10), line(`17/May/2015:${String(8 + i).padStart(2, "0")}:40:00 +0000`, 404, 5)]).flat();
  const later = [line("17/May/2019:08:30:00 +0000", 200, 10)];
  world.produce(world.file("years.jsonl", [...hours, ...later].join("\n") + "\n"));
  await world.drained(15);
  const bars = (page) => page.evaluate(() => [...document.querySelectorAll(".plot")[0].querySelectorAll(".mark")].map((mark) => ({ start: Number(mark.dataset.start), x: Number(mark.getAttribute("x")), width: Number(mark.getAttribute("width")), height: Number(mark.getAttribute("height")) })));
  const page = await world.open("logs");
  await drawn(page);
  // Four years: two days have lines, and there is nothing between them.
  let all = await (await fetch(world.address + "/api/logs/overview")).json();
  let box = await plotted(page);
  let marks = await bars(page);
  equal(new Set(marks.map((mark) => mark.start)).size, 2, "bars in four years");
  const widthOf = () => (box.width * all.bar_ms) / (Math.max(all.to, all.bars.at(-1)[0] + all.bar_ms) - Math.min(all.from, all.bars[0][0]));
  let bucket = widthOf();
  for (const mark of marks) check(Math.abs(mark.width - bucket) <= 1.1, `a bar of ${mark.width} px for a bucket of ${bucket}`);
  check(marks.reduce((sum, mark) => sum + mark.width, 0) < box.width / 10, "most of the chart is empty");

  const from = Date.UTC(2015, 4, 17, 0);
  const query = `from=${from}&to=${from + 4 * 86400000}`;
  await page.goto(`${world.address}/#/logs?${query}`);
  await drawn(page);
  all = await (await fetch(world.address + "/api/logs/overview?" + query)).json();
  equal(all.bar_ms, 3600000, "buckets of an hour");
  box = await plotted(page);
  marks = await bars(page);
  equal(new Set(marks.map((mark) => mark.start)).size, 7, "an hour, a bar");
  equal(marks.length, 14, "two classes in each");
  bucket = widthOf();
  for (const mark of marks) check(Math.abs(mark.width - bucket) <= 1.1, `a bar of ${mark.width} px for an hour of ${bucket}`);
  await picture(page, "bars");
  const start = box.x + marks[0].x - 60; // the left of the plot
  check(Math.abs(start - box.x) < 1, `the first bar begins where the chart does: ${start}`);
  await page.mouse.move(start + bucket * 0.5, box.y + 60);
  const tip = await page.textContent(".plot .tip:not([hidden])");
  check(tip.includes("2xx1") && tip.includes("4xx1"), `the values of an hour: ${tip}`);
  await page.mouse.move(start + bucket * 40.5, box.y + 60);
  equal(await page.locator(".plot .tip:not([hidden])").count(), 0, "nothing is told of an hour without lines");
  clean(page);
});

test("a time range by button and by dragging keeps to whole minutes, and the charts are there", async (world) => {
  await world.pipeline("--timestamp", "event");
  // Four hours, a line each minute.
  const start = Date.UTC(2015, 4, 17, 8, 0);
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const at = (i) => { const t = new Date(start + i * 60000); return `${t.getUTCDate()}/${months[t.getUTCMonth()]}/2015:${String(t.getUTCHours()).padStart(2, "0")}:${String(t.getUTCMinutes()).padStart(2, "0")}:00 +0000`; };
  const lines = Array.from({ length: 240 }, (_, i) => JSON.stringify({ time: at(i), remote_ip: "10.0.0.1", request: "GET / HTTP/1.1", response: 200, bytes: i, referrer: "-", agent: "x" }));
  world.produce(world.file("hours.jsonl", lines.join("\n") + "\n"));
  await world.drained(240);
  const page = await world.open("logs");
  await drawn(page);
  equal(await tile(page, "documents"), "240", "all");
  const box = await plotted(page);
  await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction(() => /from=\d+&to=\d+/.test(location.hash));
  await drawn(page);
  const query = new URLSearchParams((await page.evaluate(() => location.hash)).split("?")[1]);
  const minutes = (Number(query.get("to")) - Number(query.get("from"))) / 60000;
  check(minutes >= 55 && minutes <= 66, `a quarter of four hours was dragged over: ${minutes} minutes`);
  equal(await tile(page, "documents"), String(minutes), "a line a minute");
  await page.click("text=15m");
  await drawn(page);
  equal(await tile(page, "documents"), "0", "nothing in the last 15 minutes of now");
  clean(page);
});

test("rates move during a produce from the page, whose progress and end are shown", async (world) => {
  await world.pipeline();
  const page = await world.open("produce");
  await page.selectOption("#source", "demo");
  await page.fill("#lines", "12000");
  await page.fill("#rate", "3000");
  const other = await world.open("pipeline");  // which takes its time: before the lines begin to come
  await other.waitForSelector(".box");
  await page.click("button.primary");
  const moving = other.waitForFunction(() => document.querySelector(".arrow.moving") && [...document.querySelectorAll('[data-pump="index"] td')].slice(0, 2).every((cell) => cell.textContent !== "0"));
  await page.waitForFunction(() => /\d+ safe/.test(document.querySelector(".figures-line").textContent));
  await picture(page, "produce");
  await moving;
  // The run goes beside the listener, and counts as coming in.
  await other.waitForFunction(() => document.querySelector(".trace.in").getBBox().height > 1);
  await page.waitForFunction(() => document.querySelector(".note.good")?.textContent.includes("12000 events are safe"));
  await world.drained(12000);
  await other.waitForFunction(() => document.querySelector(".ledger").textContent.includes("12,000in"));
  check((await other.textContent(".ledger .chip.good")).includes("difference 0"), "the ledger has its zero");
  clean(page);
  clean(other);
});

test("a stage that stops turns red within 3 s, says why and what to do, and recovers", async (world) => {
  await world.pipeline();
  world.produce(linesOf(world, 1000));
  await world.drained(1000);
  const page = await world.open("pipeline");
  await page.waitForSelector('[data-stage="sqlite_sink"]');
  await picture(page, "pipeline");
  const holder = await world.holdStore("data/store.sqlite");
  world.run(program, ["produce", "--demo", "lines=100&seed=2", "--to", `forward://${world.forward}`]);
  await until(() => page.evaluate(() => document.querySelector('[data-stage="sqlite_sink"]').classList.contains("down")), "red", 3000);
  const problem = await page.textContent(".problem");
  check(problem.includes("sqlite_sink") && problem.includes("locked"), `why: ${problem}`);
  check(problem.includes("Another process holds it"), `what to do: ${problem}`);
  await picture(page, "pipeline-down");
  await world.end(holder);
  await page.waitForFunction(() => !document.querySelector(".box.down, .problem"));
  await world.drained(1100);
  clean(page);
});

test("a pipeline of parts is one picture, and a part that is killed is red within 3 s", async (world) => {
  const ports = [await freePort(), await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
  world.forward = `127.0.0.1:${await freePort()}`;
  world.port = await freePort();
  world.address = `http://127.0.0.1:${world.port}`;
  world.start("forward", "--listen", world.forward, "--journal", "data", "--to", "none", "--admin", ports[0]);
  world.start("consume", "--from", "journal:data/nginx-logs", "--to", "journal:data/nginx-events", "--admin", ports[1]);
  const index = world.start("index", "--from", "journal:data/nginx-events", "--to", "sqlite:data/store.sqlite", "--admin", ports[2]);
  world.start("serve", "--listen", `127.0.0.1:${world.port}`, "--show-store", "sqlite:data/store.sqlite", ...ports.flatMap((at) => ["--at", at]));
  await until(() => fetch(world.address + "/healthz").then((answer) => answer.ok), "serve");
  const page = await world.open("pipeline");
  await page.waitForFunction(() => ["forward_source", "normalize", "sqlite_sink"].every((name) => document.querySelector(`[data-stage="${name}"]:not(.down)`)));
  equal(await page.locator(".box").count(), 5, "boxes: forward, journal, transform, journal, SQLite");
  world.produce(linesOf(world, 5000));
  await page.waitForFunction(() => document.querySelector('.ledger[data-process="index"]')?.textContent.includes("5,000indexed"));
  await picture(page, "pipeline-parts");
  await world.end(index, "SIGKILL");
  await until(() => page.evaluate((at) => document.querySelector(".problem")?.textContent.includes(at), ports[2]), "red", 3000);
  await page.click("text=Nginx logs");
  await drawn(page);
  equal(await tile(page, "documents"), "5000", "the store's documents");
  clean(page);
});

test("dead letters show reason and original, and one that is retried leaves the list", async (world) => {
  await world.pipeline();
  const lines = ["{not json", '{"cut": ', "{[1,2]", '{"remote_ip":"10.0.0.1","request":"GET / HTTP/1.1","response":200,"bytes":1,"referrer":"-","agent":"x"}'];
  world.produce(world.file("mixed.jsonl", lines.join("\n") + "\n"));
  await world.drained(4);
  const page = await world.open("letters");
  await page.waitForFunction(() => document.querySelectorAll(".letter").length === 3);
  const originals = await page.locator(".letter pre").allTextContents();
  equal(JSON.stringify(originals.sort()), JSON.stringify(lines.slice(0, 3).sort()), "the original lines");
  await picture(page, "letters");

  // It is still not JSON: what is sent again comes back as a newer letter, with one attempt more.
  const first = page.locator(".letter", { hasText: "not json" });
  const id = await first.getAttribute("data-id");
  await first.getByRole("button", { name: "Retry " + id }).click();
  await page.waitForFunction((which) => document.querySelector(`[data-id="${which}"]`)?.textContent.includes("2 attempts"), id);
  const book = await world.ledger();
  equal(`${book.in} ${book.indexed} ${book.dead} ${book.difference}`, "5 1 4 0", "the ledger counts it once more");
  clean(page);
});

test("a retried letter that is taken now leaves the list and is indexed", async (world) => {
  // Too long for this start, not for the next.
  const long = JSON.stringify({ remote_ip: "10.0.0.9", request: "GET /" + "x".repeat(3000), response: 200, bytes: 1, referrer: "-", agent: "x" });
  const first = await world.pipeline("--line-bytes-max", "2K");
  world.produce(world.file("long.jsonl", long + "\n"));
  await until(async () => (await world.ledger()).dead === 1, "a dead letter");
  await world.end(first);
  await world.pipeline();
  const page = await world.open("letters");
  await page.waitForSelector(".letter");
  await page.click("text=Retry all");
  await page.waitForFunction(() => !document.querySelector(".letter") && document.querySelector(".reasons").textContent.includes("None"));
  await until(async () => (await world.ledger()).indexed === 1, "indexed");
  equal((await world.ledger()).difference, 0, "the ledger");
  await page.click("text=Nginx logs");
  await drawn(page);
  equal(await tile(page, "documents"), "1", "documents");
  clean(page);
});

test("HTML and script in every field of a line show as text", async (world) => {
  await world.pipeline();
  const evil = (n) => `<img src=x onerror="window.hit=${n}"><script>window.hit=${n}</script>'"&lt;\u202e`;
  const line = { remote_ip: evil(1), remote_user: evil(2), request: evil(3), response: 200, bytes: 5, referrer: evil(4), agent: evil(5), [evil(6)]: evil(7) };
  const lines = [JSON.stringify(line), "{" + evil(8), JSON.stringify({ ...line, response: evil(9), bytes: evil(10) })];
  world.produce(world.file("evil.jsonl", lines.join("\n") + "\n"));
  await world.drained(3);
  const page = await world.open("logs");
  await drawn(page);
  equal(await page.locator('[data-top="request"] button').first().getAttribute("data-value"), evil(3), "the request as it came");
  await page.locator(".lines tbody tr button.line").first().click();
  check((await page.textContent(".document pre")).includes("<script>"), "the document shows it");
  await picture(page, "logs-hostile");
  for (const field of ["request", "ip", "agent", "referrer"]) {
    await page.locator(`[data-top="${field}"] button`).first().click();
    await drawn(page);
  }
  check(Number(await tile(page, "documents")) >= 1, "filtered by all of them");
  await page.click("text=Dead letters");
  await page.waitForSelector(".letter");
  check((await page.textContent(".letter pre")).includes("<script>"), "a letter shows it");
  check((await page.textContent(".letter pre")).includes("\\u202e"), "and the character that turns text around by its number");
  equal(await page.evaluate(() => window.hit), undefined, "nothing of it ran");
  equal(await page.locator("main script, main img").count(), 0, "nothing of it is an element");
  clean(page);
});

test("a cut connection shows as stale, and the page comes back by itself", async (world) => {
  const first = await world.pipeline();
  const page = await world.open("pipeline");
  await page.waitForSelector('#link[data-state="live"]');
  await world.end(first);
  await page.waitForSelector('#link[data-state="stale"]');
  const again = world.start("run", "--data-dir", "data", "--listen", world.forward, "--admin", "none", "--page", `127.0.0.1:${world.port}`);
  await page.waitForSelector('#link[data-state="live"]');
  // Alive but silent is stale as well.
  again.kill("SIGSTOP");
  await page.waitForSelector('#link[data-state="stale"]');
  again.kill("SIGCONT");
  await page.waitForSelector('#link[data-state="live"]');
  check(page.faults.every((fault) => fault.startsWith("console: Failed to load resource")), `faults: ${page.faults}`);
});

addAccessTests(test, linesOf);

test("all of it can be done by keyboard, and in a narrow window", async (world) => {
  await world.pipeline();
  world.produce(linesOf(world, 200));
  await world.drained(200);
  const page = await world.open("pipeline", { viewport: { width: 400, height: 800 } });
  await page.waitForSelector(".box");
  await page.keyboard.press("2");
  await drawn(page);
  await page.keyboard.press("/");
  await page.keyboard.type("product_1");
  await page.waitForFunction(() => location.hash.includes("q=product_1"));
  await drawn(page);
  await page.keyboard.press("Tab");
  await page.focus('[data-top="request"] button');
  await page.keyboard.press("Enter");
  await drawn(page);
  check((await page.evaluate(() => location.hash)).includes("request="), "Enter filters");
  equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "nothing sticks out of the window");
  await picture(page, "narrow");
  clean(page);
});

serversTest("on real Kafka and OpenSearch the picture has both, live", async (world) => {
  const { LOGPIPE_KAFKA: kafka, LOGPIPE_OPENSEARCH: opensearch } = process.env;
  check(kafka && opensearch, "the servers' addresses are not in the environment");
  await world.pipeline("--broker", `kafka://${kafka}/page-test`, "--store", `opensearch://${opensearch}/page-test`);
  const page = await world.open("pipeline");
  await page.waitForFunction(() => ["forward_source", "kafka_sink", "kafka_source", "normalize", "opensearch_sink"].every((name) => document.querySelector(`[data-stage~="${name}"]:not(.down)`)));
  equal((await page.locator(".box h3").allTextContents()).join(" → "), "Fluent forward → Journal → Kafka → Transform → OpenSearch", "the picture");
  equal(await page.locator("#tabs a", { hasText: "Nginx logs" }).count(), 0, "the dashboard of the data is OpenSearch's");
  world.produce(linesOf(world, 20000));
  await page.waitForSelector(".arrow.moving");
  await world.drained(20000);
  await page.waitForFunction(() => document.querySelector(".ledger").textContent.includes("20,000indexed") && document.querySelector(".ledger .chip.good"));
  await picture(page, "pipeline-servers");
  clean(page);
});

const args = process.argv.slice(2);
const withServers = args[0] === "--servers";
const wanted = withServers ? args.slice(1) : args;
let failed = 0;
for (const { name, run } of tests.filter((each) => each.servers === withServers && (!wanted.length || wanted.some((word) => each.name.includes(word))))) {
  const world = new World();
  const begin = Date.now();
  try {
    await run(world);
    console.log(`ok      ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  } catch (failure) {
    failed++;
    console.log(`FAILED  ${name}\n        ${failure.stack}`);
    for (const child of world.children) console.log(`        ${child.spawnargs[1]}: ${world.log(child.spawnargs[1]).slice(-2000)}`);
  } finally {
    await world.close();
  }
}
process.exit(failed ? 1 : 0);
