// The pieces that decide, one by one.
import assert from "node:assert/strict";
import test from "node:test";
import { MockDirectory, type PasswordPolicy } from "password-writeback";
import { Attempts, limitOf } from "../src/attempts.js";
import { received } from "../src/body.js";
import { Codes } from "../src/codes.js";
import { Form } from "../src/form.js";
import { identify, spelling } from "../src/names.js";
import { Once } from "../src/once.js";
import { paced } from "../src/pace.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (secret: Uint8Array) => new TextDecoder().decode(secret);

test("a form: passwords stay bytes, and the body is wiped", () => {
  const body = bytes("name=al%20ice+b&current=a%2Bb+c%C3%A9%26&new=x%zz%4&empty=&repeat");
  const form = new Form(body);
  assert.equal(form.text("name"), "al ice b");
  assert.equal(read(form.secret("current")), "a+b cé&");
  assert.equal(read(form.secret("new")), "x%zz%4");
  assert.equal(form.secret("repeat").length, 0);
  assert.equal(form.text("current"), "", "a password is not to be had as text");
  assert.ok(body.every((byte) => byte === 0));
  assert.equal(JSON.stringify(form), "{}");
  const secret = form.secret("current");
  form.wipe();
  assert.ok(secret.length > 0 && secret.every((byte) => byte === 0));
});

test("a form: the first of two counts, and the other one is wiped", () => {
  const form = new Form(bytes("new=first&new=second&name=a&name=b"));
  assert.equal(read(form.secret("new")), "first");
  assert.equal(form.text("name"), "a");
});

test("a form: it reads what a browser would send", () => {
  const fields = { name: "CORP\\alice", current: "a&b=c%+ d", new: "\u{1f511} ÿ ~*-._", _csrf: "t" };
  const form = new Form(bytes(new URLSearchParams(fields).toString()));
  assert.equal(form.text("name"), fields.name);
  assert.equal(read(form.secret("current")), fields.current);
  assert.equal(read(form.secret("new")), fields.new);
});

test("a form: what is not valid text reaches the library as it is", () => {
  assert.deepEqual([...new Form(bytes("new=%ff%00")).secret("new")], [0xff, 0]);
});

test("a body: in one piece, and nothing of it is left elsewhere", async () => {
  const pieces = ["name=alice&new=", "Fresh-", "Passw0rd"].map(bytes);
  async function* stream(error?: Error) {
    yield* pieces;
    if (error !== undefined) {
      throw error;
    }
  }
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  assert.equal(read(await received(stream(), length)), "name=alice&new=Fresh-Passw0rd");
  assert.ok(pieces.every((piece) => piece.every((byte) => byte === 0)));
  await assert.rejects(received(stream(), length - 1), { statusCode: 413 });
  await assert.rejects(received(stream(new Error("it breaks off")), length), { statusCode: 400 });
});

test("a form that is sent twice is judged once; another one waits, and then by itself or not at all", async () => {
  const once = new Once<string>((answer) => answer === "written");
  const begun: ((answer: string) => void)[] = [];
  const work = () => new Promise<string>((resolve) => void begun.push(resolve));
  const send = (page: string, password: string) => once.run(page, ["alice", bytes(password)], work);
  const all = [send("p", "A"), send("p", "A"), send("p", "B"), send("q", "A")];
  assert.equal(begun.length, 2, "the same one is not begun again, another one not yet, one of another page is");
  begun[0]?.("refused");
  assert.deepEqual(await Promise.all(all.slice(0, 2)), [{ answer: "refused" }, { answer: "refused" }]);
  await new Promise(setImmediate);
  assert.equal(begun.length, 3, "nothing was written, so the other one is begun");
  const after = [send("p", "B"), send("p", "A")];
  begun[2]?.("written");
  assert.deepEqual(await all[2], { answer: "written" });
  assert.deepEqual(await Promise.all(after), [{ answer: "written" }, { instead: "other" }]);
  assert.deepEqual(await send("p", "B"), { instead: "expired" }, "the page has written");
  begun[1]?.("refused");
  await all[3];
  const again = send("q", "A");
  begun[3]?.("written");
  assert.deepEqual(await again, { answer: "written" }, "a page that has written nothing can be sent again");
});

test("a form whose work fails fails for all who sent it, and can be sent again", async () => {
  const once = new Once<string>(() => true);
  const fails = async () => {
    await new Promise(setImmediate);
    throw new RangeError("seen in the test");
  };
  const [first, same, other] = [
    once.run("p", ["A"], fails),
    once.run("p", ["A"], fails),
    once.run("p", ["B"], async () => "B"),
  ];
  await assert.rejects(first, RangeError);
  await assert.rejects(same, RangeError);
  assert.deepEqual(await other, { answer: "B" });
});

test("names are read as a logon name or a user principal name, and as nothing else", () => {
  const kinds = [
    ["alice", "sam"],
    ["  CORP\\alice ", "sam"],
    ["alice@corp.example", "upn"],
    ["CN=alice,OU=People,DC=corp,DC=example", "sam"],
    ["8f7c3c1e-0000-4000-8000-000000000001", "sam"],
    ["S-1-5-21-1-2-3-500", "sam"],
  ] as const;
  for (const [name, kind] of kinds) {
    assert.equal(identify(name)?.kind, kind, name);
  }
  assert.equal(identify("  "), null);
  assert.equal(identify("a\u0000b"), null);
  assert.equal(identify("a".repeat(257)), null);
  assert.equal(spelling("  ＡLICE "), "alice");
});

const policy = (lockoutThreshold: number | null, lockoutWindow: number | null = 1800): PasswordPolicy => ({
  source: "domain",
  minLength: 7,
  complexity: true,
  historyLength: 24,
  minAge: 0,
  maxAge: 0,
  lockoutThreshold,
  lockoutDuration: 1800,
  lockoutWindow,
});

test("tries stay two below the lockout threshold", () => {
  const settings = { most: 4, window: 60 };
  const most = (threshold: number | null) => limitOf(policy(threshold), settings).most;
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 50].map(most), [0, 0, 1, 2, 3, 4, 4, 4]);
  assert.equal(most(0), 4, "an account that is never locked");
  assert.equal(most(null), 0, "a threshold that cannot be read allows nothing");
  assert.equal(
    limitOf(policy(null), { ...settings, threshold: 5 }).most,
    3,
    "unless whoever runs the portal states it",
  );
  assert.deepEqual(limitOf(policy(5, 900), settings), { most: 3, window: 1800 });
  assert.deepEqual(limitOf(policy(5, null), settings), { most: 3, window: 2 * 86_400 });
  assert.equal(limitOf(policy(5, 99_999 * 60), settings).most, 3);
  assert.equal(limitOf(policy(5, 365 * 86_400), settings).most, 0, "longer than is remembered");
});

test("a bad password elsewhere does not make the tries here lock the account", async () => {
  const window = 1800;
  // From the first moment that a count could start again to the last one.
  for (const step of [0.5, 0.9, 0.999]) {
    const directory = new MockDirectory({ policy: { lockoutThreshold: 6, lockoutWindow: window } });
    directory.addUser({ name: "alice", password: "Old-Passw0rd-1" });
    const attempts = new Attempts(() => directory.clock.now().getTime());
    const limit = limitOf(await directory.passwordPolicy("alice"), { most: 4, window: 60 });
    const triesHere = () => {
      while (attempts.take({ account: "alice" }, limit) !== null) {
        directory.bind("alice", "wrong");
      }
    };
    triesHere();
    assert.equal(directory.badPasswordCount("alice"), 4);
    directory.clock.advance(step * window);
    directory.bind("alice", "mistyped elsewhere");
    for (let n = 0; n < 4; n += 1) {
      directory.clock.advance(step * window);
      triesHere();
      assert.equal(directory.account("alice")?.locked, false, `after ${n + 2} times ${step} windows`);
    }
    directory.clock.advance(window);
    triesHere();
    assert.equal(directory.badPasswordCount("alice"), 4, "and in the end it can be tried here again");
  }
});

test("tries are counted as the directory counts: from the last one", () => {
  let now = 0;
  const attempts = new Attempts(() => now);
  const limit = { most: 2, window: 100 };
  const alice = { account: "a" };
  assert.ok(attempts.take(alice, limit));
  now = 90_000;
  assert.ok(attempts.take(alice, limit));
  now = 180_000;
  assert.equal(attempts.take(alice, limit), null, "the first is old, but the last is not");
  assert.ok(attempts.take({ account: "b" }, limit));
  assert.ok(attempts.take({ name: "a" }, limit), "a name is not an account");
  now = 190_000;
  const giveBack = attempts.take(alice, limit);
  assert.ok(giveBack);
  giveBack();
  assert.ok(attempts.take(alice, limit));
  assert.ok(attempts.take(alice, limit));
  assert.equal(attempts.take(alice, limit), null);
});

test("codes: eight digits, for one journey, one account, and a while", () => {
  let now = 0;
  const codes = new Codes(600, () => now);
  const { code, kept } = codes.make("j", "a");
  assert.match(code, /^\d{8}$/);
  assert.ok(!kept.digest.toString("latin1").includes(code));
  assert.ok(codes.matches(code, "j", "a", kept));
  assert.ok(codes.matches(` ${code.slice(0, 4)} ${code.slice(4)}`, "j", "a", kept), "as people type it");
  assert.ok(!codes.matches(code, "other", "a", kept));
  assert.ok(!codes.matches(code, "j", "other", kept));
  assert.ok(!codes.matches(code, "j", null, null));
  assert.ok(!codes.matches("", "j", "a", kept));
  assert.ok(!codes.matches(((Number(code) + 1) % 1e8).toString().padStart(8, "0"), "j", "a", kept));
  assert.ok(!new Codes(600, () => now).matches(code, "j", "a", kept), "another process has another key");
  now = 600_000;
  assert.ok(!codes.matches(code, "j", "a", kept));
});

test("codes: none is like another", () => {
  const codes = new Codes(600);
  assert.ok(new Set(Array.from({ length: 200 }, () => codes.make("j", "a").code)).size > 195);
});

test("the pace: quick and slow work end on the beat, failures too", async () => {
  const took = async (work: () => Promise<unknown>) => {
    const begun = performance.now();
    await paced(200, work).catch(() => undefined);
    return performance.now() - begun;
  };
  const until = async (moment: number) => {
    const begun = performance.now();
    while (performance.now() - begun < moment) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const [quick, failed, slow] = await Promise.all([
    took(async () => 1),
    took(() => Promise.reject(new Error("x"))),
    took(() => until(250)),
  ]);
  assert.ok(quick >= 200 && failed >= 200 && slow >= 400, `${quick} ${failed} ${slow}`);
});
