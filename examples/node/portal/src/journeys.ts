/** What a person is in the middle of, kept on this side: the browser holds no more than its session. */

import { randomUUID } from "node:crypto";
import type { Identity } from "password-writeback";
import type { KeptCode } from "./codes.js";
import { Memory } from "./memory.js";

/** How long a journey may take, from asking for a code to the new password. */
export const JOURNEY_MINUTES = 20;

/** What a code is asked for. */
export type Purpose = "reset" | "unlock";

/** A code was asked for, and has not been entered. Looks the same whether or not there is such an account. */
export interface Waiting {
  readonly stage: "waiting";
  readonly purpose: Purpose;
  /** The account, once it was found and a code was sent. */
  account: string | null;
  code: KeptCode | null;
  triesLeft: number;
}

/**
 * A person has proven who they are: with a code, for its purpose; or with the password they know, which shows them their own policy and
 * allows nothing else.
 */
export interface Proven {
  readonly stage: "proven";
  readonly purpose: Purpose | "look";
  /** The account, by its objectGUID. */
  readonly identity: Identity;
}

export type Journey = Waiting | Proven;

/** The journeys under way. What has ended here has ended everywhere, whatever a session still says. */
export class Journeys {
  readonly #journeys: Memory<Journey>;

  constructor(seconds: number) {
    this.#journeys = new Memory<Journey>(100_000, seconds);
  }

  begin(journey: Journey): string {
    const id = randomUUID();
    this.#journeys.set(id, journey);
    return id;
  }

  get(id: string | undefined): Journey | null {
    return (id === undefined ? undefined : this.#journeys.get(id)) ?? null;
  }

  end(id: string | undefined): void {
    if (id !== undefined) {
      this.#journeys.delete(id);
    }
  }
}
