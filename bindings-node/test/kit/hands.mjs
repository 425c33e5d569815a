// Does what case_host says, through the public interface of the package.
import { inspect } from "node:util";
import { ActiveDirectory, Identity, MockDirectory, WritebackError } from "password-writeback";

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The same plain value with its names changed. */
function renamed(value, rename) {
  if (Array.isArray(value)) {
    return value.map((item) => renamed(item, rename));
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [rename(name), renamed(field, rename)]));
}

/** What the core would have written: JSON with its names, without what is null in an error. */
const written = (value) => renamed(JSON.parse(JSON.stringify(value ?? null)), snake);

function writtenError(error) {
  const { name: _, kind: __, ...fields } = written(error);
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== null));
}

const date = (text) => (text === undefined ? undefined : new Date(text));

function identity(given) {
  if (typeof given === "string" || given === undefined) {
    return given;
  }
  const [[kind, text]] = Object.entries(given);
  return Identity[camel(kind)](text);
}

const LOGON = {
  0: "ok",
  "52e": "wrong",
  532: "password_expired",
  533: "disabled",
  701: "account_expired",
  773: "must_change",
  775: "locked",
};

/** Performs an operation with the arguments a programmer would write. */
async function perform(directory, operation, request) {
  const { identity: who, new_password, old_password, candidate, actor, ...rest } = request;
  const options = { ...renamed(rest, camel), actor: identity(actor) };
  const passwords = [old_password, new_password, candidate].filter((password) => password !== undefined);
  return directory[camel(operation)](identity(who), ...passwords, options);
}

/** What one case is done with. */
export class Hands {
  #directory;

  /** The answer to a command. */
  async answer(command) {
    try {
      const ok = await this[`_${command.do}`](command);
      return { ok: written(ok), printed: `${inspect(ok, { depth: 9 })} ${JSON.stringify(ok)}` };
    } catch (error) {
      if (!(error instanceof WritebackError)) {
        throw error;
      }
      const printed = `${error} ${error.stack} ${inspect(error, { depth: 9, showHidden: true })}`;
      return { error: writtenError(error), printed };
    }
  }

  _active_directory({ settings: { rules, layers, ...settings }, bind_password }) {
    this.#directory = new ActiveDirectory({
      ...renamed({ ...settings, ...rules, ...layers }, camel),
      bindPassword: bind_password,
    });
  }

  _mock({ settings: { rules, layers, now, ...settings } }) {
    this.#directory = new MockDirectory({ ...renamed({ ...settings, ...rules, ...layers }, camel), now: date(now) });
  }

  _revoke({ right }) {
    this.#directory.revoke(right);
  }

  _set_clock({ now }) {
    this.#directory.clock.set(new Date(now));
  }

  _advance({ seconds }) {
    this.#directory.clock.advance(seconds);
  }

  _add_group({ group }) {
    return this.#directory.addGroup(renamed(group, camel));
  }

  _add_user({ user: { password_set_at, expires_at, ...user }, password, former_passwords }) {
    return this.#directory.addUser({
      ...renamed(user, camel),
      passwordSetAt: date(password_set_at),
      expiresAt: date(expires_at),
      password,
      formerPasswords: former_passwords,
    });
  }

  _add_fine_grained_policy({ policy }) {
    return this.#directory.addFineGrainedPolicy(renamed(policy, camel));
  }

  _account({ account }) {
    return this.#directory.account(Identity.sam(account));
  }

  _bind({ account, password }) {
    return LOGON[this.#directory.bind(Identity.sam(account), password)];
  }

  _perform({ operation, request }) {
    return perform(this.#directory, operation, request);
  }

  async _close() {
    await this.#directory?.close();
  }
}
