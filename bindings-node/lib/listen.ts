/** What the native part wakes JavaScript up for: audit events, and questions for the bind password. */

import type * as native from "../native.js";
import { inward } from "./convert.js";
import type { AuditEvent } from "./results.js";
import { check, type PasswordInput, wipe } from "./secret.js";

/** Audit events. */
const EVENTS = 0;

/** A function that gives the bind password. */
export type Provider = () => PasswordInput | Promise<PasswordInput>;

/** The JavaScript side of one directory. */
export class Link {
  readonly #native: native.Directory;
  readonly #listener: ((event: AuditEvent) => unknown) | undefined;
  readonly #provider: Provider | undefined;

  /** The listener and the provider are the application's own. */
  constructor(
    directory: native.Directory,
    listener: ((event: AuditEvent) => unknown) | undefined,
    provider: Provider | undefined,
  ) {
    this.#native = directory;
    this.#listener = listener;
    this.#provider = provider;
  }

  /** What the native part calls. It holds this object weakly, so that a directory that is forgotten can be collected. */
  waker(): (why: number) => void {
    const link = new WeakRef(this);
    return (why) => link.deref()?.woken(why);
  }

  private woken(why: number): void {
    if (why === EVENTS) {
      this.drain();
    } else {
      void this.#answer(why);
    }
  }

  /** Gives the listener every event that is waiting, and warns of those that another sink lost. */
  drain(): void {
    for (let text = this.#native.nextEvent(); text !== null; text = this.#native.nextEvent()) {
      const event = JSON.parse(text);
      if (event.lost !== undefined) {
        warnOfLoss(event.lost, event.event);
      } else if (this.#listener !== undefined) {
        this.#native.tookEvent(tell(this.#listener, event));
      }
    }
  }

  async #answer(question: number): Promise<void> {
    let given: PasswordInput | undefined;
    try {
      given = await this.#provider?.();
      check(given, "what the bindPassword function gives");
      this.#native.supply(question, given);
    } catch (error) {
      this.#native.supply(question, null);
      warn("the bindPassword function failed", error);
    } finally {
      wipe([given]);
    }
  }
}

/** Whether the listener took the event. */
function tell(listener: (event: AuditEvent) => unknown, event: unknown): boolean {
  try {
    const taken = listener(inward(event) as AuditEvent);
    Promise.resolve(taken).catch((error) => warn("the audit listener failed", error));
    return true;
  } catch (error) {
    warn("the audit listener failed", error);
    return false;
  }
}

/** Warns that the audit file lost an event. */
function warnOfLoss(why: string, event: { operation: string; phase: string; correlation_id: string }): void {
  const what = `${event.phase} of ${event.operation} [${event.correlation_id}]`;
  emit(new Error(`an audit event was lost (${why}): ${what}`));
}

/** Warns of a failure of the application's own function; it never ends the process, and never the operation that told it. */
function warn(what: string, error: unknown): void {
  emit(new Error(`${what}: ${error instanceof Error ? error.name : typeof error}`, { cause: error }));
}

function emit(warning: Error): void {
  warning.name = "PasswordWritebackWarning";
  process.emitWarning(warning);
}
