/** How a person's user name is read. */

import { Identity } from "password-writeback";

/** Longer than any name of a directory. */
const LONGEST = 256;

/**
 * The account a person means: a user principal name, or a logon name with or without the domain. Never what a plain string might also
 * be, such as a distinguished name: nobody logs on with one, and this portal should not be a way to try them.
 */
export function identify(name: string): Identity | null {
  const text = name.trim();
  if (text === "" || text.length > LONGEST || /\p{Cc}/u.test(text)) {
    return null;
  }
  return text.includes("@") ? Identity.upn(text) : Identity.sam(text);
}

/** One spelling of a name, to count tries by where no account was found. */
export function spelling(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase().slice(0, LONGEST);
}
