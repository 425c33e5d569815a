// The portal in real Chromium, on a live domain controller, with the directory made from settings as its operator would.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before, describe, type TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { makeLog } from "../src/app.js";
import { reach } from "../src/directory.js";
import { readSettings } from "../src/settings.js";
import { launch, noBrowser, Person } from "./kit/browser.js";
import { LiveDc } from "./kit/live.js";
import { running } from "./kit/portal.js";
import { Visitor } from "./kit/visitor.js";

const GOOD = "Fresh-Passw0rd-77";
const SAME = /did not work with this user name and password/;
const skip = noBrowser() ?? false;

let browser: Browser;
before(async () => {
  browser = skip === false ? await launch() : (undefined as never);
});
after(() => browser?.close());

/** The domain controller, and a portal whose settings lead to it. */
async function deployed(t: TestContext, release: string, history: string) {
  const dc = await LiveDc.start(release);
  if (dc === null) {
    t.skip(`Samba ${release} is not installed`);
    return null;
  }
  t.after(() => dc.end());
  const folder = mkdtempSync(join(tmpdir(), "portal-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const passwordFile = join(folder, "bind-password");
  writeFileSync(passwordFile, `${dc.address.bind_password}\n`, { mode: 0o600 });
  const environment = {
    PORTAL_SERVERS: dc.address.url,
    PORTAL_BIND_USER: dc.address.bind_user,
    PORTAL_BIND_PASSWORD_FILE: passwordFile,
    PORTAL_CA_FILE: dc.address.ca_file,
    PORTAL_ALLOWED_SUBTREES: dc.address.people,
    PORTAL_HISTORY: history,
    PORTAL_SENDER: "console",
    PORTAL_PASSWORD_TRIES: "10",
    PORTAL_PACE: "0.2",
  };
  const { directory: settings } = readSettings(environment);
  assert.ok(settings);
  const directory = reach(settings, makeLog("silent"));
  t.after(() => directory.close());
  const run = await running(directory, environment);
  const url = await run.app.listen({ host: "127.0.0.1", port: 0 });
  const person = await Person.arrives(browser, url);
  // The browser goes first: a connection that it opened and did not use would keep the portal from closing.
  t.after(async () => {
    await person.leaves();
    await run.app.close();
  });
  return { dc, run, person };
}

const releases = [
  ["4.24", "required"],
  ["4.17", "if_supported"],
] as const;

describe("the portal", { skip, concurrency: true }, () => {
  for (const [release, history] of releases) {
    test(`on Samba ${release}`, (t) => everything(t, release, history));
  }
});

async function everything(t: TestContext, release: string, history: string): Promise<void> {
  const deployment = await deployed(t, release, history);
  if (deployment === null) {
    return;
  }
  const { dc, run, person } = deployment;
  const { dns_domain: domain, password } = dc.address;
  await dc.policy({ lockout_threshold: 5, min_age: 0, min_length: 10, history: 3 });
  const partners = await dc.unit("Partners");
  const people_ = {
    alice: await dc.user({ name: "alice", display_name: "Alice Anders" }),
    bob: await dc.user({ name: "bob", must_change: true }),
    dave: await dc.user({ name: "dave" }),
    dora: await dc.user({ name: "dora" }),
    erin: await dc.user({ name: "erin", disabled: true }),
    frank: await dc.user({ name: "frank", groups: ["Domain Admins"] }),
    grace: await dc.user({ name: "grace", container: partners }),
  };
  await dc.lock(people_.dave.dn);
  await dc.lock(people_.dora.dn);
  const binds = (name: string, with_: string) => dc.bind(`${name}@${domain}`, with_);

  const change = async (name: string, current: string, wanted: string) => {
    await person.goes("/change");
    await person.fills({ "User name": name, "Current password": current });
    await person.fills({ "New password": wanted, "New password again": wanted });
    await person.presses("Change password");
  };
  // The same without a browser, where it is the number that matters.
  const tries = async (name: string, current: string, wanted: string) => {
    const visitor = new Visitor(run.app);
    await visitor.get("/change");
    await visitor.post("/change", { name, current, new: wanted, repeat: wanted });
    return visitor.text.replaceAll(/value="[^"]*"/g, "");
  };
  const prove = async (purpose: string, name: string) => {
    await person.goes(`/${purpose}`);
    await person.fills({ "User name": name });
    await person.presses("Send a code");
    await run.portal.settled();
    const message = run.outbox.at(-1);
    assert.equal(message?.to.address, `${name}@mail.example`);
    await person.fills({ Code: message?.code ?? "" });
    await person.presses("Continue");
  };

  await t.test("a change, and one that must be made", async () => {
    await change("alice", password, GOOD);
    assert.match(await person.headline(), /has been changed/);
    assert.equal(await binds("alice", GOOD), "0");
    await change(`bob@${domain}`, password, GOOD);
    assert.match(await person.headline(), /has been changed/);
    assert.equal(await binds("bob", GOOD), "0");
  });

  await t.test("before proof: one sentence for everybody", async () => {
    const texts = new Set<string>();
    for (const [name, current] of [
      ["nobody", "wrong"],
      ["alice", "wrong"],
      ["dave", password],
      ["erin", password],
      ["frank", "wrong"],
      ["grace", password],
      ["krbtgt", "wrong"],
    ] as const) {
      // A new password that breaks the policy, too: the old one is judged first.
      texts.add(await tries(name, current, "x"));
    }
    assert.equal(texts.size, 1);
    assert.match([...texts].join(), SAME);
    for (const name of ["erin", "grace"]) {
      assert.notEqual(await binds(name, "x"), "0");
    }
  });

  await t.test("before proof not even that a password is too new", async () => {
    await dc.policy({ lockout_threshold: 5, min_age: 86_400, min_length: 10, history: 3 });
    assert.match(await tries("bob", "wrong", GOOD), SAME);
    await change("bob", GOOD, `${GOOD}x`);
    assert.match(await person.text(), /too new to be changed again\. It has to be 1 day old\. You can change it from/);
    await dc.policy({ lockout_threshold: 5, min_age: 0, min_length: 10, history: 3 });
  });

  await t.test("tries stay below the lockout threshold, however the account is named", async () => {
    for (const name of ["frank", "CORP\\frank", `frank@${domain}`, "FRANK", "frank", "frank", "frank"]) {
      assert.match(await tries(name, "wrong", GOOD), SAME);
    }
    assert.equal(await dc.number(people_.frank.dn, "badPwdCount"), 3);
    assert.equal(await dc.number(people_.frank.dn, "lockoutTime"), 0);
    assert.equal(await binds("frank", password), "0");
  });

  await t.test("the account's own rules once the old password was right, judged as one types", async () => {
    await change("alice", GOOD, "alice1");
    assert.match(await person.text(), /The rules for your account.*At least 10 characters/s);
    await person.fills({ "New password": "Anders-12" });
    const place = person.page.locator("#new-check.no");
    await place.waitFor();
    assert.match(await place.innerText(), /too short: at least 10.*part of your name/s);
    await person.inspects(`samba-${release}-policy`);
    await person.fills({ "Current password": GOOD, "New password": GOOD, "New password again": GOOD });
    await person.page.locator("#new-check.yes").waitFor();
    await person.presses("Change password");
    assert.match(await person.text(), /used it before/);
  });

  await t.test("a reset of a locked account", async () => {
    await prove("reset", "dave");
    assert.match(await person.text(), new RegExp(`For the account dave@${domain}`));
    await person.fills({ "New password": GOOD, "New password again": GOOD });
    await person.presses("Set new password");
    assert.match(await person.headline(), /has been set/);
    assert.equal(await binds("dave", GOOD), "0");
  });

  await t.test("an unlock", async () => {
    await prove("unlock", "dora");
    assert.match(await person.text(), /is locked/);
    await person.presses("Unlock account");
    assert.match(await person.headline(), /has been unlocked/);
    assert.equal(await binds("dora", password), "0");
  });

  await t.test("after proof the reason is told", async () => {
    await prove("reset", "frank");
    assert.match(await person.text(), /specially protected.*group of administrators/s);
    await prove("reset", "erin");
    assert.match(await person.text(), /disabled/);
    await prove("reset", "grace");
    await person.fills({ "New password": GOOD, "New password again": GOOD });
    await person.presses("Set new password");
    assert.match(await person.text(), /does not look after your account/);
    assert.equal(await binds("grace", password), "0");
  });

  await t.test(
    history === "required" ? "a former password is refused" : "history cannot be enforced here",
    async () => {
      await prove("reset", "alice");
      await person.fills({ "New password": password, "New password again": password });
      await person.presses("Set new password");
      assert.match(
        await person.text(),
        history === "required" ? /used it before/ : /on your phone and every other device/,
      );
    },
  );
}
