/** Where a code may be sent. */

import { readFile } from "node:fs/promises";
import type { Account } from "password-writeback";
import { z } from "zod";

/** An address of a person, which was registered beforehand. */
export interface Contact {
  readonly kind: "email" | "phone";
  readonly address: string;
}

/**
 * Knows the addresses of people. Put your own here: the personnel system, the identity platform. Never an address that the person at the
 * browser typed, and never an attribute that a help desk, or the account itself, can change unseen: who can write it can take the account.
 */
export interface Contacts {
  find(account: Account): Promise<Contact | null>;
}

const file = z.record(z.string(), z.object({ kind: z.enum(["email", "phone"]), address: z.string().min(3) }));

/** Contacts from a JSON file: `{"<objectGUID or sAMAccountName>": {"kind": "email", "address": "..."}}`. */
export class FileContacts implements Contacts {
  readonly #known: Promise<ReadonlyMap<string, Contact>>;

  constructor(path: string) {
    this.#known = readFile(path, "utf8").then((text) => spelt(file.parse(JSON.parse(text))));
    this.#known.catch(() => undefined);
  }

  async find(account: Account): Promise<Contact | null> {
    const known = await this.#known;
    return known.get(account.objectGuid.toLowerCase()) ?? known.get(account.samAccountName.toLowerCase()) ?? null;
  }

  /** Fails where the file cannot be read. */
  async ready(): Promise<void> {
    await this.#known;
  }
}

/** Contacts that are known beforehand, by sAMAccountName. */
export class FixedContacts implements Contacts {
  readonly #known: ReadonlyMap<string, Contact>;

  constructor(known: Readonly<Record<string, Contact>>) {
    this.#known = spelt(known);
  }

  async find(account: Account): Promise<Contact | null> {
    return this.#known.get(account.samAccountName.toLowerCase()) ?? null;
  }
}

function spelt(known: Readonly<Record<string, Contact>>): ReadonlyMap<string, Contact> {
  return new Map(Object.entries(known).map(([name, contact]) => [name.toLowerCase(), contact]));
}
