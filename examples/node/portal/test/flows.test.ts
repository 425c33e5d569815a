// The three flows and what they must not give away, over HTTP without a browser.
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Fault, MockDirectory, WritebackError } from "password-writeback";
import { mockDirectory, PASSWORD, type Running, running } from "./kit/portal.js";
import { Visitor } from "./kit/visitor.js";

const GOOD = "Fresh-Passw0rd-77";

async function change(visitor: Visitor, name: string, current = PASSWORD, wanted = GOOD): Promise<Visitor> {
  await visitor.get("/change");
  await visitor.post("/change", { name, current, new: wanted, repeat: wanted });
  return visitor;
}

/** Asks for a code and gives what was sent, if anything was. */
async function ask(
  { portal, outbox }: Running,
  visitor: Visitor,
  purpose: string,
  name: string,
): Promise<string | null> {
  const before = outbox.length;
  await visitor.get(`/${purpose}`);
  await visitor.post(`/${purpose}`, { name });
  assert.equal(visitor.location, "/code");
  await visitor.follow();
  await portal.settled();
  return outbox.length > before ? (outbox.at(-1)?.code ?? null) : null;
}

async function enter(visitor: Visitor, code: string): Promise<Visitor> {
  await visitor.post("/code", { code });
  return visitor;
}

for (const name of ["alice", "CORP\\alice", "alice@corp.example", "bob"]) {
  test(`a change, as ${name}`, async () => {
    const directory = mockDirectory();
    const { app } = await running(directory);
    const visitor = await change(new Visitor(app), name);
    assert.equal(visitor.location, "/result");
    await visitor.follow();
    assert.match(visitor.headline, /has been changed/);
    const who = name === "bob" ? "bob" : "alice";
    assert.ok(directory.verifyPassword(who, GOOD));
  });
}

test("an expired password can be changed", async () => {
  const directory = mockDirectory();
  directory.addUser({ name: "carol", password: PASSWORD, container: "OU=People", passwordAge: 90 * 86_400 });
  assert.equal(directory.account("carol")?.passwordExpired, true);
  const { app } = await running(directory);
  await (await change(new Visitor(app), "carol")).follow();
  assert.ok(directory.verifyPassword("carol", GOOD));
});

test("before proof: one sentence for everybody", async () => {
  const directory = mockDirectory();
  directory.addUser({ name: "twin1", upn: "twin@corp.example", password: PASSWORD, container: "OU=People" });
  directory.addUser({ name: "twin2", upn: "twin@corp.example", password: PASSWORD, container: "OU=People" });
  directory.revokeOn("kim", "read tokenGroups");
  const { app } = await running(directory);
  const cases: [string, string][] = [
    ["nobody", "x"],
    ["alice", "wrong"],
    ["dave", PASSWORD],
    ["dave", "wrong"],
    ["erin", PASSWORD],
    ["erin", "wrong"],
    ["leo", PASSWORD],
    ["frank", "wrong"],
    ["krbtgt", "wrong"],
    ["grace", PASSWORD],
    ["kim", PASSWORD],
    ["kim", "wrong"],
    ["twin@corp.example", PASSWORD],
    ["CN=alice,OU=People,DC=corp,DC=example", PASSWORD],
    ["a\u0000b", "wrong"],
    [" ", "wrong"].map((text) => text.replace(" ", "\u200b")) as [string, string],
  ];
  const answers = new Set<string>();
  for (const [name, current] of cases) {
    const visitor = await change(new Visitor(app), name, current);
    assert.equal(visitor.status, 422, name);
    answers.add(visitor.text.replaceAll(/value="[^"]*"/g, ""));
  }
  assert.equal(answers.size, 1);
  assert.match([...answers].join(), /did not work with this user name and password/);
  assert.equal(directory.writes(), 0);
});

test("before proof: the same sentence when the domain controller refuses what it can only refuse of an account", async () => {
  for (const resultCode of [53, 80, 51, 10]) {
    const directory = mockDirectory();
    const { app } = await running(directory);
    directory.failNext({ kind: "refuse", resultCode });
    const visitor = await change(new Visitor(app), "alice");
    assert.match(visitor.page, /did not work with this user name and password/, String(resultCode));
    assert.equal(directory.pendingFaults(), 0);
  }
});

test("the pace is the same for all", async () => {
  const directory = mockDirectory();
  const { app } = await running(directory, { PORTAL_PACE: "1" });
  for (const name of ["nobody", "alice", "erin"]) {
    const visitor = new Visitor(app);
    await visitor.get("/change");
    const begun = performance.now();
    await visitor.post("/change", { name, current: "wrong", new: GOOD, repeat: GOOD });
    const beats = (performance.now() - begun) / 1000;
    assert.ok(beats >= 1, `${name} took ${beats}`);
  }
});

test("the pace holds for forms that wait for one another: each takes whole beats", async () => {
  const directory = mockDirectory();
  const { app } = await running(directory, { PORTAL_PACE: "0.2" });
  for (const name of ["alice", "nobody"]) {
    const visitor = new Visitor(app);
    await visitor.get("/change");
    const begun = performance.now();
    const forms = [1, 2, 3].map((n) =>
      visitor.post("/change", { name, current: "wrong", new: `${GOOD}${n}`, repeat: `${GOOD}${n}` }),
    );
    await Promise.all(forms);
    assert.ok(performance.now() - begun >= 600, name);
  }
});

test("a directory that does not tell the threshold in time is no wrong password", async () => {
  const directory = mockDirectory();
  directory.passwordPolicy = async () => {
    throw new WritebackError({ code: "TIMEOUT", outcome: "not_applied", message: "late" });
  };
  const { app } = await running(directory);
  const visitor = await change(new Visitor(app), "alice");
  assert.match(visitor.page, /took too long/);
  assert.match(visitor.page, /class="reference"|Reference for the help desk/);
  assert.equal(directory.writes(), 0);
});

test("tries are counted by account, however it is named, and stay two below the threshold", async () => {
  const directory = mockDirectory();
  const { app } = await running(directory, { PORTAL_PASSWORD_TRIES: "50" });
  const names = ["alice", "CORP\\alice", "alice@corp.example", "ALICE", " alice "];
  // Some at the same moment: they must not slip through together.
  await Promise.all(names.map((name) => change(new Visitor(app), name, "wrong")));
  for (const name of names) {
    await change(new Visitor(app), name, "wrong");
  }
  assert.equal(directory.badPasswordCount("alice"), 4);
  assert.equal(directory.account("alice")?.locked, false);
  const right = await change(new Visitor(app), "alice");
  assert.match(right.page, /did not work with this user name and password/, "not even the right one is tried");
  assert.equal(directory.writes(), 0);
});

test("a threshold that cannot be read: no password is tried, and whoever runs the portal is told", async () => {
  const directory = mockDirectory();
  directory.revoke("read domain policy");
  const { app, log } = await running(directory);
  await change(new Visitor(app), "alice", "wrong");
  assert.equal(directory.badPasswordCount("alice"), 0);
  assert.match(log.join(""), /PORTAL_LOCKOUT_THRESHOLD/);
  const stated = await running(directory, { PORTAL_LOCKOUT_THRESHOLD: "6" });
  await change(new Visitor(stated.app), "alice", "wrong");
  assert.equal(directory.badPasswordCount("alice"), 1);
});

test("the old password was right: the account's own rules, and the candidate judged, but no reset", async () => {
  const directory = mockDirectory();
  const { app } = await running(directory);
  const visitor = await change(new Visitor(app), "alice", PASSWORD, "alice1");
  assert.equal(visitor.status, 422);
  assert.match(visitor.page, /The rules for your account/);
  assert.match(visitor.page, /At least 10 characters/);
  assert.match(visitor.page, /too short: at least 10/);
  const verdict = await visitor.post("/check", { candidate: "alice1" });
  assert.deepEqual([verdict.statusCode, verdict.json().acceptable], [200, "no"]);
  visitor.page = visitor.page.startsWith("{") ? "" : visitor.page;
  await visitor.get("/new-password");
  assert.equal(visitor.status, 403, "knowing the old password is no reason for a reset");
  await visitor.get("/change");
  await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
  assert.equal(visitor.status, 403);
  assert.equal(directory.badPasswordCount("alice"), 0);
  await change(visitor, "alice");
  assert.equal(visitor.location, "/result");
});

test("before proof nothing of the account's policy is shown, and no candidate judged", async () => {
  const { app } = await running(mockDirectory());
  const visitor = await change(new Visitor(app), "alice", "wrong", "short");
  assert.match(visitor.page, /What makes a good password/);
  assert.doesNotMatch(visitor.page, /10 characters|data-check/);
  const verdict = await visitor.post("/check", { candidate: "short" });
  assert.equal(verdict.statusCode, 403);
});

test("a change too soon says when", async () => {
  const { app } = await running(mockDirectory());
  const visitor = await change(new Visitor(app), "judy");
  assert.match(visitor.page, /too new to be changed again\. It has to be 1 day old\. You can change it from Thursday/);
});

test("a reset, with the lock taken off", async () => {
  const directory = mockDirectory();
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  const code = await ask(run, visitor, "reset", "dave");
  assert.ok(code);
  assert.equal(run.outbox[0]?.to.address, "dave@mail.example");
  await enter(visitor, code);
  assert.equal(visitor.location, "/new-password");
  await visitor.follow();
  assert.match(visitor.page, /For the account dave@corp\.example/);
  assert.match(visitor.page, /At least 10 characters/);
  await visitor.post("/new-password", { new: GOOD, repeat: `${GOOD}x` });
  assert.match(visitor.page, /not the same/);
  await visitor.post("/new-password", { new: "short", repeat: "short" });
  assert.match(visitor.page, /too short: at least 10/);
  await visitor.post("/new-password", { new: PASSWORD, repeat: PASSWORD });
  assert.match(visitor.page, /used it before/);
  await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
  assert.equal(visitor.location, "/result");
  await visitor.follow();
  assert.match(visitor.headline, /new password has been set/);
  assert.ok(directory.verifyPassword("dave", GOOD));
  assert.equal(directory.account("dave")?.locked, false);
  await visitor.get("/new-password");
  assert.equal(visitor.status, 403, "the proof is spent");
});

test("an unlock", async () => {
  const directory = mockDirectory();
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "unlock", "dave")) ?? "");
  assert.equal(visitor.location, "/unlock/confirm");
  await visitor.follow();
  assert.match(visitor.page, /dave@corp\.example is locked/);
  await visitor.get("/new-password");
  assert.equal(visitor.status, 403, "a code to unlock is no code to reset");
  await visitor.get("/unlock/confirm");
  await visitor.post("/unlock/confirm", {});
  await visitor.follow();
  assert.match(visitor.headline, /has been unlocked/);
  assert.equal(directory.account("dave")?.locked, false);
  assert.ok(directory.verifyPassword("dave", PASSWORD));
});

test("an unlock of what is not locked offers a reset", async () => {
  const run = await running(mockDirectory());
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "unlock", "alice")) ?? "");
  await visitor.follow();
  assert.match(visitor.page, /is not locked.*href="\/reset"/s);
});

test("asking for a code looks the same for everybody, and nothing waits for the directory", async () => {
  const directory = mockDirectory();
  let answers = () => {};
  const silence = new Promise<void>((resolve) => {
    answers = resolve;
  });
  const find = directory.findAccount.bind(directory);
  directory.findAccount = (...parameters) => silence.then(() => find(...parameters));
  const { app, outbox, portal } = await running(directory);
  const pages = new Set<string>();
  for (const name of ["alice", "nobody", "ivan", "erin", "krbtgt"]) {
    const visitor = new Visitor(app);
    await visitor.get("/reset");
    await visitor.post("/reset", { name });
    await visitor.follow();
    await visitor.post("/code", { code: "12345678" });
    pages.add(visitor.text);
  }
  assert.equal(pages.size, 1);
  assert.equal(outbox.length, 0, "no answer has waited");
  answers();
  await portal.settled();
  assert.deepEqual(outbox.map(({ to }) => to.address).sort(), [
    "alice@mail.example",
    "erin@mail.example",
    "krbtgt@mail.example",
  ]);
});

test("a code is for one session", async () => {
  const run = await running(mockDirectory());
  const [alice, thief] = [new Visitor(run.app), new Visitor(run.app)];
  const code = await ask(run, alice, "reset", "alice");
  await ask(run, thief, "reset", "alice");
  await enter(thief, code ?? "");
  assert.match(thief.page, /This code is not right/);
  await enter(alice, code ?? "");
  assert.equal(alice.location, "/new-password");
});

test("a code is for one use, and the session is a new one afterwards", async () => {
  const run = await running(mockDirectory());
  const visitor = new Visitor(run.app);
  const code = (await ask(run, visitor, "reset", "alice")) ?? "";
  const before = new Map(visitor.cookies);
  await enter(visitor, code);
  assert.notEqual(visitor.cookies.get("portal"), before.get("portal"));
  const old = new Visitor(run.app);
  for (const [name, value] of before) {
    old.cookies.set(name, value);
  }
  await old.get("/new-password");
  assert.equal(old.status, 403, "whoever knew the old session has nothing");
  await old.get("/code");
  assert.equal(old.status, 403);
});

test("a double click on a code, and on asking for one, is one", async () => {
  const run = await running(mockDirectory(), {
    PORTAL_CODES_PER_HOUR: "1",
    PORTAL_CODE_TRIES: "1",
    PORTAL_PACE: "0.5",
  });
  const visitor = new Visitor(run.app);
  await visitor.get("/reset");
  await Promise.all([visitor.post("/reset", { name: "alice" }), visitor.post("/reset", { name: "alice" })]);
  await run.portal.settled();
  assert.equal(run.outbox.length, 1);
  await visitor.get("/code");
  const code = run.outbox[0]?.code ?? "";
  const answers = await Promise.all([visitor.post("/code", { code }), visitor.post("/code", { code })]);
  assert.deepEqual(
    answers.map(({ headers }) => headers.location),
    ["/new-password", "/new-password"],
  );
  await visitor.get("/new-password");
  assert.equal(visitor.status, 200);
});

test("a code bears few tries, however right it is afterwards", async () => {
  const run = await running(mockDirectory(), { PORTAL_CODE_TRIES: "3" });
  const visitor = new Visitor(run.app);
  const code = (await ask(run, visitor, "reset", "alice")) ?? "";
  for (let n = 0; n < 3; n += 1) {
    await enter(visitor, "00000000");
  }
  assert.match(visitor.page, /can no longer be used/);
  await enter(visitor, code);
  assert.match(visitor.page, /can no longer be used/);
});

test("codes tried for one account are few, over all journeys", async () => {
  const run = await running(mockDirectory(), { PORTAL_CODE_TRIES: "100", PORTAL_PACE: "0.01" });
  const [guesser, alice] = [new Visitor(run.app), new Visitor(run.app)];
  await ask(run, guesser, "reset", "alice");
  for (let n = 0; n < 20; n += 1) {
    await enter(guesser, "00000000");
  }
  const code = (await ask(run, alice, "reset", "CORP\\alice")) ?? "";
  await enter(alice, code);
  assert.match(alice.page, /This code is not right/);
  const dave = new Visitor(run.app);
  await enter(dave, (await ask(run, dave, "reset", "dave")) ?? "");
  assert.equal(dave.location, "/new-password", "others are not held up");
});

test("candidates are judged no faster than anybody types", async () => {
  const run = await running(mockDirectory());
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  const token = visitor.token;
  const statuses: number[] = [];
  for (let n = 0; n < 61; n += 1) {
    statuses.push((await visitor.post("/check", { _csrf: token, candidate: "x" })).statusCode);
  }
  assert.deepEqual([statuses[0], statuses[59], statuses[60]], [200, 200, 429]);
});

test("a new code makes the old one worthless", async () => {
  const run = await running(mockDirectory());
  const visitor = new Visitor(run.app);
  const first = (await ask(run, visitor, "reset", "alice")) ?? "";
  const second = (await ask(run, visitor, "reset", "alice")) ?? "";
  await enter(visitor, first);
  assert.match(visitor.page, /This code is not right/);
  await enter(visitor, second);
  assert.equal(visitor.location, "/new-password");
});

test("codes for one account are few, and nobody is told when there are no more", async () => {
  const run = await running(mockDirectory(), { PORTAL_CODES_PER_HOUR: "2" });
  for (const name of ["alice", "CORP\\alice", "alice@corp.example"]) {
    await ask(run, new Visitor(run.app), "reset", name);
  }
  assert.equal(run.outbox.length, 2);
});

test("a code that could not be sent does not count, and whoever runs the portal is told why none was", async () => {
  const run = await running(mockDirectory(), { PORTAL_CODES_PER_HOUR: "1" });
  const { send } = run.portal.sender;
  run.portal.sender.send = async () => {
    throw new Error("the relay is down");
  };
  await ask(run, new Visitor(run.app), "reset", "alice");
  assert.match(run.log.join(""), /no code was sent"/);
  run.portal.sender.send = send;
  assert.ok(await ask(run, new Visitor(run.app), "reset", "alice"));
  assert.equal(await ask(run, new Visitor(run.app), "reset", "alice"), null);
  assert.match(run.log.join(""), /no more for this account/);
  assert.equal(await ask(run, new Visitor(run.app), "reset", "ivan"), null);
  assert.match(run.log.join(""), /there is no address for this account/);
});

test("the account's own policy is shown, not the domain's", async () => {
  const directory = mockDirectory();
  directory.addFineGrainedPolicy({
    name: "Finance",
    precedence: 1,
    policy: { minLength: 17, complexity: false, historyLength: 4, minAge: 0, maxAge: 0 },
    users: ["ivan", "alice"],
  });
  const run = await running(directory);
  const visitor = new Visitor(run.app, { "accept-language": "nl" });
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  const rules = [...visitor.page.matchAll(/<li>([^<]*)<\/li>/g)].map((match) => match[1]);
  assert.deepEqual(rules, ["Minstens 17 tekens.", "Geen van uw laatste 4 wachtwoorden."]);
});

test("a policy that cannot be read is said to be unknown, never guessed", async () => {
  const directory = mockDirectory();
  directory.revoke("read password settings");
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  assert.match(visitor.page, /rules cannot be shown now/);
  const verdict = await visitor.post("/check", { candidate: GOOD });
  assert.equal(verdict.json().acceptable, "unknown");
  visitor.page = "";
  await visitor.get("/new-password");
  await visitor.post("/new-password", { new: "short", repeat: "short" });
  assert.match(visitor.page, /does not say which rule/);
});

test("a candidate that cannot be a password is said to be none", async () => {
  const run = await running(mockDirectory());
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  await visitor.post("/new-password", { new: "a\u0000b", repeat: "a\u0000b" });
  assert.match(visitor.page, /cannot be used.*no keyboard types/s);
  const verdict = await visitor.post("/check", { candidate: "x".repeat(300) });
  assert.deepEqual(verdict.json().points, ["It has more than 256 characters."]);
});

test("what a receipt warns of is told", async () => {
  const directory = mockDirectory();
  directory.revoke("write lockoutTime");
  directory.revoke("unexpire password");
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "dave")) ?? "");
  await visitor.follow();
  await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
  await visitor.follow();
  assert.match(visitor.headline, /has been set/);
  assert.match(visitor.page, /already marked as expired/);
  assert.match(visitor.page, /may not unlock your account/);
});

test("a password that was set, and something after it that failed", async () => {
  const directory = mockDirectory();
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  const error = new WritebackError({ code: "TIMEOUT", outcome: "applied", message: "late" });
  directory.resetPassword = () => Promise.reject(error);
  await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
  await visitor.follow();
  assert.match(visitor.headline, /set, but not everything is done/);
  assert.doesNotMatch(visitor.page, /Nothing was changed|nothing was sent/);
});

for (const [name, reason] of [
  ["frank", /specially protected.*group of administrators/s],
  ["erin", /disabled/],
] as const) {
  test(`after proof the reason is told at once: ${name}`, async () => {
    const directory = mockDirectory();
    const run = await running(directory);
    const visitor = new Visitor(run.app);
    await enter(visitor, (await ask(run, visitor, "reset", name)) ?? "");
    await visitor.follow();
    assert.equal(visitor.location, "/result");
    await visitor.follow();
    assert.match(visitor.page, reason);
    assert.match(visitor.page, /Reference/);
    assert.equal(directory.writes(), 0);
  });
}

for (const [name, reason] of [
  ["grace", /does not look after your account/],
  ["leo", /has expired/],
] as const) {
  test(`after proof the library's reason is told: ${name}`, async () => {
    const run = await running(mockDirectory());
    const visitor = new Visitor(run.app);
    await enter(visitor, (await ask(run, visitor, "reset", name)) ?? "");
    await visitor.follow();
    await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
    await visitor.follow();
    assert.match(visitor.page, reason);
    assert.match(visitor.page, /Nothing was changed/);
  });
}

test("an unknown outcome has an honest page, and the proof is spent", async () => {
  for (const purpose of ["reset", "unlock"]) {
    const directory = mockDirectory({ grace: 0.1, deadline: 6 });
    const run = await running(directory);
    const visitor = new Visitor(run.app);
    await enter(visitor, (await ask(run, visitor, purpose, "dave")) ?? "");
    await visitor.follow();
    directory.failNext({ kind: "gone_after", applied: true });
    await (purpose === "reset"
      ? visitor.post("/new-password", { new: GOOD, repeat: GOOD })
      : visitor.post("/unlock/confirm", {}));
    assert.equal(visitor.location, "/result");
    await visitor.follow();
    assert.match(visitor.headline, /do not know whether it worked/);
    assert.match(visitor.page, /Do not simply try again/);
    directory.comeBack();
    await visitor.get("/new-password");
    assert.equal(visitor.status, 403);
  }
});

test("an unknown outcome of a change too", async () => {
  const directory = mockDirectory({ grace: 0.1, deadline: 6 });
  const { app } = await running(directory);
  directory.failNext({ kind: "gone_after", applied: true });
  const visitor = await change(new Visitor(app), "alice");
  await visitor.follow();
  assert.match(visitor.headline, /do not know whether it worked/);
});

test("trouble with the directory is told as such, for every name alike", async () => {
  const faults: [Fault, RegExp][] = [
    [{ kind: "unreachable" }, /does not answer/],
    [{ kind: "bind_failed", reason: "locked_out" }, /could not log on.*own account is locked/s],
    [{ kind: "tls", reason: "certificate_expired" }, /no safe connection.*has expired/s],
  ];
  for (const [fault, sentence] of faults) {
    const directory = mockDirectory();
    directory.failAlways(fault);
    const { app } = await running(directory);
    for (const name of ["alice", "nobody"]) {
      assert.match((await change(new Visitor(app), name)).page, sentence);
    }
  }
});

test("trouble while a new password is set: the same page, to try again", async () => {
  const directory = mockDirectory();
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  directory.failNext({ kind: "unreachable" });
  await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
  assert.match(visitor.page, /does not answer/);
  await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
  assert.equal(visitor.location, "/result");
});

const REFERENCE = /Reference[^<]*<code>([^<]+)<\/code>/;

test("where a page speaks of a reference there is one, and the audit knows it", async () => {
  const seen: string[] = [];
  const directory = mockDirectory({ audit: ({ correlationId }) => void seen.push(correlationId) });
  const run = await running(directory);
  const [changing, choosing] = [new Visitor(run.app), new Visitor(run.app)];
  await enter(choosing, (await ask(run, choosing, "reset", "alice")) ?? "");
  directory.failAlways({ kind: "bind_failed", reason: "locked_out" });
  for (const [visitor, go] of [
    [changing, () => change(changing, "alice")],
    [choosing, () => choosing.follow()],
  ] as const) {
    seen.length = 0;
    await go();
    const reference = REFERENCE.exec(visitor.page)?.[1] ?? "";
    assert.match(visitor.page, /with the reference below/);
    assert.ok(seen.length > 0 && seen.every((id) => id === reference), `${reference}: ${seen}`);
  }
  directory.clearFaults();
  await choosing.get("/new-password");
  assert.doesNotMatch(choosing.page, REFERENCE);
  const error = new WritebackError({ code: "DIRECTORY", outcome: "not_applied", message: "busy" });
  directory.resetPassword = async (_who, _password, { correlationId } = {}) => {
    seen.push(correlationId ?? "");
    throw error;
  };
  await choosing.post("/new-password", { new: GOOD, repeat: GOOD });
  assert.match(choosing.page, /with the reference below/);
  assert.equal(REFERENCE.exec(choosing.page)?.[1], seen.at(-1));
});

test("every operation of a page carries its reference", async () => {
  const seen: string[][] = [];
  const directory = mockDirectory({
    audit: ({ operation, correlationId }) => void seen.push([operation, correlationId]),
  });
  const { app } = await running(directory);
  await change(new Visitor(app), "alice", PASSWORD, "alice1");
  assert.deepEqual(
    [...new Set(seen.map(([operation]) => operation))],
    ["find_account", "password_policy", "change_password"],
  );
  assert.equal(new Set(seen.map(([, id]) => id)).size, 1);
});

for (const [purpose, path, title] of [
  ["reset", "/new-password", /Choose a new password/],
  ["unlock", "/unlock/confirm", /Unlock your account/],
] as const) {
  test(`trouble before the page after a code: there is a way back to it: ${purpose}`, async () => {
    const directory = mockDirectory();
    const run = await running(directory);
    const visitor = new Visitor(run.app);
    await enter(visitor, (await ask(run, visitor, purpose, "dave")) ?? "");
    directory.failNext({ kind: "unreachable" });
    await visitor.follow();
    assert.equal(visitor.status, 503);
    assert.match(visitor.page, new RegExp(`href="${path}">Try again<`));
    await visitor.get(path);
    assert.match(visitor.headline, title);
    directory.failNext({ kind: "bind_failed", reason: "locked_out" });
    await visitor.get(path);
    assert.doesNotMatch(visitor.page, /Try again</, "not where it makes no sense");
  });
}

test("a double click on a change is one write with one answer, and costs no bad password", async () => {
  const directory = mockDirectory();
  const { app } = await running(directory);
  const visitor = new Visitor(app);
  await visitor.get("/change");
  directory.failNext({ kind: "slow", stage: "write", duration: 0.3 });
  const fields = { name: "alice", current: PASSWORD, new: GOOD, repeat: GOOD };
  const answers = await Promise.all([visitor.post("/change", fields), visitor.post("/change", fields)]);
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [303, 303],
  );
  assert.deepEqual([directory.writes(), directory.badPasswordCount("alice")], [1, 0]);
  await visitor.get("/result");
  assert.match(visitor.headline, /has been changed/);
});

for (const [language, changed, may] of [
  ["en", /Nothing was changed/, /may have been set/],
  ["nl", /niets gewijzigd/, /kan het ingesteld zijn/],
] as const) {
  test(`a form that is sent again after its answer was lost: nothing is claimed: ${language}`, async () => {
    const directory = mockDirectory();
    const { app } = await running(directory);
    const visitor = new Visitor(app, { "accept-language": language });
    await visitor.get("/change");
    const [token, cookies] = [visitor.token, new Map(visitor.cookies)];
    const fields = { _csrf: token, name: "alice", current: PASSWORD, new: GOOD, repeat: GOOD };
    await visitor.post("/change", fields);
    assert.ok(directory.verifyPassword("alice", GOOD));
    for (const [name, value] of cookies) {
      visitor.cookies.set(name, value);
    }
    await visitor.post("/change", fields);
    assert.equal(visitor.status, 403);
    assert.doesNotMatch(visitor.page, changed);
    assert.match(visitor.page, may);
    assert.equal(directory.badPasswordCount("alice"), 0);
  });
}

test("two different forms at once: what is said is true of each", async () => {
  const other = `${GOOD}-2`;
  const setUp = async (purpose: "change" | "reset") => {
    const directory = mockDirectory();
    const run = await running(directory);
    const visitor = new Visitor(run.app);
    if (purpose === "change") {
      await visitor.get("/change");
    } else {
      await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
      await visitor.follow();
    }
    const url = purpose === "change" ? "/change" : "/new-password";
    const send = (password: string) =>
      visitor.post(url, { name: "alice", current: PASSWORD, new: password, repeat: password });
    return { directory, send };
  };
  for (const purpose of ["change", "reset"] as const) {
    const { directory, send } = await setUp(purpose);
    directory.failNext({ kind: "slow", stage: "write", duration: 0.3 });
    const [first, second] = await Promise.all([send(GOOD), send(other)]);
    assert.deepEqual([first.statusCode, second.statusCode], [303, 409], purpose);
    assert.match(second.body, /Two different forms.*Only the first one was passed on/s);
    assert.doesNotMatch(second.body, /has been set|has been changed|Nothing was changed/);
    assert.ok(directory.verifyPassword("alice", GOOD));
    assert.deepEqual([directory.writes(), directory.badPasswordCount("alice")], [1, 0]);
  }
  // Where the first is refused, the second is judged by itself.
  for (const purpose of ["change", "reset"] as const) {
    const { directory, send } = await setUp(purpose);
    directory.failNext({ kind: "slow", stage: "write", duration: 0.3 });
    const [first, second] = await Promise.all([send("Sh0rt"), send(other)]);
    assert.deepEqual([first.statusCode, second.statusCode], [422, 303], purpose);
    assert.match(first.body, /too short/);
    assert.equal(second.headers.location, "/result");
    assert.ok(directory.verifyPassword("alice", other));
  }
});

test("a password that is too long is refused, and nobody is asked about it", async () => {
  let asked = 0;
  const audit = () => {
    asked += 1;
  };
  const directory = mockDirectory({ audit });
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  const sentence = /This password cannot be used\. It has more than 256 characters\./;
  // 128 signs of two units each are as long as may be; one more is not.
  const longest = "\u{1f511}".repeat(128);
  for (const [current, wanted, field] of [
    ["x".repeat(257), GOOD, "current"],
    [PASSWORD, `${longest}x`, "new"],
    [PASSWORD, "é".repeat(257), "new"],
  ] as const) {
    await change(visitor, "alice", current, wanted);
    assert.equal(visitor.status, 422);
    assert.match(visitor.page, sentence);
    assert.match(visitor.page, new RegExp(`id="${field}-wrong"`));
  }
  assert.equal(asked, 0);
  await change(visitor, "alice", PASSWORD, `${GOOD}${"é".repeat(256 - GOOD.length)}`);
  assert.equal(visitor.location, "/result");
  const resetting = new Visitor(run.app);
  await enter(resetting, (await ask(run, resetting, "reset", "dave")) ?? "");
  await resetting.follow();
  assert.doesNotMatch(/<input id="new"[^>]*>/s.exec(resetting.page)?.[0] ?? "", /maxlength/);
  const writes = directory.writes();
  await resetting.post("/new-password", { new: "x".repeat(257), repeat: "x".repeat(257) });
  assert.match(resetting.page, sentence);
  assert.equal(directory.writes(), writes);
});

test("a double click is one write with one answer", async () => {
  const directory = mockDirectory();
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  directory.failNext({ kind: "slow", stage: "write", duration: 0.3 });
  const fields = { new: GOOD, repeat: GOOD };
  const answers = await Promise.all([visitor.post("/new-password", fields), visitor.post("/new-password", fields)]);
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [303, 303],
  );
  assert.equal(directory.writes(), 1);
  await visitor.get("/result");
  assert.match(visitor.headline, /has been set/);
});

test("a candidate that is still being judged when the password is set takes nothing away", async () => {
  const directory = mockDirectory();
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  const former = visitor.cookies.get("portal");
  let release = () => {};
  const judged = new Promise<void>((resolve) => {
    release = resolve;
  });
  const check = directory.checkPassword.bind(directory);
  directory.checkPassword = async (...of) => {
    await judged;
    return check(...of);
  };
  const page = visitor.page;
  const judging = visitor.post("/check", { candidate: GOOD });
  await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
  assert.equal(visitor.location, "/result");
  release();
  const late = await judging;
  assert.equal(late.statusCode, 200);
  assert.equal(late.headers["set-cookie"], undefined, "the session it was asked in is over");
  await visitor.get("/result");
  assert.match(visitor.headline, /has been set/);

  // Nor does one that was sent before, and arrives after.
  const after = new Visitor(run.app);
  after.cookies.set("portal", former ?? "");
  after.page = page;
  const refused = await after.post("/check", { candidate: GOOD });
  assert.equal(refused.statusCode, 403);
  assert.equal(refused.headers["set-cookie"], undefined);
});

test("what ended while an answer was made stays ended", async () => {
  const run = await running(mockDirectory(), { PORTAL_PACE: "1" });
  const [one, other] = [new Visitor(run.app), new Visitor(run.app)];
  await one.get("/reset");
  await other.get("/change");
  // Two tabs of one browser: the change ends in the beat in which the code is asked for.
  other.cookies.set("portal", one.cookies.get("portal") ?? "");
  await other.get("/change");
  const former = one.cookies.get("portal") ?? "";
  const changing = other.post("/change", { name: "alice", current: PASSWORD, new: GOOD, repeat: GOOD });
  await sleep(100);
  const asking = one.post("/reset", { name: "bob" });
  await changing;
  assert.equal(other.location, "/result");
  assert.equal((await asking).headers["set-cookie"], undefined);
  const old = new Visitor(run.app);
  old.cookies.set("portal", former);
  await old.get("/result");
  assert.equal(old.location, "/");
});

test("two pages after a code, made at once, have forms that both work", async () => {
  const directory = mockDirectory();
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  const pages = await Promise.all([visitor.get("/new-password"), visitor.get("/new-password")]);
  for (const { body } of pages) {
    visitor.page = body;
    await visitor.post("/new-password", { new: "short", repeat: "short" });
    assert.equal(visitor.status, 422);
  }
});

for (const [purpose, path, fields, headline] of [
  ["reset", "/new-password", { new: GOOD, repeat: GOOD }, /has been set/],
  ["unlock", "/unlock/confirm", {}, /has been unlocked/],
] as const) {
  test(`leaving while a write is under way tells how it ended: ${purpose}`, async () => {
    const directory = mockDirectory();
    const run = await running(directory);
    const visitor = new Visitor(run.app);
    await enter(visitor, (await ask(run, visitor, purpose, "dave")) ?? "");
    await visitor.follow();
    directory.failNext({ kind: "slow", stage: "write", duration: 2 });
    const page = visitor.page;
    const writing = visitor.post(path, fields);
    while (directory.pendingFaults() > 0) await sleep(5);
    const leaving = new Visitor(run.app);
    leaving.cookies.set("portal", visitor.cookies.get("portal") ?? "");
    leaving.page = page;
    await leaving.post("/cancel", {});
    assert.equal(leaving.location, "/result");
    await leaving.follow();
    assert.match(leaving.headline, headline);
    await writing;
  });
}

test("an unlock that was undone at once is not called one", async () => {
  const directory = mockDirectory();
  const unlock = directory.unlockAccount.bind(directory);
  directory.unlockAccount = async (...of) => {
    const receipt = await unlock(...of);
    return { ...receipt, warnings: ["still_locked"] };
  };
  const run = await running(directory);
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "unlock", "dave")) ?? "");
  await visitor.follow();
  await visitor.post("/unlock/confirm", {});
  await visitor.follow();
  assert.match(visitor.headline, /is locked again/);
  assert.doesNotMatch(visitor.page, /You can log on with the password you have|still locked/);
});

test("stopping ends what was proven", async () => {
  const run = await running(mockDirectory());
  const visitor = new Visitor(run.app);
  await enter(visitor, (await ask(run, visitor, "reset", "alice")) ?? "");
  await visitor.follow();
  await visitor.post("/cancel", {});
  assert.equal(visitor.location, "/");
  await visitor.get("/new-password");
  assert.equal(visitor.status, 403);
});

test("what is missing is said at its field", async () => {
  const { app } = await running(new MockDirectory());
  const visitor = new Visitor(app, { "accept-language": "nl" });
  await visitor.get("/change");
  await visitor.post("/change", { name: "", current: "", new: "", repeat: "" });
  for (const field of ["name", "current", "new"]) {
    assert.match(visitor.page, new RegExp(`<a href="#${field}">Vul`));
    assert.match(visitor.page, new RegExp(`id="${field}-wrong"`));
  }
  await visitor.get("/reset");
  await visitor.post("/reset", { name: " " });
  assert.match(visitor.page, /Vul uw gebruikersnaam in/);
});
