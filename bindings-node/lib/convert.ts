/** Between the plain objects of JavaScript and the JSON text of the core: names and times, whatever they belong to. */

import { types } from "node:util";
import { Identity } from "./identity.js";

/** The fields of results that hold times. */
const TIMES = new Set([
  "accountExpiresAt",
  "lockedUntil",
  "lockoutTime",
  "passwordExpiresAt",
  "passwordLastSet",
  "retryAt",
  "time",
]);

/** `passwordLastSet` of `password_last_set`. */
export function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `password_last_set` of `passwordLastSet`. */
export function snake(name: string): string {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) {
    throw new TypeError(`there is no option ${JSON.stringify(name)}`);
  }
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What the core reads: names in `snake_case`, times as text. What is undefined is left out. */
export function outward(value: unknown, name: string): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) {
        throw new TypeError(`${name} must be a finite number`);
      }
      return value;
    case "object":
      return value === null ? null : outwardObject(value, name);
    default:
      throw new TypeError(`${name} cannot be a ${typeof value}`);
  }
}

function outwardObject(value: object, name: string): unknown {
  if (types.isDate(value)) {
    if (Number.isNaN(value.getTime())) {
      throw new TypeError(`${name} is not a valid date`);
    }
    return value.toISOString();
  }
  if (value instanceof Identity) {
    return { kind: value.kind, text: value.text };
  }
  if (Array.isArray(value)) {
    return value.map((item) => outward(item, name));
  }
  if (ArrayBuffer.isView(value)) {
    throw new TypeError(`${name} cannot be bytes`);
  }
  const fields: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const translated = snake(key);
    if (field !== undefined) {
      fields[translated] = outward(field, key);
    }
  }
  return fields;
}

/** What the core wrote, frozen: names in `camelCase`, times as dates. */
export function inward(value: unknown): unknown {
  return translated(value, known);
}

/** The names of the core's fields: there are few, and they come with every result. */
const names = new Map<string, string>();

function known(name: string): string {
  let renamed = names.get(name);
  if (renamed === undefined) {
    renamed = camel(name);
    names.set(name, renamed);
  }
  return renamed;
}

/** What `JSON.stringify` made of a result or an error, as it was before: times as dates. */
export function revived(value: unknown): unknown {
  return translated(value, (name) => name);
}

function translated(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item) => translated(item, rename)));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const renamed = rename(name);
    const time = typeof field === "string" && TIMES.has(renamed);
    fields[renamed] = time ? new Date(field) : translated(field, rename);
  }
  return Object.freeze(fields);
}
