/**
 * Reads a form's body and keeps its passwords as bytes.
 *
 * The usual parsers make strings, which cannot be wiped and stay in memory until they are collected. Here the fields that hold
 * passwords never become one: they go to the library as bytes, which wipes them, and the body is wiped when it has been read.
 */

/** The fields that hold passwords, by name. */
const SECRET = new Set(["current", "new", "repeat", "candidate"]);

/** A form that was sent. */
export class Form {
  readonly #texts = new Map<string, string>();
  readonly #secrets = new Map<string, Uint8Array>();

  /** Reads a body (application/x-www-form-urlencoded, as the URL standard has it) and wipes it. The first field of a name counts. */
  constructor(body: Uint8Array) {
    let start = 0;
    while (start <= body.length) {
      const end = indexOf(body, AMPERSAND, start, body.length);
      this.#read(body, start, end);
      start = end + 1;
    }
    body.fill(0);
  }

  #read(body: Uint8Array, start: number, end: number): void {
    const equals = indexOf(body, EQUALS, start, end);
    const name = text(decoded(body, start, equals));
    const value = decoded(body, Math.min(equals + 1, end), end);
    if (!SECRET.has(name)) {
      this.#texts.set(name, this.#texts.get(name) ?? text(value));
    } else if (this.#secrets.has(name)) {
      value.fill(0);
    } else {
      this.#secrets.set(name, value);
    }
  }

  /** A field's text; empty where it is missing. */
  text(name: string): string {
    return this.#texts.get(name) ?? "";
  }

  /** A password; no bytes where it is missing. Whoever asks twice gets the same bytes. */
  secret(name: string): Uint8Array {
    return this.#secrets.get(name) ?? new Uint8Array();
  }

  /** Wipes every password. */
  wipe(): void {
    for (const secret of this.#secrets.values()) {
      secret.fill(0);
    }
  }

  /** What a log would show of it. */
  toJSON(): object {
    return {};
  }
}

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PLUS = 0x2b;
const PERCENT = 0x25;
const SPACE = 0x20;

function indexOf(body: Uint8Array, byte: number, start: number, end: number): number {
  const found = body.indexOf(byte, start);
  return found === -1 || found > end ? end : found;
}

/** The bytes that were meant, exactly as many as there are: nothing is grown, so nothing is left behind. */
function decoded(body: Uint8Array, start: number, end: number): Uint8Array {
  const whole = new Uint8Array(end - start);
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const byte = body[at] ?? 0;
    const escaped = byte === PERCENT ? hex(body, at + 1, end) : null;
    whole[length] = escaped ?? (byte === PLUS ? SPACE : byte);
    at += escaped === null ? 0 : 2;
    length += 1;
  }
  const exact = whole.slice(0, length);
  whole.fill(0);
  return exact;
}

function hex(body: Uint8Array, at: number, end: number): number | null {
  if (at + 2 > end) {
    return null;
  }
  const high = digit(body[at]);
  const low = digit(body[at + 1]);
  return high === null || low === null ? null : high * 16 + low;
}

function digit(byte = 0): number | null {
  if (byte >= 0x30 && byte <= 0x39) {
    return byte - 0x30;
  }
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : null;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
