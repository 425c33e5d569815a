/** A password as JavaScript gives it. */
export type Secret = string | Uint8Array

/**
 * Which binding artifact the generated loader actually loaded: `'native'` for
 * a native addon, otherwise the `platformArchABI` of the WASI flavor. Every
 * flavor napi-rs can build is listed, because `NAPI_RS_NATIVE_LIBRARY_PATH`
 * can point the loader at a WASI artifact this package does not build itself.
 */
export declare const __napiBindingTarget: 'native' | 'wasm32-wasi' | 'wasm32-wasip1'

/** Cancels one operation before its write is sent. */
export declare class Cancellation {
  /** A handle that has not been used. */
  constructor()
  /** Cancels. `false` means that it is too late: the write is on its way. */
  cancel(): boolean
}

/** A directory, until it is closed. */
export declare class Directory {
  /** A directory that is not open yet. */
  constructor()
  /**
   * Opens it onto Active Directory. Where it asks for the bind password, `wake` is called with a number for each question, which
   * is then answered by `supply`.
   */
  reach(settings: string, bindPassword: Secret | undefined | null, asks: boolean, listens: boolean, wake: (arg: number) => void): string
  /** Opens it onto a directory in memory. */
  imagine(settings: string, listens: boolean, wake: (arg: number) => void): string
  /** Runs an operation. The promise is never rejected by the library: it is resolved with an answer. */
  run(operation: string, options: string, secrets: Array<Secret>, cancellation?: Cancellation | undefined | null): Promise<string>
  /** The next audit event for the listener. */
  nextEvent(): string | null
  /** Whether the listener took the event that it was given last. */
  tookEvent(well: boolean): void
  /** Answers a question for the bind password; without one there is none. */
  supply(number: number, bindPassword?: Secret | undefined | null): void
  /** Lets go of the backend, and of the bind password with it, as soon as what is under way has ended. */
  close(): void
  /** Does something to the mock directory below the layers. */
  play(command: string, parts: string, secrets: Array<Secret>): string
}

/** When the next of many resets may begin. */
export declare class Pace {
  /** For so many resets at once, which may be infinity; without a number, for as many as the core does. */
  constructor(concurrency?: number | undefined | null)
  /** How many may be under way now. */
  room(): number
  /** The answer, an error, that the next request is given instead of being begun. */
  refusal(): string | null
  /**
   * Learns from a reset that has ended: from its error, as JSON, or from there being none. An error that cannot be read is thrown:
   * nothing may be begun after it.
   */
  learn(error?: string | undefined | null): void
}

/** Every error code with its kind and Microsoft's event, as JSON. */
export declare function codes(): string

/**
 * A random password that satisfies a policy, as bytes that are JavaScript's own and wiped when they are freed; or an answer that says
 * why there is none.
 */
export declare function generate(policy: string): Uint8Array | string

/** Every word of every type, as JSON: what the types of the JavaScript part are compared with. */
export declare function words(): string
