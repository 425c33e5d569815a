// The table of behaviour through this package: all of it on the mock, a fixed third on each live domain controller (all of it with
// PASSWORD_WRITEBACK_TESTS=full).
import assert from "node:assert/strict";
import test from "node:test";
import { Hands } from "./kit/hands.mjs";
import { Host } from "./kit/host.mjs";

async function table(t, backend) {
  const host = new Host([backend]);
  t.after(() => host.end());
  const cases = await host.list();
  if (cases.length === 0) {
    assert.notEqual(process.env.CI, "true", `${backend} is not installed, and with CI=true that is a failure`);
    console.error(`\n*** LEFT OUT: the cases on ${backend}, which is not installed\n`);
    t.skip(`${backend} is not installed`);
    return;
  }
  for (const each of cases) {
    await t.test(each.case, async () => {
      const wrong = await host.run(each, new Hands());
      assert.equal(wrong, null, wrong ?? "");
    });
  }
  console.log(`${backend}: ${cases.length} cases`);
}

test("cases", { concurrency: 4 }, async (t) => {
  const backends = ["mock", "mock_stated", "samba_4_17", "samba_4_24"];
  await Promise.all(backends.map((backend) => t.test(backend, (t) => table(t, backend))));
});
