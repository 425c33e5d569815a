// Audit events, and what becomes of a listener that fails.
import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { ActiveDirectory, MockDirectory } from "password-writeback";
import { FakeDc } from "./kit/fake.mjs";

const NEW = "New-Passw0rd-2";

function directory(options) {
  const made = new MockDirectory(options);
  made.addUser({ name: "alice", password: "Old-Passw0rd-1" });
  return made;
}

test("two events for every operation, in order, before the promise settles", async () => {
  const events = [];
  const mock = directory({ audit: (event) => events.push(event) });
  await mock.resetPassword("alice", NEW, { correlationId: "c1", actor: "bob", initiator: "administrator" });
  assert.equal(events.length, 2);
  const [start, finish] = events;
  assert.deepEqual([start.phase, start.operation, start.identity], ["start", "reset_password", "alice"]);
  assert.deepEqual([start.correlationId, start.actor, start.initiator], ["c1", "bob", "administrator"]);
  assert.ok(start.time instanceof Date && start.outcome === null && start.microsoftEvent === 31009);
  assert.deepEqual([finish.phase, finish.outcome, finish.code], ["finish", "applied", null]);
  assert.deepEqual([finish.domainController, finish.microsoftEvent], ["dc1.corp.example", 31010]);
  assert.match(finish.target, /^[0-9a-f-]{36}$/);
  assert.equal(typeof finish.durationMs, "number");
  await mock.findAccount("nobody").catch(() => {});
  assert.deepEqual([events[3].code, events[3].outcome], ["ACCOUNT_NOT_FOUND", null]);
});

test("an event tells who asks by the settings where the request does not", async (t) => {
  const events = [];
  const mock = directory({ initiator: "administrator", audit: (event) => events.push(event) });
  await mock.resetPassword("alice", NEW);
  assert.deepEqual([events[0].initiator, events[0].microsoftEvent], ["administrator", 31009]);
  assert.deepEqual([events[1].initiator, events[1].microsoftEvent], ["administrator", 31010]);
  const settings = { servers: ["ldaps://127.0.0.1:1"], bindUser: "svc", bindPassword: "x", connectTimeout: 1 };
  const real = new ActiveDirectory({ ...settings, initiator: "administrator", audit: (event) => events.push(event) });
  t.after(() => real.close());
  await assert.rejects(real.findAccount("alice"), { code: "UNREACHABLE" });
  assert.equal(events[2].initiator, "administrator");
});

test("many at once: each start before its finish, none lost", async () => {
  const seen = new Map();
  let events = 0;
  const mock = directory({
    audit(event) {
      events += 1;
      const phases = seen.get(event.correlationId) ?? [];
      seen.set(event.correlationId, [...phases, event.phase]);
    },
  });
  await Promise.all(Array.from({ length: 200 }, () => mock.findAccount("alice")));
  assert.equal(events, 400);
  for (const phases of seen.values()) {
    assert.deepEqual(phases, ["start", "finish"]);
  }
});

test("a listener that throws: refused before anything is sent, with a warning", async () => {
  const mock = directory({
    audit() {
      throw new RangeError("seen in the test");
    },
  });
  const warned = once(process, "warning");
  const refused = await mock.resetPassword("alice", NEW).catch((error) => error);
  assert.deepEqual([refused.code, refused.outcome], ["CONFIGURATION", "not_applied"]);
  const [warning] = await warned;
  assert.equal(warning.name, "PasswordWritebackWarning");
  assert.match(warning.message, /audit listener.*RangeError/);
  assert.equal(mock.writes(), 0);
});

test("a listener that throws, where that is allowed", async () => {
  const mock = directory({
    onSinkFailure: "continue",
    audit() {
      throw new RangeError("seen in the test");
    },
  });
  await mock.resetPassword("alice", NEW);
  assert.equal(mock.writes(), 1);
});

test("a listener that throws at the end only: the receipt is the receipt", async () => {
  const mock = directory({
    audit(event) {
      if (event.phase === "finish") {
        throw new Error("seen in the test");
      }
    },
  });
  const receipt = await mock.resetPassword("alice", NEW);
  assert.equal(receipt.operation, "reset_password");
});

test("a listener whose promise is rejected ends no process", async () => {
  const warned = once(process, "warning");
  const mock = directory({ audit: async () => Promise.reject(new TypeError("seen in the test")) });
  await mock.findAccount("alice");
  assert.match((await warned)[0].message, /TypeError/);
});

test("a listener may use the directory", async () => {
  const found = [];
  const mock = directory({
    audit(event) {
      if (event.operation === "reset_password" && event.phase === "finish") {
        found.push(mock.findAccount("alice"));
      }
    },
  });
  await mock.resetPassword("alice", NEW);
  assert.equal((await found[0]).samAccountName, "alice");
});

test("over the wire: the bind password is asked for at each logon", async (t) => {
  const dc = await FakeDc.start(t);
  let asked = 0;
  const given = [];
  const events = [];
  const directory = new ActiveDirectory({
    ...dc.settings,
    // Each operation is to log on.
    warmConnections: 0,
    audit: (event) => events.push(event.phase),
    bindPassword: async () => {
      asked += 1;
      const bytes = Buffer.from(dc.settings.bindPassword);
      given.push(bytes);
      return bytes;
    },
  });
  t.after(() => directory.close());
  await directory.findAccount(dc.user);
  const receipt = await directory.resetPassword(dc.user, NEW);
  assert.equal(receipt.account.samAccountName, dc.user);
  assert.equal((await dc.seen()).password, NEW);
  assert.equal(asked, 2);
  assert.ok(given.every((bytes) => bytes.every((byte) => byte === 0)));
  assert.deepEqual(events, ["start", "finish", "start", "finish"]);
});

test("over the wire: a function that has no password", async (t) => {
  const dc = await FakeDc.start(t);
  for (const bindPassword of [
    () => {
      throw new Error("the vault is closed");
    },
    async () => Promise.reject(new Error("the vault is closed")),
    () => 5,
    () => "lone \ud800",
    () => undefined,
    () => new Promise(() => {}),
  ]) {
    const directory = new ActiveDirectory({ ...dc.settings, bindPassword, connectTimeout: 6 });
    const error = await directory.findAccount(dc.user).catch((error) => error);
    assert.deepEqual(
      [error.code, error.reason, error.outcome],
      ["BIND_FAILED", "no_password", "not_applied"],
      `${error}`,
    );
    await directory.close();
  }
  assert.equal((await dc.seen()).binds, 0);
});

test("over the wire: a wrong bind password", async (t) => {
  const dc = await FakeDc.start(t);
  const directory = new ActiveDirectory({ ...dc.settings, bindPassword: () => "not the password" });
  const error = await directory.findAccount(dc.user).catch((error) => error);
  assert.deepEqual([error.code, error.reason, error.kind], ["BIND_FAILED", "wrong_credentials", "service_account"]);
  await directory.close();
});

test("over the wire: a deadline", async (t) => {
  const dc = await FakeDc.start(t);
  await dc.hang("find");
  const directory = new ActiveDirectory(dc.settings);
  const at = Date.now();
  await assert.rejects(directory.findAccount(dc.user, { deadline: 3 }), { code: "TIMEOUT", outcome: "not_applied" });
  assert.ok(Date.now() - at < 15_000, "not the deadline of the settings");
  await directory.close();
});
