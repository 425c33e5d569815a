/** From the options of a constructor to the settings of the core. */

import { outward } from "./convert.js";
import type { LayerOptions } from "./options.js";

/** What says which layers stand around the backend. */
const LAYERS: readonly (keyof LayerOptions)[] = ["rateLimit", "auditFile", "onSinkFailure"];

/**
 * The settings as the core reads them. It takes those that are `own` to a kind of directory by themselves, those of the layers together,
 * and every other one among the rules of writing, where it refuses a name that it does not know. A new setting of the core is added to the options' type and, unless it
 * is a rule, to the list of its directory.
 */
export function settings(options: object, own: readonly string[]): string {
  const told: Record<string, unknown> = {};
  const layers: Record<string, unknown> = {};
  const rules: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const part = own.includes(name) ? told : (LAYERS as readonly string[]).includes(name) ? layers : rules;
    part[name] = value;
  }
  return JSON.stringify(outward({ ...told, rules, layers }, "options"));
}

/** An audit listener, once it is known to be one. */
export function listener<F>(audit: F | undefined): F | undefined {
  if (audit !== undefined && typeof audit !== "function") {
    throw new TypeError("audit must be a function");
  }
  return audit;
}
