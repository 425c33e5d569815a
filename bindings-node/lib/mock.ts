import * as native from "../native.js";
import { named, plain } from "./arguments.js";
import { outward } from "./convert.js";
import { Directory, opened, site } from "./directory.js";
import { WritebackError, type WritebackErrorDetails } from "./error.js";
import { Link } from "./listen.js";
import type {
  BindAnswer,
  Fault,
  MockAccount,
  MockDirectoryOptions,
  MockFineGrainedPolicy,
  MockGroup,
  MockPolicy,
  MockRight,
  MockUser,
} from "./mock-options.js";
import type { IdentityInput } from "./options.js";
import { check, type PasswordInput, wiping } from "./secret.js";
import { listener, settings } from "./settings.js";

/** What says what the domain is like. */
const OWN: readonly (keyof MockDirectoryOptions)[] = [
  "domain",
  "netbiosName",
  "policy",
  "policyHints",
  "refusals",
  "now",
  "readOnly",
  "referring",
  "bannedWords",
];

/** The function that a test called. */
type Entry = (...parameters: never[]) => unknown;

/** What a command takes beside its name. */
interface Parts {
  readonly given?: unknown;
  readonly identity?: IdentityInput;
  readonly text?: string;
  readonly right?: string;
  readonly times?: number;
  readonly seconds?: number;
}

/**
 * The clock of a mock domain controller: it stands still until a test moves it.
 *
 * Ages, expiry, lockouts and the times of audit events go by it. Deadlines do not: they go by the machine's time.
 */
export interface MockClock {
  /** The time it shows. */
  now(): Date;
  /** Sets the time, forwards or back. */
  set(now: Date): void;
  /** Moves the time forwards, by seconds. */
  advance(seconds: number): void;
}

/**
 * A directory in memory that obeys Active Directory's rules, for the tests of whoever uses this package.
 *
 * ```ts
 * const directory = new MockDirectory();
 * directory.addUser({ name: "alice", password: "Old-Passw0rd", groups: ["Staff"] });
 * await directory.resetPassword("alice", "New-Passw0rd-1");
 * ```
 *
 * It is not a recorder of calls: it has a domain with a policy, accounts, groups, fine-grained policies, a service account with rights
 * that can be taken away, a clock that a test moves, and faults on request. A new one is the domain `corp.example` (`CORP`) with the
 * policy of a new domain, the built-in groups, and the accounts `Administrator`, `krbtgt` and `svc-writeback`.
 */
export class MockDirectory extends Directory {
  /** The domain controller's clock. */
  readonly clock: MockClock;
  readonly #native: native.Directory;

  /** Makes a directory with the built-in accounts and groups of a new domain; one that cannot be is refused as `CONFIGURATION`. */
  constructor(options?: MockDirectoryOptions) {
    const at = site(new.target as never);
    const { audit, ...told }: MockDirectoryOptions = plain(options);
    const text = settings(told, OWN);
    const directory = new native.Directory();
    const link = new Link(directory, listener(audit), undefined);
    opened(directory.imagine(text, audit !== undefined, link.waker()), at);
    super(directory, link);
    this.#native = directory;
    this.clock = this.#clock();
  }

  #clock(): MockClock {
    const now = (): Date => new Date(this.#play<string>(now, "now"));
    const set = (time: Date): void => this.#play(set, "set_now", { given: time });
    const advance = (seconds: number): void => this.#play(advance, "advance", { seconds });
    return Object.freeze({ now, set, advance });
  }

  /** Adds an account, and tells its objectGUID. */
  addUser(user: MockUser): string {
    const options = plain(user);
    const { password, formerPasswords } = options;
    const held: unknown[] = [password, formerPasswords];
    return wiping(held, () => {
      const former: PasswordInput[] = [];
      for (const each of formerPasswords ?? []) {
        held.push(each);
        former.push(each);
      }
      if (password === undefined && former.length > 0) {
        throw new TypeError("an account without a password has no former ones");
      }
      const { password: _, formerPasswords: __, ...given } = options;
      return this.#play(this.addUser, "add_user", { given }, password === undefined ? [] : [password, ...former]);
    });
  }

  /** Adds a group, and tells its SID. */
  addGroup(group: MockGroup): string {
    return this.#play(this.addGroup, "add_group", { given: plain(group) });
  }

  /** Makes one group a member of another. A circle is legal. */
  nestGroup(member: string, group: string): void {
    this.#play(this.nestGroup, "nest_group", { given: [member, group] });
  }

  /** Adds a fine-grained policy, and tells its objectGUID. */
  addFineGrainedPolicy(policy: MockFineGrainedPolicy): string {
    return this.#play(this.addFineGrainedPolicy, "add_fine_grained_policy", { given: plain(policy) });
  }

  /** Replaces the policy of the domain. */
  setPolicy(policy: MockPolicy): void {
    this.#play(this.setPolicy, "set_policy", { given: plain(policy) });
  }

  /** Moves an account to another container below the domain, such as `OU=Leavers`. */
  moveUser(identity: IdentityInput, container: string): void {
    this.#play(this.moveUser, "move_user", { identity, text: container });
  }

  /** Deletes an account. */
  removeUser(identity: IdentityInput): void {
    this.#play(this.removeUser, "remove_user", { identity });
  }

  /** Takes a right from the service account, on every account. */
  revoke(right: MockRight): void {
    this.#play(this.revoke, "revoke", { right });
  }

  /** Takes a right from the service account, on one account. */
  revokeOn(identity: IdentityInput, right: MockRight): void {
    this.#play(this.revokeOn, "revoke", { right, identity });
  }

  /** Gives a right back that {@link revoke} took. */
  grant(right: MockRight): void {
    this.#play(this.grant, "grant", { right });
  }

  /** Gives a right on one account back. */
  grantOn(identity: IdentityInput, right: MockRight): void {
    this.#play(this.grantOn, "grant", { right, identity });
  }

  /** Does what Active Directory does every hour for members of protected groups: sets adminCount, and takes the delegated rights. */
  protectAdministrators(): void {
    this.#play(this.protectAdministrators, "protect_administrators");
  }

  /** Arms a fault that strikes once. Faults strike in the order in which they were armed. */
  failNext(fault: Fault): void {
    this.#fail(this.failNext, fault, { times: 1 });
  }

  /** Arms a fault that strikes so many times. */
  failTimes(times: number, fault: Fault): void {
    this.#fail(this.failTimes, fault, { times });
  }

  /** Arms a fault that strikes every time. */
  failAlways(fault: Fault): void {
    this.#fail(this.failAlways, fault, {});
  }

  #fail(entry: Entry, fault: Fault, parts: Parts): void {
    const options = plain(fault) as { password?: PasswordInput; error?: WritebackErrorDetails };
    const { password } = options;
    wiping([password], () => {
      const { password: _, error, ...given } = options;
      const told = error === undefined ? given : { ...given, error: new WritebackError(error).toJSON() };
      this.#play(entry, "fail", { ...parts, given: told }, password === undefined ? [] : [password]);
    });
  }

  /** Disarms every fault. */
  clearFaults(): void {
    this.#play(this.clearFaults, "clear_faults");
  }

  /** Makes a domain controller that is gone answer again. */
  comeBack(): void {
    this.#play(this.comeBack, "come_back");
  }

  /** An account as it is stored; `null` where there is none of this identity, or several. */
  account(identity: IdentityInput): MockAccount | null {
    return this.#play(this.account, "account", { identity });
  }

  /** Whether this is the account's password. It leaves nothing behind, and a lockout makes no difference. */
  verifyPassword(identity: IdentityInput, password: PasswordInput): boolean {
    return wiping([password], () => this.#play(this.verifyPassword, "verify_password", { identity }, [password]));
  }

  /** Logs a user on, as a simple bind does: a wrong password is counted and can lock the account, a right one clears the count. */
  bind(identity: IdentityInput, password: PasswordInput): BindAnswer {
    return wiping([password], () => this.#play(this.bind, "bind", { identity }, [password]));
  }

  /** How many bad passwords are counted; 0 for an account that is not there. */
  badPasswordCount(identity: IdentityInput): number {
    return this.#play(this.badPasswordCount, "bad_password_count", { identity });
  }

  /** How many modifications the directory has carried out for this library. */
  writes(): number {
    return this.#play(this.writes, "writes");
  }

  /** How many faults are armed yet, so that a test can see that all have struck. */
  pendingFaults(): number {
    return this.#play(this.pendingFaults, "pending_faults");
  }

  /** Does a command. Whoever has secrets for it wipes them. */
  #play<T>(entry: Entry, command: string, parts: Parts = {}, secrets: readonly PasswordInput[] = []): T {
    const at = site(entry);
    for (const secret of secrets) {
      check(secret, "a password");
    }
    if (parts.identity !== undefined) {
      named(parts.identity);
    }
    const text = JSON.stringify(outward(parts, "the command"));
    return opened<T>(this.#native.play(command, text, [...secrets]), at);
  }
}
