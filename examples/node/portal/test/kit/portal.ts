/** A portal for a test: on a mock or a real directory, with an outbox in place of the mail. */

import type { FastifyInstance } from "fastify";
import { MockDirectory, type MockDirectoryOptions, type PasswordWriteback } from "password-writeback";
import { buildApp, makeLog } from "../../src/app.js";
import type { Contacts } from "../../src/contacts.js";
import { Portal } from "../../src/portal.js";
import type { Message } from "../../src/sender.js";
import { readSettings } from "../../src/settings.js";

/** What every account of the tests has at first. */
export const PASSWORD = "Old-Passw0rd-1";
export const SUBTREE = "OU=People,DC=corp,DC=example";

/** A domain in which each kind of account is there once. */
export function mockDirectory(options: MockDirectoryOptions = {}): MockDirectory {
  const directory = new MockDirectory({
    allowedSubtrees: [SUBTREE],
    policy: { minLength: 10, lockoutThreshold: 6 },
    ...options,
  });
  const add = (name: string, more: object = {}) =>
    directory.addUser({ name, password: PASSWORD, upn: `${name}@corp.example`, container: "OU=People", ...more });
  add("alice", { displayName: "Alice Anders" });
  add("bob", { mustChange: true });
  add("dave", { locked: true });
  add("erin", { disabled: true });
  add("frank", { groups: ["Domain Admins"] });
  add("grace", { container: "OU=Partners" });
  add("ivan");
  add("judy", { passwordAge: 60 });
  add("kim", { cannotChangePassword: true });
  add("leo", { expiresAt: new Date("2020-01-01T00:00:00Z") });
  return directory;
}

/** Everybody has an address but ivan. */
const everybody: Contacts = {
  find: async ({ samAccountName: name }) =>
    name === "ivan" ? null : { kind: "email", address: `${name}@mail.example` },
};

export interface Running {
  readonly app: FastifyInstance;
  readonly portal: Portal;
  readonly outbox: Message[];
  /** Every line of the log. */
  readonly log: string[];
}

export async function running(directory: PasswordWriteback, environment: NodeJS.ProcessEnv = {}): Promise<Running> {
  const settings = readSettings({
    PORTAL_PACE: "0.05",
    PORTAL_REQUESTS_PER_MINUTE: "100000",
    PORTAL_TRIES_PER_MINUTE: "100000",
    PORTAL_TRIES_PER_MINUTE_IN_ALL: "100000",
    ...environment,
  });
  const log: string[] = [];
  const outbox: Message[] = [];
  const sender = { send: async (message: Message) => void outbox.push(message) };
  const portal = new Portal(settings, directory, everybody, sender, false);
  const app = await buildApp(portal, makeLog("debug", { write: (line) => void log.push(line) }));
  return { app, portal, outbox, log };
}
