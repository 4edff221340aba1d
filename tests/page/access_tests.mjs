// Who may use the page, and what it stops.
import fs from "node:fs";
import { check, clean, equal, freePort, machineAddress, until } from "./support.mjs";

export function addAccessTests(test, linesOf) {
  test("with a token nothing is shown without it, and a browser keeps it in a cookie", async (world) => {
    await world.pipeline("--auth-token-file", world.file("token", "open sesame\n"));
    equal((await fetch(world.address + "/api/logs/overview")).status, 401, "the API without it");
    equal((await fetch(world.address + "/metrics", { headers: { Authorization: "Bearer wrong" } })).status, 401, "with a wrong one");
    equal((await fetch(world.address + "/metrics", { headers: { Authorization: "Bearer open sesame" } })).status, 200, "with it");
    const page = await world.open("pipeline");
    await page.fill("#token", "wrong");
    await page.click("text=Go on");
    await page.waitForFunction(() => document.querySelector("[role=alert]")?.textContent.includes("not the token"));
    await page.fill("#token", "open sesame");
    await page.click("text=Go on");
    await page.waitForSelector(".box");
    equal(await page.evaluate(() => document.cookie), "", "scripts cannot read it");
    await page.reload();
    await page.waitForSelector(".box");
    check(page.faults.every((fault) => fault.includes("401")), `faults: ${page.faults}`);
  });

  test("a run is stopped by its button, whoever started it, and what it read is counted", async (world) => {
    await world.pipeline();
    const page = await world.open("produce");
    equal(await page.isVisible("#stop"), false, "a Stop without a run");
    const waiting = fetch(`${world.address}/produceEventsToPipeline`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ demo: { lines: 1000000, rate: 1000 } }) });
    await page.waitForFunction(() => /[1-9]\d* safe/.test(document.querySelector(".figures-line").textContent));
    await page.click("#stop");
    const answer = await (await waiting).json();
    equal(answer.status, 409, "the answer to who waits");
    await page.waitForSelector("#stop", { state: "hidden" });
    await world.drained(answer.events);
    equal((await world.ledger()).in, answer.events, "what came in");
    equal(await page.getAttribute("#lines", "max"), "10000000", "the form's bound");
    clean(page);
  });

  test("another site's page starts no run by an image, off loopback too", async (world) => {
    const address = machineAddress();
    if (!address) return console.log("skipped: this machine has no address but loopback");
    const lines = linesOf(world, 100);
    for (const host of ["127.0.0.1", address]) {
      const target = `${host}:${await freePort()}`;
      const got = world.file(`${host}.jsonl`);
      world.start("serve", "--listen", target, "--page-open", "yes", "--file", lines, "--to", `file:${got}`);
      await until(() => fetch(`http://${target}/healthz`).then((answer) => answer.ok), "serve");
      const image = `http://${target}/produceEventsToPipeline`;
      const page = await world.visit(await world.site(`<img src="${image}"><img referrerpolicy="no-referrer" src="${image}?again">`));
      await page.waitForFunction(() => [...document.images].every((each) => each.complete));
      equal(fs.existsSync(got), false, `a run at ${host}`);
    }
  });
}
