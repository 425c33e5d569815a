import type { IdentityKind } from "./words.js";

/**
 * The name of an account, with its kind.
 *
 * A plain string will do wherever an identity is asked for; it is read as exactly one kind and never tried as another: a GUID (dashed),
 * a SID, 24 characters of base64 (a source anchor), a distinguished name where it contains `=` and parses, `DOMAIN\name`, a UPN where
 * it contains `@`, else a sAMAccountName. Use this class where the kind is known, such as for input of a portal's user.
 *
 * Nothing is checked here: what cannot be read is refused by the operation as `INVALID_IDENTITY`, before anything is sent.
 */
export class Identity {
  /** The kind. */
  readonly kind: IdentityKind;
  /** The text as given. */
  readonly text: string;

  private constructor(kind: IdentityKind, text: string) {
    if (typeof text !== "string") {
      throw new TypeError("the text of an identity must be a string");
    }
    this.kind = kind;
    this.text = text;
    Object.freeze(this);
  }

  /** A user principal name: the explicit one, or sAMAccountName@domain of an account that has no explicit one. */
  static upn(text: string): Identity {
    return new Identity("upn", text);
  }

  /** A sAMAccountName, with or without `DOMAIN\`. */
  static sam(text: string): Identity {
    return new Identity("sam", text);
  }

  /** A distinguished name (RFC 4514). */
  static dn(text: string): Identity {
    return new Identity("dn", text);
  }

  /** An objectGUID in its usual text form. */
  static guid(text: string): Identity {
    return new Identity("guid", text);
  }

  /** A security identifier, `S-1-5-21-...`. */
  static sid(text: string): Identity {
    return new Identity("sid", text);
  }

  /** A source anchor (ImmutableId): base64 of the 16 bytes of mS-DS-ConsistencyGuid or objectGUID, in the directory's byte order. */
  static sourceAnchor(text: string): Identity {
    return new Identity("source_anchor", text);
  }

  /** The text as given. */
  toString(): string {
    return this.text;
  }
}
