/** Cancelling by an `AbortSignal`. */

import * as native from "../native.js";

/** What is used of an `AbortSignal`. */
export interface Signal {
  /** Whether it has been aborted. */
  readonly aborted: boolean;
  /** Why it was aborted: what an operation that is cancelled is rejected with. */
  readonly reason?: unknown;
  /** Calls a listener when it is aborted. */
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  /** Takes the listener away. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What a signal that was aborted without a reason means. */
export function reasonOf(signal: Signal): unknown {
  return signal.reason ?? new DOMException("This operation was aborted", "AbortError");
}

/** A signal as an option, once it is known to be one. */
export function checked(signal: unknown): Signal | undefined {
  if (signal === undefined || signal === null) {
    return undefined;
  }
  const given = signal as Partial<Signal>;
  if (
    typeof signal !== "object" ||
    typeof given.aborted !== "boolean" ||
    typeof given.addEventListener !== "function" ||
    typeof given.removeEventListener !== "function"
  ) {
    throw new TypeError("signal must be an AbortSignal");
  }
  return given as Signal;
}

/** Ties one operation to a signal. */
export class Cancelling {
  readonly handle = new native.Cancellation();
  readonly #signal: Signal;
  readonly #abort = () => void this.handle.cancel();

  constructor(signal: Signal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  /** Unties them. */
  end(): void {
    this.#signal.removeEventListener("abort", this.#abort);
  }
}
