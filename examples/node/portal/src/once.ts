/** One write from one page, however often its form is sent. */

import { Joined, REMEMBERED } from "./joined.js";
import { Memory } from "./memory.js";

/** What a form is answered: as it was judged, or why it was not. */
export type Answered<T> =
  | { readonly answer: T }
  /** `other`: another form was there first, and may have written. `expired`: this page has written before. */
  | { readonly instead: "other" | "expired" };

/**
 * Sees to it that what one page sends is written once.
 *
 * The same form, sent again while it is under way, is one write with one answer: a second try would find the old password wrong, and say
 * that nothing was changed. Another form waits, and is judged by itself where the first has written nothing.
 */
export class Once<T> {
  readonly #forms = new Joined<Answered<T>>();
  readonly #spent = new Memory<true>(100_000, REMEMBERED);
  readonly #spends: (answer: T) => boolean;

  /** `spends` says whether something was written, or may have been. */
  constructor(spends: (answer: T) => boolean) {
    this.#spends = spends;
  }

  /** Does the work of a form, of which `page` is the page and `fields` is what was typed. */
  async run(page: string, fields: readonly (string | Uint8Array)[], work: () => Promise<T>): Promise<Answered<T>> {
    if (this.#isSpent(page)) {
      return { instead: "expired" };
    }
    return this.#forms.run(page, fields, async () => {
      if (this.#isSpent(page)) {
        return { instead: "other" };
      }
      const answer = await work();
      if (this.#spends(answer)) {
        this.#spent.set(page, true);
      }
      return { answer };
    });
  }

  /** How the work of a page ends that is under way now; `null` where none is. */
  async ending(page: string): Promise<T | null> {
    const ended = await this.#forms.underWay(page);
    return ended !== null && "answer" in ended ? ended.answer : null;
  }

  #isSpent(page: string): boolean {
    return this.#spent.get(page) === true;
  }
}
