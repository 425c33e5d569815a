/** One-time codes: random, hashed where they are kept, short-lived, for one use and a few tries. */

import { createHmac, randomBytes, randomInt, timingSafeEqual } from "node:crypto";

const DIGITS = 8;

/** A code as it is kept: bound to one journey and one account. */
export interface KeptCode {
  readonly digest: Buffer;
  readonly expires: number;
}

/** Makes codes, and knows them again. */
export class Codes {
  /** Eight digits are too few to hash alone: whoever reads the memory of another process or a dump of a store needs this key too. */
  readonly #key = randomBytes(32);
  readonly #seconds: number;
  readonly #now: () => number;

  constructor(seconds: number, now: () => number = Date.now) {
    this.#seconds = seconds;
    this.#now = now;
  }

  /** A new code, to be sent, and what to keep of it. */
  make(journey: string, account: string): { readonly code: string; readonly kept: KeptCode } {
    const code = randomInt(10 ** DIGITS)
      .toString()
      .padStart(DIGITS, "0");
    const kept = { digest: this.#digest(journey, account, code), expires: this.#now() + this.#seconds * 1000 };
    return { code, kept };
  }

  /** Whether this is the code. Takes as long where there is none. */
  matches(given: string, journey: string, account: string | null, kept: KeptCode | null): boolean {
    const digest = this.#digest(journey, account ?? "", given.replace(/[\s-]/g, ""));
    const same = timingSafeEqual(digest, kept?.digest ?? randomBytes(digest.length));
    return same && account !== null && kept !== null && this.#now() < kept.expires;
  }

  #digest(journey: string, account: string, code: string): Buffer {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify([journey, account, code]))
      .digest();
  }
}
