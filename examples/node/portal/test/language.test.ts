// Nothing that the library can say is without a sentence, in any language. The words are read from the core itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { duration, languages, moment, offered } from "../src/language/language.js";
import { LONGEST } from "../src/passwords.js";

const CORE = new URL("../../../../../core/src/", import.meta.url);

/** The texts of a word list of the core. */
function words(file: string, name: string): string[] {
  const source = readFileSync(new URL(file, CORE), "utf8");
  const list = new RegExp(`pub enum ${name} \\{(.*?)\\n    \\}`, "s").exec(source)?.[1];
  assert.ok(list, `${file} has no ${name}`);
  return [...list.matchAll(/^\s*[A-Za-z]+ = "([^"]+)"/gm)].map((match) => match[1] as string);
}

const lists = [
  ["codes", words("error.rs", "Code"), 28],
  ["reasons", words("error.rs", "Reason"), 38],
  ["rules", words("policy.rs", "Rule"), 8],
  ["protections", words("protection.rs", "Protection"), 7],
  ["warnings", words("receipt.rs", "Warning"), 5],
] as const;

/** Every text of a language, by its place. */
function texts(value: unknown, place: string): [string, string][] {
  if (typeof value === "string") {
    return [[place, value]];
  }
  if (typeof value === "function") {
    const facts = { limit: null, duration: null, retryAt: null };
    return texts(place.includes(".rules.") ? value(facts) : value(7), `${place}()`);
  }
  return Object.entries(value as object).flatMap(([name, part]) => texts(part, `${place}.${name}`));
}

for (const language of offered) {
  for (const [list, known, least] of lists) {
    test(`${language}: every one of the ${list}`, () => {
      assert.ok(known.length >= least, `only ${known.length} were found in the core`);
      assert.deepEqual(Object.keys(languages[language][list]).sort(), [...known].sort());
    });
  }

  test(`${language}: no text is empty, and none has a hole in it`, () => {
    const all = texts(languages[language], language);
    assert.ok(all.length > 150);
    for (const [place, text] of all) {
      assert.match(text, /\S/, place);
      assert.doesNotMatch(text, /undefined|null|NaN|\[object/, place);
    }
  });
}

test("the languages say the same things in different words", () => {
  const [english, dutch] = offered.map((language) => new Map(texts(languages[language], "")));
  assert.ok(english && dutch);
  assert.deepEqual([...english.keys()], [...dutch.keys()]);
  const alike = [...english].filter(([place, text]) => dutch.get(place) === text).map(([place]) => place);
  assert.deepEqual(alike, [".fields.code"]);
});

test("a limit is named where it is known", () => {
  for (const language of offered) {
    const { rules } = languages[language];
    const facts = { limit: 14, duration: "1 day", retryAt: "noon" };
    assert.match(rules.min_length(facts), /14/);
    assert.match(rules.history(facts), /14/);
    assert.match(rules.min_age(facts), /1 day.*noon/);
  }
});

test("the longest password is the core's, and the one that is named", () => {
  const source = readFileSync(new URL("password.rs", CORE), "utf8");
  assert.equal(Number(/MAX_UTF16_UNITS: usize = (\d+)/.exec(source)?.[1]), LONGEST);
  for (const language of offered) {
    assert.match(languages[language].reasons.too_long, new RegExp(`\\b${LONGEST}\\b`));
  }
});

test("times and lengths of time", () => {
  assert.equal(duration(86_400, "en"), "1 day");
  assert.equal(duration(86_400, "nl"), "1 dag");
  assert.equal(duration(5400, "en"), "90 minutes");
  assert.equal(duration(20, "nl"), "1 minuut");
  assert.equal(duration(42 * 86_400, "en"), "42 days");
  assert.match(moment(new Date("2026-03-04T05:06:00Z"), "en"), /Wednesday.*4 March/);
  assert.match(moment(new Date("2026-03-04T05:06:00Z"), "nl"), /woensdag.*4 maart/);
});
