/** What a caller's iterable gives, sync or async: taken one at a time, and closed. */

/** What is taken from one. */
export interface Taken {
  /** Whatever the caller's iterable gave. */
  readonly value: unknown;
}

/** One way to walk over an iterable of the caller's. */
export class Source {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #async: boolean;
  readonly #changed: () => void;
  readonly #discard: (value: unknown) => void;
  #ready: Taken | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** The iterator has been asked, and has not answered yet. */
  #asked = false;
  /** The iterator has come to its end, or failed: it needs no closing. */
  #ended = false;
  #stopped = false;

  /** Opens it. `changed` is called when something has come; what comes too late is given to `discard`. */
  constructor(iterable: unknown, changed: () => void, discard: (value: unknown) => void) {
    const given = iterable as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
    this.#changed = changed;
    this.#discard = discard;
    this.#async = typeof given?.[Symbol.asyncIterator] === "function";
    const iterator = this.#async ? given?.[Symbol.asyncIterator]?.() : given?.[Symbol.iterator]?.();
    if (iterator === undefined) {
      throw new TypeError("the requests must be an iterable or an async iterable");
    }
    this.#iterator = iterator;
  }

  /** Whether nothing comes any more, but perhaps an error. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next one, or `undefined` where it is yet to come or there is none any more. What the iterable throws is thrown. */
  take(): Taken | undefined {
    if (this.#ready === undefined && !this.#asked && !this.#ended && !this.#stopped) {
      this.#ask();
    }
    const [ready, failure] = [this.#ready, this.#failure];
    this.#ready = undefined;
    this.#failure = undefined;
    if (failure !== undefined) {
      throw failure.error;
    }
    return ready;
  }

  #ask(): void {
    this.#asked = true;
    try {
      const step: unknown = this.#iterator.next();
      if (this.#async) {
        void Promise.resolve(step)
          .then((step) => this.#answered(step))
          .catch((error) => this.#failed(error))
          .then(this.#changed);
      } else {
        this.#answered(step);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #answered(step: unknown): void {
    if (typeof step !== "object" || step === null) {
      throw new TypeError("what an iterator answers must be an object");
    }
    const { done, value } = step as IteratorResult<unknown>;
    this.#asked = false;
    this.#ended = Boolean(done);
    if (!this.#ended) {
      this.#ready = { value };
    }
    this.#drop();
  }

  /** The iterator has failed: whoever asks next is told. */
  #failed(error: unknown): void {
    this.#asked = false;
    this.#ended = true;
    this.#failure = { error };
  }

  /** Takes nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#drop();
  }

  #drop(): void {
    if (this.#stopped && this.#ready !== undefined) {
      const { value } = this.#ready;
      this.#ready = undefined;
      this.#discard(value);
    }
  }

  /**
   * Closes the iterator, as leaving a loop over it would. One that has been asked and does not answer is told, and not waited for: it may
   * never answer.
   */
  async close(): Promise<void> {
    this.stop();
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    const closing = this.#iterator.return?.();
    if (this.#asked) {
      Promise.resolve(closing).catch(() => {});
    } else {
      await closing;
    }
  }
}
