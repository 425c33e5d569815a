import type { DiagnoseOptions, IdentityInput, RequestOptions, ResetOptions } from "./options.js";
import type { Account, Diagnosis, PasswordPolicy, Receipt, Verdict } from "./results.js";
import type { PasswordInput } from "./secret.js";

/**
 * Writes passwords back to a directory.
 *
 * Every promise is rejected with a {@link WritebackError} where the operation did not do what was asked, with a `TypeError` where an
 * argument is of a wrong type, and with the signal's reason where it was cancelled in time.
 */
export interface PasswordWriteback {
  /** Sets a password without the old one. */
  resetPassword(identity: IdentityInput, newPassword: PasswordInput, options?: ResetOptions): Promise<Receipt>;

  /** Sets a password with the old one, as the user would: the server enforces its whole policy. */
  changePassword(
    identity: IdentityInput,
    oldPassword: PasswordInput,
    newPassword: PasswordInput,
    options?: RequestOptions,
  ): Promise<Receipt>;

  /** Clears a lockout. */
  unlockAccount(identity: IdentityInput, options?: RequestOptions): Promise<Receipt>;

  /** Forces a new password at the next logon. */
  requirePasswordChange(identity: IdentityInput, options?: RequestOptions): Promise<Receipt>;

  /** Judges a candidate without writing it, and without a bad-password count. */
  checkPassword(identity: IdentityInput, candidate: PasswordInput, options?: RequestOptions): Promise<Verdict>;

  /** Reads the facts of an account. */
  findAccount(identity: IdentityInput, options?: RequestOptions): Promise<Account>;

  /** Reads the policy that applies to an account. */
  passwordPolicy(identity: IdentityInput, options?: RequestOptions): Promise<PasswordPolicy>;

  /**
   * Examines the deployment, and an account where one is named, or the users that are created in a container where its distinguished name
   * is given: what works, what does not, what to grant. It writes nothing, but where a canary is asked for.
   */
  diagnose(identity?: IdentityInput | null, options?: DiagnoseOptions): Promise<Diagnosis>;
}
