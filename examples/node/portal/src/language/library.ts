/** The words of the library that need a sentence, taken from its types. */

import type { Receipt, Violation, WritebackError } from "password-writeback";

export type Code = WritebackError["code"];
export type Reason = NonNullable<WritebackError["reason"]>;
export type Protection = NonNullable<WritebackError["protection"]>;
export type Rule = Violation["rule"];
export type Warning = Receipt["warnings"][number];
