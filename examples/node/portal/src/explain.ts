/** From what the library answers to sentences that help. */

import type { Account, Code, PasswordPolicy, Verdict, Violation } from "password-writeback";
import { duration, type Language, languages, moment } from "./language/language.js";
import type { Told } from "./result.js";

/** A sentence, and the points that belong to it. */
export interface Explanation {
  readonly text: string;
  readonly points: readonly string[];
}

/** An error, for a person who has proven who they are, or about nobody in particular. */
export function explain(error: Told, language: Language): Explanation {
  const { codes, reasons, protections, oneOf } = languages[language];
  const points = error.violations.map((violation) => rule(violation, language));
  if (error.reason !== null) {
    points.push(reasons[error.reason]);
  }
  if (error.protection !== null) {
    points.push(protections[error.protection]);
  }
  const unsure = error.violations.length > 1 && error.violations.every(({ certainty }) => certainty === "inferred");
  return { text: unsure ? `${codes[error.code]} ${oneOf}` : codes[error.code], points };
}

/** One broken rule. */
export function rule({ rule, limit, retryAt }: Violation, language: Language): string {
  return languages[language].rules[rule]({
    limit: limit ?? null,
    duration: limit === undefined ? null : duration(limit, language),
    retryAt: retryAt === undefined ? null : moment(retryAt, language),
  });
}

/** What is plain to see once a person has proven who they are, before they think up a password. */
export function inTheWay(account: Account): Told | null {
  const told = (code: Code): Told => ({ code, reason: null, protection: account.protection, violations: [] });
  if (account.protection !== null) {
    return told("PROTECTED_ACCOUNT");
  }
  return account.enabled ? null : told("ACCOUNT_DISABLED");
}

/** A policy as rules that can be read; `null` where it is not known. */
export function policyRules(policy: PasswordPolicy, language: Language): readonly string[] {
  const words = languages[language].policy;
  if (typeof policy.source === "object" && "unknown" in policy.source) {
    return [words.unknown];
  }
  const rules = [
    policy.minLength ? words.minLength(policy.minLength) : null,
    policy.complexity ? words.complexity : null,
    policy.complexity ? words.names : null,
    policy.historyLength ? words.history(policy.historyLength) : null,
    policy.minAge ? words.minAge(duration(policy.minAge, language)) : null,
    policy.maxAge ? words.maxAge(duration(policy.maxAge, language)) : null,
  ].filter((rule) => rule !== null);
  return rules.length === 0 ? [words.none] : rules;
}

/** What is said of a candidate as it is typed. */
export interface Judgement extends Explanation {
  readonly acceptable: Verdict["acceptable"];
}

/** A verdict in words. */
export function judge(verdict: Verdict, language: Language): Judgement {
  const { check, codes } = languages[language];
  const points = verdict.violations.map((violation) => rule(violation, language));
  const said = {
    yes: verdict.unchecked.length > 0 ? check.goodSoFar : check.good,
    no: codes.POLICY_VIOLATION,
    unknown: check.unknown,
  };
  return { acceptable: verdict.acceptable, text: said[verdict.acceptable], points };
}
