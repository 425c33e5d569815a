/// <reference lib="esnext.disposable" preserve="true" />
import type * as native from "../native.js";
import { outward, snake } from "./convert.js";
import { opened, type Site, site, type WritebackError } from "./error.js";
import type { Link } from "./listen.js";
import type { DiagnoseOptions, IdentityInput, RequestOptions, ResetOptions } from "./options.js";
import type { Account, Diagnosis, PasswordPolicy, Receipt, Verdict } from "./results.js";
import { check, type PasswordInput, wipe } from "./secret.js";
import { Cancelling, checked, reasonOf, type Signal } from "./signal.js";
import type { PasswordWriteback } from "./writeback.js";

/** A password, and what it is called where it is refused. */
type Secret = readonly [what: string, secret: PasswordInput];

/**
 * Begins an operation. When it returns, bytes are wiped, whatever became of it; it never throws, not even where a method is called
 * without its directory.
 */
let begin: <T>(
  directory: Directory,
  entry: keyof PasswordWriteback,
  identity: IdentityInput | null,
  secrets: readonly Secret[],
  options: ResetOptions | undefined,
) => Promise<T>;

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
    begin = (directory, entry, identity, secrets, options) => {
      const at = site(Directory.prototype[entry]);
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
        return directory.#follow(snake(entry), text, passwords, tied, at);
      } catch (error) {
        return Promise.reject(error);
      } finally {
        wipe(secrets.map(([, secret]) => secret));
      }
    };
  }

  #follow<T>(operation: string, text: string, passwords: PasswordInput[], signal: Signal | undefined, at: Site) {
    const cancelling = signal && new Cancelling(signal);
    let running: Promise<string>;
    try {
      running = this.#native.run(operation, text, passwords, cancelling?.handle ?? null);
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

/** The options as an object. A password in the place of the options is refused without being shown. */
export function plain<T extends object>(options: T | null | undefined): Partial<T> {
  if (options === undefined || options === null) {
    return {};
  }
  if (typeof options !== "object" || Array.isArray(options) || ArrayBuffer.isView(options)) {
    throw new TypeError("the options must be an object");
  }
  return options;
}

/** An identity, or nothing. */
export function named(identity: IdentityInput | null): IdentityInput | null {
  if (identity !== null && typeof identity !== "string" && typeof identity !== "object") {
    throw new TypeError("the identity must be a string or an Identity");
  }
  return identity;
}

if (Symbol.asyncDispose === undefined) {
  Reflect.deleteProperty(Directory.prototype, "undefined");
}

export { opened, site };
