// Sends events with @fluent-org/logger in every mode, with and without acks. The records come from a file, one JSON
// object a line; what must arrive is written to another.
//   node client.js HOST PORT RECORDS EXPECTED [SHARED_KEY [USER PASSWORD]]
"use strict";
const fs = require("node:fs");
const { FluentClient } = require("@fluent-org/logger");

const [host, port, recordsPath, expectedPath, sharedKey, username, password] = process.argv.slice(2);
const records = fs.readFileSync(recordsPath, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));

async function sendAll(eventMode, withAck, expected) {
  const client = new FluentClient("app", {
    eventMode,
    socket: { host, port: Number(port), timeout: 30000 },
    ...(withAck ? { ack: { ackTimeout: 30000 } } : {}),
    ...(sharedKey ? { security: { clientHostname: "node-client", sharedKey, ...(username ? { username, password } : {}) } } : {}),
  });
  const emitted = [];
  for (const record of records) {
    const sent = { ...record, client: `node, ${eventMode}, ack ${withAck}, key ${Boolean(sharedKey)}, user ${username}` };
    emitted.push(client.emit("follow", sent));
    expected.push(JSON.stringify(sent));
  }
  await client.flush();
  await Promise.all(emitted); // with acks: each has come
  await client.shutdown();
}

async function main() {
  const expected = [];
  for (const mode of ["Message", "Forward", "PackedForward", "CompressedPackedForward"])
    for (const withAck of [true, false]) await sendAll(mode, withAck, expected);
  fs.writeFileSync(expectedPath, expected.join("\n") + "\n");
}

main().catch((failure) => {
  console.error(failure);
  process.exit(1);
});
