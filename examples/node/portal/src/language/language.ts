/** Which languages there are, and how they write numbers and times. */

import { dutch } from "./dutch.js";
import { english } from "./english.js";
import type { Words } from "./words.js";

export const languages = { en: english, nl: dutch } as const satisfies Record<string, Words>;

export type Language = keyof typeof languages;

/** The order they are offered in; the first one is for everybody else. */
export const offered = Object.keys(languages) as Language[];

export function isLanguage(text: string | undefined): text is Language {
  return text !== undefined && Object.hasOwn(languages, text);
}

/** A moment, with its time zone: the reader may be elsewhere. */
export function moment(time: Date, language: Language): string {
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(time);
}

/** A length of time, in the largest unit that leaves no more than a small error: rounded up, so that waiting is enough. */
export function duration(seconds: number, language: Language): string {
  const units = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const;
  const [unit, size] = units.find(([, size]) => seconds >= size && seconds % size === 0) ??
    units.find(([, size]) => seconds >= 2 * size) ?? ["minute", 60];
  const count = Math.max(1, Math.ceil(seconds / size));
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
