/** Which errors may be told to whom, and what they say of the password that was tried. */

import type { Code } from "password-writeback";

/**
 * What is told of an error before a person has proven who they are.
 *
 * - `same`: it depends on the account, or can: one sentence for all of them, or whoever asks learns which accounts there are.
 * - `told`: it depends on the directory or on this portal, whatever the account.
 * - `proof`: the directory judges a new password only after the old one was right, so the person has just proven who they are.
 */
export const BEFORE_PROOF: Readonly<Record<Code, "same" | "told" | "proof">> = {
  INVALID_PASSWORD: "same",
  INVALID_IDENTITY: "same",
  ACCOUNT_NOT_FOUND: "same",
  AMBIGUOUS_IDENTITY: "same",
  ACCOUNT_DISABLED: "same",
  ACCOUNT_EXPIRED: "same",
  CHANGE_NOT_ENFORCEABLE: "same",
  ACCOUNT_LOCKED: "same",
  WRONG_PASSWORD: "same",
  CHANGE_NOT_PERMITTED: "same",
  POLICY_HINTS_UNSUPPORTED: "same",
  PROTECTED_ACCOUNT: "same",
  OUT_OF_SCOPE: "same",
  PERMISSION_DENIED: "same",
  // Answers to a write, which only an account that is there can get.
  READ_ONLY_DIRECTORY: "same",
  MALFORMED_REPLY: "same",
  DIRECTORY: "same",
  POLICY_VIOLATION: "proof",
  CONFIGURATION: "told",
  UNSUPPORTED: "told",
  RATE_LIMITED: "told",
  CANCELLED: "told",
  BIND_FAILED: "told",
  INSECURE_CHANNEL: "told",
  TLS: "told",
  UNREACHABLE: "told",
  TIMEOUT: "told",
  // It has a page of its own: honesty about a write that was sent goes first.
  OUTCOME_UNKNOWN: "told",
};

/** After these it is certain that the directory has counted no bad password. After any other error it may have. */
const NOT_COUNTED: ReadonlySet<Code> = new Set([
  "INVALID_PASSWORD",
  "INVALID_IDENTITY",
  "ACCOUNT_NOT_FOUND",
  "AMBIGUOUS_IDENTITY",
  "ACCOUNT_DISABLED",
  "ACCOUNT_EXPIRED",
  "PROTECTED_ACCOUNT",
  "OUT_OF_SCOPE",
  "POLICY_VIOLATION",
]);

/** Whether the directory may have counted a bad password. */
export function mayHaveCounted(code: Code): boolean {
  return !NOT_COUNTED.has(code);
}

/** After these the same form can be sent again, with another password or a little later. */
const AGAIN: ReadonlySet<Code> = new Set([
  "INVALID_PASSWORD",
  "POLICY_VIOLATION",
  "RATE_LIMITED",
  "CANCELLED",
  "UNREACHABLE",
  "TIMEOUT",
  "READ_ONLY_DIRECTORY",
  "DIRECTORY",
]);

/** Whether it makes sense to try again at once. */
export function canTryAgain(code: Code): boolean {
  return AGAIN.has(code);
}
