/** What is remembered between requests, in this process only: bounded, and forgotten in time. */

import { Lru } from "toad-cache";

/**
 * Values that are forgotten after a while. Several instances of the portal behind one name need sessions, journeys and attempts in a
 * store that they share (such as Redis), or a load balancer that keeps a browser, and an account, at one of them.
 */
export class Memory<T> {
  readonly #cache: Lru<T>;

  constructor(most: number, seconds: number) {
    this.#cache = new Lru<T>(most, seconds * 1000);
  }

  get(key: string): T | undefined {
    return this.#cache.get(key) ?? undefined;
  }

  set(key: string, value: T): void {
    this.#cache.set(key, value);
  }

  delete(key: string): void {
    this.#cache.delete(key);
  }
}
