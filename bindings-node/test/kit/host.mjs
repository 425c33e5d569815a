// The other end of case_host: one program that sets cases up and compares; this side only does what it is told.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where cargo puts the programs of the test kit. */
export function program(name) {
  const directory =
    process.env.PASSWORD_WRITEBACK_TEST_PROGRAMS ?? fileURLToPath(new URL("../../../target/debug", import.meta.url));
  const path = `${directory}/${name}`;
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: cargo build -p password-writeback-tests --bins`);
  }
  return path;
}

/** A running case_host. */
export class Host {
  #child;
  #lines;

  constructor(backends) {
    this.#child = spawn(program("case_host"), backends, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async #read() {
    const { value, done } = await this.#lines.next();
    if (done) {
      throw new Error("case_host has gone");
    }
    return JSON.parse(value);
  }

  #write(message) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** The cases that apply. */
  async list() {
    this.#write({ list: {} });
    return (await this.#read()).cases;
  }

  /** Runs a case with these hands; the text says what was not as expected. */
  async run({ backend, case: name }, hands) {
    this.#write({ run: { backend, case: name } });
    for (;;) {
      const command = await this.#read();
      if ("done" in command) {
        return command.done;
      }
      this.#write(await hands.answer(command));
    }
  }

  /** Ends it, and waits until its servers are gone. */
  async end() {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end();
    await gone;
  }
}
