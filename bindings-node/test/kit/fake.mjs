// The fake domain controller, in a process of its own.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { program } from "./host.mjs";

export class FakeDc {
  #child;
  #lines;
  #ready;

  constructor() {
    this.#child = spawn(program("fake_dc"), { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** A running one, which ends with the test. */
  static async start(t) {
    const dc = new FakeDc();
    dc.#ready = await dc.#read();
    t.after(() => dc.end());
    return dc;
  }

  async #read() {
    return JSON.parse((await this.#lines.next()).value);
  }

  /** The settings of a client. */
  get settings() {
    const { url, ca_file, bind_user, bind_password } = this.#ready;
    return { servers: [url], caFile: ca_file, bindUser: bind_user, bindPassword: bind_password };
  }

  /** The user that is in it. */
  get user() {
    return this.#ready.user;
  }

  /** That user's password at the start. */
  get password() {
    return this.#ready.password;
  }

  async #ask(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return this.#read();
  }

  hang(place) {
    return this.#ask({ hang: place });
  }

  slow(place, seconds) {
    return this.#ask({ slow: { at: place, seconds } });
  }

  usual() {
    return this.#ask({ usual: {} });
  }

  seen() {
    return this.#ask({ seen: {} });
  }

  async end() {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end();
    await gone;
  }
}
