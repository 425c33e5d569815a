/** How often a password may be tried here before the directory would lock the account. */

import type { PasswordPolicy } from "password-writeback";
import { Memory } from "./memory.js";

/** This many bad passwords are left to the owner elsewhere: a portal must not be a way to lock others out. The first does no harm. */
const LEFT = 2;

/**
 * So many lockout windows after the last try here the count starts again. One would not do: the directory's count goes on while no window
 * passes without a bad password anywhere, and one elsewhere, just before a window is over, keeps it going for almost two.
 */
const WINDOWS = 2;

/** The longest that anything is counted: with the longest lockout window that the Group Policy editor takes, 99,999 minutes. */
const LONGEST = WINDOWS * 99_999 * 60;

/** How bad passwords are counted for one account. */
export interface Limit {
  /** How many may be tried. */
  readonly most: number;
  /** After how long without one the count starts again, in seconds. */
  readonly window: number;
}

/** What is never exceeded, and what holds for names that nobody has. */
export interface AttemptSettings {
  readonly most: number;
  /** The least lockout window, in seconds. */
  readonly window: number;
  /** The lockout threshold, where the service account may not read it. */
  readonly threshold?: number | undefined;
}

/**
 * The limit of an account. A threshold that nobody can tell allows nothing, and neither does a window that is longer than is remembered:
 * better no change by password than a portal that locks people out. A reset with a code does not try a password and goes on working.
 */
export function limitOf(policy: PasswordPolicy, settings: AttemptSettings): Limit {
  const threshold = policy.lockoutThreshold ?? settings.threshold;
  const window = WINDOWS * Math.max(policy.lockoutWindow ?? 86_400, settings.window);
  if (threshold === undefined || window > LONGEST) {
    return { most: 0, window };
  }
  const most = threshold === 0 ? settings.most : Math.min(settings.most, threshold - LEFT);
  return { most: Math.max(most, 0), window };
}

interface Count {
  used: number;
  last: number;
}

/** Counts as the directory does: the count starts again when the last try is a whole window ago. */
export class Attempts {
  // Kept apart, so that made-up names cannot push an account's count out.
  readonly #accounts = new Memory<Count>(1_000_000, LONGEST);
  readonly #names = new Memory<Count>(10_000, LONGEST);
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Takes one try of an account, or of a name that no account has. The answer gives it back, once it is known that no bad password was
   * counted; without one there is none left. Taken before the password is tried: tries at the same moment must not slip through together.
   */
  take(who: { readonly account: string } | { readonly name: string }, limit: Limit): (() => void) | null {
    const [counts, key] = "account" in who ? [this.#accounts, who.account] : [this.#names, who.name];
    const now = this.#now();
    const known = counts.get(key);
    const current = known !== undefined && now - known.last < limit.window * 1000 ? known : { used: 0, last: now };
    if (current.used >= limit.most) {
      return null;
    }
    const before = current.last;
    current.used += 1;
    current.last = now;
    counts.set(key, current);
    return () => {
      current.used -= 1;
      current.last = current.last === now ? before : current.last;
    };
  }
}
