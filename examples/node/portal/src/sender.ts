/** How a code reaches its person. */

import type { Contact } from "./contacts.js";
import type { Language } from "./language/language.js";

/** A code on its way. */
export interface Message {
  readonly to: Contact;
  readonly code: string;
  /** How long it is valid, in minutes. */
  readonly minutes: number;
  /** The language of the page it was asked for on. */
  readonly language: Language;
}

/**
 * Sends codes. Put your own here: the mail relay, the text message service. It must not log the code. Where it throws, the code was not
 * sent, and does not count.
 */
export interface Sender {
  send(message: Message): Promise<void>;
}

/** Prints codes to the console, for whoever develops the portal. It refuses to exist in production. */
export class DevelopmentSender implements Sender {
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void = (line) => console.log(line)) {
    if (process.env.NODE_ENV === "production") {
      throw new Error("the development sender shows every code on the console: set PORTAL_SENDER in production");
    }
    this.#print = print;
  }

  async send({ to, code }: Message): Promise<void> {
    this.#print(`*** development sender: the code for ${to.address} is ${code}`);
  }
}
