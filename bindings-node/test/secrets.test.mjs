// Passwords on their way in: text as it is, bytes wiped on every path before the call returns.
import assert from "node:assert/strict";
import test from "node:test";
import { ActiveDirectory, MockDirectory } from "password-writeback";

const OLD = "Old-Passw0rd-1";
const NEW = "New-Passw0rd-2";

function directory() {
  const made = new MockDirectory({ policy: { minAge: 0, complexity: false } });
  made.addUser({ name: "alice", password: OLD });
  return made;
}

const wiped = (bytes) => bytes.every((byte) => byte === 0);

test("a lone surrogate is refused, never replaced", async () => {
  const mock = directory();
  for (const password of ["Passw0rd-\ud800", "\udc00Passw0rd", "Pass\ud83dw0rd-1"]) {
    await assert.rejects(mock.resetPassword("alice", password), { code: "INVALID_PASSWORD", reason: "not_unicode" });
    await assert.rejects(mock.changePassword("alice", password, NEW), { code: "INVALID_PASSWORD" });
    await assert.rejects(mock.changePassword("alice", OLD, password), { code: "INVALID_PASSWORD" });
    await assert.rejects(mock.checkPassword("alice", password), { code: "INVALID_PASSWORD" });
    assert.throws(() => mock.verifyPassword("alice", password), { code: "INVALID_PASSWORD" });
    assert.throws(() => new ActiveDirectory({ servers: ["ldaps://x"], bindUser: "s", bindPassword: password }), {
      code: "INVALID_PASSWORD",
    });
  }
  assert.equal(mock.writes(), 0);
  await mock.resetPassword("alice", "Pass\ud83d\ude00w0rd-1");
  assert.ok(mock.verifyPassword("alice", Buffer.from("Pass😀w0rd-1")));
});

test("bytes that are no UTF-8 are refused, and wiped", async () => {
  const mock = directory();
  const bytes = Uint8Array.of(0xff, 0x41, 0x42);
  await assert.rejects(mock.resetPassword("alice", bytes), { code: "INVALID_PASSWORD", reason: "not_unicode" });
  assert.ok(wiped(bytes));
});

test("bytes are wiped before the call returns, on every path", async () => {
  const aborted = AbortSignal.abort();
  const paths = {
    "it works": (mock, bytes) => mock.resetPassword("alice", bytes),
    "it is refused": (mock, bytes) => mock.resetPassword("krbtgt", bytes),
    "nobody is there": (mock, bytes) => mock.checkPassword("nobody", bytes),
    "an option is misspelt": (mock, bytes) => mock.resetPassword("alice", bytes, { unlok: true }),
    "the options are none": (mock, bytes) => mock.resetPassword("alice", bytes, 5),
    "an option cannot be read": (mock, bytes) =>
      mock.resetPassword("alice", bytes, {
        get unlock() {
          throw new RangeError("seen in the test");
        },
      }),
    "the identity is none": (mock, bytes) => mock.resetPassword(5, bytes),
    "the signal is none": (mock, bytes) => mock.resetPassword("alice", bytes, { signal: 1 }),
    "it is aborted": (mock, bytes) => mock.resetPassword("alice", bytes, { signal: aborted }),
    "the other password is none": (mock, bytes) => mock.changePassword("alice", bytes, 5),
    "the other password is none either": (mock, bytes) => mock.changePassword("alice", undefined, bytes),
    "the directory is closed": (mock, bytes) => {
      void mock.close();
      return mock.resetPassword("alice", bytes);
    },
  };
  for (const [path, call] of Object.entries(paths)) {
    for (const bytes of [new TextEncoder().encode(NEW), Buffer.from(NEW), Buffer.from(`--${NEW}--`).subarray(2, 16)]) {
      const mock = directory();
      const promise = call(mock, bytes);
      assert.ok(wiped(bytes), path);
      await promise.catch(() => {});
    }
  }
});

test("a view is read and wiped as the view it is", async () => {
  const mock = directory();
  const whole = Buffer.from(`before${NEW}after`);
  await mock.resetPassword("alice", whole.subarray(6, 6 + NEW.length));
  assert.equal(whole.toString("latin1"), `before${"\0".repeat(NEW.length)}after`);
  assert.ok(mock.verifyPassword("alice", NEW));
});

test("the same bytes for both passwords", async () => {
  const mock = directory();
  const bytes = Buffer.from(OLD);
  await assert.rejects(mock.changePassword("alice", bytes, bytes), { code: "POLICY_VIOLATION" });
  assert.ok(wiped(bytes));
});

test("shared memory is refused, and wiped", async () => {
  const mock = directory();
  const bytes = new Uint8Array(new SharedArrayBuffer(NEW.length));
  bytes.set(Buffer.from(NEW));
  await assert.rejects(mock.resetPassword("alice", bytes), { name: "TypeError", message: /shared memory/ });
  assert.ok(wiped(bytes));
  assert.equal(mock.writes(), 0);
});

test("memory that was given away, resizable memory, a class of one's own", async () => {
  const mock = directory();
  const bytes = Buffer.from(new ArrayBuffer(8));
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  await assert.rejects(mock.resetPassword("alice", bytes), { code: "INVALID_PASSWORD", reason: "empty" });

  const resizable = new Uint8Array(new ArrayBuffer(NEW.length, { maxByteLength: 64 }));
  resizable.set(Buffer.from(NEW));
  await mock.resetPassword("alice", resizable);
  assert.ok(wiped(resizable) && mock.verifyPassword("alice", NEW));

  class Sly extends Uint8Array {
    fill() {
      return this;
    }
  }
  const sly = Sly.from(Buffer.from(`${NEW}3`));
  await mock.resetPassword("alice", sly);
  assert.ok(wiped(sly) && mock.verifyPassword("alice", `${NEW}3`));
});

test("a bind password in bytes is wiped, whatever the settings", () => {
  const settings = { servers: ["ldaps://dc1"], bindUser: "svc" };
  for (const more of [{}, { servers: [] }, { history: 5 }, { bind_user: 1 }, { audit: 5 }]) {
    const bindPassword = Buffer.from(NEW);
    try {
      new ActiveDirectory({ ...settings, ...more, bindPassword });
    } catch {
      // Some of them cannot work.
    }
    assert.ok(wiped(bindPassword), JSON.stringify(more));
  }
});

test("the passwords that a mock is given are wiped on every path", () => {
  const raise = () => {
    throw new RangeError("seen in the test");
  };
  const unreadable = (given) => Object.defineProperty(given, "upn", { enumerable: true, get: raise });
  const user = { name: "bob" };
  const fault = { kind: "other_writer", before: "write" };
  function* breakingOff(one) {
    yield one;
    raise();
  }
  const paths = {
    "former ones without a password": (mock, secret) =>
      mock.addUser({ ...user, formerPasswords: [secret(), secret()] }),
    "former ones that are none": (mock, secret) =>
      mock.addUser({ ...user, password: secret(), formerPasswords: [secret(), 5] }),
    "former ones that are no list": (mock, secret) => mock.addUser({ ...user, password: secret(), formerPasswords: 5 }),
    "bytes in the place of a list": (mock, secret) =>
      mock.addUser({ ...user, password: secret(), formerPasswords: secret() }),
    "a list that breaks off": (mock, secret) =>
      mock.addUser({ ...user, password: secret(), formerPasswords: breakingOff(secret()) }),
    "an option that cannot be read": (mock, secret) =>
      mock.addUser(unreadable({ ...user, password: secret(), formerPasswords: [secret()] })),
    "an option that is misspelt": (mock, secret) =>
      mock.addUser({ ...user, password: secret(), formerPasswords: [secret()], dissabled: true }),
    "a fault with an error that is none": (mock, secret) =>
      mock.failNext({ ...fault, password: secret(), error: { code: 5 } }),
    "a fault that cannot be read": (mock, secret) => mock.failNext(unreadable({ ...fault, password: secret() })),
    "a fault that there is not": (mock, secret) => mock.failNext({ kind: "earthquake", password: secret() }),
    "an identity that is none": (mock, secret) => mock.verifyPassword(5, secret()),
    "a method without its directory": (mock, secret) => mock.bind.call({}, "alice", secret()),
  };
  for (const [path, call] of Object.entries(paths)) {
    const given = [];
    const secret = () => {
      given.push(Buffer.from(NEW));
      return given.at(-1);
    };
    assert.throws(() => call(directory(), secret), path);
    assert.ok(given.length > 0 && given.every(wiped), path);
  }
});

test("the passwords of a mock user are wiped too", () => {
  const mock = directory();
  const [password, former] = [Buffer.from(NEW), Buffer.from(OLD)];
  mock.addUser({ name: "bob", password, formerPasswords: [former] });
  assert.ok(wiped(password) && wiped(former));
  assert.ok(mock.verifyPassword("bob", NEW));
});
