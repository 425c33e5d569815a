/** Passwords on their way in: checked, handed over, and wiped where they can be. */

import { types } from "node:util";

/**
 * A password: a string, or its bytes in UTF-8, which are wiped in place before the call returns, on every path. A string cannot be wiped:
 * it lives until the garbage collector takes it.
 */
export type PasswordInput = string | Uint8Array;

const buffer = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "buffer")?.get;

/** Refuses what is no password, without showing it. */
export function check(secret: unknown, what: string): asserts secret is PasswordInput {
  if (typeof secret === "string") {
    return;
  }
  if (!types.isUint8Array(secret)) {
    throw new TypeError(`${what} must be a string or a Uint8Array`);
  }
  if (types.isSharedArrayBuffer(buffer?.call(secret))) {
    throw new TypeError(`${what} must not be in shared memory, where another thread can change or copy it`);
  }
}

const fill = Uint8Array.prototype.fill;

/** Wipes those that are bytes. */
export function wipe(secrets: readonly unknown[]): void {
  for (const secret of secrets) {
    if (types.isUint8Array(secret)) {
      try {
        fill.call(secret, 0);
      } catch {
        // Its memory has been given away to another thread: there is nothing left to wipe here.
      }
    }
  }
}

/** Does something with secrets, which are wiped when it has ended, however it has. Those that come to light meanwhile can be added. */
export function wiping<T>(secrets: unknown[], work: () => T): T {
  try {
    return work();
  } finally {
    wipe(secrets);
  }
}
