import * as native from "../native.js";
import { outward } from "./convert.js";
import { opened, site } from "./error.js";
import type { PasswordPolicy } from "./results.js";

/**
 * A random password that satisfies the policy of an account, as {@link PasswordWriteback.passwordPolicy} tells it: for accounts whose
 * owner is to change it, or is not to know it.
 *
 * It has at least 20 characters, all of them ASCII, none that people confuse, and none that means something in a CSV file or a shell. The
 * bytes are the caller's: handing them to an operation wipes them, so keep what the owner of the account is to be told first.
 *
 * ```ts
 * const password = generatePassword(await directory.passwordPolicy("alice"));
 * await directory.resetPassword("alice", password, { requireChange: true });
 * ```
 *
 * @throws {@link WritebackError} `UNSUPPORTED` where the policy asks for more than Active Directory takes.
 */
export function generatePassword(policy: PasswordPolicy): Uint8Array {
  const at = site(generatePassword);
  const answer = native.generate(JSON.stringify(outward(policy, "the policy")));
  return typeof answer === "string" ? opened<never>(answer, at) : answer;
}
