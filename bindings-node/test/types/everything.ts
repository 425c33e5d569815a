// Uses everything that the package exports. It is compiled as a module of each kind, and never run.
import {
  type Account,
  ActiveDirectory,
  type ActiveDirectoryOptions,
  type AuditEvent,
  type Code,
  type Command,
  type Diagnosis,
  type Fault,
  generatePassword,
  Identity,
  type MockAccount,
  type MockClock,
  MockDirectory,
  type MockUser,
  type Outcome,
  type PasswordInput,
  type PasswordPolicy,
  type PasswordWriteback,
  type Receipt,
  type RequestOptions,
  type ResetDone,
  type ResetFailed,
  type ResetManyOptions,
  type ResetOptions,
  type ResetRequest,
  type ResetResult,
  type Verdict,
  type Violation,
  WritebackError,
  type WritebackErrorDetails,
  type WritebackErrorReport,
} from "password-writeback";

const options: ActiveDirectoryOptions = {
  servers: ["ldaps://dc1.corp.example"],
  bindUser: "svc-writeback@corp.example",
  bindPassword: async () => new Uint8Array(8),
  caFile: "corp-ca.pem",
  connectTimeout: 2.5,
  warmConnections: 2,
  initiator: "administrator",
  history: "if_supported",
  allowedSubtrees: ["OU=People,DC=corp,DC=example"],
  acceptedIdentities: ["upn", "source_anchor"],
  allowSelfServiceOnProtected: false,
  allowAdministratorOnProtected: false,
  protectedGroups: ["S-1-5-21-1-2-3-1104"],
  deadline: 20,
  grace: 1,
  confirm: false,
  verifyByBind: true,
  resolveByBind: false,
  audit: (event: AuditEvent) => console.log(event.time.toISOString(), event.outcome, event.microsoftEvent),
  auditFile: "audit.jsonl",
  onSinkFailure: "continue",
  rateLimit: { perAccount: { count: 5, period: 3600 }, total: { count: 1000, period: 60 } },
};

const discovered: ActiveDirectoryOptions = {
  domain: "corp.example",
  dnsServers: ["10.0.0.53"],
  site: "Branch",
  startTls: true,
  bindUser: "svc-writeback@corp.example",
  bindPassword: "x",
};
void discovered;

export async function everything(directory: PasswordWriteback, password: PasswordInput): Promise<Outcome> {
  const request: RequestOptions = {
    actor: Identity.sam("bob"),
    correlationId: "c",
    deadline: 5,
    initiator: "self_service",
  };
  const controller = new AbortController();
  const reset: ResetOptions = {
    ...request,
    unlock: "if_permitted",
    requireChange: true,
    history: "off",
    signal: controller.signal,
  };
  try {
    const receipt: Receipt = await directory.resetPassword(Identity.upn("alice@corp.example"), password, reset);
    const account: Account = receipt.account;
    const set: Date | null = receipt.passwordLastSet ?? account.passwordLastSet;
    console.log(set?.getTime(), receipt.warnings.includes("expired_at_once"), receipt.verification === "re_read");
    await directory.changePassword(Identity.sourceAnchor("x"), "old", "new", request);
    await directory.unlockAccount(Identity.guid("x"), request);
    await directory.requirePasswordChange(Identity.sid("S-1-5-21-1-2-3-4"));
    const verdict: Verdict = await directory.checkPassword(Identity.dn("CN=x"), "candidate");
    const limits = verdict.violations.map((violation: Violation): number | undefined => violation.limit);
    const policy: PasswordPolicy = await directory.passwordPolicy("alice");
    if (typeof policy.source === "object" && "fineGrained" in policy.source) {
      console.log(policy.source.fineGrained, policy.minLength ?? 0, limits);
    }
    const diagnosis: Diagnosis = await directory.diagnose("alice");
    await directory.diagnose(null, request);
    const canary: Diagnosis = await directory.diagnose("wb-canary", { canary: true, deadline: 60 });
    const commands: readonly Command[] = canary.checks.flatMap((check) => check.commands ?? []);
    console.log(
      canary.outcome === "applied",
      commands.map((command) => (command.tool === "samba_tool" ? command.command : "")),
    );
    await directory.diagnose();
    console.log(
      diagnosis.healthy,
      diagnosis.checks.map((check) => check.fix ?? check.detail),
    );
    return "applied";
  } catch (error) {
    if (!(error instanceof WritebackError)) {
      throw error;
    }
    const code: Code = error.code;
    switch (error.kind) {
      case "policy":
        console.log(error.violations.map((violation) => [violation.rule, violation.certainty, violation.retryAt]));
        break;
      case "service_account":
        console.log(error.missingRight, error.reason === "no_password", error.resultCode, error.win32);
        break;
      default:
        console.log(
          code,
          error.protection,
          error.account?.samAccountName,
          error.domainController,
          error.microsoftEvent,
          error.retryAt?.getTime(),
        );
    }
    const report: WritebackErrorReport = error.toJSON();
    const details: WritebackErrorDetails = report;
    console.log(new WritebackError(details).stack, report.name, error.retryAt?.toISOString());
    console.log(WritebackError.fromJSON(JSON.stringify(error)).outcome);
    return error.outcome;
  }
}

export async function many(directory: PasswordWriteback, rows: AsyncIterable<ResetRequest>): Promise<string[]> {
  const given: string[] = [];
  const options: ResetManyOptions = { concurrency: 4, signal: new AbortController().signal };
  for await (const done of directory.resetMany(rows, options)) {
    const place: number = done.index;
    const who: string = `${place} ${done.identity} ${done.correlationId}`;
    // Each property alone says which of the two it is, and so do the names.
    const one: string = done.error ? done.error.code : done.receipt.domainController;
    const other: string = done.receipt ? done.receipt.domainController : done.error.outcome;
    const third: string = done.error === undefined ? done.receipt.history : done.error.message;
    const { receipt, error } = done;
    const fourth: string = error ? error.kind : receipt.verification;
    given.push(who, one, other, third, fourth, told(done));
  }
  // A stream, a generator and an array are iterables; the options may be left out.
  const request: ResetRequest = {
    identity: Identity.sam("alice"),
    newPassword: new Uint8Array(8),
    requireChange: true,
  };
  const results: AsyncIterableIterator<ResetResult> = directory.resetMany([request, { ...request, identity: "bob" }]);
  const { value, done } = await results.next();
  given.push(done ? "" : told(value));
  await results.return?.();
  directory.resetMany(new Set([request]).values(), {});
  return given;
}

function told(result: ResetResult): string {
  if (result.receipt !== undefined) {
    const done: ResetDone = result;
    return done.receipt.correlationId;
  }
  const failed: ResetFailed = result;
  return failed.error.code;
}

export async function mock(): Promise<void> {
  const user: MockUser = {
    name: "alice",
    password: "x",
    formerPasswords: [new Uint8Array(1)],
    kind: "user",
    without: ["read adminCount"],
  };
  const directory = new MockDirectory({
    policy: { lenient: true },
    now: new Date(),
    refusals: "stated",
    policyHints: "absent",
  });
  const guid: string = directory.addUser(user);
  directory.addGroup({ name: "g", scope: "domain_local", memberOf: ["h"] });
  directory.nestGroup("g", "h");
  directory.addFineGrainedPolicy({ name: "p", precedence: 1, policy: { minAge: 5 }, groups: ["g"] });
  directory.setPolicy({ maxAge: 0 });
  directory.moveUser(Identity.guid(guid), "OU=x");
  directory.revoke("reset password");
  directory.grant("reset password");
  directory.revokeOn("alice", "read adminCount");
  directory.grantOn(Identity.sam("alice"), "read adminCount");
  directory.protectAdministrators();
  const faults: Fault[] = [
    { kind: "unreachable" },
    { kind: "tls", reason: "wrong_name" },
    { kind: "slow", stage: "read_back", duration: 0.5 },
    { kind: "refuse", resultCode: 53 },
    { kind: "other_writer", before: "write", password: "x" },
    { kind: "fail", stage: "find", error: { code: "DIRECTORY", message: "m" } },
    { kind: "fail", stage: "logon", error: new WritebackError({ code: "TIMEOUT", message: "m" }) },
  ];
  for (const fault of faults) {
    directory.failNext(fault);
  }
  directory.failTimes(2, { kind: "read_only" });
  directory.failAlways({ kind: "gone_after", applied: true });
  directory.clearFaults();
  directory.comeBack();
  const stored: MockAccount | null = directory.account("alice");
  console.log(stored?.tokenGroups.length, directory.verifyPassword("alice", "x"), directory.bind("alice", "x") === "0");
  console.log(directory.badPasswordCount("alice") + directory.writes() + directory.pendingFaults());
  const clock: MockClock = directory.clock;
  clock.set(new Date(clock.now().getTime() + 1000));
  clock.advance(60);
  const random: Uint8Array = generatePassword(await directory.passwordPolicy("alice"));
  await directory.resetPassword("alice", random);
  directory.removeUser("alice");
  await directory.close();
}

const real = new ActiveDirectory(options);
const all: PasswordWriteback[] = [real, new MockDirectory()];
console.log(all.length, everything, many);

// What must not compile.
// @ts-expect-error: a misspelt option
void real.resetPassword("alice", "x", { unlok: true });
// @ts-expect-error: not a password
void real.resetPassword("alice", 5);
// @ts-expect-error: not a word
void real.resetPassword("alice", "x", { history: "always" });
// @ts-expect-error: an option of another operation
void real.unlockAccount("alice", { unlock: true });
// @ts-expect-error: a result is not to be changed
void real.findAccount("alice").then((account) => (account.enabled = true));
// @ts-expect-error: a request without a password
real.resetMany([{ identity: "alice" }]);
// @ts-expect-error: a misspelt option of a request
real.resetMany([{ identity: "alice", newPassword: "x", unlok: true }]);
// @ts-expect-error: a signal is one of all
real.resetMany([{ identity: "alice", newPassword: "x", signal: new AbortController().signal }]);
// @ts-expect-error: no requests
real.resetMany("alice", "x");
// @ts-expect-error: a misspelt option
real.resetMany([], { concurency: 5 });
export function refused(result: ResetResult): void {
  // @ts-expect-error: there is a receipt only where there is no error
  console.log(result.receipt.warnings);
  // @ts-expect-error: a result is not to be changed
  result.index = 1;
}
new ActiveDirectory({ servers: [], keytab: "svc.keytab", principal: "svc@CORP.EXAMPLE" });
new ActiveDirectory({ servers: [], credentialCache: true });
// @ts-expect-error: a keytab needs a principal
new ActiveDirectory({ servers: [], keytab: "svc.keytab" });
// @ts-expect-error: one way to log on, not two
new ActiveDirectory({ servers: [], bindUser: "x", bindPassword: "y", credentialCache: "z" });
// @ts-expect-error: the service account is missing
new ActiveDirectory({ servers: ["ldaps://dc1"], bindPassword: "y" });
// @ts-expect-error: an identity is made by its kind
new Identity("sam", "alice");
