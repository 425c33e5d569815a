/** A live domain controller, in a process of its own, which ends with this one. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where cargo puts the programs of the test kit. */
const PROGRAMS =
  process.env.PASSWORD_WRITEBACK_TEST_PROGRAMS ??
  fileURLToPath(new URL("../../../../../../target/debug", import.meta.url));

export interface Address {
  readonly url: string;
  readonly ca_file: string;
  readonly bind_user: string;
  readonly bind_password: string;
  readonly people: string;
  readonly dns_domain: string;
  /** What every user has at first. */
  readonly password: string;
}

export interface NewUser {
  readonly name: string;
  readonly container?: string;
  readonly display_name?: string;
  readonly disabled?: boolean;
  readonly must_change?: boolean;
  readonly groups?: readonly string[];
}

export class LiveDc {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #address: Address | undefined;

  private constructor(release: string) {
    const path = `${PROGRAMS}/samba_dc`;
    if (!existsSync(path)) {
      throw new Error(`${path} is missing: cargo build -p password-writeback-tests --bins`);
    }
    this.#child = spawn(path, [release], { stdio: ["pipe", "pipe", "inherit"] });
    const lines: Interface = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** A running one, or `null` where that release is not installed (which has then been said loudly). */
  static async start(release: string): Promise<LiveDc | null> {
    const dc = new LiveDc(`samba_${release.replace(".", "_")}`);
    const first = (await dc.#read()) as Address | { missing: string };
    if ("missing" in first) {
      return null;
    }
    dc.#address = first;
    // As the manual has it, so that policies can be told.
    await dc.#do({ allow_policies: {} });
    return dc;
  }

  get address(): Address {
    if (this.#address === undefined) {
      throw new Error("it does not run");
    }
    return this.#address;
  }

  async #read(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      throw new Error("samba_dc has gone");
    }
    return JSON.parse(value);
  }

  /** Has one thing done, and gives the answer; `samba_dc` says what it takes. */
  async #do<T>(command: object): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const answer = (await this.#read()) as { ok: T } | { error: string };
    if ("error" in answer) {
      throw new Error(answer.error);
    }
    return answer.ok;
  }

  policy(rules: { lockout_threshold?: number; min_age?: number; min_length?: number; history?: number }) {
    return this.#do<null>({ policy: rules });
  }

  user(user: NewUser) {
    return this.#do<{ dn: string; guid: string }>({ add_user: user });
  }

  unit(name: string) {
    return this.#do<string>({ add_unit: { name } });
  }

  lock(dn: string) {
    return this.#do<null>({ lock: { dn } });
  }

  /** `"0"` where that logon is accepted, else the server's code. */
  bind(user: string, password: string) {
    return this.#do<string>({ bind: { user, password } });
  }

  async number(dn: string, attribute: string): Promise<number> {
    return (await this.#do<number | null>({ number: { dn, attribute } })) ?? 0;
  }

  async end(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.stdin?.end();
    await gone;
  }
}
