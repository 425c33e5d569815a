import type { Identity } from "./identity.js";
import type { AuditEvent } from "./results.js";
import type { PasswordInput } from "./secret.js";
import type { Signal } from "./signal.js";
import type { History, IdentityKind, Initiator } from "./words.js";

/** The name of an account: see {@link Identity} for how a plain string is read. */
export type IdentityInput = string | Identity;

/** What every operation takes. */
export interface RequestOptions {
  /** Who asks; without it, the directory's setting. */
  readonly initiator?: Initiator | undefined;
  /** Who asks, by name, for the audit. An actor who is the target counts as its owner. */
  readonly actor?: IdentityInput | undefined;
  /** Ties the request to the caller's own records; without it, a random one. */
  readonly correlationId?: string | undefined;
  /** How long the whole operation may take, in seconds; without it, the directory's setting. */
  readonly deadline?: number | undefined;
  /**
   * Cancels. Before the write is sent, the promise is rejected with the signal's reason (an `AbortError`) and nothing is changed. After
   * that the write is carried through, and the promise settles with its true outcome.
   */
  readonly signal?: Signal | undefined;
}

/** What a reset takes. */
export interface ResetOptions extends RequestOptions {
  /** Also clear a lockout, in the same write: yes, no, or where the service account may (else the receipt carries a warning). */
  readonly unlock?: boolean | "yes" | "no" | "if_permitted" | undefined;
  /** Also require a change at the next logon, in the same write. */
  readonly requireChange?: boolean | undefined;
  /** Whether history and minimum age are enforced; without it, the directory's setting. */
  readonly history?: History | undefined;
}

/** One of many resets: what {@link PasswordWriteback.resetPassword} takes, but a signal. */
export interface ResetRequest extends Omit<ResetOptions, "signal"> {
  /** The account. */
  readonly identity: IdentityInput;
  /** The password it gets. */
  readonly newPassword: PasswordInput;
}

/** What many resets take together. */
export interface ResetManyOptions {
  /** How many may be under way at once, at least one. Default: 8. */
  readonly concurrency?: number | undefined;
  /**
   * Ends it: nothing more is begun, and what has not been sent is cancelled. What was begun still gives its results, `CANCELLED` or the
   * true outcome, and then the loop is left with the signal's reason (an `AbortError`).
   */
  readonly signal?: Signal | undefined;
}

/** What an examination takes. */
export interface DiagnoseOptions extends RequestOptions {
  /**
   * Also prove the whole path on the account that is named: a required change, a reset, a logon, a change, an unlock. The account is left
   * with a password that nobody knows; one that is protected, or whose sAMAccountName does not hold the word `canary`, is refused.
   */
  readonly canary?: boolean | undefined;
}

/** The rules of writing. The defaults are the strict side. */
export interface Rules {
  /** Who asks, where the request does not say. Default: `self_service`. */
  readonly initiator?: Initiator | undefined;
  /** Whether resets enforce history, where the request does not say. Default: `required`. */
  readonly history?: History | undefined;
  /** The subtrees whose accounts may be written, as distinguished names; empty means the whole directory. */
  readonly allowedSubtrees?: readonly string[] | undefined;
  /** The kinds of identity that are accepted; empty means all. */
  readonly acceptedIdentities?: readonly IdentityKind[] | undefined;
  /** Whether owners may reset, unlock or expire protected accounts of their own. Default: no. */
  readonly allowSelfServiceOnProtected?: boolean | undefined;
  /** Whether administrators may reset, unlock or expire protected accounts. Default: no. */
  readonly allowAdministratorOnProtected?: boolean | undefined;
  /** Groups, by SID, whose members are protected beside Active Directory's own protected groups. */
  readonly protectedGroups?: readonly string[] | undefined;
  /** How long an operation may take in all, in seconds, where the request does not say. Default: 30. */
  readonly deadline?: number | undefined;
  /**
   * How long, in seconds, a write whose reply was lost is given to arrive before its absence counts as evidence. Reserved out of the
   * deadline. Default: 2.
   */
  readonly grace?: number | undefined;
  /**
   * Whether a write that was done is read back. Without it an operation takes one round trip less, and the receipt shows the account as it
   * was before. Default: yes.
   */
  readonly confirm?: boolean | undefined;
  /** Whether every password that was written is tried in a logon of its own. Default: no. */
  readonly verifyByBind?: boolean | undefined;
  /**
   * Whether a logon with the new password may settle a write whose reply was lost, where nothing else can. If the write did not happen
   * this costs the account one bad-password count. Default: yes, and never where that could lock it.
   */
  readonly resolveByBind?: boolean | undefined;
}

/** So many tries in a period: so many may come at once, and each is given back evenly over the period. */
export interface Limit {
  /** How many, at least one. */
  readonly count: number;
  /** In how many seconds, at most 366 days. */
  readonly period: number;
}

/** What is refused as `RATE_LIMITED`: the error says by its `retryAt` when the same try can succeed. */
export interface RateLimits {
  /**
   * On one account, however it is named: writes and checked candidates, and a canary once, whatever becomes of them. An account that is
   * not there or must not be written takes none.
   */
  readonly perAccount?: Limit | undefined;
  /** On everything together, reads among it. */
  readonly total?: Limit | undefined;
}

/** The layers around a directory: who is told of every operation, and how often operations may be tried. */
export interface LayerOptions {
  /**
   * Told of every operation, at its start and at its end, in order. An operation begins once the listener has returned from its start;
   * its end is told before the promise settles. Where the listener throws at a start, `onSinkFailure` says what follows; at an end it
   * is too late. Whatever it throws, or its promise is rejected with, becomes a warning of the process (`process.on("warning")`).
   */
  readonly audit?: ((event: AuditEvent) => unknown) | undefined;
  /** A file to which every event is appended as a line of JSON. It is opened for each, so it may be rotated. */
  readonly auditFile?: string | undefined;
  /**
   * What follows when the listener throws at a start, or the file cannot be written: the operation is refused as `CONFIGURATION` and
   * nothing is sent, or it goes on. Default: `refuse`.
   */
  readonly onSinkFailure?: "refuse" | "continue" | undefined;
  /** How often operations may be tried, on one account and in all. Default: as often as anybody likes. */
  readonly rateLimit?: RateLimits | undefined;
}

/** A service account that logs on with its password. */
export interface PasswordCredentials {
  /** The service account: a user principal name, `DOMAIN\name` or a distinguished name. */
  readonly bindUser: string;
  /**
   * Its password; bytes are wiped. Or a function that gives it at each logon, so that it rotates without a restart; the bytes that it
   * gives are wiped too. It has three quarters of `connectTimeout` to answer. Where it throws or is too slow, the operation fails with `BIND_FAILED` and the
   * reason `no_password`, and nothing is sent.
   */
  readonly bindPassword: PasswordInput | (() => PasswordInput | Promise<PasswordInput>);
  /** Not with this way to log on. */
  readonly keytab?: undefined;
  /** Not with this way to log on. */
  readonly credentialCache?: undefined;
  /** Not with this way to log on. */
  readonly principal?: undefined;
}

/** A service account that logs on with Kerberos, by its key. Needs an addon that was built with Kerberos. */
export interface KeytabCredentials {
  /** The keytab file. Tickets are got with it, kept in memory only, and renewed by themselves. */
  readonly keytab: string;
  /** The service account's principal, `NAME@REALM`. */
  readonly principal: string;
  /** Not with this way to log on. */
  readonly credentialCache?: undefined;
  /** Not with this way to log on. */
  readonly bindUser?: undefined;
  /** Not with this way to log on. */
  readonly bindPassword?: undefined;
}

/** A service account that logs on with Kerberos, by tickets that somebody else renews. Needs an addon that was built with Kerberos. */
export interface CacheCredentials {
  /** The credential cache: a path, or a name such as `KEYRING:persistent:0`; `true` means the default one. */
  readonly credentialCache: string | true;
  /** The principal whose tickets are taken, and no others. */
  readonly principal?: string | undefined;
  /** Not with this way to log on. */
  readonly keytab?: undefined;
  /** Not with this way to log on. */
  readonly bindUser?: undefined;
  /** Not with this way to log on. */
  readonly bindPassword?: undefined;
}

/** How the service account logs on. */
export type Credentials = PasswordCredentials | KeytabCredentials | CacheCredentials;

/** How to reach Active Directory, and under which rules to write to it. */
export type ActiveDirectoryOptions = Reach & Credentials;

/** Where the domain controllers are, and the rules. */
export interface Reach extends Rules, LayerOptions {
  /**
   * The domain controllers, in the order they are tried: `ldaps://host[:port]`, or `ldap://host[:port]`, which always means StartTLS. One
   * that fails is tried last for a while. Either these or `domain`.
   */
  readonly servers?: readonly string[] | undefined;
  /** The DNS name of the domain, whose domain controllers are then found by DNS: instead of `servers`. */
  readonly domain?: string | undefined;
  /** With `domain`: the DNS servers to ask, `ip` or `ip:port`. Default: the system's. */
  readonly dnsServers?: readonly string[] | undefined;
  /**
   * With `domain`: the Active Directory site whose domain controllers come before others. Default: the one that the directory finds by
   * this machine's address.
   */
  readonly site?: string | undefined;
  /** With `domain`: whether to use StartTLS on the LDAP port that DNS gives. Default: no, LDAPS on port 636. */
  readonly startTls?: boolean | undefined;
  /** A PEM file with the certificate authorities to trust, and no others. Without it, those of the operating system. */
  readonly caFile?: string | undefined;
  /**
   * How long, in seconds, one domain controller may take to accept a connection and finish the TLS handshake, and again to accept the
   * logon. Default: 5.
   */
  readonly connectTimeout?: number | undefined;
  /**
   * How many connections are kept open between operations for the next ones; none is made before the first operation, and one that is not
   * used is closed after two minutes. 0 keeps none. Default: 4.
   */
  readonly warmConnections?: number | undefined;
}
