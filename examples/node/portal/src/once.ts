/** One write at a time from one page, however often its form is sent. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Memory } from "./memory.js";

/** As long as a page can be sent. */
const REMEMBERED = 20 * 60;

/** What a form is answered: as it was judged, or why it was not. */
export type Answered<T> =
  | { readonly answer: T }
  /** `other`: another form was there first, and may have written. `expired`: this page has written before. */
  | { readonly instead: "other" | "expired" };

interface Begun<T> {
  /** Which form it is. It is forgotten with the form: whoever has it and the key can try passwords against it. */
  readonly digest: Buffer;
  readonly answer: Promise<T>;
}

/**
 * Sees to it that what one page sends is written once.
 *
 * The same form, sent again while it is under way as by a double click, is one write with one answer: a second try would find the old
 * password wrong, and say that nothing was changed. Another form waits, and is judged by itself where the first has written nothing.
 */
export class Once<T> {
  readonly #key = randomBytes(32);
  readonly #pages = new Memory<Begun<T> | "spent">(100_000, REMEMBERED);
  readonly #spends: (answer: T) => boolean;

  /** `spends` says whether something was written, or may have been. */
  constructor(spends: (answer: T) => boolean) {
    this.#spends = spends;
  }

  /** Does the work of a form, of which `page` is the page and `fields` is what was typed. */
  async run(page: string, fields: readonly (string | Uint8Array)[], work: () => Promise<T>): Promise<Answered<T>> {
    const digest = this.#digest(fields);
    for (let begun = this.#pages.get(page); begun !== undefined; begun = this.#pages.get(page)) {
      if (begun === "spent") {
        return { instead: "expired" };
      }
      if (timingSafeEqual(begun.digest, digest)) {
        return { answer: await begun.answer };
      }
      if (await this.#spent(begun.answer)) {
        return { instead: "other" };
      }
    }
    const answer = this.#begin(page, work);
    this.#pages.set(page, { digest, answer });
    return { answer: await answer };
  }

  /** How the work of a page ends that is under way now; `null` where none is. */
  async ending(page: string): Promise<T | null> {
    const begun = this.#pages.get(page);
    return begun === undefined || begun === "spent" ? null : begun.answer;
  }

  /** It is settled here before anybody else hears of it. */
  async #begin(page: string, work: () => Promise<T>): Promise<T> {
    try {
      const answer = await work();
      if (this.#spends(answer)) {
        this.#pages.set(page, "spent");
      } else {
        this.#pages.delete(page);
      }
      return answer;
    } catch (error) {
      this.#pages.delete(page);
      throw error;
    }
  }

  async #spent(answer: Promise<T>): Promise<boolean> {
    return answer.then(this.#spends, () => false);
  }

  #digest(fields: readonly (string | Uint8Array)[]): Buffer {
    const hmac = createHmac("sha256", this.#key);
    for (const field of fields) {
      hmac.update(`${field.length}:`).update(field);
    }
    return hmac.digest();
  }
}
