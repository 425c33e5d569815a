import type { WritebackError } from "./error.js";
import type { IdentityInput } from "./options.js";
import type {
  Acceptable,
  Certainty,
  CheckStatus,
  Code,
  HistoryEnforcement,
  Initiator,
  Operation,
  Outcome,
  Protection,
  Rule,
  Tool,
  Verification,
  Warning,
} from "./words.js";

/** One user account as one domain controller describes it. */
export interface Account {
  /** The distinguished name, for people: it changes with a rename or a move. */
  readonly distinguishedName: string;
  /** The logon name within the domain. */
  readonly samAccountName: string;
  /** The explicit user principal name; an account may have none. */
  readonly userPrincipalName: string | null;
  /** The display name. */
  readonly displayName: string | null;
  /** The objectGUID, which never changes. */
  readonly objectGuid: string;
  /** The security identifier. */
  readonly objectSid: string;
  /** The source anchor (ImmutableId): base64 of mS-DS-ConsistencyGuid, else of objectGUID. */
  readonly sourceAnchor: string;
  /** Not disabled. */
  readonly enabled: boolean;
  /** Locked out at this moment. */
  readonly locked: boolean;
  /** When the lockout ends by itself; `null` where it is not locked, where only an administrator ends it, or where that is unknown. */
  readonly lockedUntil: Date | null;
  /** The user must change the password at the next logon. */
  readonly mustChangePassword: boolean;
  /** The password has expired, by age or by a required change. */
  readonly passwordExpired: boolean;
  /** When the password was set; `null` while a change is required. */
  readonly passwordLastSet: Date | null;
  /** When the password expires; `null` where it never does, or where a change is required. */
  readonly passwordExpiresAt: Date | null;
  /** When the account itself expires; `null` where it never does. */
  readonly accountExpiresAt: Date | null;
  /** The rule that protects the account from being written, or `null`. */
  readonly protection: Protection | null;
}

/** The proof of a write. */
export interface Receipt {
  /** What was done. */
  readonly operation: Operation;
  /** The account, as read back afterwards where that was possible. */
  readonly account: Account;
  /** The DNS name of the one domain controller that did it. */
  readonly domainController: string;
  /** The request's correlation id. */
  readonly correlationId: string;
  /** Whether history and minimum age were enforced. */
  readonly history: HistoryEnforcement;
  /** When the server recorded the password as set; `null` while a change is required, or where it could not be read back. */
  readonly passwordLastSet: Date | null;
  /** Whether this write cleared the lockout. */
  readonly unlocked: boolean;
  /** Whether the user must change the password at the next logon. */
  readonly mustChangePassword: boolean;
  /** How the write was verified. */
  readonly verification: Verification;
  /** What the caller should know. */
  readonly warnings: readonly Warning[];
}

/** Which of many resets it was. */
interface ResetPlace {
  /** The place of the request in what was given, from 0. */
  readonly index: number;
  /** The account as the request named it. */
  readonly identity: IdentityInput;
  /** The request's correlation id. */
  readonly correlationId: string;
}

/** One of many resets that was done. */
export interface ResetDone extends ResetPlace {
  /** The proof. */
  readonly receipt: Receipt;
  /** Not where there is a receipt. */
  readonly error?: undefined;
}

/** One of many resets that was not done, or whose outcome is unknown. */
export interface ResetFailed extends ResetPlace {
  /** Why, and whether the directory changed. */
  readonly error: WritebackError;
  /** Not where there is an error. */
  readonly receipt?: undefined;
}

/** What became of one of many resets: it has either a `receipt` or an `error`. */
export type ResetResult = ResetDone | ResetFailed;

/** A rule that a password breaks. */
export interface Violation {
  /** The rule. */
  readonly rule: Rule;
  /**
   * The rule's number: UTF-16 code units for `min_length`, remembered passwords for `history`, seconds for `min_age`; absent where
   * there is none or it could not be read.
   */
  readonly limit?: number;
  /** When the same try can succeed, where time heals it. */
  readonly retryAt?: Date;
  /** How sure it is. */
  readonly certainty: Certainty;
}

/** Where a policy comes from: the domain, a fine-grained policy by its distinguished name, or unknown and why. */
export type PolicySource = "domain" | { readonly fineGrained: string } | { readonly unknown: string };

/** The password policy that applies to one account. A field that could not be read is `null`, never guessed. */
export interface PasswordPolicy {
  /** Where it comes from. */
  readonly source: PolicySource;
  /** The least length, in UTF-16 code units: what `password.length` counts. */
  readonly minLength: number | null;
  /** Whether complexity is required: three of five character classes, and no account or display name in the password. */
  readonly complexity: boolean | null;
  /** How many former passwords are refused. */
  readonly historyLength: number | null;
  /** How old a password must be before it may be changed, in seconds. */
  readonly minAge: number | null;
  /** How old a password may become, in seconds; 0 means it never expires. */
  readonly maxAge: number | null;
  /** How many bad passwords lock the account; 0 means it never locks. */
  readonly lockoutThreshold: number | null;
  /** How long a lockout lasts, in seconds; 0 means until an administrator unlocks it. */
  readonly lockoutDuration: number | null;
  /** For how long bad passwords are counted together, in seconds. */
  readonly lockoutWindow: number | null;
}

/** What can be said of a candidate without writing it. */
export interface Verdict {
  /** `no`: a rule is broken. `yes`: every rule that can be checked beforehand holds. `unknown`: the policy could not be read. */
  readonly acceptable: Acceptable;
  /** The rules it breaks. */
  readonly violations: readonly Violation[];
  /** The rules that only the domain controller can judge. */
  readonly unchecked: readonly Rule[];
}

/** A command that mends what a check found. Run it as an administrator of the domain, and read it first. */
export interface Command {
  /** What carries it out: `dsacls`, PowerShell, or `samba-tool` (a shell of root on a Samba domain controller). */
  readonly tool: Tool;
  /** One line. */
  readonly command: string;
}

/** One check of an examination. */
export interface Check {
  /** The fixed name of the check. */
  readonly name: string;
  /** How it ended. */
  readonly status: CheckStatus;
  /** What was seen. */
  readonly detail: string;
  /** What mends it, for people; absent where nothing needs mending. */
  readonly fix?: string;
  /**
   * The commands that mend it; absent where there are none. Each tool alone suffices; several of one tool are all needed, in their order.
   */
  readonly commands?: readonly Command[];
}

/** Whether a deployment is able to do its job, and if not, what to fix. */
export interface Diagnosis {
  /** The checks, in the order they were made. */
  readonly checks: readonly Check[];
  /** What became of the writes of a canary; absent where none was asked for. */
  readonly outcome?: Outcome;
  /** Whether nothing failed and nothing is unknown. */
  readonly healthy: boolean;
}

/** One audit event. It holds no secret. */
export interface AuditEvent {
  /** `start`: before anything is done. `finish`: when the outcome is known, or known to be unknown. */
  readonly phase: "start" | "finish";
  /** When it was. */
  readonly time: Date;
  /** What was asked for. */
  readonly operation: Operation;
  /** Ties the two events of an operation together, and to the caller's own records. */
  readonly correlationId: string;
  /** The account as the caller named it; `null` in an examination of the deployment. */
  readonly identity: string | null;
  /** Who asked: by the request, else by the directory's settings. */
  readonly initiator: Initiator;
  /** Who asked, by name, where the request said. */
  readonly actor: string | null;
  /** The objectGUID of the account, once it was found. */
  readonly target: string | null;
  /** The domain controller, once one was reached. */
  readonly domainController: string | null;
  /** How it ended; `null` at the start, and where nothing was to be written. */
  readonly outcome: Outcome | null;
  /** The error code, where it failed. */
  readonly code: Code | null;
  /** How long it took, in milliseconds; `null` at the start. */
  readonly durationMs: number | null;
  /** The event number of Microsoft's password writeback, where it has one (source PasswordResetService): for what happened. */
  readonly microsoftEvent: number | null;
  /** The event of the same source for the cause of a failure, where it has one. */
  readonly microsoftCause: string | null;
}
