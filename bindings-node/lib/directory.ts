/// <reference lib="esnext.disposable" preserve="true" />
import * as native from "../native.js";
import { named, plain } from "./arguments.js";
import { outward, snake } from "./convert.js";
import { opened, type Site, site, type WritebackError } from "./error.js";
import type { Link } from "./listen.js";
import { many } from "./many.js";
import type {
  DiagnoseOptions,
  IdentityInput,
  RequestOptions,
  ResetManyOptions,
  ResetOptions,
  ResetRequest,
} from "./options.js";
import type { Account, Diagnosis, PasswordPolicy, Receipt, ResetResult, Verdict } from "./results.js";
import { check, type PasswordInput, wipe } from "./secret.js";
import { Cancelling, checked, reasonOf, type Signal } from "./signal.js";
import type { PasswordWriteback } from "./writeback.js";

/** A password, and what it is called where it is refused. */
type Secret = readonly [what: string, secret: PasswordInput];

/** The operations on one account. */
type Entry = Exclude<keyof PasswordWriteback, "resetMany">;

/**
 * Begins an operation, whose errors show the place `at`. When it returns, bytes are wiped, whatever became of it. It throws where an
 * argument is of a wrong type, and where a method is called without its directory.
 */
let start: <T>(
  directory: Directory,
  entry: Entry,
  identity: IdentityInput | null,
  secrets: readonly Secret[],
  options: ResetOptions | undefined,
  at: Site,
  handle?: native.Cancellation,
) => Promise<T>;

/** Begins an operation for its caller. It never throws. */
function begin<T>(
  directory: Directory,
  entry: Entry,
  identity: IdentityInput | null,
  secrets: readonly Secret[],
  options: ResetOptions | undefined,
): Promise<T> {
  try {
    return start<T>(directory, entry, identity, secrets, options, site(Directory.prototype[entry]));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What every directory has: the operations, and an end. */
export abstract class Directory implements PasswordWriteback, AsyncDisposable {
  readonly #native: native.Directory;
  readonly #link: Link;
  readonly #pending = new Set<Promise<unknown>>();

  /** @internal */
  protected constructor(directory: native.Directory, link: Link) {
    this.#native = directory;
    this.#link = link;
  }

  /** @inheritDoc */
  resetPassword(identity: IdentityInput, newPassword: PasswordInput, options?: ResetOptions): Promise<Receipt> {
    return begin(this, "resetPassword", identity, [["newPassword", newPassword]], options);
  }

  /** @inheritDoc */
  resetMany(
    requests: Iterable<ResetRequest> | AsyncIterable<ResetRequest>,
    options?: ResetManyOptions,
  ): AsyncIterableIterator<ResetResult> {
    const at = site(Directory.prototype.resetMany);
    const reset = (request: ResetRequest, handle: native.Cancellation): Promise<Receipt> => {
      const { identity, newPassword, ...rest } = request;
      return start(this, "resetPassword", identity, [["newPassword", newPassword]], rest, at, handle);
    };
    return many(reset, requests, options, at);
  }

  /** @inheritDoc */
  changePassword(
    identity: IdentityInput,
    oldPassword: PasswordInput,
    newPassword: PasswordInput,
    options?: RequestOptions,
  ): Promise<Receipt> {
    const secrets: Secret[] = [
      ["oldPassword", oldPassword],
      ["newPassword", newPassword],
    ];
    return begin(this, "changePassword", identity, secrets, options);
  }

  /** @inheritDoc */
  unlockAccount(identity: IdentityInput, options?: RequestOptions): Promise<Receipt> {
    return begin(this, "unlockAccount", identity, [], options);
  }

  /** @inheritDoc */
  requirePasswordChange(identity: IdentityInput, options?: RequestOptions): Promise<Receipt> {
    return begin(this, "requirePasswordChange", identity, [], options);
  }

  /** @inheritDoc */
  checkPassword(identity: IdentityInput, candidate: PasswordInput, options?: RequestOptions): Promise<Verdict> {
    return begin(this, "checkPassword", identity, [["candidate", candidate]], options);
  }

  /** @inheritDoc */
  findAccount(identity: IdentityInput, options?: RequestOptions): Promise<Account> {
    return begin(this, "findAccount", identity, [], options);
  }

  /** @inheritDoc */
  passwordPolicy(identity: IdentityInput, options?: RequestOptions): Promise<PasswordPolicy> {
    return begin(this, "passwordPolicy", identity, [], options);
  }

  /** @inheritDoc */
  diagnose(identity?: IdentityInput | null, options?: DiagnoseOptions): Promise<Diagnosis> {
    return begin(this, "diagnose", identity ?? null, [], options);
  }

  /**
   * Lets go of the connection settings, and of the bind password with them. The promise is fulfilled when every operation that is under
   * way has ended; later ones are refused as `CONFIGURATION`.
   */
  async close(): Promise<void> {
    this.#native.close();
    await Promise.allSettled(this.#pending);
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  static {
    start = (directory, entry, identity, secrets, options, at, handle) => {
      try {
        const { signal, ...rest } = plain(options);
        if ("identity" in rest) {
          throw new TypeError('there is no option "identity"');
        }
        const text = JSON.stringify(outward({ ...rest, identity: named(identity) }, "options"));
        const passwords = secrets.map(([what, secret]) => {
          check(secret, what);
          return secret;
        });
        const tied = checked(signal);
        if (tied?.aborted) {
          return Promise.reject(reasonOf(tied));
        }
        const cancellation = handle ?? (tied && new native.Cancellation());
        return directory.#follow(snake(entry), text, passwords, tied, cancellation, at);
      } finally {
        wipe(secrets.map(([, secret]) => secret));
      }
    };
  }

  #follow<T>(
    operation: string,
    text: string,
    passwords: PasswordInput[],
    signal: Signal | undefined,
    handle: native.Cancellation | undefined,
    at: Site,
  ) {
    const cancelling = signal && handle && new Cancelling(signal, handle);
    let running: Promise<string>;
    try {
      running = this.#native.run(operation, text, passwords, handle ?? null);
    } catch (error) {
      cancelling?.end();
      throw error;
    }
    this.#pending.add(running);
    return this.#settle<T>(running, signal, cancelling, at);
  }

  async #settle<T>(
    running: Promise<string>,
    signal: Signal | undefined,
    cancelling: Cancelling | undefined,
    at: Site,
  ): Promise<T> {
    try {
      const text = await running;
      this.#link.drain();
      return opened<T>(text, at);
    } catch (error) {
      if (signal?.aborted && (error as WritebackError).code === "CANCELLED") {
        throw reasonOf(signal);
      }
      throw error;
    } finally {
      cancelling?.end();
      this.#pending.delete(running);
    }
  }
}

if (Symbol.asyncDispose === undefined) {
  Reflect.deleteProperty(Directory.prototype, "undefined");
}

export { opened, site };
