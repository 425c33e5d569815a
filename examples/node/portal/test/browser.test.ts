// The portal in real Chromium, on the mock: every page, in both languages, on a wide and a narrow screen, light and dark.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { FastifyInstance } from "fastify";
import type { MockDirectory } from "password-writeback";
import type { Browser } from "playwright-core";
import { languages } from "../src/language/language.js";
import { launch, noBrowser, Person } from "./kit/browser.js";
import { mockDirectory, PASSWORD, type Running, running } from "./kit/portal.js";

const GOOD = "Fresh-Passw0rd-77";
const skip = noBrowser() ?? false;
if (skip !== false) {
  assert.notEqual(process.env.CI, "true", `${skip}, and with CI=true that is a failure`);
  console.error(`\n*** LEFT OUT: the portal in a browser: ${skip}\n`);
}

let browser: Browser;
before(async () => {
  browser = skip === false ? await launch() : (undefined as never);
});
after(() => browser?.close());

async function opened(
  directory: MockDirectory,
  environment: NodeJS.ProcessEnv = {},
): Promise<Running & { url: string }> {
  const run = await running(directory, environment);
  return { ...run, url: await run.app.listen({ host: "127.0.0.1", port: 0 }) };
}

/** The browser goes first: a connection that it opened and did not use would keep the portal from closing. */
async function end(person: Person, app: FastifyInstance): Promise<void> {
  await person.leaves();
  await app.close();
}

const looks = [
  { look: "wide", locale: "en-GB", viewport: { width: 1100, height: 900 }, colorScheme: "light" },
  { look: "narrow", locale: "nl-NL", viewport: { width: 320, height: 640 }, colorScheme: "dark" },
  // The other two in the long version only (PASSWORD_WRITEBACK_TESTS=full). 200 % on a screen of 1280 by 1024 leaves as many CSS pixels as this (WCAG 1.4.4).
  {
    look: "zoomed",
    locale: "nl-NL",
    viewport: { width: 640, height: 512 },
    colorScheme: "light",
    deviceScaleFactor: 2,
  },
  { look: "dark", locale: "en-GB", viewport: { width: 900, height: 800 }, colorScheme: "dark" },
] as const;

const shown = process.env.PASSWORD_WRITEBACK_TESTS === "full" ? looks : looks.slice(0, 2);

for (const { look, ...options } of shown) {
  test(`every page, ${look}`, { skip }, async (t) => {
    const directory = mockDirectory({ grace: 0.1, deadline: 6 });
    const { app, portal, outbox, url } = await opened(directory, { PORTAL_HELP_DESK: "020 123 45 67" });
    const w = languages[options.locale === "en-GB" ? "en" : "nl"];
    const person = await Person.arrives(browser, url, options);
    t.after(() => end(person, app));
    const { page } = person;
    const seen = (name: string) => person.inspects(`${look}-${name}`);
    const fields = (current: string, wanted: string) => ({
      [w.fields.name]: "alice",
      [w.fields.current]: current,
      [w.fields.new]: wanted,
      [w.fields.repeat]: wanted,
    });
    const code = async (purpose: "reset" | "unlock", name: string) => {
      await person.goes(`/${purpose}`);
      await person.fills({ [w.fields.name]: name });
      await person.presses(w.ask.button);
      await portal.settled();
      return outbox.at(-1)?.code ?? "";
    };

    await person.goes("/");
    assert.equal(await person.headline(), w.start.title);
    await seen("start");
    await person.goes("/nowhere");
    await seen("not-found");

    directory.failNext({ kind: "bind_failed", reason: "locked_out" });
    await person.goes("/change");
    await person.fills(fields(PASSWORD, GOOD));
    await person.presses(w.change.button);
    await seen("change-trouble");

    await person.goes("/change");
    await seen("change");
    await person.presses(w.change.button);
    await seen("change-empty");
    await person.fills(fields("wrong", GOOD));
    await person.presses(w.change.button);
    assert.match(await person.text(), new RegExp(w.problems.same));
    await seen("change-same");
    await person.fills(fields(PASSWORD, "alice1"));
    await person.presses(w.change.button);
    await seen("change-policy");
    await person.fills({ ...fields(PASSWORD, GOOD), [w.fields.new]: "Short" });
    await page.locator("#new-check.no").waitFor();
    await seen("change-checked");
    await person.fills(fields(PASSWORD, GOOD));
    await page.locator("#new-check.yes").waitFor();
    await page.locator("#repeat-same.yes").waitFor();
    await seen("change-good");
    await person.presses(w.change.button);
    assert.equal(await person.headline(), w.result.done.change_password.title);
    await seen("changed");
    await person.goes("/change");
    await person.fills(fields(GOOD, `${GOOD}2`));
    await page.context().clearCookies();
    await person.presses(w.change.button);
    assert.equal(await person.headline(), w.problems.expired.title);
    await seen("expired");

    await person.goes("/reset");
    await seen("reset");
    const right = await code("reset", "dave");
    await seen("code");
    await person.fills({ [w.fields.code]: "12345678" });
    await person.presses(w.enterCode.button);
    await seen("code-wrong");
    await person.fills({ [w.fields.code]: right });
    await person.presses(w.enterCode.button);
    assert.equal(await person.headline(), w.choose.title);
    await seen("choose");
    directory.failNext({ kind: "unreachable" });
    await page.reload();
    await seen("choose-trouble");
    await page.getByRole("link", { name: w.tryAgain }).click();
    await page.locator("#new").waitFor();
    directory.failNext({ kind: "gone_after", applied: true });
    await person.fills({ [w.fields.new]: GOOD, [w.fields.repeat]: GOOD });
    await person.presses(w.choose.button);
    assert.equal(await person.headline(), w.result.unknownTitle);
    await seen("unknown");
    directory.comeBack();

    const refused = await code("reset", "frank");
    await person.fills({ [w.fields.code]: refused });
    await person.presses(w.enterCode.button);
    assert.equal(await person.headline(), w.result.refusedTitle);
    await seen("refused");

    directory.addUser({ name: "dora", password: PASSWORD, container: "OU=People", locked: true });
    const unlock = await code("unlock", "dora");
    await person.fills({ [w.fields.code]: unlock });
    await person.presses(w.enterCode.button);
    await seen("unlock");
    await person.presses(w.unlock.button);
    assert.equal(await person.headline(), w.result.done.unlock_account.title);
    await seen("unlocked");
    const free = await code("unlock", "alice");
    await person.fills({ [w.fields.code]: free });
    await person.presses(w.enterCode.button);
    await seen("not-locked");
    await person.presses(w.cancel);
    assert.equal(await person.headline(), w.start.title);
    await person.goes("/new-password");
    await seen("over");
  });
}

test("by keyboard alone, and what a screen reader is told", { skip }, async (t) => {
  const { app, url } = await opened(mockDirectory());
  const person = await Person.arrives(browser, url);
  t.after(() => end(person, app));
  const { page } = person;
  const focused = () =>
    page.evaluate<string>(
      "document.activeElement.id || document.activeElement.className || document.activeElement.textContent.trim()",
    );
  await person.goes("/");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/change");
  await page.locator("#name").focus();
  const order: string[] = [];
  for (let n = 0; n < 8; n += 1) {
    order.push(await focused());
    await page.keyboard.press("Tab");
  }
  assert.deepEqual(
    order.filter((id) => id !== "reveal"),
    ["name", "current", "new", "repeat", "main"],
  );
  await page.locator("#name").focus();
  await page.keyboard.type("alice");
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.keyboard.press("Enter")]);
  assert.equal(await focused(), "problems", "the summary is where one is after a mistake");
  assert.match(await page.title(), /^Problem: /);
  const summary = page.getByRole("alert");
  assert.match(await summary.innerText(), /Enter your current password/);
  await summary.getByRole("link", { name: "Enter your current password." }).press("Enter");
  await page.locator("#current:focus").waitFor();
  assert.equal(await focused(), "current", "a link of the summary leads to its field");
  const current = page.getByLabel("Current password", { exact: true });
  assert.equal(await current.getAttribute("aria-invalid"), "true");
  assert.match((await current.getAttribute("aria-describedby")) ?? "", /current-wrong/);
  const outline = await current.evaluate("(field) => getComputedStyle(field).outlineStyle");
  assert.notEqual(outline, "none", "focus is seen");
});

test("a candidate is judged as it is typed, after a pause, and told politely", { skip }, async (t) => {
  const { app, url } = await opened(mockDirectory());
  const person = await Person.arrives(browser, url);
  t.after(() => end(person, app));
  const { page } = person;
  let asked = 0;
  page.on("request", (request) => {
    asked += request.url().endsWith("/check") ? 1 : 0;
  });
  await person.goes("/change");
  const fields = { "User name": "alice", "Current password": PASSWORD };
  await person.fills({ ...fields, "New password": "a", "New password again": "a" });
  assert.equal(asked, 0, "before proof nothing is asked");
  // The page's own clock stands still between the keys, so that a pause is one however busy this machine is.
  await page.clock.install();
  await person.presses("Change password");
  await page.clock.pauseAt(Date.now() + 3_600_000);
  const place = page.locator("#new-check");
  assert.equal(await place.getAttribute("aria-live"), "polite");
  await page.getByLabel("New password", { exact: true }).pressSequentially("alice1");
  assert.equal(await place.innerText(), "Checking…");
  assert.equal(asked, 0, "not while one types");
  await page.clock.runFor(1000);
  await page.locator("#new-check.no").waitFor();
  assert.match(await place.innerText(), /too short: at least 10.*holds your user name/s);
  assert.equal(asked, 1, "once for six keys");
});

test("a candidate is no longer judged once it is sent", { skip }, async (t) => {
  const directory = mockDirectory();
  const { app, portal, outbox } = await running(directory);
  // The write waits until the browser has let go of the question.
  const [asked, dropped] = [moment(), moment()];
  const [check, reset] = [directory.checkPassword.bind(directory), directory.resetPassword.bind(directory)];
  directory.checkPassword = async (...of) => {
    asked.comes();
    await dropped.came;
    return check(...of);
  };
  directory.resetPassword = async (...of) => {
    await dropped.came;
    return reset(...of);
  };
  app.addHook("onRequest", async (request, reply) => {
    if (request.url === "/check") {
      reply.raw.once("close", dropped.comes);
    }
  });
  const person = await Person.arrives(browser, await app.listen({ host: "127.0.0.1", port: 0 }));
  t.after(() => end(person, app));
  await person.goes("/reset");
  await person.fills({ "User name": "alice" });
  await person.presses("Send a code");
  await portal.settled();
  await person.fills({ Code: outbox.at(-1)?.code ?? "" });
  await person.presses("Continue");
  await person.fills({ "New password": GOOD, "New password again": GOOD });
  await asked.came;
  await person.presses("Set new password").finally(dropped.comes);
  assert.match(await person.headline(), /has been set/);
});

/** Something that happens once, and can be waited for. */
function moment(): { readonly came: Promise<void>; readonly comes: () => void } {
  let comes = () => {};
  const came = new Promise<void>((resolve) => {
    comes = resolve;
  });
  return { came, comes };
}

test("a password can be looked at, and pasted at any length", { skip }, async (t) => {
  const { app, url } = await opened(mockDirectory());
  const person = await Person.arrives(browser, url);
  t.after(() => end(person, app));
  const { page } = person;
  await person.goes("/change");
  const field = page.locator("#new");
  const button = page.locator('[data-reveal="new"]');
  // Its name says what it does; a state beside a name that changes would say the opposite of it.
  for (const [name, type] of [
    ["Show: New password", "password"],
    ["Hide: New password", "text"],
    ["Show: New password", "password"],
  ] as const) {
    assert.equal(await field.getAttribute("type"), type);
    assert.equal(await button.getAttribute("aria-pressed"), null);
    await page.getByRole("button", { name, exact: true }).click();
  }
  // As a person pastes: what a script fills in is not cut.
  await field.fill("");
  await field.focus();
  await page.keyboard.insertText("x".repeat(300));
  assert.equal((await field.inputValue()).length, 300);
  await person.fills({ "User name": "alice", "Current password": PASSWORD, "New password again": "x".repeat(300) });
  await person.presses("Change password");
  assert.match(await person.text(), /more than 256 characters/);
});

test("without JavaScript everything works", { skip }, async (t) => {
  const directory = mockDirectory();
  const { app, portal, outbox, url } = await opened(directory);
  const person = await Person.arrives(browser, url, { javaScriptEnabled: false });
  t.after(() => end(person, app));
  await person.goes("/change");
  await person.fills({
    "User name": "alice",
    "Current password": PASSWORD,
    "New password": "a",
    "New password again": "a",
  });
  await person.presses("Change password");
  assert.match(await person.text(), /too short/);
  assert.equal(await person.page.locator(":focus").getAttribute("class"), "problems");
  assert.equal(await person.page.getByRole("button", { name: /^Show/ }).count(), 0);
  await person.fills({ "Current password": PASSWORD, "New password": GOOD, "New password again": GOOD });
  await person.presses("Change password");
  assert.match(await person.headline(), /has been changed/);
  await person.goes("/reset");
  await person.fills({ "User name": "dave" });
  await person.presses("Send a code");
  await portal.settled();
  await person.fills({ Code: outbox.at(-1)?.code ?? "" });
  await person.presses("Continue");
  await person.fills({ "New password": GOOD, "New password again": GOOD });
  await person.presses("Set new password");
  assert.match(await person.headline(), /has been set/);
  assert.ok(directory.verifyPassword("dave", GOOD));
});

test("the language can be switched on every page, a result too", { skip }, async (t) => {
  const { app, url } = await opened(mockDirectory());
  const person = await Person.arrives(browser, url);
  t.after(() => end(person, app));
  await person.goes("/change");
  await person.fills({
    "User name": "alice",
    "Current password": PASSWORD,
    "New password": GOOD,
    "New password again": GOOD,
  });
  await person.presses("Change password");
  await person.page.getByRole("link", { name: "Nederlands" }).click();
  await person.page.locator("html[lang=nl]").waitFor();
  assert.equal(await person.headline(), "Uw wachtwoord is gewijzigd");
});
