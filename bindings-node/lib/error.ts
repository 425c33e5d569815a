import * as native from "../native.js";
import { camel, inward } from "./convert.js";
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
  /** When the same try can succeed, for `RATE_LIMITED`. */
  readonly retryAt?: Date | null;
}

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
  /** When the same try can succeed, for `RATE_LIMITED`. What a policy makes wait for is in the {@link violations}. */
  readonly retryAt: Date | null;
  /** The event that Microsoft's password writeback logs for this cause, where it has one. */
  readonly microsoftEvent: string | null;

  static {
    Object.defineProperty(this.prototype, "name", { value: "WritebackError", configurable: true, writable: true });
  }

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

  /** The error as a plain object, for logs and for sending on. */
  toJSON(): Required<WritebackErrorDetails> & { readonly name: string; readonly kind: ErrorKind } {
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
  stack?: string;
}

/** The place that called `entry`, a function of this package. */
export function site(entry: (...parameters: never[]) => unknown): Site {
  const here: Site = {};
  Error.captureStackTrace(here, entry);
  return here;
}

/** Makes an error show where the call was made. */
export function placed<E extends Error>(error: E, at: Site): E {
  const frames = at.stack?.replace(/^.*?\n/, "\n") ?? "";
  const stack = `${error.name}: ${error.message}${frames.startsWith("\n") ? frames : ""}`;
  Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
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

/** What an answer of the native part holds; its error is thrown as one of the place `at`. */
export function opened<T>(text: string, at: Site): T {
  const answer: { ok?: unknown; error?: unknown } = JSON.parse(text);
  if (answer.error !== undefined) {
    throw placed(new WritebackError(named(inward(answer.error) as WritebackErrorDetails)), at);
  }
  return inward(answer.ok) as T;
}
