import type { DiagnoseOptions, IdentityInput, RequestOptions, ResetOptions } from "./options.js";
import type { Account, Diagnosis, PasswordPolicy, Receipt, Verdict } from "./results.js";
import type { PasswordInput } from "./secret.js";

/**
 * Writes passwords back to a directory. Let a program hold one of these, and hand it a {@link MockDirectory} in its tests.
 *
 * Every promise is rejected with a {@link WritebackError} where the operation did not do what was asked, with a `TypeError` where an
 * argument is of a wrong type, and with the signal's reason where it was cancelled in time. Passwords in bytes are wiped before the call
 * returns, whatever becomes of it.
 */
export interface PasswordWriteback {
  /**
   * Sets a password without the old one, and where asked for unlocks the account and requires a change at the next logon in the same
   * write.
   *
   * Refused before anything is sent: accounts that are protected or out of scope, disabled and expired ones in self-service, and a
   * server that cannot enforce history where that is required.
   *
   * @param identity The account.
   * @param newPassword The password it gets.
   * @param options What else the write does, and on whose behalf.
   * @returns What was done, on which domain controller, and how it was verified.
   */
  resetPassword(identity: IdentityInput, newPassword: PasswordInput, options?: ResetOptions): Promise<Receipt>;

  /**
   * Sets a password with the old one, as the user would: the server enforces its whole policy. A wrong old password is
   * `WRONG_PASSWORD`, and the server counts it.
   *
   * @param identity The account.
   * @param oldPassword The password it has.
   * @param newPassword The password it gets.
   * @param options On whose behalf, and for how long.
   */
  changePassword(
    identity: IdentityInput,
    oldPassword: PasswordInput,
    newPassword: PasswordInput,
    options?: RequestOptions,
  ): Promise<Receipt>;

  /** Clears a lockout, and the count of bad passwords. The password stays as it is. */
  unlockAccount(identity: IdentityInput, options?: RequestOptions): Promise<Receipt>;

  /**
   * Forces a new password at the next logon. `CHANGE_NOT_ENFORCEABLE` where that would have no effect: the password never expires, or
   * the user may not change it, or logs on with a smart card.
   */
  requirePasswordChange(identity: IdentityInput, options?: RequestOptions): Promise<Receipt>;

  /**
   * Judges a candidate by the policy that applies to the account, without writing it and without a bad-password count. Rules that only
   * the domain controller can judge, such as history, are listed as unchecked.
   */
  checkPassword(identity: IdentityInput, candidate: PasswordInput, options?: RequestOptions): Promise<Verdict>;

  /** Reads the facts and the state of an account. */
  findAccount(identity: IdentityInput, options?: RequestOptions): Promise<Account>;

  /** Reads the policy that applies to an account. What cannot be read is `null` in it, never guessed. */
  passwordPolicy(identity: IdentityInput, options?: RequestOptions): Promise<PasswordPolicy>;

  /**
   * Examines the deployment, and an account where one is named, or the users that are created in a container where its distinguished name
   * is given: what works, what does not, what to grant. It writes nothing, but where a canary is asked for.
   * The promise is fulfilled also where checks fail: see {@link Diagnosis.healthy}.
   */
  diagnose(identity?: IdentityInput | null, options?: DiagnoseOptions): Promise<Diagnosis>;
}
