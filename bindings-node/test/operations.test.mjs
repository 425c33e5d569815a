// The operations, their results, their errors, and the mock directory as a programmer uses them.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import * as module from "password-writeback";
import { ActiveDirectory, generatePassword, Identity, MockDirectory, WritebackError } from "password-writeback";

const OLD = "Old-Passw0rd-1";
const NEW = "New-Passw0rd-2";

function directory(options) {
  const made = new MockDirectory(options);
  made.addUser({
    name: "alice",
    password: OLD,
    displayName: "Alice Adams",
    groups: ["Staff"],
    upn: "alice@corp.example",
  });
  return made;
}

test("both kinds of module are the same classes", () => {
  const required = createRequire(import.meta.url)("password-writeback");
  assert.deepEqual(Object.keys(module).sort(), Object.keys(required).sort());
  assert.deepEqual({ ...module }, { ...required });
});

test("a reset answers with a receipt", async () => {
  const mock = directory();
  const receipt = await mock.resetPassword("alice", NEW, { requireChange: true, correlationId: "c-1" });
  assert.equal(receipt.operation, "reset_password");
  assert.equal(receipt.domainController, "dc1.corp.example");
  assert.equal(receipt.correlationId, "c-1");
  assert.equal(receipt.history, "enforced");
  assert.equal(receipt.passwordLastSet, null);
  assert.equal(receipt.mustChangePassword, true);
  assert.deepEqual(receipt.warnings, []);
  assert.equal(receipt.account.samAccountName, "alice");
  assert.ok(Object.isFrozen(receipt) && Object.isFrozen(receipt.account) && Object.isFrozen(receipt.warnings));
  assert.ok(mock.verifyPassword("alice", NEW));
});

test("every operation", async () => {
  const mock = directory({ policy: { lockoutThreshold: 3 } });
  const changed = await mock.changePassword("alice", OLD, NEW);
  assert.equal(changed.history, "enforced");
  assert.ok(changed.passwordLastSet instanceof Date);
  assert.equal(
    (await mock.unlockAccount("alice", { initiator: "administrator", actor: "bob" })).operation,
    "unlock_account",
  );
  assert.equal((await mock.requirePasswordChange("alice")).mustChangePassword, true);
  const verdict = await mock.checkPassword("alice", "short");
  assert.equal(verdict.acceptable, "no");
  assert.deepEqual(verdict.violations[0], { rule: "min_length", limit: 7, certainty: "computed" });
  const account = await mock.findAccount(Identity.upn("alice@corp.example"));
  assert.equal(account.displayName, "Alice Adams");
  const policy = await mock.passwordPolicy("alice");
  assert.deepEqual([policy.source, policy.minAge, policy.lockoutThreshold], ["domain", 86_400, 3]);
  assert.equal((await mock.diagnose()).healthy, true);
  assert.ok((await mock.diagnose("alice")).checks.every((check) => check.status === "ok"));
});

test("a diagnosis has the commands that mend what it finds, and a canary", async () => {
  const mock = new MockDirectory();
  mock.addUser({ name: "alice", password: OLD, without: ["reset password"] });
  mock.addUser({ name: "wb-canary", password: OLD });
  const sick = await mock.diagnose("alice");
  assert.equal(sick.healthy, false);
  assert.equal(sick.outcome, undefined);
  const found = sick.checks.find((check) => check.name === "reset_right");
  assert.equal(found.status, "failed");
  assert.deepEqual(
    found.commands.map((command) => command.tool),
    ["dsacls", "powershell", "samba_tool"],
  );
  assert.match(
    found.commands[0].command,
    /^dsacls "CN=Users,DC=corp,DC=example" .*CORP\\svc-writeback:CA;Reset Password/,
  );
  const proven = await mock.diagnose("wb-canary", { canary: true });
  assert.deepEqual([proven.healthy, proven.outcome], [true, "applied"]);
  assert.equal(mock.verifyPassword("wb-canary", OLD), false);
  assert.equal((await mock.diagnose("alice", { canary: true })).outcome, "not_applied");
  assert.equal(mock.verifyPassword("alice", OLD), true);
  await assert.rejects(mock.diagnose(null, { canary: true }), { code: "INVALID_IDENTITY" });
});

test("every kind of identity", async () => {
  const mock = new MockDirectory();
  const guid = "0a0b0c0d-0102-0304-0506-0708090a0b0c";
  mock.addUser({ name: "alice", password: OLD, upn: "a@corp.example", guid });
  const found = await mock.findAccount("alice");
  for (const identity of [
    Identity.sam("CORP\\alice"),
    Identity.upn("a@corp.example"),
    Identity.dn(found.distinguishedName),
    Identity.guid(guid),
    Identity.sid(found.objectSid),
    Identity.sourceAnchor(found.sourceAnchor),
  ]) {
    assert.equal((await mock.findAccount(identity)).objectGuid, guid, identity.kind);
    assert.equal((await mock.findAccount(identity.text)).objectGuid, guid, `${identity}`);
  }
});

test("an error is an Error with its facts", async () => {
  const mock = directory();
  async function portal() {
    return await mock.resetPassword("alice", "short");
  }
  const error = await portal().catch((error) => error);
  assert.ok(error instanceof WritebackError && error instanceof Error);
  assert.equal(error.name, "WritebackError");
  assert.deepEqual([error.code, error.outcome, error.kind], ["POLICY_VIOLATION", "not_applied", "policy"]);
  assert.deepEqual(
    error.violations.map((violation) => violation.rule),
    ["min_length", "complexity"],
  );
  assert.equal(error.account.samAccountName, "alice");
  assert.equal(error.domainController, "dc1.corp.example");
  assert.deepEqual([error.resultCode, error.win32, error.microsoftEvent], [53, 1325, "33008"]);
  assert.deepEqual([error.reason, error.missingRight, error.protection, error.retryAt], [null, null, null, null]);
  const [first, place] = error.stack.split("\n");
  assert.equal(first, `WritebackError: ${error.message}`);
  assert.match(place, /at portal \(.*operations\.test\.mjs:\d+:\d+\)/);
  assert.deepEqual(JSON.parse(JSON.stringify(error)).violations.length, 2);
  assert.equal(JSON.parse(JSON.stringify(error)).code, "POLICY_VIOLATION");
});

test("details of an error are typed", async () => {
  const mock = directory();
  mock.revokeOn("alice", "reset password");
  const denied = await mock.resetPassword("alice", NEW).catch((error) => error);
  assert.deepEqual([denied.code, denied.missingRight], ["PERMISSION_DENIED", "reset password"]);
  const krbtgt = await mock.resetPassword("krbtgt", NEW).catch((error) => error);
  assert.deepEqual([krbtgt.code, krbtgt.protection], ["PROTECTED_ACCOUNT", "krbtgt"]);
  const early = await mock
    .changePassword("alice", OLD, NEW)
    .then(() => mock.changePassword("alice", NEW, `${NEW}3`).catch((e) => e));
  assert.equal(early.violations[0].rule, "min_age");
  assert.ok(early.violations[0].retryAt instanceof Date);
});

test("a stack goes on to the callers that await", async () => {
  const mock = directory();
  async function portal() {
    await mock.findAccount("alice");
    return await mock.findAccount("nobody");
  }
  async function page() {
    return await portal();
  }
  const error = await page().catch((error) => error);
  assert.match(error.stack, /^WritebackError: .*\n +at (async )?portal .*\n +at async page .*operations\.test\.mjs/);
});

test("an application that formats stacks in its own way gets the truth all the same", async (t) => {
  const mock = directory();
  const before = [Error.prepareStackTrace, Error.stackTraceLimit];
  t.after(() => {
    [Error.prepareStackTrace, Error.stackTraceLimit] = before;
  });
  for (const format of [
    (_, frames) => frames,
    () => undefined,
    () => {
      throw new Error("seen in the test");
    },
  ]) {
    Error.prepareStackTrace = format;
    const error = await mock.findAccount("nobody").catch((error) => error);
    Error.prepareStackTrace = undefined;
    assert.equal(error.code, "ACCOUNT_NOT_FOUND");
  }
  Error.stackTraceLimit = 0;
  const error = await mock.findAccount("nobody").catch((error) => error);
  assert.equal(error.stack, `WritebackError: ${error.message}`);
});

test("an error goes through JSON and between threads, and comes back", async () => {
  const mock = directory({ policy: { minAge: 3600 } });
  mock.addUser({ name: "bob", password: OLD, passwordAge: 60 });
  const error = await mock.changePassword("bob", OLD, NEW).catch((error) => error);
  assert.ok(error.violations[0].retryAt instanceof Date);
  for (const again of [
    WritebackError.fromJSON(JSON.stringify(error)),
    new WritebackError(structuredClone(error.toJSON())),
  ]) {
    assert.ok(again instanceof WritebackError);
    assert.deepEqual(again.toJSON(), error.toJSON());
    assert.equal(again.kind, "policy");
  }
  const cloned = structuredClone(error);
  assert.ok(cloned instanceof Error && cloned.message === error.message);
  for (const text of ["{}", "null", "5", '{"message": "m", "code": "NOTHING"}']) {
    assert.throws(() => WritebackError.fromJSON(text), TypeError);
  }
  assert.throws(() => WritebackError.fromJSON("x"), SyntaxError);
});

test("methods that have lost their directory reject, and wipe", async () => {
  const { resetPassword } = directory();
  for (const self of [undefined, null, {}, 5]) {
    const bytes = Buffer.from(NEW);
    const promise = resetPassword.call(self, "alice", bytes);
    assert.ok(bytes.every((byte) => byte === 0));
    await assert.rejects(promise, TypeError);
  }
});

test("a random password is to the policy, and the caller's own", async () => {
  const mock = directory({ policy: { minLength: 32 } });
  const policy = await mock.passwordPolicy("alice");
  const password = generatePassword(policy);
  assert.ok(password instanceof Uint8Array);
  assert.equal(password.length, 32);
  const text = Buffer.from(password).toString();
  assert.match(text, /^[\x21-\x7e]{32}$/);
  assert.notEqual(Buffer.from(generatePassword(policy)).toString(), text);
  await mock.resetPassword("alice", password);
  assert.ok(password.every((byte) => byte === 0));
  assert.ok(mock.verifyPassword("alice", text));
  mock.addFineGrainedPolicy({ name: "strict", precedence: 1, policy: { minLength: 40 }, users: ["alice"] });
  assert.equal(generatePassword(await mock.passwordPolicy("alice")).length, 40);
  assert.throws(() => generatePassword({ ...policy, minLength: 300 }), { code: "UNSUPPORTED" });
  assert.throws(() => generatePassword({ minLength: "5" }), { code: "CONFIGURATION" });
  assert.throws(() => generatePassword(5), WritebackError);
});

test("the same errors from callers who do not await at once", async () => {
  const mock = directory();
  const promise = mock.findAccount("nobody");
  const error = await promise.then(null, (error) => error);
  assert.equal(error.code, "ACCOUNT_NOT_FOUND");
  assert.match(error.stack, /operations\.test\.mjs/);
});

test("dates of another realm are dates", () => {
  const now = runInNewContext("new Date(Date.UTC(2031, 0, 1))");
  assert.equal(new MockDirectory({ now }).clock.now().toISOString(), "2031-01-01T00:00:00.000Z");
});

test("settings that cannot work are refused at once", () => {
  const settings = { servers: ["ldaps://dc1"], bindUser: "svc", bindPassword: "Secret-Passw0rd" };
  const refused = (options, pattern) =>
    assert.throws(
      () => new ActiveDirectory(options),
      (error) => {
        assert.ok(error instanceof WritebackError, inspect(error));
        assert.equal(error.code, "CONFIGURATION");
        assert.match(error.message, pattern);
        assert.match(error.stack, /operations\.test\.mjs/);
        assert.ok(!inspect(error).includes("Secret"));
        return true;
      },
    );
  refused({ ...settings, servers: [] }, /servers/);
  refused({ ...settings, servers: ["http://dc1"] }, /servers/);
  refused({ ...settings, domain: "corp.example" }, /servers, domain: both/);
  refused({ ...settings, dnsServers: ["10.0.0.53"] }, /dnsServers: it belongs to domain/);
  const discovered = { domain: "corp.example", bindUser: "svc", bindPassword: "Secret-Passw0rd" };
  refused({ ...discovered, dnsServers: ["ns1"] }, /dnsServers/);
  refused({ ...discovered, startTls: "yes" }, /startTls|boolean/);
  new ActiveDirectory({ ...discovered, dnsServers: ["10.0.0.53", "10.0.0.54:5353"], site: "Branch", startTls: true });
  refused({ ...settings, bindPassword: "" }, /bindPassword/);
  refused({ ...settings, connectTimeout: 0 }, /connectTimeout/);
  refused({ ...settings, alowedSubtrees: [] }, /`alowedSubtrees`, expected one of .*`allowedSubtrees`/);
  refused({ ...settings, history: "always" }, /required, if_supported, off/);
  refused({ ...settings, caFile: "/nowhere.pem" }, /nowhere/);
  refused({ servers: ["ldaps://dc1"], bindUser: "svc" }, /bindPassword/);
  refused({ servers: ["ldaps://dc1"], keytab: "svc.keytab" }, /principal/);
  refused({ ...settings, credentialCache: true }, /exactly one/);
  refused({ servers: ["ldaps://10.0.0.1"], credentialCache: "/tmp/cache" }, /10\.0\.0\.1/);
  refused({ ...settings, onSinkFailure: "x", audit() {} }, /onSinkFailure/);
  assert.throws(() => new ActiveDirectory({ ...settings, bindPassword: 5 }), TypeError);
  assert.throws(() => new ActiveDirectory({ ...settings, bind_password: "x" }), /no option "bind_password"/);
  assert.throws(() => new ActiveDirectory(), { code: "CONFIGURATION" });
  assert.throws(() => new ActiveDirectory("Secret"), TypeError);
  assert.throws(() => new MockDirectory({ domain: "not a name" }), { code: "CONFIGURATION" });
});

test("an identity that is no valid text is INVALID_IDENTITY", async () => {
  const mock = directory();
  for (const text of ["a\ud800", "\udc00lice", "al\ud83dice@corp.example", "CN=\udfff,DC=corp,DC=example"]) {
    for (const identity of [text, Identity.sam(text), Identity.dn(text)]) {
      const expected = {
        name: "WritebackError",
        code: "INVALID_IDENTITY",
        reason: "not_unicode",
        outcome: "not_applied",
      };
      await assert.rejects(mock.findAccount(identity), expected);
      await assert.rejects(mock.resetPassword(identity, NEW), expected);
      await assert.rejects(mock.changePassword(identity, OLD, NEW), expected);
      await assert.rejects(mock.diagnose(identity), expected);
      await assert.rejects(mock.resetPassword("alice", NEW, { actor: identity }), expected);
      assert.throws(() => mock.account(identity), expected);
      assert.throws(() => mock.revokeOn(identity, "reset password"), expected);
    }
  }
  await assert.rejects(mock.findAccount("a\ud83d\ude00"), { code: "ACCOUNT_NOT_FOUND" });
  await assert.rejects(mock.findAccount("alice", { correlationId: "\ud800" }), { code: "CONFIGURATION" });
  assert.equal(mock.writes(), 0);
});

test("wrong arguments are refused, and nothing is sent", async () => {
  const mock = directory();
  for (const call of [
    () => mock.resetPassword(),
    () => mock.resetPassword("alice"),
    () => mock.resetPassword("alice", null),
    () => mock.resetPassword("alice", 12345678),
    () => mock.resetPassword("alice", ["a"]),
    () => mock.resetPassword("alice", new Uint16Array(8)),
    () => mock.resetPassword("alice", new ArrayBuffer(8)),
    () => mock.resetPassword(5, NEW),
    () => mock.resetPassword(Symbol("x"), NEW),
    () => mock.resetPassword("alice", NEW, "options"),
    () => mock.resetPassword("alice", NEW, []),
    () => mock.resetPassword("alice", NEW, { deadline: Number.NaN }),
    () => mock.resetPassword("alice", NEW, { deadline: 5n }),
    () => mock.resetPassword("alice", NEW, { signal: {} }),
    () => mock.resetPassword("alice", NEW, { signal: "x" }),
    () => mock.resetPassword("alice", NEW, { require_change: true }),
    () => mock.resetPassword("alice", NEW, { identity: "bob" }),
    () => mock.resetPassword("alice", NEW, { identity: undefined }),
    () => mock.resetPassword("alice", NEW, { unlock: () => true }),
    () => mock.changePassword("alice", OLD),
  ]) {
    await assert.rejects(call, TypeError, `${call}`);
  }
  for (const options of [
    { unlok: true },
    { history: "always" },
    { deadline: 0 },
    { deadline: -1 },
    { deadline: "5" },
    { initiator: "root" },
    { requireChange: "yes" },
    { actor: 5 },
  ]) {
    await assert.rejects(mock.resetPassword("alice", NEW, options), { code: "CONFIGURATION" }, inspect(options));
  }
  await assert.rejects(mock.unlockAccount("alice", { unlock: true }), { code: "CONFIGURATION" });
  await assert.rejects(mock.findAccount(""), { code: "INVALID_IDENTITY", reason: "unreadable" });
  await assert.rejects(mock.findAccount({ kind: "sam" }), { code: "CONFIGURATION" });
  await assert.rejects(mock.findAccount(null), { code: "INVALID_IDENTITY" });
  await assert.rejects(mock.resetPassword("alice", ""), { code: "INVALID_PASSWORD", reason: "empty" });
  await assert.rejects(mock.resetPassword("alice", "a\0b"), { code: "INVALID_PASSWORD", reason: "contains_nul" });
  await assert.rejects(mock.resetPassword("alice", "x".repeat(257)), { code: "INVALID_PASSWORD", reason: "too_long" });
  assert.equal(mock.writes(), 0);
  assert.ok(mock.verifyPassword("alice", OLD));
});

test("nothing prints a password", async () => {
  const mock = directory();
  const seen = [];
  const wordy = new MockDirectory({ audit: (event) => seen.push(event) });
  wordy.addUser({ name: "alice", password: "Secret-Passw0rd-1" });
  seen.push(await wordy.resetPassword("alice", "Secret-Passw0rd-2"));
  seen.push(await wordy.resetPassword("alice", "Secret").catch((error) => error));
  seen.push(await wordy.changePassword("alice", "Secret-Wrong-3", "Secret-Passw0rd-4").catch((error) => error));
  seen.push(await wordy.resetPassword("alice", "Secret-\ud800").catch((error) => error));
  seen.push(await wordy.resetPassword("alice", "Secret-Passw0rd-5", "Secret-Passw0rd-6").catch((error) => error));
  seen.push(wordy, mock, wordy.account("alice"));
  seen.push(new ActiveDirectory({ servers: ["ldaps://dc1"], bindUser: "svc", bindPassword: "Secret-Passw0rd-7" }));
  for (const each of seen) {
    const text = `${inspect(each, { depth: 20, showHidden: true, getters: true })} ${JSON.stringify(each)} ${each} ${each.stack}`;
    assert.ok(!text.includes("Secret"), text);
  }
});

test("a closed directory refuses, after what was under way has ended", async () => {
  const mock = directory();
  mock.failNext({ kind: "slow", stage: "write", duration: 0.1 });
  const under = mock.resetPassword("alice", NEW);
  let ended = false;
  under.then(() => {
    ended = true;
  });
  await mock.close();
  assert.ok(ended);
  await mock.close();
  await assert.rejects(mock.findAccount("alice"), { code: "CONFIGURATION", message: /closed/ });
  assert.throws(() => mock.writes(), { code: "CONFIGURATION" });
});

test("await using closes", { skip: Symbol.asyncDispose === undefined }, async () => {
  const mock = directory();
  mock.failNext({ kind: "slow", stage: "write", duration: 0.1 });
  let ended = false;
  mock.resetPassword("alice", NEW).then(() => {
    ended = true;
  });
  await mock[Symbol.asyncDispose]();
  assert.ok(ended);
  await assert.rejects(mock.findAccount("alice"), { code: "CONFIGURATION" });
});

test("a mock directory: clock, policies, groups, rights, faults, inspection", async () => {
  const mock = new MockDirectory({
    policy: { minAge: 3600, lockoutThreshold: 2 },
    now: new Date("2030-01-01T00:00:00Z"),
  });
  const guid = mock.addUser({ name: "alice", password: OLD, formerPasswords: [NEW], passwordAge: 60 });
  assert.match(mock.addGroup({ name: "Admins of alice", memberOf: ["Domain Admins"] }), /^S-1-5-21-/);
  await assert.rejects(mock.resetPassword("alice", `${NEW}x`), { code: "POLICY_VIOLATION" });
  mock.clock.advance(3600);
  assert.equal(mock.clock.now().toISOString(), "2030-01-01T01:00:00.000Z");
  await mock.resetPassword("alice", `${NEW}x`);
  assert.equal(mock.bind("alice", "wrong"), "52e");
  mock.bind("alice", "wrong");
  assert.equal(mock.badPasswordCount("alice"), 2);
  const stored = mock.account("alice");
  assert.ok(stored.locked && stored.lockoutTime instanceof Date);
  assert.equal(stored.guid, guid);
  assert.equal(mock.bind("alice", `${NEW}x`), "775");
  await mock.unlockAccount("alice");
  assert.equal(mock.bind("alice", `${NEW}x`), "0");
  mock.addFineGrainedPolicy({ name: "strict", precedence: 1, policy: { minLength: 30 }, users: ["alice"] });
  assert.ok((await mock.passwordPolicy("alice")).source.fineGrained.startsWith("CN=strict,"));
  mock.setPolicy({ lenient: true });
  mock.nestGroup("Admins of alice", "Domain Users");
  mock.moveUser("alice", "OU=Leavers");
  assert.match((await mock.findAccount("alice")).distinguishedName, /OU=Leavers/);
  mock.protectAdministrators();
  mock.failTimes(2, { kind: "unreachable" });
  mock.failAlways({ kind: "other_writer", before: "write", password: Buffer.from("x") });
  assert.equal(mock.pendingFaults(), 2);
  await assert.rejects(mock.findAccount("alice"), { code: "UNREACHABLE" });
  mock.clearFaults();
  mock.revoke("read tokenGroups");
  await assert.rejects(mock.resetPassword("alice", "x"), {
    code: "PERMISSION_DENIED",
    missingRight: "read tokenGroups",
  });
  mock.grant("read tokenGroups");
  mock.clock.set(new Date("2031-01-01T00:00:00Z"));
  mock.removeUser("alice");
  assert.equal(mock.account("alice"), null);
  assert.throws(() => mock.addUser({ name: "x", polisy: 1 }), { code: "CONFIGURATION" });
  assert.throws(() => mock.failNext({ kind: "tlz" }), { code: "CONFIGURATION" });
  const own = new WritebackError({ code: "TIMEOUT", message: "seen in the test" });
  mock.failNext({ kind: "fail", stage: "find", error: own });
  await assert.rejects(mock.findAccount("bob"), {
    code: "TIMEOUT",
    message: "seen in the test",
    outcome: "not_applied",
  });
  mock.failNext({ kind: "fail", stage: "find", error: { code: "TLS", message: "m", reason: "wrong_name" } });
  await assert.rejects(mock.findAccount("bob"), { code: "TLS", reason: "wrong_name", kind: "channel" });
  assert.throws(() => mock.clock.advance(-1), { code: "CONFIGURATION" });
  assert.throws(() => mock.clock.set(new Date("never")), TypeError);
  assert.throws(() => mock.revoke("fly"), { code: "CONFIGURATION" });
  assert.throws(() => mock.addUser({ name: "a*b" }), WritebackError);
  const gone = new MockDirectory({ resolveByBind: false, grace: 0.05 });
  gone.addUser({ name: "bob", password: OLD });
  gone.failNext({ kind: "gone_after", applied: true });
  await assert.rejects(gone.resetPassword("bob", NEW, { deadline: 6 }), {
    code: "OUTCOME_UNKNOWN",
    outcome: "unknown",
  });
  gone.comeBack();
  assert.ok(gone.verifyPassword("bob", NEW));
});
