/** What the pages work with. */

import type { PasswordWriteback } from "password-writeback";
import { Attempts } from "./attempts.js";
import { Codes } from "./codes.js";
import type { Contacts } from "./contacts.js";
import { JOURNEY_MINUTES, Journeys } from "./journeys.js";
import type { Sender } from "./sender.js";
import type { Settings } from "./settings.js";

/** A running portal, without its pages. */
export class Portal {
  readonly journeys = new Journeys(JOURNEY_MINUTES * 60);
  readonly codes: Codes;
  /** Passwords tried, codes sent, and codes tried, each by account. */
  readonly passwordTries = new Attempts();
  readonly codesSent = new Attempts();
  readonly codeTries = new Attempts();
  readonly #background = new Set<Promise<void>>();

  constructor(
    readonly settings: Settings,
    readonly directory: PasswordWriteback,
    readonly contacts: Contacts,
    readonly sender: Sender,
    /** Whether the accounts are made up. */
    readonly demo: boolean,
  ) {
    this.codes = new Codes(settings.codeMinutes * 60);
  }

  /** Does something that no answer waits for, so that no answer's time tells of it. */
  later(work: () => Promise<void>): void {
    const running = work().finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  /** Waits until nothing is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#background);
  }
}
