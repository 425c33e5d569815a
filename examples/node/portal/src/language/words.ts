/** Everything the portal says, as one shape that each language fills. A word of the library that has no sentence does not compile. */

import type { Code, Protection, Reason, Rule, Warning } from "password-writeback";
import type { Write } from "../result.js";

/** What a sentence about a rule may use. Each is `null` where it is not known. */
export interface RuleFacts {
  readonly limit: number | null;
  /** The limit, as a length of time. */
  readonly duration: string | null;
  /** When the same try can succeed. */
  readonly retryAt: string | null;
}

/** The name and the sentence of something that can be done here. */
export interface Choice {
  readonly title: string;
  readonly text: string;
}

/** A language. */
export interface Words {
  /** Its code, for `lang`. */
  readonly code: string;
  /** Its own name for itself. */
  readonly name: string;

  readonly site: string;
  readonly skip: string;
  readonly languages: string;
  readonly home: string;
  readonly tryAgain: string;
  readonly problemPrefix: string;
  readonly problemTitle: string;
  readonly cancel: string;
  readonly helpDesk: (contact: string | null) => string;
  readonly reference: string;
  readonly demo: string;
  readonly show: string;
  readonly hide: string;

  readonly start: {
    readonly title: string;
    readonly intro: string;
    readonly change: Choice;
    readonly reset: Choice;
    readonly unlock: Choice;
  };
  readonly fields: {
    readonly name: string;
    readonly nameHint: string;
    readonly current: string;
    readonly new: string;
    readonly repeat: string;
    readonly code: string;
    readonly codeHint: string;
  };
  readonly missing: {
    readonly name: string;
    readonly current: string;
    readonly new: string;
    readonly repeat: string;
    readonly different: string;
    readonly code: string;
  };
  readonly change: {
    readonly title: string;
    readonly intro: string;
    readonly button: string;
    readonly expired: string;
  };
  readonly ask: {
    readonly resetTitle: string;
    readonly resetIntro: string;
    readonly unlockTitle: string;
    readonly unlockIntro: string;
    readonly button: string;
  };
  readonly enterCode: {
    readonly title: string;
    readonly sent: (minutes: number) => string;
    readonly nothing: string;
    readonly again: string;
    readonly button: string;
    readonly wrong: string;
    readonly over: string;
  };
  readonly choose: { readonly title: string; readonly intro: (name: string) => string; readonly button: string };
  readonly unlock: {
    readonly title: string;
    readonly locked: (name: string) => string;
    readonly until: (time: string) => string;
    readonly notLocked: (name: string) => string;
    readonly button: string;
  };
  readonly policy: {
    readonly general: string;
    readonly own: string;
    readonly generalRules: (least: number) => readonly string[];
    readonly unknown: string;
    readonly none: string;
    readonly minLength: (count: number) => string;
    readonly complexity: string;
    readonly names: string;
    readonly history: (count: number) => string;
    readonly minAge: (duration: string) => string;
    readonly maxAge: (duration: string) => string;
  };
  readonly check: {
    readonly checking: string;
    readonly good: string;
    readonly goodSoFar: string;
    readonly unknown: string;
    readonly failed: string;
    readonly over: string;
    readonly different: string;
    readonly same: string;
  };
  readonly result: {
    readonly done: Readonly<Record<Write, Choice>>;
    readonly lockedAgain: Choice;
    readonly next: string;
    readonly unknownTitle: string;
    readonly unknown: string;
    readonly unknownPassword: readonly string[];
    readonly unknownUnlock: readonly string[];
    readonly partlyTitle: string;
    readonly partly: string;
    readonly refusedTitle: string;
    readonly nothingChanged: string;
  };
  readonly problems: {
    /** What is said whatever the account is, until a person has proven who they are. */
    readonly same: string;
    readonly sameHelp: string;
    readonly tooMany: (wait: string) => Choice;
    readonly expired: Choice;
    /** Another form from the same page was there first. */
    readonly other: Choice;
    readonly notFound: Choice;
    readonly broken: Choice;
    readonly over: string;
  };
  /** What follows from each error code, told to a person who has proven who they are, or about nobody in particular. */
  readonly codes: Readonly<Record<Code, string>>;
  readonly reasons: Readonly<Record<Reason, string>>;
  readonly rules: Readonly<Record<Rule, (facts: RuleFacts) => string>>;
  /** Before several rules of which one was broken. */
  readonly oneOf: string;
  readonly protections: Readonly<Record<Protection, string>>;
  readonly warnings: Readonly<Record<Warning, string>>;
}
