import type { WritebackErrorDetails } from "./error.js";
import type { LayerOptions, Rules } from "./options.js";
import type { PasswordInput } from "./secret.js";
import type { Reason } from "./words.js";

/** A password policy of a mock domain: what is left out is as in a new Active Directory domain. Ages are in seconds. */
export interface MockPolicy {
  /** Start from a policy that refuses nothing, instead of a new domain's. */
  readonly lenient?: boolean | undefined;
  /** The least length, in UTF-16 code units. */
  readonly minLength?: number | undefined;
  /** Whether complexity is required. */
  readonly complexity?: boolean | undefined;
  /** How many passwords are remembered, the current one among them; 0 switches the rule off. */
  readonly historyLength?: number | undefined;
  /** How old a password must be before it may be changed. */
  readonly minAge?: number | undefined;
  /** How old a password may become; 0 is for ever. */
  readonly maxAge?: number | undefined;
  /** How many bad passwords lock an account; 0: none do. */
  readonly lockoutThreshold?: number | undefined;
  /** How long a lockout lasts; 0: until it is unlocked. */
  readonly lockoutDuration?: number | undefined;
  /** For how long bad passwords are counted together. */
  readonly lockoutWindow?: number | undefined;
}

/** The settings of a mock directory, the rules of writing among them. */
export interface MockDirectoryOptions extends Rules, LayerOptions {
  /** The DNS name of the domain. Default: `corp.example`. */
  readonly domain?: string | undefined;
  /** The NetBIOS name of the domain. Default: the first label of its DNS name, in capitals. */
  readonly netbiosName?: string | undefined;
  /** The policy of the domain. */
  readonly policy?: MockPolicy | undefined;
  /** Which policy-hints control the domain controller offers. Default: `current`. */
  readonly policyHints?: "current" | "deprecated" | "absent" | undefined;
  /** How a password is refused: one code for every rule, as Windows does, or with the rule named, as Samba does. Default: `windows`. */
  readonly refusals?: "windows" | "stated" | undefined;
  /** The time at the start. Default: 2026-01-01T00:00:00Z. The clock stands still until it is moved. */
  readonly now?: Date | undefined;
  /** Make the domain controller one that says it is read-only. */
  readonly readOnly?: boolean | undefined;
  /** Make the domain controller refer every write to another one, as one that cannot write and does not say so. */
  readonly referring?: boolean | undefined;
  /** Words that the domain controller's password filter refuses. */
  readonly bannedWords?: readonly string[] | undefined;
}

/** An account of a mock directory: an ordinary, enabled user whose password was set ten days ago, unless said otherwise. */
export interface MockUser {
  /** The sAMAccountName. */
  readonly name: string;
  /** The current password. Without one, none matches. */
  readonly password?: PasswordInput | undefined;
  /** Former passwords that the directory remembers, the oldest first. */
  readonly formerPasswords?: readonly PasswordInput[] | undefined;
  /** An explicit user principal name. Several accounts may have the same one: then it is ambiguous. */
  readonly upn?: string | undefined;
  /** The name in the distinguished name. Default: the sAMAccountName. */
  readonly commonName?: string | undefined;
  /** A display name. */
  readonly displayName?: string | undefined;
  /** The container below the domain, such as `OU=Staff,OU=People`. Default: `CN=Users`. */
  readonly container?: string | undefined;
  /** The objectGUID, rather than a random one. */
  readonly guid?: string | undefined;
  /** The relative identifier, rather than the next free one. */
  readonly rid?: number | undefined;
  /** mS-DS-ConsistencyGuid. */
  readonly consistencyGuid?: string | undefined;
  /** What it is. Default: `user`. */
  readonly kind?:
    | "user"
    | "computer"
    | "domain_controller"
    | "managed_service_account"
    | "group_managed_service_account"
    | "trust"
    | undefined;
  /** The groups it is in; those that are not there are created, as global security groups. */
  readonly groups?: readonly string[] | undefined;
  /** The primary group. Default: `Domain Users`. */
  readonly primaryGroup?: string | undefined;
  /** adminCount: 1 is the mark of accounts that are, or once were, in a protected group. */
  readonly adminCount?: number | undefined;
  /** The number of the read-only domain controller whose krbtgt it is. */
  readonly secondaryKrbtgt?: number | undefined;
  /** How long before it is added the password was set, in seconds. */
  readonly passwordAge?: number | undefined;
  /** When the password was set. */
  readonly passwordSetAt?: Date | undefined;
  /** The password must be changed at the next logon. */
  readonly mustChange?: boolean | undefined;
  /** Disabled. */
  readonly disabled?: boolean | undefined;
  /** Its password never expires. */
  readonly passwordNeverExpires?: boolean | undefined;
  /** It needs no password. */
  readonly passwordNotRequired?: boolean | undefined;
  /** It logs on with a smart card only. */
  readonly smartcardRequired?: boolean | undefined;
  /** Its user cannot change the password. */
  readonly cannotChangePassword?: boolean | undefined;
  /** It inherits no rights, so that nothing delegated holds on it. */
  readonly inheritanceBroken?: boolean | undefined;
  /** When the account expires. */
  readonly expiresAt?: Date | undefined;
  /** Locked out at the moment it is added, whatever the policy. */
  readonly locked?: boolean | undefined;
  /** How many bad passwords have just been counted. */
  readonly badPasswords?: number | undefined;
  /** The rights on this one account that the service account lacks. */
  readonly without?: readonly MockRight[] | undefined;
}

/** A group of a mock directory: a global security group, unless said otherwise. */
export interface MockGroup {
  /** Its name. */
  readonly name: string;
  /** Its scope. Default: `global`. */
  readonly scope?: "global" | "universal" | "domain_local" | undefined;
  /** A distribution group, which is in nobody's token. */
  readonly distribution?: boolean | undefined;
  /** The relative identifier, rather than the next free one. */
  readonly rid?: number | undefined;
  /** The groups it is in. A circle is legal. */
  readonly memberOf?: readonly string[] | undefined;
}

/** A fine-grained policy, linked to users and groups by name. */
export interface MockFineGrainedPolicy {
  /** Its name. */
  readonly name: string;
  /** Lower precedence wins. */
  readonly precedence: number;
  /** Its rules. */
  readonly policy?: MockPolicy | undefined;
  /** The objectGUID, rather than a random one. */
  readonly guid?: string | undefined;
  /** The users it is linked to. */
  readonly users?: readonly string[] | undefined;
  /** The groups it is linked to. */
  readonly groups?: readonly string[] | undefined;
}

/** A right of the mock directory's service account: the texts of {@link WritebackError.missingRight}. */
export type MockRight =
  | "reset password"
  | "change password"
  | "write lockoutTime"
  | "write pwdLastSet"
  | "unexpire password"
  | "read password settings"
  | "read domain policy"
  | "read objectSid"
  | "read sAMAccountName"
  | "read userPrincipalName"
  | "read displayName"
  | "read mS-DS-ConsistencyGuid"
  | "read userAccountControl"
  | "read msDS-User-Account-Control-Computed"
  | "read tokenGroups"
  | "read adminCount"
  | "read msDS-SecondaryKrbTgtNumber"
  | "read pwdLastSet"
  | "read lockoutTime"
  | "read accountExpires"
  | "read msDS-UserPasswordExpiryTimeComputed"
  | "read msDS-ResultantPSO"
  | "read badPwdCount"
  | "read uSNChanged"
  | "read replPropertyMetaData";

/** A stage of an operation at which a fault can strike. */
export type Stage = "open" | "find" | "read" | "policy" | "write" | "read_back" | "logon";

/**
 * Something that goes wrong, or somebody who gets in between. Durations are in seconds.
 *
 * A fault strikes where the next operation reaches its stage, in the order in which faults were armed.
 */
export type Fault =
  /** No domain controller answers. */
  | { readonly kind: "unreachable" }
  /** The TLS handshake fails, for this reason. */
  | { readonly kind: "tls"; readonly reason: Reason }
  /** The service account's logon fails, for this reason. */
  | { readonly kind: "bind_failed"; readonly reason: Reason }
  /** Only a read-only domain controller answers. */
  | { readonly kind: "read_only" }
  /** The connection is cut at a stage; at `write`, before the request is sent. */
  | { readonly kind: "cut"; readonly stage: Stage }
  /** The connection is cut before the write is sent. */
  | { readonly kind: "cut_before_write" }
  /** The connection is cut after the write was sent and before its reply; whether the server carries it out. */
  | { readonly kind: "cut_after_request"; readonly applied: boolean }
  /** The connection is cut after the write was sent, and the server carries it out this much later. */
  | { readonly kind: "applied_late"; readonly delay: number }
  /** The connection is cut after the reply to the write. */
  | { readonly kind: "cut_after_reply" }
  /** After the write was sent the domain controller cannot be reached, until it comes back. */
  | { readonly kind: "gone_after"; readonly applied: boolean }
  /** A stage takes this long. */
  | { readonly kind: "slow"; readonly stage: Stage; readonly duration: number }
  /** A stage never ends. A write that hangs is not carried out. */
  | { readonly kind: "hang"; readonly stage: Stage }
  /** The server answers the write with this LDAP result and text, and does nothing. */
  | { readonly kind: "refuse"; readonly resultCode: number; readonly diagnostic?: string | undefined }
  /** Somebody else sets another password just before `read`, `write` or `read_back`. */
  | { readonly kind: "other_writer"; readonly before: Stage; readonly password: PasswordInput }
  /** A stage fails with this error; `write` as something that was never sent, `logon` as nothing proven. */
  | { readonly kind: "fail"; readonly stage: Stage; readonly error: WritebackErrorDetails };

/** An account as a mock directory stores it, whatever the service account may read. */
export interface MockAccount {
  /** The distinguished name. */
  readonly distinguishedName: string;
  /** The objectGUID. */
  readonly guid: string;
  /** The objectSid. */
  readonly sid: string;
  /** The SIDs of every security group that it is in: direct, nested and primary. */
  readonly tokenGroups: readonly string[];
  /** userAccountControl. */
  readonly userAccountControl: number;
  /** adminCount. */
  readonly adminCount: number | null;
  /** When the password was set; `null` where it must be changed. */
  readonly passwordLastSet: Date | null;
  /** pwdLastSet is 0. */
  readonly mustChangePassword: boolean;
  /** The password has expired, by age or because it must be changed. */
  readonly passwordExpired: boolean;
  /** Locked out now. */
  readonly locked: boolean;
  /** When it was locked out; `null` after an unlock. */
  readonly lockoutTime: Date | null;
  /** badPwdCount. */
  readonly badPasswordCount: number;
  /** How often the password has been set. */
  readonly passwordVersion: number;
  /** uSNChanged: it moves with every change that is replicated. */
  readonly usnChanged: number;
  /** The distinguished name of the fine-grained policy that applies. */
  readonly resultantPso: string | null;
}

/** What a domain controller answers a user's logon: `0` for success, else the logon error of a refused bind. */
export type BindAnswer = "0" | "525" | "52e" | "532" | "533" | "701" | "773" | "775";
