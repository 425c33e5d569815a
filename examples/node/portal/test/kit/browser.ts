/** Real Chromium, and what is asked of every page in it. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const CHROMIUM = process.env.PORTAL_TEST_CHROMIUM ?? "/usr/bin/chromium";
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SCREENSHOTS = fileURLToPath(new URL("../../../screenshots/", import.meta.url));

/** Why there is no browser to test with; `null` where there is. */
export function noBrowser(): string | null {
  return existsSync(CHROMIUM) ? null : `${CHROMIUM} is not installed`;
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A person with a browser. */
export class Person {
  private constructor(
    readonly page: Page,
    readonly url: string,
    readonly complaints: string[],
  ) {}

  static async arrives(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Person> {
    const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Amsterdam", ...options });
    // axe is put in from outside, which the pages' own policy would not let in; that policy is tested without axe.
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !/status of (4\d\d|503)/.test(message.text())) {
        complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) {
        complaints.push(`asked elsewhere: ${request.url()}`);
      }
    });
    return new Person(page, url, complaints);
  }

  async goes(path: string): Promise<void> {
    await this.page.goto(new URL(path, this.url).href);
  }

  /** Fills the fields by their labels. */
  async fills(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, value] of Object.entries(fields)) {
      await this.page.getByLabel(label, { exact: true }).fill(value);
    }
  }

  /** Presses a button and waits for the page that follows. */
  async presses(button: string): Promise<void> {
    await Promise.all([
      this.page.waitForNavigation({ waitUntil: "load" }),
      this.page.getByRole("button", { name: button, exact: true }).click(),
    ]);
  }

  headline(): Promise<string> {
    return this.page.locator("h1").innerText();
  }

  text(): Promise<string> {
    return this.page.locator("main").innerText();
  }

  /** The page as it is now bears every check of axe, has no sideways scrolling and no complaint of the browser. */
  async inspects(name: string): Promise<void> {
    await this.#shoots(name);
    // Evaluated through the debugger, which the content security policy lets through.
    await this.page.evaluate(await axeSource());
    const { violations } = await this.page.evaluate<AxeResults>(
      "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
    );
    const found = violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`,
    );
    assert.deepEqual(found, [], `${name}: axe`);
    const [scroll, width] = await this.page.evaluate<[number, number]>(
      "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    );
    assert.ok(scroll <= width, `${name}: ${scroll} px on a screen of ${width} px`);
    assert.deepEqual(this.complaints, [], `${name}: the browser complains`);
  }

  async #shoots(name: string): Promise<void> {
    if (process.env.PORTAL_SCREENSHOTS !== undefined) {
      mkdirSync(SCREENSHOTS, { recursive: true });
      await this.page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
    }
  }

  async leaves(): Promise<void> {
    await this.page.context().close();
  }
}

let source: Promise<string> | undefined;

function axeSource(): Promise<string> {
  source ??= import("node:fs/promises").then(({ readFile }) => readFile(AXE, "utf8"));
  return source;
}
