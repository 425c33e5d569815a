/** Cancelling by an `AbortSignal`. */

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

/** What can be cancelled: one operation, or many. */
export interface Cancellable {
  /** Cancels it. It does not throw. */
  cancel(): unknown;
}

/** The operations that hang on one signal. */
interface Group {
  readonly handles: Set<Cancellable>;
  readonly abort: () => void;
}

/** One listener a signal, however many operations share it: Node.js warns of a signal with more than ten. */
const groups = new WeakMap<Signal, Group>();

/** Ties one operation, or many, to a signal. */
export class Cancelling {
  readonly #handle: Cancellable;
  readonly #signal: Signal;
  readonly #group: Group;

  /** Ties them. */
  constructor(signal: Signal, handle: Cancellable) {
    this.#handle = handle;
    this.#signal = signal;
    this.#group = groups.get(signal) ?? listening(signal);
    this.#group.handles.add(handle);
  }

  /** Unties them. Whatever a signal of the application's own does here, the operation has ended as it has ended. */
  end(): void {
    this.#group.handles.delete(this.#handle);
    if (this.#group.handles.size === 0 && groups.get(this.#signal) === this.#group) {
      groups.delete(this.#signal);
      try {
        this.#signal.removeEventListener("abort", this.#group.abort);
      } catch {
        // It holds a listener with nothing to do.
      }
    }
  }
}

function listening(signal: Signal): Group {
  const handles = new Set<Cancellable>();
  const abort = () => {
    for (const handle of handles) {
      handle.cancel();
    }
  };
  signal.addEventListener("abort", abort, { once: true });
  const group = { handles, abort };
  groups.set(signal, group);
  return group;
}
