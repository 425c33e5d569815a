// Many resets: results as they finish, and every way to leave.
import assert from "node:assert/strict";
import { EventEmitter, getEventListeners, on } from "node:events";
import { Readable } from "node:stream";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ActiveDirectory, Identity, MockDirectory, WritebackError } from "password-writeback";
import { FakeDc } from "./kit/fake.mjs";
import { live } from "./kit/live.mjs";

const OLD = "Old-Passw0rd-1";
const NEW = "New-Passw0rd-2";

/** A directory with so many users, `user0` and so on. */
function directory(count, options) {
  const made = new MockDirectory(options);
  for (let n = 0; n < count; n += 1) {
    made.addUser({ name: `user${n}`, password: OLD });
  }
  return made;
}

const request = (n) => ({ identity: `user${n}`, newPassword: NEW, correlationId: `c${n}` });
const requests = (count) => Array.from({ length: count }, (_, n) => request(n));
const wiped = (bytes) => bytes.every((byte) => byte === 0);
const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/** Everything that is given, in its order, and what is thrown in the end. */
async function all(results) {
  const given = [];
  try {
    for await (const done of results) {
      given.push(done);
    }
  } catch (error) {
    return { given, error };
  }
  return { given };
}

/** Waits until something holds; the test fails where it never does. */
async function until(holds, what) {
  for (let n = 0; !holds(); n += 1) {
    assert.ok(n < 6000, `${what} within thirty seconds`);
    await sleep(5);
  }
}

/** An audit that counts how many are under way, and how many were at most. */
function watched() {
  const seen = { now: 0, most: 0, begun: 0, codes: [] };
  const audit = ({ phase, code }) => {
    if (phase === "start") {
      seen.begun += 1;
      seen.now += 1;
      seen.most = Math.max(seen.most, seen.now);
    } else {
      seen.now -= 1;
      seen.codes.push(code);
    }
  };
  return { seen, audit };
}

test("each request has one result, and no error ends the others", async () => {
  const mock = directory(50);
  for (let n = 0; n < 50; n += 7) {
    mock.removeUser(`user${n}`);
  }
  const { given, error } = await all(mock.resetMany(requests(50)));
  assert.equal(error, undefined);
  assert.deepEqual(
    given.map((done) => done.index).sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, n) => n),
  );
  for (const done of given) {
    assert.ok(Object.isFrozen(done));
    assert.deepEqual([done.identity, done.correlationId], [`user${done.index}`, `c${done.index}`]);
    if (done.index % 7 === 0) {
      assert.deepEqual([Object.keys(done).at(-1), done.error.code], ["error", "ACCOUNT_NOT_FOUND"]);
      assert.ok(done.error instanceof WritebackError);
    } else {
      assert.deepEqual([Object.keys(done).at(-1), done.receipt.correlationId], ["receipt", done.correlationId]);
    }
  }
  assert.equal(mock.writes(), 42);
  assert.ok(mock.verifyPassword("user1", NEW));
});

test("a request takes what a reset takes, and names its account as it likes", async () => {
  const events = [];
  const mock = directory(3, { audit: (event) => events.push(event) });
  const who = Identity.sam("user1");
  const { given } = await all(
    mock.resetMany([
      { identity: "user0", newPassword: NEW, requireChange: true, actor: "bob", initiator: "administrator" },
      { identity: who, newPassword: Buffer.from(NEW), correlationId: null },
      { identity: "user2", newPassword: NEW, correlationId: undefined, unlock: "if_permitted" },
    ]),
  );
  given.sort((a, b) => a.index - b.index);
  assert.equal(given[0].receipt.mustChangePassword, true);
  assert.deepEqual([events[0].actor, events[0].initiator], ["bob", "administrator"]);
  assert.equal(given[1].identity, who);
  for (const done of given) {
    assert.match(done.correlationId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    assert.equal(done.receipt.correlationId, done.correlationId);
  }
  assert.equal(new Set(given.map((done) => done.correlationId)).size, 3);
});

test("nothing asked is nothing done", async () => {
  const mock = directory(1);
  let opened = 0;
  const lazy = {
    [Symbol.iterator]() {
      opened += 1;
      return requests(1)[Symbol.iterator]();
    },
  };
  assert.deepEqual(await all(mock.resetMany([])), { given: [] });
  assert.deepEqual(await all(mock.resetMany((async function* () {})())), { given: [] });
  const never = mock.resetMany(lazy);
  assert.equal(never[Symbol.asyncIterator](), never);
  assert.deepEqual(await never.return(), { value: undefined, done: true });
  assert.deepEqual(await never.next(), { value: undefined, done: true });
  mock.resetMany(lazy);
  await sleep(20);
  assert.deepEqual([opened, mock.writes()], [0, 0]);
  assert.equal((await all(mock.resetMany(lazy))).given.length, 1);
});

for (const kind of ["sync", "async"]) {
  test(`no more are under way than asked for, and none is taken early: ${kind}`, async () => {
    const { seen, audit } = watched();
    const mock = directory(30, { audit });
    mock.failAlways({ kind: "slow", stage: "find", duration: 0.03 });
    let taken = 0;
    const generators = {
      *sync() {
        for (const each of requests(30)) {
          taken += 1;
          yield each;
        }
      },
      async *async() {
        for (const each of requests(30)) {
          await sleep(1);
          taken += 1;
          yield each;
        }
      },
    };
    let given = 0;
    const results = mock.resetMany(generators[kind](), { concurrency: 5 });
    for await (const done of results) {
      given += 1;
      assert.equal(done.error, undefined);
      if (given < 4) {
        // Nobody asks for more: nothing is taken.
        await sleep(100);
      }
      assert.ok(given > 1 || seen.begun === 1, "until one has ended, no other is begun");
      assert.ok(taken <= given + 5, `${taken} taken, ${given} given`);
    }
    assert.deepEqual([given, taken, seen.now], [30, 30, 0]);
    assert.ok(seen.most <= 5, `${seen.most} at once`);
    assert.deepEqual(await results.next(), { value: undefined, done: true });
  });
}

test("how many at once", async () => {
  for (const [concurrency, most] of [
    [undefined, 8],
    [null, 8],
    [1, 1],
    [0, 1],
    [3, 3],
    [Number.POSITIVE_INFINITY, 19],
  ]) {
    const { seen, audit } = watched();
    const mock = directory(20, { audit });
    const results = mock.resetMany(requests(20), { concurrency });
    assert.ok((await results.next()).value.receipt);
    mock.failAlways({ kind: "hang", stage: "find" });
    const next = results.next();
    await until(() => seen.now >= most, `${most} under way with ${concurrency}`);
    await sleep(20);
    assert.equal(seen.now, most, `${concurrency}`);
    await results.return();
    assert.equal((await next).value.error.code, "CANCELLED");
  }
});

test("several that ask at once are answered one after the other", async () => {
  const mock = directory(5);
  const results = mock.resetMany(requests(4));
  const answers = await Promise.all(Array.from({ length: 6 }, () => results.next()));
  assert.deepEqual(
    answers.map((answer) => answer.done),
    [false, false, false, false, true, true],
  );
  assert.equal(new Set(answers.slice(0, 4).map((answer) => answer.value.index)).size, 4);
});

test("a refused logon is never hammered", async () => {
  const { seen, audit } = watched();
  const mock = directory(30, { audit });
  mock.failAlways({ kind: "bind_failed", reason: "wrong_credentials" });
  const bytes = requests(30).map((each) => ({ ...each, newPassword: Buffer.from(NEW) }));
  const { given, error } = await all(mock.resetMany(bytes));
  assert.equal(error, undefined);
  assert.deepEqual(
    given.map((done) => done.index),
    bytes.map((_, n) => n),
  );
  for (const { index, identity, correlationId, error } of given) {
    assert.deepEqual([identity, correlationId], [`user${index}`, `c${index}`]);
    assert.ok(error instanceof WritebackError);
    assert.deepEqual([error.code, error.outcome, error.reason], ["BIND_FAILED", "not_applied", "wrong_credentials"]);
    assert.equal(error.message.includes("not attempted"), index !== 0);
    assert.match(error.stack, /many\.test\.mjs/);
  }
  assert.ok(bytes.every((each) => wiped(each.newPassword)));
  assert.deepEqual([mock.writes(), seen.begun], [0, 1]);
});

test("a logon that is refused on the way stops what follows", async () => {
  const { seen, audit } = watched();
  const mock = directory(30, { audit });
  const results = mock.resetMany(requests(30), { concurrency: 1 });
  for (let n = 0; n < 10; n += 1) {
    assert.ok((await results.next()).value.receipt);
  }
  mock.failAlways({ kind: "bind_failed", reason: "locked_out" });
  const { given } = await all(results);
  assert.ok(given.every(({ error }) => error.reason === "locked_out"));
  assert.deepEqual(given.filter(({ error }) => !error.message.includes("not attempted")).length, 1);
  assert.deepEqual([given.length, mock.writes(), seen.begun], [20, 10, 11]);
});

test("over the wire: one logon with a wrong password, however many requests", async (t) => {
  const dc = await FakeDc.start(t);
  const directory = new ActiveDirectory({ ...dc.settings, bindPassword: "not the password", warmConnections: 0 });
  t.after(() => directory.close());
  const { given } = await all(directory.resetMany(requests(40), { concurrency: 10 }));
  assert.ok(given.every(({ error }) => error.code === "BIND_FAILED"));
  assert.deepEqual([given.length, (await dc.seen()).binds], [40, 1]);
});

test("a slow iterable holds up no result, and a slow loop no reset", async () => {
  const mock = directory(3);
  let go;
  const waiting = new Promise((resolve) => {
    go = resolve;
  });
  async function* slow() {
    yield request(0);
    yield request(1);
    await waiting;
    yield request(2);
  }
  const results = mock.resetMany(slow());
  const indexes = [(await results.next()).value.index, (await results.next()).value.index];
  go();
  // It comes while nobody asks, and waits.
  await sleep(30);
  assert.equal(mock.writes(), 2);
  indexes.push((await results.next()).value.index);
  assert.deepEqual([indexes, (await results.next()).done], [[0, 1, 2], true]);
});

test("streams, sets, maps and iterators are iterables", async () => {
  const mock = directory(12);
  const [a, b, c, d] = [0, 3, 6, 9].map((from) => [request(from), request(from + 1), request(from + 2)]);
  const bare = d.values();
  for (const iterable of [
    Readable.from(a),
    new Set(b),
    new Map(c.entries()).values(),
    { [Symbol.asyncIterator]: () => ({ next: () => bare.next() }) },
  ]) {
    assert.equal((await all(mock.resetMany(iterable))).given.length, 3);
  }
  assert.equal(mock.writes(), 12);
});

/** Requests with their passwords in bytes, from an iterator that tells when it is closed, and how many were under way by then. */
function closing(count, seen) {
  seen.bytes = Array.from({ length: count }, () => Buffer.from(NEW));
  return (function* () {
    try {
      for (let n = 0; n < count; n += 1) {
        yield { ...request(n), newPassword: seen.bytes[n] };
      }
    } finally {
      seen.closed = seen.now;
    }
  })();
}

/** Sees a first one done, and asks on: then two hang before their write, and two are sent and slow to be answered. */
async function busy(mock, results) {
  assert.ok((await results.next()).value.receipt);
  mock.failTimes(2, { kind: "hang", stage: "find" });
  mock.failTimes(2, { kind: "slow", stage: "write", duration: 2 });
  const next = results.next();
  await until(() => mock.pendingFaults() === 0, "all four are where they are to be");
  return { next };
}

/** What became of each: `done`, or the code of its error. */
const ends = (given) => given.map((done) => done.error?.code ?? "done").sort();

test("leaving the loop cancels what is not sent, and sees the rest to its end", async () => {
  const { seen, audit } = watched();
  const mock = directory(20, { audit });
  const results = mock.resetMany(closing(20, seen), { concurrency: 4 });
  assert.ok((await results.next()).value.receipt);
  mock.failTimes(2, { kind: "hang", stage: "find" });
  mock.failNext({ kind: "slow", stage: "write", duration: 0.4 });
  for await (const done of results) {
    assert.ok(done.receipt);
    await until(() => mock.pendingFaults() === 0, "all are where they are to be");
    break;
  }
  // All has ended by now, and the iterator was closed after that.
  assert.deepEqual([seen.begun, seen.now, seen.closed, mock.writes()], [5, 0, 0, 3]);
  assert.deepEqual(
    seen.codes.filter((code) => code !== null),
    ["CANCELLED", "CANCELLED"],
  );
  assert.deepEqual(
    seen.bytes.map(wiped),
    Array.from({ length: 20 }, (_, n) => n < 5),
  );
  assert.deepEqual(await results.next(), { value: undefined, done: true });
});

test("an error of the loop's own is the error, after the same", async () => {
  const { seen, audit } = watched();
  const mock = directory(9, { audit });
  const own = new Error("seen in the test");
  const loop = async () => {
    for await (const done of mock.resetMany(closing(9, seen), { concurrency: 3 })) {
      if (done.index > 0) {
        throw own;
      }
      mock.failTimes(2, { kind: "hang", stage: "find" });
    }
  };
  await assert.rejects(loop, (error) => error === own);
  assert.deepEqual([seen.begun, seen.now, seen.closed, mock.writes()], [4, 0, 0, 2]);
});

test("a return while a result is awaited cancels at once", async () => {
  const { seen, audit } = watched();
  const mock = directory(9, { audit });
  const results = mock.resetMany(closing(9, seen), { concurrency: 4 });
  const { next } = await busy(mock, results);
  assert.deepEqual(await results.return("enough"), { value: "enough", done: true });
  // The one who waited is given the first that ended.
  assert.equal((await next).value.error.code, "CANCELLED");
  assert.deepEqual(await results.next(), { value: undefined, done: true });
  assert.deepEqual([seen.begun, seen.now, seen.closed, mock.writes()], [5, 0, 0, 3]);
});

test("an aborted signal: what was begun gives its results, then the reason is thrown", async () => {
  const { seen, audit } = watched();
  const mock = directory(20, { audit });
  const controller = new AbortController();
  const { signal } = controller;
  const results = mock.resetMany(closing(20, seen), { concurrency: 4, signal });
  const { next } = await busy(mock, results);
  assert.equal(getEventListeners(signal, "abort").length, 1);
  controller.abort();
  const first = await next;
  const { given, error } = await all(results);
  assert.deepEqual(ends([first.value, ...given]), ["CANCELLED", "CANCELLED", "done", "done"]);
  assert.ok(isAbort(error) && error === signal.reason);
  assert.deepEqual([seen.begun, seen.now, seen.closed, mock.writes()], [5, 0, 0, 3]);
  assert.deepEqual(
    seen.bytes.map(wiped),
    Array.from({ length: 20 }, (_, n) => n < 5),
  );
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a signal that is aborted already, or in between", async () => {
  const { seen, audit } = watched();
  const mock = directory(9, { audit });
  const reason = new Error("enough");
  const early = await all(mock.resetMany(closing(9, seen), { signal: AbortSignal.abort(reason) }));
  assert.deepEqual([early.given, early.error === reason, seen.begun, seen.closed], [[], true, 0, undefined]);
  const controller = new AbortController();
  let given = 0;
  const loop = async () => {
    for await (const done of mock.resetMany(closing(9, seen), { signal: controller.signal })) {
      given += 1;
      assert.ok(done.receipt);
      controller.abort(reason);
    }
  };
  await assert.rejects(loop, (error) => error === reason);
  assert.deepEqual([given, seen.begun, seen.closed, wiped(seen.bytes[1])], [1, 1, 0, false]);
  const other = new AbortController();
  const opening = {
    [Symbol.iterator]() {
      other.abort(reason);
      return requests(9).values();
    },
  };
  const late = await all(mock.resetMany(opening, { signal: other.signal }));
  assert.deepEqual([late.given, late.error === reason, seen.begun], [[], true, 1]);
  assert.equal(getEventListeners(other.signal, "abort").length, 0);
});

test("an abort that comes after all was sent is the end all the same, after the true outcomes", async () => {
  const mock = directory(2);
  const controller = new AbortController();
  const results = mock.resetMany(requests(2), { signal: controller.signal });
  await results.next();
  mock.failNext({ kind: "slow", stage: "write", duration: 2 });
  const next = results.next();
  await until(() => mock.pendingFaults() === 0, "it is sent");
  controller.abort();
  assert.ok((await next).value.receipt);
  await assert.rejects(results.next(), isAbort);
  assert.deepEqual(await results.next(), { value: undefined, done: true });
});

test("many on one signal are one listener", async (t) => {
  const warnings = [];
  const seen = (warning) => warnings.push(warning);
  process.on("warning", seen);
  t.after(() => process.off("warning", seen));
  const mock = directory(40);
  mock.failAlways({ kind: "hang", stage: "find" });
  const controller = new AbortController();
  const { signal } = controller;
  const runs = Array.from({ length: 20 }, (_, n) => all(mock.resetMany([request(n), request(n + 20)], { signal })));
  await sleep(20);
  assert.equal(getEventListeners(signal, "abort").length, 1);
  controller.abort();
  for (const { given, error } of await Promise.all(runs)) {
    assert.deepEqual([ends(given), isAbort(error)], [["CANCELLED"], true]);
  }
  assert.equal(getEventListeners(signal, "abort").length, 0);
  await sleep(10);
  assert.deepEqual(warnings, []);
});

/** An iterator that gives so many requests, and then does not answer before it is told to: nor, until then, when it is closed. */
function silent(count, seen) {
  const steps = requests(count);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const value = steps.shift() ?? (await new Promise((resolve, reject) => Object.assign(seen, { resolve, reject })));
      seen.answered = steps.length === 0;
      return { value, done: false };
    },
    async return() {
      seen.returned = true;
      return seen.answered || new Promise(() => {});
    },
  };
}

test("an iterator that does not answer is not waited for, and what it gives too late is wiped", async () => {
  const mock = directory(2);
  const ways = {
    break: async (results) => {
      const waiting = results.next();
      await sleep(20);
      assert.deepEqual(await results.return(), { value: undefined, done: true });
      assert.deepEqual(await waiting, { value: undefined, done: true });
    },
    abort: async (results, controller) => {
      const waiting = results.next();
      await sleep(20);
      controller.abort();
      await assert.rejects(waiting, isAbort);
    },
  };
  for (const [way, leave] of Object.entries(ways)) {
    for (const late of ["resolve", "reject"]) {
      const seen = {};
      const controller = new AbortController();
      const results = mock.resetMany(silent(1, seen), { signal: controller.signal });
      await results.next();
      seen.answered = false;
      await leave(results, controller);
      assert.equal(seen.returned, true, way);
      const newPassword = Buffer.from(NEW);
      seen[late]({ identity: "user1", newPassword });
      await sleep(5);
      assert.equal(wiped(newPassword), late === "resolve", way);
      assert.equal(getEventListeners(controller.signal, "abort").length, 0);
    }
  }
  assert.ok(mock.verifyPassword("user1", OLD));
});

test("what has come while nobody asked is wiped as well", async () => {
  for (const way of ["return", "abort"]) {
    const mock = directory(3);
    const seen = {};
    const controller = new AbortController();
    const results = mock.resetMany(silent(2, seen), { signal: controller.signal });
    assert.ok((await results.next()).value.receipt);
    assert.ok((await results.next()).value.receipt);
    const newPassword = Buffer.from(NEW);
    seen.resolve({ identity: "user2", newPassword });
    await sleep(5);
    assert.ok(!wiped(newPassword));
    if (way === "return") {
      await results.return();
    } else {
      controller.abort();
      assert.ok(wiped(newPassword));
      await assert.rejects(results.next(), isAbort);
    }
    assert.ok(wiped(newPassword) && seen.returned);
    assert.ok(mock.verifyPassword("user2", OLD));
  }
});

test("events are an iterable like any other", async () => {
  const mock = directory(3);
  const emitter = new EventEmitter();
  const controller = new AbortController();
  const { signal } = controller;
  async function* told() {
    for await (const [event] of on(emitter, "leaver", { signal })) {
      yield event;
    }
  }
  const results = mock.resetMany(told(), { signal });
  setImmediate(() => {
    emitter.emit("leaver", request(0));
    emitter.emit("leaver", request(1));
  });
  assert.ok((await results.next()).value.receipt);
  assert.ok((await results.next()).value.receipt);
  const waiting = results.next();
  setImmediate(() => controller.abort());
  await assert.rejects(waiting, { name: "AbortError" });
  assert.equal(emitter.listenerCount("leaver"), 0);
});

for (const kind of ["sync", "async"]) {
  test(`an iterable that throws: what was begun gives its results, then the error is thrown: ${kind}`, async () => {
    const own = new RangeError("seen in the test");
    const generators = {
      *sync(go) {
        for (const each of go) yield each;
        throw own;
      },
      async *async(go) {
        for (const each of go) yield each;
        // All are under way before it throws.
        await sleep(300);
        throw own;
      },
    };
    const mock = directory(9);
    const results = mock.resetMany(generators[kind](requests(3)), { concurrency: 4 });
    assert.ok((await results.next()).value.receipt);
    mock.failNext({ kind: "hang", stage: "find" });
    const { given, error } = await all(results);
    assert.equal(error, own);
    assert.equal(given.length, 2);
    assert.ok(ends(given).includes("CANCELLED"));
    assert.deepEqual(await results.next(), { value: undefined, done: true });
    await mock.close();
  });
}

test("an iterable that throws at once, or breaks the rules of iterators", async () => {
  const mock = directory(1);
  const own = new RangeError("seen in the test");
  const raise = () => {
    throw own;
  };
  let returned = 0;
  const through = (name, next) => ({
    [Symbol[name]]: () => ({
      next,
      return: () => {
        returned += 1;
      },
    }),
  });
  for (const iterable of [
    through("iterator", raise),
    through("asyncIterator", raise),
    through("asyncIterator", async () => raise()),
    { [Symbol.iterator]: raise },
    { [Symbol.asyncIterator]: raise },
    through("iterator", () => ({
      get done() {
        return raise();
      },
    })),
    through("asyncIterator", () => ({
      done: false,
      get value() {
        return raise();
      },
    })),
  ]) {
    assert.deepEqual(await all(mock.resetMany(iterable)), { given: [], error: own });
  }
  for (const iterable of [through("iterator", () => 5), through("asyncIterator", () => undefined)]) {
    assert.ok((await all(mock.resetMany(iterable))).error instanceof TypeError);
  }
  // An iterator that has failed is not closed, as in any loop.
  assert.equal(returned, 0);
});

test("an iterator whose closing fails", async () => {
  const own = new RangeError("seen in the test");
  const mock = directory(4);
  const iterable = () => {
    const inner = requests(4).values();
    return {
      [Symbol.iterator]: () => ({
        next: () => inner.next(),
        return() {
          throw own;
        },
      }),
    };
  };
  await assert.rejects(
    async () => {
      for await (const _ of mock.resetMany(iterable())) {
        break;
      }
    },
    (error) => error === own,
  );
  const controller = new AbortController();
  const loop = async () => {
    for await (const _ of mock.resetMany(iterable(), { signal: controller.signal })) {
      controller.abort();
    }
  };
  await assert.rejects(loop, isAbort);
  assert.equal((await all(mock.resetMany(iterable()))).error, undefined);
});

test("a request of a wrong type ends it, after everything that was begun has given its result", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(1);
  for (const [wrong, message, bytes] of [
    [{ identity: "user3" }, /^request 3: newPassword must be/],
    [{ identity: "user3", newPassword: 5 }, /^request 3: newPassword must be/],
    [{ identity: "user3", newPassword: shared }, /^request 3: .*shared memory/, shared],
    [{ identity: 5, newPassword: Buffer.from(NEW) }, /^request 3: the identity must be/],
    [{ newPassword: Buffer.from(NEW) }, /^request 3: the identity must be/],
    [{ identity: "user3", newPassword: Buffer.from(NEW), new_password: NEW }, /^request 3: .*"new_password"/],
    [{ identity: "user3", newPassword: Buffer.from(NEW), deadline: Number.NaN }, /^request 3: deadline must be/],
    [{ ...request(3), newPassword: Buffer.from(NEW), signal: undefined }, /^request 3: .*"signal"/],
    ["user3", /^request 3: it must be an object/],
    [null, /^request 3: it must be an object/],
    [undefined, /^request 3: it must be an object/],
    [["user3", NEW], /^request 3: it must be an object/],
    [Buffer.from(NEW), /^request 3: it must be an object/],
    [Promise.resolve(request(3)), /^request 3: the identity must be/],
  ]) {
    const { seen, audit } = watched();
    const mock = directory(9, { audit });
    const given = [...requests(3), wrong, ...requests(9).slice(4)];
    let closed = 0;
    function* told() {
      try {
        yield* given;
      } finally {
        closed = seen.now + 1;
      }
    }
    const results = mock.resetMany(told(), { concurrency: 4 });
    assert.ok((await results.next()).value.receipt);
    mock.failTimes(2, { kind: "slow", stage: "find", duration: 0.05 });
    const rest = await all(results);
    assert.ok(rest.error instanceof TypeError, `${message}`);
    assert.match(rest.error.message, message);
    assert.match(rest.error.stack.split("\n")[1], /many\.test\.mjs/);
    assert.deepEqual(ends(rest.given), ["done", "done"]);
    assert.deepEqual([seen.begun, closed, mock.writes()], [3, 1, 3]);
    const held = bytes ?? wrong?.newPassword;
    assert.ok(!(held instanceof Uint8Array) || wiped(held), `${message}`);
  }
});

test("a request that cannot be read ends it, with its own error, and is wiped", async () => {
  const own = new RangeError("seen in the test");
  const mock = directory(2);
  const newPassword = Buffer.from(NEW);
  const wrong = {
    get identity() {
      throw own;
    },
    newPassword,
  };
  assert.equal((await all(mock.resetMany([request(0), wrong]))).error, own);
  assert.ok(wiped(newPassword));
  const controller = new AbortController();
  const sly = {
    get identity() {
      controller.abort();
      return "user1";
    },
    newPassword: Buffer.from(NEW),
  };
  assert.ok(isAbort((await all(mock.resetMany([sly], { signal: controller.signal }))).error));
  assert.ok(wiped(sly.newPassword));
  assert.equal(mock.writes(), 1);
});

test("what the core refuses about one request is the error of that one", async () => {
  const mock = directory(9);
  const wrong = [
    [{ unlok: true }, "CONFIGURATION"],
    [{ deadline: -1 }, "CONFIGURATION"],
    [{ history: "always" }, "CONFIGURATION"],
    [{ correlationId: 5 }, "CONFIGURATION"],
    [{ correlationId: "\ud800" }, "CONFIGURATION"],
    [{ identity: "" }, "INVALID_IDENTITY"],
    [{ newPassword: "" }, "INVALID_PASSWORD"],
    [{ newPassword: Buffer.from([0xff]) }, "INVALID_PASSWORD"],
  ];
  const { given, error } = await all(
    mock.resetMany([...wrong.map(([more], n) => ({ ...request(n), ...more })), request(8)]),
  );
  assert.equal(error, undefined);
  given.sort((a, b) => a.index - b.index);
  assert.deepEqual(
    given.map((done) => done.error?.code ?? "done"),
    [...wrong.map(([, code]) => code), "done"],
  );
  assert.ok(given.every((done) => typeof done.correlationId === "string"));
  assert.equal(mock.writes(), 1);
});

test("wrong arguments are refused when results are asked for, and nothing is taken", async () => {
  const mock = directory(1);
  let opened = 0;
  const lazy = {
    [Symbol.iterator]() {
      opened += 1;
      return requests(1).values();
    },
  };
  for (const options of [
    5,
    "options",
    [],
    { concurrency: "8" },
    { concurrency: -1 },
    { concurrency: 1.5 },
    { concurrency: Number.NaN },
    { concurrency: 2n },
    { concurency: 2 },
    { signal: {} },
    { deadline: 5 },
  ]) {
    const { error, given } = await all(mock.resetMany(lazy, options));
    assert.ok(error instanceof TypeError && given.length === 0);
    assert.match(error.stack, /many\.test\.mjs/);
  }
  for (const wrong of [undefined, null, 5, {}, Promise.resolve([]), { [Symbol.asyncIterator]: 5 }]) {
    assert.match((await all(mock.resetMany(wrong))).error.message, /must be an iterable/);
  }
  assert.match((await all(mock.resetMany("user0"))).error.message, /^request 0: it must be an object/);
  assert.deepEqual([opened, mock.writes()], [0, 0]);
});

test("a method that has lost its directory rejects, and wipes", async () => {
  const { resetMany } = directory(1);
  for (const self of [undefined, null, {}, 5]) {
    const bytes = Buffer.from(NEW);
    const { error } = await all(resetMany.call(self, [{ identity: "user0", newPassword: bytes }]));
    assert.ok(error instanceof TypeError);
    assert.ok(wiped(bytes));
  }
});

test("errors show the call", async () => {
  const mock = directory(1);
  async function portal() {
    const given = [];
    for await (const done of mock.resetMany([{ identity: "nobody", newPassword: NEW }, request(0)])) {
      given.push(done);
      await sleep(1);
    }
    return given;
  }
  async function page() {
    await sleep(1);
    return await portal();
  }
  const [{ error }] = await page();
  const [first, place, next] = error.stack.split("\n");
  assert.equal(first, `WritebackError: ${error.message}`);
  assert.match(place, /at portal \(.*many\.test\.mjs:\d+:\d+\)/);
  assert.match(next, /at page .*many\.test\.mjs/);
  assert.equal(WritebackError.fromJSON(JSON.stringify(error)).code, "ACCOUNT_NOT_FOUND");
});

test("a closed directory refuses each, after what was under way has ended", async () => {
  const { seen, audit } = watched();
  const mock = directory(9, { audit });
  const results = mock.resetMany(requests(9), { concurrency: 2 });
  assert.ok((await results.next()).value.receipt);
  mock.failTimes(2, { kind: "slow", stage: "write", duration: 0.2 });
  const next = results.next();
  await until(() => mock.pendingFaults() === 0, "both are sent");
  await mock.close();
  assert.equal(seen.now, 0);
  const { given } = await all(results);
  assert.deepEqual(ends([(await next).value, ...given]), [...Array(6).fill("CONFIGURATION"), "done", "done"]);
  assert.match(given.at(-1).error.message, /closed/);
});

test("an unknown outcome is told as one", async () => {
  const mock = directory(3, { grace: 0.05, resolveByBind: false });
  const results = mock.resetMany(
    requests(3).map((each) => ({ ...each, deadline: 6 })),
    { concurrency: 1 },
  );
  assert.ok((await results.next()).value.receipt);
  mock.failNext({ kind: "gone_after", applied: true });
  const { given } = await all(results);
  assert.deepEqual([given[0].error.code, given[0].error.outcome], ["OUTCOME_UNKNOWN", "unknown"]);
  assert.deepEqual([given[1].error.code, given[1].error.outcome], ["UNREACHABLE", "not_applied"]);
});

for (const release of ["samba_4_17", "samba_4_24"]) {
  test(`on a live domain controller: ${release}`, async (t) => {
    const dc = await live(t, release);
    if (dc === null) {
      return;
    }
    const names = Array.from({ length: 6 }, (_, n) => `many${n}`);
    for (const name of names) {
      await dc.addUser(name);
    }
    const events = [];
    const directory = new ActiveDirectory({
      ...dc.settings,
      history: "off",
      initiator: "administrator",
      audit: (event) => events.push(event),
    });
    t.after(() => directory.close());
    const asked = [...names, "nobody", "Administrator"];
    const passwords = asked.map((_, n) => Buffer.from(`${NEW}-${n}`));
    const { given, error } = await all(
      directory.resetMany(
        asked.map((identity, n) => ({ identity, newPassword: passwords[n] })),
        { concurrency: 3 },
      ),
    );
    assert.equal(error, undefined);
    given.sort((a, b) => a.index - b.index);
    assert.deepEqual(
      given.map((done) => done.error?.code ?? done.receipt.account.samAccountName),
      [...names, "ACCOUNT_NOT_FOUND", "PROTECTED_ACCOUNT"],
    );
    assert.ok(passwords.every(wiped));
    assert.equal(events.length, 16);
    for (const [n, name] of names.entries()) {
      assert.equal(given[n].receipt.verification, "re_read");
      assert.equal(await dc.bind(`${name}@${dc.domain}`, `${NEW}-${n}`), "0", name);
    }
    assert.equal(await dc.bind(`many0@${dc.domain}`, dc.password), "52e");
  });
}
