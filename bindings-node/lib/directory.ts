/// <reference lib="esnext.disposable" preserve="true" />
import type * as native from "../native.js";
import { outward } from "./convert.js";
import { opened, type Site, site, type WritebackError } from "./error.js";
import type { Link } from "./listen.js";
import type { DiagnoseOptions, IdentityInput, RequestOptions, ResetOptions } from "./options.js";
import type { Account, Diagnosis, PasswordPolicy, Receipt, Verdict } from "./results.js";
import { check, type PasswordInput, wipe } from "./secret.js";
import { Cancelling, checked, reasonOf, type Signal } from "./signal.js";
import type { PasswordWriteback } from "./writeback.js";

/** A password, and what it is called where it is refused. */
type Secret = readonly [what: string, secret: PasswordInput];

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

  resetPassword(identity: IdentityInput, newPassword: PasswordInput, options?: ResetOptions): Promise<Receipt> {
    return this.#call(this.resetPassword, "reset_password", identity, [["newPassword", newPassword]], options);
  }

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
    return this.#call(this.changePassword, "change_password", identity, secrets, options);
  }

  unlockAccount(identity: IdentityInput, options?: RequestOptions): Promise<Receipt> {
    return this.#call(this.unlockAccount, "unlock_account", identity, [], options);
  }

  requirePasswordChange(identity: IdentityInput, options?: RequestOptions): Promise<Receipt> {
    return this.#call(this.requirePasswordChange, "require_password_change", identity, [], options);
  }

  checkPassword(identity: IdentityInput, candidate: PasswordInput, options?: RequestOptions): Promise<Verdict> {
    return this.#call(this.checkPassword, "check_password", identity, [["candidate", candidate]], options);
  }

  findAccount(identity: IdentityInput, options?: RequestOptions): Promise<Account> {
    return this.#call(this.findAccount, "find_account", identity, [], options);
  }

  passwordPolicy(identity: IdentityInput, options?: RequestOptions): Promise<PasswordPolicy> {
    return this.#call(this.passwordPolicy, "password_policy", identity, [], options);
  }

  diagnose(identity?: IdentityInput | null, options?: DiagnoseOptions): Promise<Diagnosis> {
    return this.#call(this.diagnose, "diagnose", identity ?? null, [], options);
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

  /** Begins an operation. When this returns, bytes are wiped, whatever became of it. */
  #call<T>(
    entry: (...parameters: never[]) => unknown,
    operation: string,
    identity: IdentityInput | null,
    secrets: readonly Secret[],
    options: ResetOptions | undefined,
  ): Promise<T> {
    const at = site(entry);
    try {
      const { signal, ...rest } = plain(options);
      const text = JSON.stringify(outward({ ...rest, identity: named(identity) }, "options"));
      const passwords = secrets.map(([what, secret]) => {
        check(secret, what);
        return secret;
      });
      const tied = checked(signal);
      if (tied?.aborted) {
        return Promise.reject(reasonOf(tied));
      }
      return this.#follow(operation, text, passwords, tied, at);
    } catch (error) {
      return Promise.reject(error);
    } finally {
      wipe(secrets.map(([, secret]) => secret));
    }
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

/** An identity, or nothing; `identity` may not be among the options as well. */
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
