/** The settings, from the environment. */

import { readFileSync } from "node:fs";
import { z } from "zod";
import { JOURNEY_MINUTES } from "./journeys.js";

const list = z
  .string()
  .transform((text) =>
    text
      .split(";")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  )
  // A variable that a template left blank must not mean that everything is allowed.
  .refine((parts) => parts.length > 0, "names nothing");
const count = z.coerce.number().int().min(0);
const some = z.coerce.number().int().min(1);
const seconds = z.coerce.number().positive();

const environment = z.object({
  // By name, or a "prod" would be a development.
  NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
  PORTAL_ADDRESS: z.string().default("127.0.0.1"),
  PORTAL_PORT: count.default(8080),
  PORTAL_TLS_CERT_FILE: z.string().optional(),
  PORTAL_TLS_KEY_FILE: z.string().optional(),
  PORTAL_TRUSTED_PROXIES: list.optional(),
  PORTAL_SERVERS: list.optional(),
  PORTAL_BIND_USER: z.string().optional(),
  PORTAL_BIND_PASSWORD_FILE: z.string().optional(),
  PORTAL_CA_FILE: z.string().optional(),
  PORTAL_ALLOWED_SUBTREES: list.optional(),
  PORTAL_PROTECTED_GROUPS: list.optional(),
  PORTAL_HISTORY: z.enum(["required", "if_supported", "off"]).default("required"),
  PORTAL_DEADLINE: seconds.default(20),
  PORTAL_SENDER: z.string().optional(),
  PORTAL_CONTACTS: z.string().optional(),
  PORTAL_CONTACTS_FILE: z.string().optional(),
  PORTAL_SESSION_SECRET_FILE: z.string().optional(),
  PORTAL_CODE_MINUTES: seconds.max(JOURNEY_MINUTES).default(10),
  PORTAL_CODE_TRIES: some.default(5),
  PORTAL_CODES_PER_HOUR: some.default(5),
  PORTAL_PASSWORD_TRIES: count.default(4),
  PORTAL_LOCKOUT_THRESHOLD: count.optional(),
  PORTAL_PACE: seconds.default(1.5),
  PORTAL_REQUESTS_PER_MINUTE: some.default(120),
  PORTAL_TRIES_PER_MINUTE: some.default(20),
  PORTAL_TRIES_PER_MINUTE_IN_ALL: some.default(600),
  PORTAL_GENERAL_MIN_LENGTH: count.default(12),
  PORTAL_HELP_DESK: z.string().optional(),
  PORTAL_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info"),
});

/** The word for the development sender. */
const CONSOLE = "console";

/** What the portal is told by whoever runs it. */
export interface Settings {
  readonly production: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  /** TLS of its own; without it, a proxy in front must do it in production. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null;
  /** The proxies whose word on the client's address is taken. */
  readonly trustedProxies: readonly string[];
  /** The directory; without one, the portal runs on a mock with demo accounts. */
  readonly directory: DirectorySettings | null;
  /** Modules whose default export makes a sender, and contacts; without a sender, codes appear on the console. */
  readonly senderModule: string | null;
  readonly contactsModule: string | null;
  readonly contactsFile: string | null;
  readonly sessionSecret: string | null;
  readonly codeMinutes: number;
  readonly codeTries: number;
  readonly codesPerHour: number;
  readonly attempts: { readonly most: number; readonly window: number; readonly threshold?: number | undefined };
  /** The beat that answers keep before a person has proven who they are, in milliseconds. */
  readonly pace: number;
  readonly requestsPerMinute: number;
  readonly triesPerMinute: number;
  readonly triesPerMinuteInAll: number;
  /** What the general advice names as the least length. */
  readonly generalMinLength: number;
  /** How the help desk is reached, as one reads it. */
  readonly helpDesk: string | null;
  readonly logLevel: string;
}

/** How to reach Active Directory. */
export interface DirectorySettings {
  readonly servers: readonly string[];
  readonly bindUser: string;
  readonly bindPasswordFile: string;
  readonly caFile: string | undefined;
  readonly allowedSubtrees: readonly string[];
  readonly protectedGroups: readonly string[];
  readonly history: "required" | "if_supported" | "off";
  readonly deadline: number;
}

/** Reads the settings, and refuses those that cannot work or would be unsafe, with all that is wrong. */
export function readSettings(from: NodeJS.ProcessEnv): Settings {
  const read = environment.safeParse(withoutEmpty(from));
  if (!read.success) {
    throw new Error(read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n"));
  }
  const set = read.data;
  const settings: Settings = {
    production: set.NODE_ENV === "production",
    listen: { host: set.PORTAL_ADDRESS, port: set.PORTAL_PORT },
    tls: tls(set.PORTAL_TLS_CERT_FILE, set.PORTAL_TLS_KEY_FILE),
    trustedProxies: set.PORTAL_TRUSTED_PROXIES ?? [],
    directory: set.PORTAL_SERVERS === undefined ? null : directory(set, set.PORTAL_SERVERS),
    senderModule: set.PORTAL_SENDER === CONSOLE ? null : (set.PORTAL_SENDER ?? null),
    contactsModule: set.PORTAL_CONTACTS ?? null,
    contactsFile: set.PORTAL_CONTACTS_FILE ?? null,
    sessionSecret: set.PORTAL_SESSION_SECRET_FILE ? line(set.PORTAL_SESSION_SECRET_FILE) : null,
    codeMinutes: set.PORTAL_CODE_MINUTES,
    codeTries: set.PORTAL_CODE_TRIES,
    codesPerHour: set.PORTAL_CODES_PER_HOUR,
    attempts: { most: set.PORTAL_PASSWORD_TRIES, window: 1800, threshold: set.PORTAL_LOCKOUT_THRESHOLD },
    pace: set.PORTAL_PACE * 1000,
    requestsPerMinute: set.PORTAL_REQUESTS_PER_MINUTE,
    triesPerMinute: set.PORTAL_TRIES_PER_MINUTE,
    triesPerMinuteInAll: set.PORTAL_TRIES_PER_MINUTE_IN_ALL,
    generalMinLength: set.PORTAL_GENERAL_MIN_LENGTH,
    helpDesk: set.PORTAL_HELP_DESK ?? null,
    logLevel: set.PORTAL_LOG_LEVEL,
  };
  const wrong = settings.production ? unsafe(settings) : careless(set);
  if (wrong.length > 0) {
    throw new Error(wrong.join("\n"));
  }
  return settings;
}

/** What must not be by oversight: whoever reads the console, or its log, can take any account. */
function careless({ PORTAL_SERVERS, PORTAL_SENDER }: z.output<typeof environment>): string[] {
  return PORTAL_SERVERS === undefined || PORTAL_SENDER !== undefined
    ? []
    : [
        `PORTAL_SENDER: with a real directory it is a module of yours, or ${CONSOLE}, which shows every code on the console`,
      ];
}

/** What must not be in production. */
function unsafe(settings: Settings): string[] {
  const wrong: string[] = [];
  if (settings.directory === null) {
    wrong.push("PORTAL_SERVERS: the mock directory is for development only");
  }
  if (settings.senderModule === null) {
    wrong.push(
      "PORTAL_SENDER: the development sender shows every code on the console, and does not start in production",
    );
  }
  if (settings.contactsModule === null && settings.contactsFile === null) {
    wrong.push("PORTAL_CONTACTS or PORTAL_CONTACTS_FILE: where codes are sent to is missing");
  }
  if (settings.tls === null && settings.trustedProxies.length === 0) {
    wrong.push(
      "PORTAL_TLS_CERT_FILE and PORTAL_TLS_KEY_FILE, or PORTAL_TRUSTED_PROXIES: passwords must not cross the network in the clear",
    );
  }
  return wrong;
}

function directory(set: z.output<typeof environment>, servers: readonly string[]): DirectorySettings {
  if (set.PORTAL_BIND_USER === undefined || set.PORTAL_BIND_PASSWORD_FILE === undefined) {
    throw new Error("PORTAL_BIND_USER and PORTAL_BIND_PASSWORD_FILE are needed with PORTAL_SERVERS");
  }
  return {
    servers,
    bindUser: set.PORTAL_BIND_USER,
    bindPasswordFile: set.PORTAL_BIND_PASSWORD_FILE,
    caFile: set.PORTAL_CA_FILE,
    allowedSubtrees: set.PORTAL_ALLOWED_SUBTREES ?? [],
    protectedGroups: set.PORTAL_PROTECTED_GROUPS ?? [],
    history: set.PORTAL_HISTORY,
    deadline: set.PORTAL_DEADLINE,
  };
}

function tls(cert: string | undefined, key: string | undefined): Settings["tls"] {
  if (cert === undefined && key === undefined) {
    return null;
  }
  if (cert === undefined || key === undefined) {
    throw new Error("PORTAL_TLS_CERT_FILE and PORTAL_TLS_KEY_FILE belong together");
  }
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

function line(path: string): string {
  return readFileSync(path, "utf8").trimEnd();
}

function withoutEmpty(from: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== ""));
}
