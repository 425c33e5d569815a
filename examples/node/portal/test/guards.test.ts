// What stands before the pages, over HTTP without a browser.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { FastifyRequest } from "fastify";
import { makeLog } from "../src/app.js";
import { FileContacts } from "../src/contacts.js";
import { demoContacts, demoDirectory } from "../src/demo.js";
import { Form } from "../src/form.js";
import { readSettings } from "../src/settings.js";
import { mockDirectory, PASSWORD, running } from "./kit/portal.js";
import { Visitor } from "./kit/visitor.js";

const GOOD = "Fresh-Passw0rd-77";

test("headers: nothing from elsewhere, nothing kept, nothing framed", async () => {
  const { app } = await running(mockDirectory());
  const { headers } = await app.inject("/");
  const policy = String(headers["content-security-policy"]);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["strict-transport-security"], undefined);
  for (const asset of ["portal.css", "portal.js", "icon.svg"]) {
    const { statusCode, body } = await app.inject(`/static/${asset}`);
    assert.equal(statusCode, 200);
    assert.doesNotMatch(body.replaceAll("http://www.w3.org/2000/svg", ""), /https?:\/\//);
  }
});

test("pages hold no style, script or address of others within", async () => {
  const { app } = await running(mockDirectory());
  for (const url of ["/", "/change", "/reset", "/unlock", "/nowhere"]) {
    const { body } = await app.inject(url);
    assert.doesNotMatch(body, /<style|style=|<script>|javascript:|https?:| on[a-z]+=|tabindex="[1-9]/);
  }
});

test("production: cookies that only https and this host get", async () => {
  const directory = mockDirectory();
  const { app } = await running(directory);
  const visitor = new Visitor(app);
  const [cookie] = (await visitor.get("/change")).cookies as {
    httpOnly?: boolean;
    sameSite?: string;
    secure?: boolean;
  }[];
  assert.deepEqual([cookie?.httpOnly, cookie?.sameSite, cookie?.secure], [true, "Strict", undefined]);

  const production = {
    NODE_ENV: "production",
    PORTAL_SERVERS: "ldaps://dc1.corp.example",
    PORTAL_BIND_USER: "svc@corp.example",
    PORTAL_BIND_PASSWORD_FILE: "/nowhere",
    PORTAL_SENDER: "./sender.js",
    PORTAL_CONTACTS: "./contacts.js",
    PORTAL_TRUSTED_PROXIES: "127.0.0.1",
  };
  for (const sender of ["", "console"]) {
    assert.throws(() => readSettings({ ...production, PORTAL_SENDER: sender }), /development sender/);
  }
  const behind = await running(directory, production);
  const answer = await new Visitor(behind.app, { "x-forwarded-proto": "https" }).get("/change");
  const header = String(answer.headers["set-cookie"]);
  assert.match(header, /^__Host-portal=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  assert.match(String(answer.headers["strict-transport-security"]), /max-age=31536000/);
  const plain = await new Visitor(behind.app).get("/change");
  assert.equal(plain.headers["set-cookie"], undefined, "no session over http");
});

test("production: neither the mock, nor codes on the console, nor passwords in the clear", () => {
  assert.throws(
    () => readSettings({ NODE_ENV: "production" }),
    (error: Error) => {
      for (const word of [/PORTAL_SERVERS/, /PORTAL_SENDER/, /PORTAL_CONTACTS/, /PORTAL_TLS_CERT_FILE/]) {
        assert.match(error.message, word);
      }
      return true;
    },
  );
  const main = fileURLToPath(new URL("../src/main.js", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [main], {
    env: { PATH: process.env.PATH, NODE_ENV: "production" },
    encoding: "utf8",
  });
  assert.equal(status, 1);
  assert.match(stderr, /development sender/);
});

/** The program itself, on the mock. */
async function started(t: TestContext, main: string) {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, PORTAL_PORT: "0", PORTAL_PACE: "0.05", PORTAL_LOG_LEVEL: "silent" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = /http:\S+/.exec((await lines.next()).value)?.[0];
  assert.ok(url);
  return { child, lines, url };
}

test("one command starts it on the mock, with codes on the console", async (t) => {
  const { child, lines, url } = await started(t, fileURLToPath(new URL("../src/main.js", import.meta.url)));
  const page = await fetch(`${url}/reset`);
  const _csrf = /name="_csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? "";
  const answer = await fetch(`${url}/reset`, {
    method: "POST",
    body: new URLSearchParams({ _csrf, name: "alice" }),
    headers: { cookie: page.headers.get("set-cookie")?.split(";")[0] ?? "" },
    redirect: "manual",
  });
  assert.equal(answer.headers.get("location"), "/code");
  assert.match((await lines.next()).value, /^\*\*\* development sender: the code for alice@mail\.example is \d{8}$/);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("it starts from a folder with any name", async (t) => {
  const place = mkdtempSync(join(tmpdir(), "portal-"));
  t.after(() => rmSync(place, { recursive: true }));
  const folder = join(place, "with a space, 100% ü");
  const here = new URL("../../", import.meta.url);
  for (const part of ["dist/src", "views", "static", "package.json"]) {
    cpSync(fileURLToPath(new URL(part, here)), join(folder, part), { recursive: true });
  }
  symlinkSync(fileURLToPath(new URL("node_modules", here)), join(folder, "node_modules"));
  const { url } = await started(t, join(folder, "dist/src/main.js"));
  for (const path of ["/change", "/static/portal.css"]) {
    assert.equal((await fetch(`${url}${path}`)).status, 200, path);
  }
});

test("the demo accounts are what the README says", async () => {
  const directory = demoDirectory(makeLog("silent"));
  const of = (name: string) => directory.findAccount(name);
  assert.equal((await of("alice")).passwordExpired, false);
  assert.equal((await of("bob")).mustChangePassword, true);
  assert.equal((await of("carol")).passwordExpired, true);
  assert.equal((await of("dave")).locked, true);
  assert.equal((await of("erin")).enabled, false);
  assert.equal((await of("frank")).protection, "protected_group");
  assert.equal((await directory.passwordPolicy("heidi")).minLength, 16);
  await assert.rejects(directory.resetPassword("grace", GOOD), { code: "OUT_OF_SCOPE" });
  await assert.rejects(directory.changePassword("judy", "Demo-Passw0rd", GOOD), { code: "POLICY_VIOLATION" });
  for (const name of ["alice", "bob", "carol", "frank"]) {
    await directory.changePassword(name, "Demo-Passw0rd", GOOD);
  }
  assert.equal(await demoContacts().find(await of("ivan")), null);
});

test("contacts from a file, by objectGUID or logon name", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "portal-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const directory = mockDirectory();
  const [alice, dave] = [await directory.findAccount("alice"), await directory.findAccount("dave")];
  const known = { kind: "phone", address: "+31 20 123 45 67" };
  const path = join(folder, "contacts.json");
  writeFileSync(path, JSON.stringify({ [alice.objectGuid.toUpperCase()]: known, DAVE: known }));
  const contacts = new FileContacts(path);
  assert.deepEqual(await contacts.find(alice), known);
  assert.deepEqual(await contacts.find(dave), known);
  assert.equal(await contacts.find(await directory.findAccount("erin")), null);
  writeFileSync(path, `{"alice": "alice@mail.example"}`);
  await assert.rejects(new FileContacts(path).ready());
});

test("settings that cannot work are named", () => {
  assert.throws(() => readSettings({ PORTAL_PORT: "many" }), /PORTAL_PORT/);
  assert.throws(() => readSettings({ PORTAL_HISTORY: "sometimes" }), /PORTAL_HISTORY/);
  assert.throws(() => readSettings({ PORTAL_SERVERS: "ldaps://dc1" }), /PORTAL_BIND_USER/);
  assert.throws(() => readSettings({ PORTAL_ALLOWED_SUBTREES: " ; " }), /PORTAL_ALLOWED_SUBTREES: names nothing/);
  assert.throws(() => readSettings({ PORTAL_CODE_MINUTES: "30" }), /PORTAL_CODE_MINUTES/);
  assert.throws(() => readSettings({ PORTAL_TRIES_PER_MINUTE: "0" }), /PORTAL_TRIES_PER_MINUTE/);
  assert.throws(() => readSettings({ NODE_ENV: "prod" }), /NODE_ENV/);
  assert.deepEqual(readSettings({ PORTAL_SERVERS: "", PORTAL_TRUSTED_PROXIES: "a; b;" }).trustedProxies, ["a", "b"]);
});

test("codes of a real directory are on the console only where that is asked for", () => {
  const real = { PORTAL_SERVERS: "ldaps://dc1", PORTAL_BIND_USER: "svc", PORTAL_BIND_PASSWORD_FILE: "/nowhere" };
  assert.throws(() => readSettings(real), /PORTAL_SENDER/);
  assert.equal(readSettings({ ...real, PORTAL_SENDER: "console" }).senderModule, null);
  assert.equal(readSettings({ ...real, PORTAL_SENDER: "./mail.js" }).senderModule, "./mail.js");
  assert.equal(readSettings({}).senderModule, null, "the mock's have no owner");
});

test("the README's settings for a real directory are those of production", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const command = /^ {4}(\w+=.*(?:\\\n.*)*npm start)$/m.exec(readme)?.[1] ?? "";
  const given = command.matchAll(/(\w+)=(?:'([^']*)'|(\S+))/g);
  const settings = readSettings(Object.fromEntries([...given].map(([, name, quoted, bare]) => [name, quoted ?? bare])));
  assert.equal(settings.production, true);
  assert.deepEqual(settings.directory?.servers, ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"]);
  assert.ok(settings.senderModule !== null && settings.contactsFile !== null);
});

test("forgery: a form without the page's token does nothing", async () => {
  const directory = mockDirectory();
  const { app } = await running(directory);
  const fields = { name: "alice", current: PASSWORD, new: GOOD, repeat: GOOD };
  const without = new Visitor(app);
  await without.post("/change", fields);
  assert.equal(without.status, 403);
  const other = new Visitor(app);
  await other.get("/change");
  const victim = new Visitor(app);
  await victim.get("/change");
  await victim.post("/change", { ...fields, _csrf: other.token });
  assert.equal(victim.status, 403);
  assert.match(victim.headline, /no longer valid/);
  assert.equal(directory.writes(), 0);
});

/** Sends a form over a connection, and cuts that. */
async function sendsAndLeaves(url: string, visitor: Visitor, fields: Record<string, string>): Promise<void> {
  const body = new URLSearchParams({ _csrf: visitor.token, ...fields }).toString();
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  const head = [
    "POST /change HTTP/1.1",
    "Host: portal",
    `Cookie: ${cookie}`,
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${body.length}`,
  ];
  await new Promise<void>((resolve) => socket.write(`${head.join("\r\n")}\r\n\r\n${body}`, () => resolve()));
  socket.destroy();
}

/** Waits until something holds; the test fails where it never does. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let n = 0; !holds(); n += 1) {
    assert.ok(n < 3000, `${what} within thirty seconds`);
    await sleep(10);
  }
}

const wiped = (secret: Uint8Array) => secret.length > 0 && secret.every((byte) => byte === 0);

for (const [what, refused] of [
  ["while a password is being changed", false],
  ["before anything is done", true],
] as const) {
  test(`passwords are wiped where the browser leaves ${what}`, async (t) => {
    const directory = mockDirectory();
    const { app } = await running(directory);
    t.after(() => app.close());
    const requests: FastifyRequest[] = [];
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const used: Uint8Array[] = [];
    app.addHook("preHandler", async (request) => {
      if (request.body instanceof Form) {
        requests.push(request);
        if (refused) {
          await gate;
          throw Object.assign(new Error("seen in the test"), { statusCode: 403 });
        }
      }
    });
    // Where the library does not come to wipe them.
    directory.changePassword = async (_who, ...secrets) => {
      const [current, wanted] = secrets as [Uint8Array, Uint8Array];
      used.push(current.slice(), wanted.slice());
      await gate;
      throw new RangeError("seen in the test");
    };
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const visitor = new Visitor(app);
    await visitor.get("/change");
    await sendsAndLeaves(url, visitor, { name: "alice", current: PASSWORD, new: GOOD, repeat: GOOD });
    await until(() => requests.length === 1 && (refused || used.length === 2), "it has come in");
    const request = requests[0] as FastifyRequest;
    await until(() => request.raw.socket.destroyed, "the browser has gone");
    assert.deepEqual(
      used.map((secret) => new TextDecoder().decode(secret)),
      refused ? [] : [PASSWORD, GOOD],
      "a write under way has what it needs",
    );
    const secrets = ["current", "new", "repeat"].map((field) => (request.body as Form).secret(field));
    assert.deepEqual(
      secrets.map(wiped),
      secrets.map(() => refused),
      refused ? "the page will not need them" : "the write still does",
    );
    goOn();
    await until(() => secrets.every(wiped), "they are wiped");
  });
}

test("only forms are read", async () => {
  const { app } = await running(mockDirectory());
  const json = await app.inject({ method: "POST", url: "/change", payload: { name: "alice" } });
  assert.equal(json.statusCode, 415);
  const long = await app.inject({
    method: "POST",
    url: "/change",
    payload: "x".repeat(20_000),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  assert.equal(long.statusCode, 413);
});

test("a form that is too long is answered, whether or not it says so", async (t) => {
  const { app } = await running(mockDirectory());
  t.after(() => app.close());
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const text = "x".repeat(17_000);
  const piecemeal = async function* () {
    yield new TextEncoder().encode(text);
  };
  for (const body of [text, ReadableStream.from(piecemeal())]) {
    const answer = await fetch(`${url}/change`, {
      method: "POST",
      body,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      duplex: "half",
    } as RequestInit);
    assert.equal(answer.status, 413);
    assert.match(await answer.text(), /Something went wrong here/);
  }
});

test("rate limits: by address, for tries, and in all", async () => {
  const byAddress = await running(mockDirectory(), { PORTAL_REQUESTS_PER_MINUTE: "3" });
  const visitor = new Visitor(byAddress.app, { "accept-language": "nl" });
  for (let n = 0; n < 3; n += 1) {
    assert.equal((await visitor.get("/")).statusCode, 200);
  }
  const answer = await visitor.get("/");
  assert.equal(answer.statusCode, 429);
  assert.match(visitor.page, /Wacht 1 minuut/);
  assert.ok(Number(answer.headers["retry-after"]) > 0);

  for (const setting of ["PORTAL_TRIES_PER_MINUTE", "PORTAL_TRIES_PER_MINUTE_IN_ALL"]) {
    const { app } = await running(mockDirectory(), { [setting]: "2" });
    const trying = new Visitor(app);
    await trying.get("/change");
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      await trying.post("/change", { name: `nobody${n}`, current: "x", new: GOOD, repeat: GOOD });
      statuses.push(trying.status);
    }
    assert.deepEqual(statuses, [422, 422, 429], setting);
  }
});

test("the language: the browser's, then the chosen one, and back to the same page", async () => {
  const { app } = await running(mockDirectory());
  const visitor = new Visitor(app, { "accept-language": "fr, nl-BE;q=0.8, en;q=0.5" });
  await visitor.get("/change");
  assert.match(visitor.page, /<html lang="nl">/);
  await visitor.get("/language?to=en&back=/change");
  assert.equal(visitor.location, "/change");
  await visitor.follow();
  assert.match(visitor.page, /<html lang="en">/);
  for (const away of ["//evil.example", "https://evil.example", "/\\evil", "/nowhere", "javascript:x", "/a\r\nb"]) {
    await visitor.get(`/language?to=nl&back=${encodeURIComponent(away)}`);
    assert.equal(visitor.location, "/", away);
  }
  await visitor.get("/language?to=__proto__");
  assert.equal(visitor.location, "/");
  const nothing = await app.inject({ url: "/", headers: { "accept-language": "fr" } });
  assert.match(nothing.body, /<html lang="en">/);
});

test("what was typed is shown as text", async () => {
  const { app } = await running(mockDirectory());
  const visitor = new Visitor(app);
  await visitor.get("/change");
  await visitor.post("/change", { name: `"><script>x</script>`, current: "x", new: GOOD, repeat: GOOD });
  assert.equal(visitor.status, 422);
  assert.doesNotMatch(visitor.page, /<script>x/);
});

test("no password, code, or what was typed as a name is in a log", async () => {
  const directory = mockDirectory();
  const { app, portal, outbox, log } = await running(directory);
  const visitor = new Visitor(app);
  const typed = "Typed-into-the-wr0ng-field";
  await visitor.get("/change");
  await visitor.post("/change", { name: typed, current: "Wrong-Passw0rd-5", new: GOOD, repeat: GOOD });
  await visitor.post("/change", { name: "alice", current: PASSWORD, new: "Sh0rt", repeat: "Sh0rt" });
  await visitor.post("/check", { candidate: "Candidate-Passw0rd-3" });
  await visitor.get("/reset");
  await visitor.post("/reset", { name: typed });
  await visitor.post("/reset", { name: "alice" });
  await portal.settled();
  await visitor.follow();
  const code = outbox[0]?.code ?? "";
  await visitor.post("/code", { code: "00000000" });
  await visitor.post("/code", { code });
  await visitor.follow();
  await visitor.post("/new-password", { new: GOOD, repeat: GOOD });
  await visitor.follow();
  assert.match(visitor.headline, /has been set/);
  await visitor.get(`/${typed}?${typed}`);
  const all = log.join("");
  assert.match(all, /"route":"\/new-password"/, "the log is looked at");
  for (const secret of [PASSWORD, GOOD, "Wrong-Passw0rd-5", "Sh0rt", "Candidate-Passw0rd-3", code, typed]) {
    assert.ok(secret.length > 0 && !all.includes(secret), `${secret} is in the log`);
  }
});
