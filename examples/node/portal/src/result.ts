/** How something ended, as the session keeps it for the page that tells. It holds no secret. */

import type { Receipt, WritebackError } from "password-writeback";

/** What this portal writes. */
export type Write = "change_password" | "reset_password" | "unlock_account";

export type Result =
  | { readonly kind: "done"; readonly write: Write; readonly warnings: Receipt["warnings"] }
  | { readonly kind: "unknown"; readonly write: Write; readonly reference: string }
  | { readonly kind: "partly"; readonly reference: string }
  | { readonly kind: "refused"; readonly reference: string; readonly error: Told };

/** What a page tells of an error. */
export type Told = Pick<WritebackError, "code" | "reason" | "protection" | "violations">;

/** What a page tells of this error. */
export function told({ code, reason, protection, violations }: WritebackError): Told {
  return { code, reason, protection, violations };
}

/** How an operation ended that did not succeed. */
export function ended(write: Write, error: WritebackError, reference: string): Result {
  switch (error.outcome) {
    case "unknown":
      return { kind: "unknown", write, reference };
    case "applied":
      return { kind: "partly", reference };
    case "not_applied":
      return { kind: "refused", reference, error: told(error) };
  }
}

/** How a write went: ended, or worth another try on the same page. */
export type Written = { readonly result: Result } | { readonly again: WritebackError; readonly reference: string };
