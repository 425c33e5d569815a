/** Answers that take as long, whatever was found. */

import { setTimeout as sleep } from "node:timers/promises";

/**
 * Does the work and answers at the next beat, counted from the beginning: whoever measures learns only how many beats it took. The beat
 * must be longer than the directory usually needs.
 */
export async function paced<T>(beat: number, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  try {
    return await work();
  } finally {
    const spent = performance.now() - begun;
    await sleep(Math.ceil(spent / beat) * beat - spent);
  }
}
