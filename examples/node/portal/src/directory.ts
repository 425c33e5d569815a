/** The directory: the real one of the settings. */

import { readFile } from "node:fs/promises";
import type { FastifyBaseLogger } from "fastify";
import { ActiveDirectory, type AuditEvent } from "password-writeback";
import type { DirectorySettings } from "./settings.js";

/** Active Directory, as the settings say. The password is read at each logon, so that it can be renewed without a restart. */
export function reach(settings: DirectorySettings, log: FastifyBaseLogger): ActiveDirectory {
  const { bindPasswordFile, ...rest } = settings;
  return new ActiveDirectory({
    ...rest,
    initiator: "self_service",
    bindPassword: async () => withoutNewline(await readFile(bindPasswordFile)),
    audit: (event) => audit(event, log),
  });
}

function withoutNewline(bytes: Buffer): Uint8Array {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) {
    end -= 1;
  }
  const password = Uint8Array.from(bytes.subarray(0, end));
  bytes.fill(0);
  return password;
}

/**
 * Logs what was done, without the name it was done by: that is what somebody typed, and one day it is a password in the wrong field. The
 * account that was found says more.
 */
export function audit(event: AuditEvent, log: FastifyBaseLogger): void {
  const { identity: _, ...rest } = event;
  log.info({ audit: rest }, `${event.operation} ${event.phase}`);
}
