import * as native from "../native.js";
import { plain } from "./arguments.js";
import { Directory, opened, site } from "./directory.js";
import { Link, type Provider } from "./listen.js";
import type { ActiveDirectoryOptions } from "./options.js";
import { check, type PasswordInput, wipe } from "./secret.js";
import { listener, settings } from "./settings.js";

/** What says how to reach it. */
const OWN: readonly (keyof ActiveDirectoryOptions)[] = [
  "servers",
  "domain",
  "dnsServers",
  "site",
  "startTls",
  "bindUser",
  "keytab",
  "credentialCache",
  "principal",
  "caFile",
  "connectTimeout",
  "warmConnections",
];

/**
 * Active Directory, reached over LDAP.
 *
 * ```ts
 * const directory = new ActiveDirectory({ servers: ["ldaps://dc1.corp.example"], bindUser, bindPassword, caFile: "corp-ca.pem" });
 * const receipt = await directory.resetPassword("alice@corp.example", newPassword, { unlock: true });
 * ```
 *
 * The constructor does not connect. It throws a {@link WritebackError} (`CONFIGURATION`) for settings that cannot work.
 */
export class ActiveDirectory extends Directory {
  /** Reads the settings, and connects to nothing yet. */
  constructor(options: ActiveDirectoryOptions) {
    const at = site(new.target as never);
    try {
      const { audit, bindPassword, ...told } = plain(options);
      const provider = typeof bindPassword === "function" ? (bindPassword as Provider) : undefined;
      const fixed = provider === undefined && bindPassword !== undefined ? (bindPassword as PasswordInput) : null;
      if (fixed !== null) {
        check(fixed, "bindPassword");
      }
      const text = settings(told, OWN);
      const directory = new native.Directory();
      const link = new Link(directory, listener(audit), provider);
      opened(directory.reach(text, fixed, provider !== undefined, audit !== undefined, link.waker()), at);
      super(directory, link);
    } finally {
      wipe([(options as Partial<ActiveDirectoryOptions> | undefined)?.bindPassword]);
    }
  }
}
