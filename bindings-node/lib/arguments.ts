/** Arguments on their way in: of the right type, or refused without being shown. */

import type { IdentityInput } from "./options.js";

/** The options as an object. A password in the place of the options is refused without being shown. */
export function plain<T extends object>(options: T | null | undefined): Partial<T> {
  if (options === undefined || options === null) {
    return {};
  }
  if (!isPlain(options)) {
    throw new TypeError("the options must be an object");
  }
  return options;
}

/** Whether it is an object with names in it. */
export function isPlain(given: unknown): given is object {
  return typeof given === "object" && given !== null && !Array.isArray(given) && !ArrayBuffer.isView(given);
}

/** An identity, or nothing. */
export function named(identity: IdentityInput | null): IdentityInput | null {
  if (identity !== null && typeof identity !== "string" && typeof identity !== "object") {
    throw new TypeError("the identity must be a string or an Identity");
  }
  return identity;
}
