import * as native from "../native.js";
import { camel, inward, revived } from "./convert.js";
import type { Account, Violation } from "./results.js";
import type { Code, ErrorKind, Outcome, Protection, Reason } from "./words.js";

/** What a {@link WritebackError} says, as a plain object. */
export interface WritebackErrorDetails {
  /** The stable code. */
  readonly code: Code;
  /** Whether the write happened; without it, `unknown` for `OUTCOME_UNKNOWN` and else `not_applied`. */
  readonly outcome?: Outcome;
  /** A sentence for people, without secrets. */
  readonly message: string;
  /** The rules of the password policy that were broken. */
  readonly violations?: readonly Violation[];
  /** The account as it was found, once it was. */
  readonly account?: Account | null;
  /** The domain controller that was talked to, once one was. */
  readonly domainController?: string | null;
  /** The particular cause within the code. */
  readonly reason?: Reason | null;
  /** The right that the service account lacks, where it can be known. */
  readonly missingRight?: string | null;
  /** The rule that protects the account. */
  readonly protection?: Protection | null;
  /** The LDAP result code of the refusal. */
  readonly resultCode?: number | null;
  /** The Windows error code of the refusal. */
  readonly win32?: number | null;
  /** When the same try can succeed, where time alone decides. */
  readonly retryAt?: Date | null;
}

/** All that a {@link WritebackError} says, as {@link WritebackError.toJSON} tells it. */
export type WritebackErrorReport = Required<WritebackErrorDetails> & {
  /** `WritebackError`, or the name of a class of your own. */
  readonly name: string;
  /** Whose cause it is. */
  readonly kind: ErrorKind;
};

interface AboutCode {
  readonly kind: ErrorKind;
  readonly microsoft_event: string | null;
}

const codes: Readonly<Record<string, AboutCode>> = JSON.parse(native.codes());

/**
 * Why an operation did not do what was asked, and whether the directory changed.
 *
 * It holds no secret, so it may be logged and sent on as it is. Decide on {@link code} and {@link outcome}; the message may change.
 */
export class WritebackError extends Error {
  /** The stable code, the same in every language. */
  readonly code: Code;
  /** Whether the write happened. Where it is `unknown`, never repeat the write blindly. */
  readonly outcome: Outcome;
  /** Whose cause it is. */
  readonly kind: ErrorKind;
  /** The rules of the password policy that were broken; empty where the code is not `POLICY_VIOLATION`. */
  readonly violations: readonly Violation[];
  /** The account as it was found, once it was. */
  readonly account: Account | null;
  /** The domain controller that was talked to, once one was. */
  readonly domainController: string | null;
  /** The particular cause within the code. */
  readonly reason: Reason | null;
  /** The right that the service account lacks, where it can be known: `reset password`, `write lockoutTime`, ... */
  readonly missingRight: string | null;
  /** The rule that protects the account. */
  readonly protection: Protection | null;
  /** The LDAP result code of the refusal (RFC 4511 4.1.9). */
  readonly resultCode: number | null;
  /** The Windows error code of the refusal (MS-ERREF 2.2). */
  readonly win32: number | null;
  /** When the same try can succeed, where time alone decides: for `RATE_LIMITED`. What a policy makes wait for is in {@link violations}. */
  readonly retryAt: Date | null;
  /** The event that Microsoft's password writeback logs for this cause, where it has one. */
  readonly microsoftEvent: string | null;

  static {
    const name = { value: "WritebackError", configurable: true, writable: true };
    Object.defineProperty(WritebackError.prototype, "name", name);
  }

  /** Makes one: the library does, and so do tests and whoever carries errors from one process to another. */
  constructor(details: WritebackErrorDetails) {
    super(details.message);
    this.code = details.code;
    this.outcome = details.outcome ?? (details.code === "OUTCOME_UNKNOWN" ? "unknown" : "not_applied");
    this.kind = codes[details.code]?.kind ?? "caller";
    this.violations = details.violations ?? [];
    this.account = details.account ?? null;
    this.domainController = details.domainController ?? null;
    this.reason = details.reason ?? null;
    this.missingRight = details.missingRight ?? null;
    this.protection = details.protection ?? null;
    this.resultCode = details.resultCode ?? null;
    this.win32 = details.win32 ?? null;
    this.retryAt = details.retryAt ?? null;
    this.microsoftEvent = codes[details.code]?.microsoft_event ?? null;
  }

  /**
   * The error of a text that `JSON.stringify` made of one, in another process for instance. Its stack is of the place that reads it.
   *
   * @throws `TypeError` where it is the text of something else.
   */
  static fromJSON(text: string): WritebackError {
    const told = revived(JSON.parse(text)) as Partial<WritebackErrorReport> | null;
    if (typeof told?.message !== "string" || codes[told.code ?? ""] === undefined) {
      throw new TypeError("this is not the text of a WritebackError");
    }
    return new WritebackError(told as WritebackErrorReport);
  }

  /**
   * The error as a plain object, for logs and for sending on: `JSON.stringify` and `postMessage` take it, and the constructor makes an
   * error of it again. (A structured clone of an `Error` itself keeps only its message and its stack.)
   */
  toJSON(): WritebackErrorReport {
    return {
      name: this.name,
      code: this.code,
      kind: this.kind,
      outcome: this.outcome,
      message: this.message,
      violations: this.violations,
      account: this.account,
      domainController: this.domainController,
      reason: this.reason,
      missingRight: this.missingRight,
      protection: this.protection,
      resultCode: this.resultCode,
      win32: this.win32,
      retryAt: this.retryAt,
    };
  }
}

/** Where a call was made: what its errors show as their stack. */
export interface Site {
  /** As V8 writes it, with the name of the object in its first line. */
  stack?: string;
}

/** The place that called `entry`, a function of this package. */
export function site(entry: (...parameters: never[]) => unknown): Site {
  const here: Site = {};
  Error.captureStackTrace(here, entry);
  return here;
}

/** Makes an error show where the call was made. An application may format stacks in a way of its own, or fail to: the error stands. */
export function placed<E extends Error>(error: E, at: Site): E {
  try {
    const found = typeof at.stack === "string" ? at.stack.indexOf("\n    at ") : -1;
    const frames = found < 0 ? "" : (at.stack?.slice(found) ?? "");
    const stack = { value: `${error.name}: ${error.message}${frames}`, configurable: true, writable: true };
    Object.defineProperty(error, "stack", stack);
  } catch {
    // Its own stack is as good as there is.
  }
  return error;
}

/** The names of options in a message of the core, as they are called here. */
function named(details: WritebackErrorDetails): WritebackErrorDetails {
  if (details.code !== "CONFIGURATION") {
    return details;
  }
  const message = details.message
    .replace(/`([a-z]+(?:_[a-z]+)+)`/g, (_, name: string) => `\`${camel(name)}\``)
    .replace(/^[a-z]+(?:_[a-z]+)+(?:\.[a-z]+(?:_[a-z]+)*)*\b/, camel);
  return { ...details, message };
}

/** The error that the core describes, as one of the place `at`. */
function described(error: unknown, at: Site): WritebackError {
  return placed(new WritebackError(named(inward(error) as WritebackErrorDetails)), at);
}

/** The error of an answer that is known to be one. */
export function refused(text: string, at: Site): WritebackError {
  return described(JSON.parse(text).error, at);
}

/** What an answer of the native part holds; its error is thrown as one of the place `at`. */
export function opened<T>(text: string, at: Site): T {
  const answer: { ok?: unknown; error?: unknown } = JSON.parse(text);
  if (answer.error !== undefined) {
    throw described(answer.error, at);
  }
  return inward(answer.ok) as T;
}
