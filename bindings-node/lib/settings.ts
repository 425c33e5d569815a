/** From the options of a constructor to the settings of the core. */

import { outward } from "./convert.js";

/**
 * The settings as the core reads them. It takes those that are `own` to a kind of directory by themselves, and every other one among the
 * rules of writing, where it refuses a name that it does not know. A new setting of the core is added to the options' type and, unless it
 * is a rule, to the list of its directory.
 */
export function settings(options: object, own: readonly string[]): string {
  const told: Record<string, unknown> = {};
  const rules: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    (own.includes(name) ? told : rules)[name] = value;
  }
  return JSON.stringify(outward({ ...told, rules }, "options"));
}

/** An audit listener, once it is known to be one. */
export function listener<F>(audit: F | undefined): F | undefined {
  if (audit !== undefined && typeof audit !== "function") {
    throw new TypeError("audit must be a function");
  }
  return audit;
}

/** A word, or none. */
export function word(text: string | undefined): string | null {
  if (text !== undefined && typeof text !== "string") {
    throw new TypeError("onSinkFailure must be a string");
  }
  return text ?? null;
}
