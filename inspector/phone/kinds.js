/**
 * The kinds of criteria: what an answer to each consists of. Pure functions; how each looks stands in screens/kinds.js,
 * how the server reads it in checklists/scoring/kinds.py. Whoever adds a kind adds it to KINDS and touches nothing else
 * of this folder but screens/kinds.js.
 */

/** A number stays below this, whatever its unit; the server refuses the rest. */
const TOO_LARGE = 1_000_000_000;
const YEARS = [1900, 2100];
const MEASURED_BY = { seconds: "stopwatch", minutes: "stopwatch", pieces: "counter" };
const SET_ASIDE = ["not_applicable", "could_not_check"];
const NOTHING = Object.freeze({ states: [], none: false, options: [], number: "", words: "", at: "" });

/**
 * An answer before anything was entered. `status` is null or what the criterion was set aside as; `none` is the mark
 * "none of these"; `number` and `words` are as typed; `at` is a day (2026-11-22) or a moment with its offset. An answer
 * may have a `watch` besides: the stopwatch (stopwatch.js) that runs for its number.
 */
export const EMPTY_ANSWER = Object.freeze({ status: null, ...NOTHING, reason: "", comment: "", photo_ids: [] });

/** Where an answer stands that stands alone. */
export const NOTHING_BESIDE = Object.freeze({ criteria: [], answerTo: () => null });

/** "answered", "not_applicable", "could_not_check", or null while there is nothing. */
export function statusOf(criterion, answer) {
  if (isSetAside(answer)) return answer.status;
  return kindOf(criterion).isEntered(answer) ? "answered" : null;
}

export function isSetAside(answer) {
  return SET_ASIDE.includes(answer.status);
}

export function kindOf(criterion) {
  return KINDS[criterion.kind];
}

/**
 * What each kind knows. Every one has
 *   isEntered(answer)                     whether anything was entered
 *   toWire(criterion, answer)             what of {states, options, value} goes over the wire
 *   fromWire(line)                        the same back, as fields of an answer
 * and, where it has it,
 *   trouble(criterion, answer, beside)    why what was entered does not fit, as a word; null when it fits
 *   parts(answer)                         the ids of the states or options that were chosen
 *   number(criterion, answer, beside)     the answer as a number that conditions compare, or null
 *   takes(criterion)                      which item of the tray fills it: "stopwatch", "counter" or "note"
 *   looksBeside                           what is seen of it depends on `beside`
 *   isDerived                             nobody enters it: the server makes it of other answers
 *   isPhotos                              its photos are the answer
 * `beside` is what stands beside the answer, in the same repetition of its section: `criteria`, those that are shown,
 * and `answerTo(id)`, the answer to one of them that is shown, answered and fits, else null.
 */
export const KINDS = {
  states: {
    isEntered: (answer) => answer.none || answer.states.length > 0,
    parts: (answer) => answer.states,
    toWire: (_, answer) => ({ states: answer.states }),
    fromWire: ({ states }) => ({ states, none: !states.length }),
  },
  measure: {
    takes: ({ unit }) => MEASURED_BY[unit],
    isEntered: (answer) => answer.number.trim() !== "",
    trouble: (criterion, answer) => numberTrouble(criterion, answer.number),
    number: (criterion, answer) => fittingNumber(criterion, answer),
    toWire: (criterion, answer) => ({ value: parseNumber(answer.number, criterion.decimals) }),
    fromWire: ({ value }) => ({ number: String(value ?? "") }),
  },
  choice: {
    isEntered: (answer) => answer.options.length > 0,
    trouble: (criterion, answer) => (asksForWords(criterion, answer) && !answer.words.trim() ? "words" : null),
    parts: (answer) => answer.options,
    toWire: (criterion, answer) => ({
      options: answer.options, value: asksForWords(criterion, answer) ? answer.words.trim() : null,
    }),
    fromWire: ({ options, value }) => ({ options, words: value ?? "" }),
  },
  rating: {
    isEntered: (answer) => answer.number !== "",
    number: (_, answer) => Number(answer.number),
    toWire: (_, answer) => ({ value: Number(answer.number) }),
    fromWire: ({ value }) => ({ number: String(value ?? "") }),
  },
  text: {
    takes: () => "note",
    isEntered: (answer) => answer.words.trim() !== "",
    toWire: (_, answer) => ({ value: answer.words.trim() }),
    fromWire: ({ value }) => ({ words: value ?? "" }),
  },
  date: {
    isEntered: (answer) => answer.at !== "",
    trouble: (_, answer) => yearTrouble(answer.at),
    toWire: (_, answer) => ({ value: answer.at }),
    fromWire: ({ value }) => ({ at: value ?? "" }),
  },
  time_stamp: {
    looksBeside: true,
    isEntered: (answer) => answer.at !== "",
    trouble: (criterion, answer, beside) => yearTrouble(answer.at) ?? orderTrouble(criterion, answer, beside),
    toWire: (_, answer) => ({ value: answer.at }),
    fromWire: ({ value }) => ({ at: value ?? "" }),
  },
  duration: {
    looksBeside: true,
    isDerived: true,
    isEntered: () => false,
    number: (criterion, _, beside) => durationIn(criterion, beside),
    toWire: () => ({}),
    fromWire: () => ({}),
  },
  money: {
    isEntered: (answer) => answer.number.trim() !== "",
    trouble: (criterion, answer) => numberTrouble(criterion, answer.number),
    number: (criterion, answer) => fittingNumber(criterion, answer),
    toWire: (criterion, answer) => ({ value: parseNumber(answer.number, criterion.decimals) }),
    fromWire: ({ value }) => ({ number: String(value ?? "") }),
  },
  photo: {
    isPhotos: true,
    isEntered: (answer) => answer.photo_ids.length > 0,
    toWire: () => ({}),
    fromWire: () => ({}),
  },
};

/** An answer of a report as it was sent, as a draft has it. */
export function fromWire(criterion, line) {
  const answered = line.status === "answered";
  return {
    ...EMPTY_ANSWER,
    ...(answered && kindOf(criterion).fromWire(line)),
    status: answered ? null : line.status,
    reason: line.reason ?? "",
    comment: line.comment ?? "",
    photo_ids: line.photo_ids,
  };
}

/** Enter content; what had been set aside begins anew with it. */
export function enter(answer, content) {
  return { ...begun(answer), ...content };
}

/** Mark a state as seen; a second tap takes it back. */
export function markState(answer, stateId) {
  return enter(answer, { states: toggled(begun(answer).states, stateId), none: false });
}

/** Mark "none of these"; a second tap takes it back. */
export function markNone(answer) {
  return enter(answer, { states: [], none: !begun(answer).none });
}

/** Choose an option; a second tap takes it back. */
export function chooseOption(answer, optionId, several) {
  const chosen = begun(answer).options;
  return enter(answer, {
    options: several ? toggled(chosen, optionId) : chosen.includes(optionId) ? [] : [optionId],
  });
}

/** Choose a number of a scale; a second tap takes it back. */
export function rate(answer, number) {
  return enter(answer, { number: begun(answer).number === String(number) ? "" : String(number) });
}

/** A moment with another wall time, as an input for it has that ("2026-11-22T14:02", seconds or not). */
export function withWallTime(at, wallTime) {
  return `${wallTime}:00`.slice(0, 19) + at.slice(19);
}

/** Set aside as "not_applicable" or "could_not_check"; a second tap brings back what was entered before. */
export function markStatus(answer, status) {
  return { ...answer, status: answer.status === status ? null : status };
}

/** Whether the chosen option takes words of the inspector's own. */
export function asksForWords(criterion, answer) {
  return criterion.options.some((option) => option.free_text && answer.options.includes(option.id));
}

/**
 * Why a number as typed does not fit a criterion: "form" (none, or too many decimals), "percent" (not from 0 to 100),
 * "negative" or "large"; null when it fits.
 */
export function numberTrouble({ unit, decimals }, text) {
  const number = parseNumber(text, decimals);
  if (number === null) return "form";
  if (unit === "percent") return number < 0 || number > 100 ? "percent" : null;
  if (number < 0) return "negative";
  return number >= TOO_LARGE ? "large" : null;
}

/**
 * A number as people type it, with a decimal comma or point and spaces between thousands; null when it is none or has
 * more decimals than asked for.
 */
export function parseNumber(text, decimals = 0) {
  const compact = text.replace(/[\s\u00a0\u202f]/g, "").replace("\u2212", "-").replace(",", ".");
  const parts = /^-?\d{1,12}(?:\.(\d*))?$/.exec(compact);
  if (!parts || (parts[1] ?? "").length > (decimals ?? 0)) return null;
  return Number(compact);
}

/** Milliseconds between the two time stamps of a duration, also below 0; null while one of them is not there. */
export function millisecondsBetween({ settings }, beside) {
  const [from, until] = [beside.answerTo(settings.from), beside.answerTo(settings.until)];
  return from && until ? Date.parse(until.at) - Date.parse(from.at) : null;
}

function durationIn(criterion, beside) {
  const milliseconds = millisecondsBetween(criterion, beside);
  if (milliseconds === null || milliseconds < 0) return null;
  return milliseconds / (criterion.unit === "minutes" ? 60_000 : 1000);
}

// A duration cannot end before it began. Its second stamp says so, for it is the one that was just entered.
function orderTrouble(criterion, answer, { criteria, answerTo }) {
  const begins = criteria
    .filter((each) => each.kind === "duration" && each.settings.until === criterion.id)
    .map((each) => answerTo(each.settings.from));
  return begins.some((begin) => begin && Date.parse(begin.at) > Date.parse(answer.at)) ? "order" : null;
}

function yearTrouble(at) {
  const year = Number.parseInt(at, 10);
  return year < YEARS[0] || year > YEARS[1] ? "year" : null;
}

function fittingNumber(criterion, answer) {
  return numberTrouble(criterion, answer.number) ? null : parseNumber(answer.number, criterion.decimals);
}

function begun(answer) {
  return isSetAside(answer) ? { ...answer, ...NOTHING, status: null } : { ...answer, status: null };
}

function toggled(ids, id) {
  return ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
}
