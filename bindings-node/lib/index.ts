/**
 * Writes passwords back to on-premises Active Directory: reset, change, unlock and require a change, each as one safe, explained, audited
 * operation over LDAP.
 *
 * @packageDocumentation
 */

export { ActiveDirectory } from "./active-directory.js";
export { WritebackError, type WritebackErrorDetails, type WritebackErrorReport } from "./error.js";
export { generatePassword } from "./generate.js";
export { Identity } from "./identity.js";
export { type MockClock, MockDirectory } from "./mock.js";
export type * from "./mock-options.js";
export type * from "./options.js";
export type * from "./results.js";
export type { PasswordInput } from "./secret.js";
export type { Signal } from "./signal.js";
export type * from "./words.js";
export type { PasswordWriteback } from "./writeback.js";
