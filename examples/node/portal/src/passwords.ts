/** What is wrong with the passwords of a form, as can be seen before anybody is asked. */

import { timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Form } from "./form.js";
import { type Problem, words } from "./page.js";

/** What the library takes, in UTF-16 code units. A longer one costs no question to the directory. */
export const LONGEST = 256;

/** The password one has. */
export function currentPasswordProblems(form: Form, request: FastifyRequest): Problem[] {
  const current = form.secret("current");
  if (current.length === 0) {
    return [{ field: "current", text: words(request).missing.current }];
  }
  return tooLong(current) ? [{ field: "current", text: sentence(request) }] : [];
}

/** A new password, which was to be typed twice. */
export function newPasswordProblems(form: Form, request: FastifyRequest): Problem[] {
  const { missing } = words(request);
  const [first, second] = [form.secret("new"), form.secret("repeat")];
  if (first.length === 0) {
    return [{ field: "new", text: missing.new }];
  }
  if (tooLong(first)) {
    return [{ field: "new", text: sentence(request) }];
  }
  if (second.length === 0) {
    return [{ field: "repeat", text: missing.repeat }];
  }
  const same = first.length === second.length && timingSafeEqual(first, second);
  return same ? [] : [{ field: "repeat", text: missing.different }];
}

function sentence(request: FastifyRequest): string {
  const { codes, reasons } = words(request);
  return `${codes.INVALID_PASSWORD} ${reasons.too_long}`;
}

/** Counted in the bytes, so that no string is made of them: each character begins with one byte, and those beyond U+FFFF are two units. */
function tooLong(secret: Uint8Array): boolean {
  let units = 0;
  for (const byte of secret) {
    units += (byte & 0xc0) === 0x80 ? 0 : byte >= 0xf0 ? 2 : 1;
  }
  return units > LONGEST;
}
