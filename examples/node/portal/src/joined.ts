/** One form at a time from one page, and the same form only once, however often it is sent. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Memory } from "./memory.js";

/** As long as a page can be sent, in seconds. */
export const REMEMBERED = 20 * 60;

interface Begun<T> {
  /** Which form it is. It is forgotten with the form: whoever has it and the key can try passwords against it. */
  readonly digest: Buffer;
  readonly answer: Promise<T>;
}

/**
 * Does the work of forms, one after the other for one page. The same form, sent again while it is under way as by a double click, is the
 * same work with the same answer.
 */
export class Joined<T> {
  readonly #key = randomBytes(32);
  readonly #pages = new Memory<Begun<T>>(100_000, REMEMBERED);

  /** Does the work of a form, of which `page` is the page and `fields` is what was typed. */
  async run(page: string, fields: readonly (string | Uint8Array)[], work: () => Promise<T>): Promise<T> {
    const digest = this.#digest(fields);
    for (let begun = this.#pages.get(page); begun !== undefined; begun = this.#pages.get(page)) {
      if (timingSafeEqual(begun.digest, digest)) {
        return begun.answer;
      }
      await begun.answer.catch(() => undefined);
    }
    // It is forgotten before anybody hears of its end.
    const answer = (async () => work())().finally(() => this.#pages.delete(page));
    this.#pages.set(page, { digest, answer });
    return answer;
  }

  /** The answer of the form of a page that is under way now; `null` where none is. */
  underWay(page: string): Promise<T> | null {
    return this.#pages.get(page)?.answer ?? null;
  }

  #digest(fields: readonly (string | Uint8Array)[]): Buffer {
    const hmac = createHmac("sha256", this.#key);
    for (const field of fields) {
      hmac.update(`${field.length}:`).update(field);
    }
    return hmac.digest();
  }
}
