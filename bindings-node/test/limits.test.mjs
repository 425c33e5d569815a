// Limits on how often operations may be tried, and the audit file.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { ActiveDirectory, Identity, MockDirectory } from "password-writeback";

const NEW = "New-Passw0rd-2";

function directory(options) {
  const made = new MockDirectory(options);
  const guid = made.addUser({ name: "alice", password: "Old-Passw0rd-1" });
  return { made, guid };
}

test("the limit on an account is the same however it is named", async () => {
  const events = [];
  const rateLimit = { perAccount: { count: 2, period: 3600 } };
  const { made, guid } = directory({ rateLimit, audit: (event) => events.push(event) });
  await made.checkPassword("alice", NEW);
  await made.checkPassword("alice@corp.example", NEW);
  const error = await made.resetPassword(Identity.guid(guid), NEW).catch((error) => error);
  assert.deepEqual(
    [error.code, error.outcome, error.kind, made.writes()],
    ["RATE_LIMITED", "not_applied", "caller", 0],
  );
  assert.equal(error.retryAt.toISOString(), "2026-01-01T00:30:00.000Z");
  assert.equal(error.toJSON().retryAt, error.retryAt);
  assert.deepEqual([events.length, events[5].code, events[5].target], [6, "RATE_LIMITED", guid]);
  made.clock.set(error.retryAt);
  await made.resetPassword("alice", NEW);
});

test("the limit in all counts reads", async () => {
  const { made } = directory({ rateLimit: { total: { count: 1, period: 60 } } });
  await made.findAccount("alice");
  await assert.rejects(made.findAccount("alice"), { code: "RATE_LIMITED", account: null });
  made.clock.advance(60);
  await made.findAccount("alice");
});

test("what cannot be a limit is refused", () => {
  const given = { servers: ["ldaps://dc1"], bindUser: "svc", bindPassword: "x" };
  for (const limit of [
    { count: 0, period: 60 },
    { count: 1, period: 0 },
    { count: 1, period: 1e12 },
  ]) {
    assert.throws(() => new MockDirectory({ rateLimit: { total: limit } }), {
      code: "CONFIGURATION",
      message: /^rateLimit\.total/,
    });
    assert.throws(() => new ActiveDirectory({ ...given, rateLimit: { perAccount: limit } }), {
      message: /^rateLimit\.perAccount/,
    });
  }
  assert.throws(() => new MockDirectory({ rateLimit: { each: {} } }), { code: "CONFIGURATION" });
});

test("a file takes the events, with or without a listener", async () => {
  const place = mkdtempSync(join(tmpdir(), "password-writeback-"));
  try {
    const auditFile = join(place, "audit.jsonl");
    const { made } = directory({ auditFile });
    await made.resetPassword("alice", "x").catch(() => {});
    const lines = readFileSync(auditFile, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map((line) => line.phase),
      ["start", "finish"],
    );
    assert.deepEqual([lines[1].code, lines[1].microsoft_cause], ["POLICY_VIOLATION", "33008"]);
    renameSync(auditFile, join(place, "audit.1"));
    await made.findAccount("alice");
    assert.equal(readFileSync(auditFile, "utf8").trimEnd().split("\n").length, 2);
    rmSync(place, { recursive: true });
    await assert.rejects(made.resetPassword("alice", NEW), { code: "CONFIGURATION" });
    assert.throws(() => new MockDirectory({ auditFile }), { code: "CONFIGURATION", message: /^auditFile/ });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

test("an event that the file loses is a warning, where the operation goes on", async () => {
  const place = mkdtempSync(join(tmpdir(), "password-writeback-"));
  const { made } = directory({ auditFile: join(place, "audit.jsonl"), onSinkFailure: "continue" });
  rmSync(place, { recursive: true });
  const warned = once(process, "warning");
  await made.resetPassword("alice", NEW, { correlationId: "c-7" });
  const [warning] = await warned;
  assert.equal(warning.name, "PasswordWritebackWarning");
  assert.match(warning.message, /audit event was lost.*start of reset_password \[c-7\]/);
});
