// What a call on a mock directory costs in Node.js: see `overhead` beside this.
//
//     overhead.mjs COUNT
//
// Prints a line of JSON for each operation: {"language", "operation", "microseconds"}, the median of so many calls.
// NAPI_RS_NATIVE_LIBRARY_PATH names the addon, where it is not to be the one in the package's folder.
import { MockDirectory } from "../../bindings-node/dist/index.mjs";

const count = Number(process.argv[2]);
if (!Number.isInteger(count) || count < 1) {
  throw new Error("how many calls?");
}
const directory = new MockDirectory();
directory.addUser({ name: "alice", password: "Old-Passw0rd-1" });
const calls = {
  find_account: () => directory.findAccount("alice"),
  reset_password: () => directory.resetPassword("alice", "New-Passw0rd-2", { history: "off" }),
};

for (const [operation, call] of Object.entries(calls)) {
  const times = [];
  // A tenth as many before, which do not count.
  for (let number = -Math.ceil(count / 10); number < count; number += 1) {
    const began = process.hrtime.bigint();
    await call();
    if (number >= 0) {
      times.push(Number(process.hrtime.bigint() - began) / 1000);
    }
  }
  const microseconds = times.sort((a, b) => a - b)[Math.floor(count / 2)];
  console.log(JSON.stringify({ language: "node", operation, microseconds }));
}
