// Makes docs/page.png, the picture in README.md: the pipeline while lines pass. By hand, when the page looks different:
//   LOGPIPE=build/release/logpipe tests/page/run.sh --readme-picture
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { World, check, clean, program, until } from "./support.mjs";

const file = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "docs", "page.png");
const bytesMax = 200 * 1024;
const world = new World();
try {
  await world.pipeline();
  const page = await world.open("pipeline");
  fs.writeFileSync(world.file("bad"), "{not JSON\n{\"cut\n");
  world.produce("bad");
  // Minutes of changing rates make the chart.
  for (const rate of [3000, 8000, 5000, 6500]) {
    const lines = rate * 35;
    await world.start("produce", "--demo", `lines=${lines}&rate=${rate}&seed=${rate}`,
      "--to", `forward://${world.forward}`).ended;
  }
  world.start("produce", "--demo", "lines=90000&rate=6000", "--to", `forward://${world.forward}`);
  const before = (await world.ledger()).indexed;
  await until(async () => (await world.ledger()).indexed > before + 40_000, "lines to pass");
  await page.screenshot({ path: file });
  clean(page);
} finally {
  await world.close();
}
const { size } = fs.statSync(file);
check(size <= bytesMax, `${file} has ${size} bytes, more than ${bytesMax}`);
console.log(`${file}: ${size} bytes, by ${program}`);
