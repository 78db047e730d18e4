/** The interface's language: texts and plurals from the catalogue, dates and numbers as the language writes them. */

// Index into a catalogue's plural forms by the category that Intl.PluralRules gives.
const PLURAL_PLACES = { en: { one: 0, other: 1 }, ru: { one: 0, few: 1, many: 2, other: 2 } };

const HOURS = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

let spoken = "en";
let messages = {};
let found = new Map();
let plurals = new Intl.PluralRules("en");

/** The languages in which the interface can speak. */
export const LANGUAGES = { en: "English", ru: "Русский" };

/** Speak a language from now on. `catalogue` maps each English text's keyOf() to its translation, or its plural forms. */
export function speak(language, catalogue = {}) {
  spoken = language;
  messages = catalogue;
  found = new Map();
  plurals = new Intl.PluralRules(language);
}

/** The language spoken now: "en" or "ru". */
export function language() {
  return spoken;
}

/** The first language of the list that the interface knows, such as "ru" for "ru-KZ". */
export function firstKnown(wished) {
  return wished.map((each) => (each ?? "").slice(0, 2).toLowerCase()).find((each) => each in LANGUAGES) ?? "en";
}

/** A text with its %(name)s places filled in. */
export function t(text, values = {}) {
  const own = translated(text);
  return fill(typeof own === "string" ? own : text, values);
}

/** A text that counts: `number` also fills %(num)s. */
export function tn(one, many, number, values = {}) {
  const places = PLURAL_PLACES[spoken];
  const own = translated(one);
  const place = places[plurals.select(number)] ?? 0;
  const text = Array.isArray(own) ? own[place] : [one, many][number === 1 ? 0 : 1];
  return fill(text, { num: number, ...values });
}

/** What an English text is called in a catalogue, where its letters would be sent a second time: 24 bits of FNV-1a. */
export function keyOf(text) {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return (sum >>> 8).toString(36);
}

/** Time of day on this phone, such as 14:02. `moment` is a Date, milliseconds or ISO text. */
export function timeOfDay(moment, zone) {
  return formatted(moment, HOURS, zone);
}

/** Day and time, such as "21 Nov, 14:02", in an IANA zone or in the phone's own. */
export function dayAndTime(moment, zone) {
  return formatted(moment, { day: "numeric", month: "short", ...HOURS }, zone);
}

/** A day, such as "21 Nov". */
export function day(moment, zone) {
  return formatted(moment, { day: "numeric", month: "short" }, zone);
}

/** Whether an IANA zone shows the same wall time as this phone at that moment. */
export function sameWallTime(moment, zone) {
  return dayAndTime(moment, zone) === dayAndTime(moment);
}

function formatted(moment, format, zone) {
  const locale = spoken === "en" ? "en-GB" : spoken;
  try {
    return new Intl.DateTimeFormat(locale, { ...format, timeZone: zone || undefined }).format(new Date(moment));
  } catch {
    // An old phone may not know a zone's new name.
    return new Intl.DateTimeFormat(locale, format).format(new Date(moment));
  }
}

function translated(text) {
  let own = found.get(text);
  if (own === undefined) {
    own = messages[keyOf(text)] ?? text;
    found.set(text, own);
  }
  return own;
}

function fill(text, values) {
  return text.replace(/%\((\w+)\)[sd]/g, (place, name) => (name in values ? String(values[name]) : place));
}
