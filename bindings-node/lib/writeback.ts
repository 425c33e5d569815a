import type {
  DiagnoseOptions,
  IdentityInput,
  RequestOptions,
  ResetManyOptions,
  ResetOptions,
  ResetRequest,
} from "./options.js";
import type { Account, Diagnosis, PasswordPolicy, Receipt, ResetResult, Verdict } from "./results.js";
import type { PasswordInput } from "./secret.js";

/**
 * Writes passwords back to a directory. Let a program hold one of these, and hand it a {@link MockDirectory} in its tests.
 *
 * Every promise is rejected with a {@link WritebackError} where the operation did not do what was asked, an option whose value cannot be
 * among the causes (`CONFIGURATION`); with a `TypeError` where an identity, a password, a signal or an options object is of a wrong type, or
 * a value is no data; and with the signal's reason where it was cancelled in time. Passwords in bytes are wiped before the call returns,
 * whatever becomes of it.
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
   * Sets many passwords: takes requests, and gives the results as they finish, in whatever order.
   *
   * - Nothing happens before the results are asked for, and no request is taken before there is room for it.
   * - Each request is one {@link resetPassword}, with its own deadline, and each gives exactly one result: an error ends none of the
   *   others.
   * - One error does: when the service account's own logon is refused (`BIND_FAILED`), no further reset is begun, lest the attempts lock
   *   it. Every request that follows is answered with the same error, and its message says that it was not attempted. Until one
   *   reset has shown that the logon works, no other is begun.
   * - Leaving the loop cancels what has not been sent, and waits until what has been sent has come to its end. The audit tells of it.
   * - An aborted signal, and an error that the iterable throws, cancel what has not been sent. A request of a wrong type, such as one
   *   without a password, cancels nothing. In each of these cases nothing more is begun, everything that was begun gives its result, and
   *   then the loop is left with the signal's reason, that error, or a `TypeError` that names the request's place.
   *
   * However it ends, the iterable is closed, as a loop over it would have done; one that is still waited for is not waited for any
   * longer. Passwords in bytes are wiped when their request is begun or refused; requests that were never taken are left alone.
   *
   * ```ts
   * for await (const { identity, receipt, error } of directory.resetMany(requests, { concurrency: 4 })) {
   *   console.log(`${identity}: ${error ? error.code : receipt.domainController}`);
   * }
   * ```
   *
   * @param requests The accounts and their passwords: an array, a generator, a stream of objects, ...
   * @param options How many at once, and what ends it early.
   */
  resetMany(
    requests: Iterable<ResetRequest> | AsyncIterable<ResetRequest>,
    options?: ResetManyOptions,
  ): AsyncIterableIterator<ResetResult>;

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
