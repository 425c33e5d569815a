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
    const due = begun + Math.max(1, Math.ceil((performance.now() - begun) / beat)) * beat;
    // A timer drops the fraction of a millisecond and may ring a little early: the clock decides whether the beat has come.
    for (let left = due - performance.now(); left > 0; left = due - performance.now()) await sleep(Math.ceil(left));
  }
}
