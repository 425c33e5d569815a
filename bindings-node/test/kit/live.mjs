// A live domain controller, in a process of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { program } from "./host.mjs";

/** A running one, which ends with the test; `null` where that release is not installed, which is a failure under CI. */
export async function live(t, release) {
  const child = spawn(program("samba_dc"), [release], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  t.after(() => {
    child.stdin.end();
    return gone;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    assert.ok(!done, "samba_dc has gone");
    return JSON.parse(value);
  };
  const ready = await read();
  if ("missing" in ready) {
    assert.notEqual(process.env.CI, "true", `${release} is not installed, and with CI=true that is a failure`);
    console.error(`\n*** LEFT OUT: ${t.name}, which is not installed\n`);
    t.skip(`${release} is not installed`);
    return null;
  }
  const ask = async (command) => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const { ok, error } = await read();
    assert.equal(error, undefined);
    return ok;
  };
  const { url, ca_file, bind_user, bind_password, dns_domain, password } = ready;
  return {
    settings: { servers: [url], caFile: ca_file, bindUser: bind_user, bindPassword: bind_password },
    domain: dns_domain,
    /** What every user has at first. */
    password,
    addUser: (name) => ask({ add_user: { name } }),
    /** How a user's logon is answered: `"0"` for success. */
    bind: (user, password) => ask({ bind: { user, password } }),
  };
}
