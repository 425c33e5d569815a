import * as native from "../native.js";
import { outward } from "./convert.js";
import { Directory, opened, plain, site } from "./directory.js";
import { Link, type Provider } from "./listen.js";
import type { ActiveDirectoryOptions } from "./options.js";
import { check, type PasswordInput, wipe } from "./secret.js";

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
  constructor(options: ActiveDirectoryOptions) {
    const at = site(new.target as never);
    try {
      const { bindPassword, servers, bindUser, caFile, connectTimeout, ...more } = plain(options);
      const { audit, rateLimit, auditFile, onSinkFailure, ...rules } = more;
      const provider = typeof bindPassword === "function" ? (bindPassword as Provider) : undefined;
      const fixed = provider === undefined ? (bindPassword as PasswordInput) : null;
      if (fixed !== null) {
        check(fixed, "bindPassword");
      }
      const layers = { rateLimit, auditFile, onSinkFailure };
      const settings = outward({ servers, bindUser, caFile, connectTimeout, rules, layers }, "options");
      const directory = new native.Directory();
      const link = new Link(directory, listener(audit), provider);
      const text = JSON.stringify(settings);
      opened(directory.reach(text, fixed, audit !== undefined, link.waker()), at);
      super(directory, link);
    } finally {
      wipe([(options as Partial<ActiveDirectoryOptions> | undefined)?.bindPassword]);
    }
  }
}

/** An audit listener, once it is known to be one. */
export function listener<F>(audit: F | undefined): F | undefined {
  if (audit !== undefined && typeof audit !== "function") {
    throw new TypeError("audit must be a function");
  }
  return audit;
}
