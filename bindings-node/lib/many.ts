/** Many resets: requests in, results out as they finish. When the next one may begin is the core's to say. */

import { randomUUID } from "node:crypto";
import * as native from "../native.js";
import { isPlain, named, plain } from "./arguments.js";
import { outward } from "./convert.js";
import { placed, refused, type Site, WritebackError } from "./error.js";
import type { ResetManyOptions, ResetRequest } from "./options.js";
import type { Receipt, ResetResult } from "./results.js";
import { type PasswordInput, wipe } from "./secret.js";
import { Cancelling, checked, reasonOf } from "./signal.js";
import { Source } from "./source.js";

/** Begins one reset. What is of a wrong type is thrown. */
export type Reset = (request: ResetRequest, handle: native.Cancellation) => Promise<Receipt>;

/** What the caller is told in the end instead of there being no more results. */
interface Failure {
  readonly error: unknown;
}

/** The results of many resets. Nothing happens before they are asked for. */
export function many(
  reset: Reset,
  requests: Iterable<ResetRequest> | AsyncIterable<ResetRequest>,
  options: ResetManyOptions | undefined,
  at: Site,
): AsyncIterableIterator<ResetResult> {
  let run: Run | undefined;
  async function* results(): AsyncGenerator<ResetResult, void, undefined> {
    run = new Run(reset, requests, options, at);
    try {
      for (let done = await run.next(); done !== undefined; done = await run.next()) {
        yield done;
      }
    } finally {
      await run.end();
    }
  }
  const given = results();
  const leave = given.return.bind(given);
  // A generator puts its end off while a result is being waited for. What has not been sent is cancelled at once.
  const value: typeof leave = (value) => {
    run?.stop();
    return leave(value);
  };
  return Object.defineProperty(given, "return", { value, configurable: true, writable: true });
}

/** Resets that are under way, from the first result that is asked for to the end. */
class Run {
  readonly #reset: Reset;
  readonly #at: Site;
  readonly #pace: native.Pace;
  readonly #source: Source;
  readonly #tie: Cancelling | undefined;
  readonly #underWay = new Set<native.Cancellation>();
  /** What has ended, and the caller has not been told of. */
  readonly #ended: ResetResult[] = [];
  #taken = 0;
  /** Nothing more is taken. */
  #over = false;
  #failure: Failure | undefined;
  #changed = () => {};

  constructor(reset: Reset, requests: unknown, options: ResetManyOptions | undefined, at: Site) {
    const { concurrency, signal, ...others } = plain(options);
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) {
      throw new TypeError(`there is no option ${JSON.stringify(unknown)}`);
    }
    const tied = checked(signal);
    this.#pace = new native.Pace(atOnce(concurrency));
    if (tied?.aborted) {
      throw reasonOf(tied);
    }
    this.#reset = reset;
    this.#at = at;
    this.#source = new Source(requests, () => this.#changed(), discard);
    if (tied !== undefined) {
      const cancel = () => this.stop({ error: reasonOf(tied) });
      this.#tie = new Cancelling(tied, { cancel });
      if (tied.aborted) {
        cancel(); // By the iterable itself, while it was opened.
      }
    }
  }

  /** The next result, or `undefined` where there is none any more. */
  async next(): Promise<ResetResult | undefined> {
    for (;;) {
      const done = this.#ended.shift();
      if (done !== undefined) {
        this.#learn(done);
        return done;
      }
      const taken = this.#take();
      if (taken !== undefined) {
        this.#begin(taken.value);
      } else if (this.#underWay.size === 0 && (this.#over || this.#source.ended)) {
        return this.#outcome();
      } else {
        await this.#change();
      }
    }
  }

  /** Waits until something has ended or come, or is to be stopped. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  #outcome(): undefined {
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }

  #learn(done: ResetResult): void {
    const { error } = done;
    this.#pace.learn(error === undefined ? null : JSON.stringify(outward(error.toJSON(), "the error")));
  }

  #take() {
    if (this.#over || this.#underWay.size >= this.#pace.room()) {
      return undefined;
    }
    try {
      return this.#source.take();
    } catch (error) {
      this.stop({ error });
      return undefined;
    }
  }

  /** Begins a reset, or answers it right away where none is begun any more. */
  #begin(given: unknown): void {
    const index = this.#taken;
    this.#taken += 1;
    const secrets: unknown[] = [];
    try {
      const request = read(given, secrets);
      if (this.#over) {
        return; // Reading it has stopped everything.
      }
      const told = { index, identity: request.identity, correlationId: idOf(request) };
      const refusal = this.#pace.refusal();
      if (refusal !== null) {
        this.#ended.push(Object.freeze({ ...told, error: refused(refusal, this.#at) }));
        return;
      }
      const handle = new native.Cancellation();
      const running = this.#reset({ ...request, correlationId: request.correlationId ?? told.correlationId }, handle);
      this.#underWay.add(handle);
      running.then(
        (receipt) => this.#end(handle, { ...told, receipt }),
        (error) => this.#end(handle, error instanceof WritebackError ? { ...told, error } : { error }),
      );
    } catch (error) {
      this.#fail({ error: misuse(error, index, this.#at) });
    } finally {
      wipe(secrets);
    }
  }

  /** A reset has ended, with what became of it or with something that is no result. */
  #end(handle: native.Cancellation, ended: ResetResult | Failure): void {
    this.#underWay.delete(handle);
    if ("index" in ended) {
      this.#ended.push(Object.freeze(ended));
    } else {
      this.#fail(ended);
    }
    this.#changed();
  }

  /** Nothing more is taken. What is under way comes to its end as if nothing had been. */
  #fail(failure: Failure | undefined): void {
    this.#over = true;
    this.#failure ??= failure;
    this.#source.stop();
  }

  /** Nothing more is taken, and what has not been sent is cancelled. */
  stop(failure?: Failure): void {
    this.#fail(failure);
    for (const handle of this.#underWay) {
      handle.cancel();
    }
    this.#changed();
  }

  /** Stops, sees what has been sent to its end, and closes the caller's iterator. */
  async end(): Promise<void> {
    this.stop();
    while (this.#underWay.size > 0) {
      await this.#change();
    }
    this.#tie?.end();
    try {
      await this.#source.close();
    } catch (error) {
      if (this.#failure === undefined) {
        throw error;
      }
    }
  }
}

/** How many at once, where something is said. */
function atOnce(concurrency: unknown): number | null {
  if (concurrency === undefined || concurrency === null) {
    return null;
  }
  const whole = Number.isInteger(concurrency) || concurrency === Number.POSITIVE_INFINITY;
  if (!whole || (concurrency as number) < 0) {
    throw new TypeError("concurrency must be a whole number");
  }
  return concurrency as number;
}

/** A request as it is now: it is read once. Its password is among the secrets before anything else is read. */
function read(given: unknown, secrets: unknown[]): ResetRequest {
  if (!isPlain(given)) {
    throw new TypeError("it must be an object");
  }
  let rest: Omit<ResetRequest, "newPassword">;
  ({ newPassword: secrets[0], ...rest } = given as ResetRequest);
  if ("signal" in rest) {
    throw new TypeError('there is no option "signal" of one request');
  }
  named(rest.identity);
  return { ...rest, newPassword: secrets[0] as PasswordInput };
}

/** The correlation id of a request, which is a random one where it has none. */
function idOf({ correlationId }: ResetRequest): string {
  return typeof correlationId === "string" ? correlationId : randomUUID();
}

/** Wipes the password of a request that came too late to be begun. */
function discard(given: unknown): void {
  try {
    wipe([(given as Partial<ResetRequest> | null | undefined)?.newPassword]);
  } catch {
    // It does not give its password: there is nothing to wipe.
  }
}

/** What a request of a wrong type is refused with. What the request itself throws stays what it is. */
function misuse(error: unknown, index: number, at: Site): unknown {
  if (!(error instanceof TypeError)) {
    return error;
  }
  return placed(new TypeError(`request ${index}: ${error.message}`, { cause: error }), at);
}
