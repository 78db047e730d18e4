/**
 * What a visit is while it is being filled in: its answers, what is missing, its report.
 * Pure functions only: no DOM, no clock of its own, no storage. A draft is never changed in place.
 */

/** A measure stays below this, whatever its unit; the server refuses the rest. */
const TOO_LARGE = 1_000_000_000;

/** An answer before anything was entered. `none` is the mark "none of these"; `number` and `words` are as typed. */
export const EMPTY_ANSWER = Object.freeze({
  status: null, states: [], none: false, options: [], number: "", words: "", reason: "", comment: "", photo_ids: [],
});

/** A new draft of one assignment, begun at `now` (Date) by the person with the given id. */
export function startDraft({ id, personId, assignment, version, now }) {
  return {
    id,
    person_id: personId,
    assignment_id: assignment.id,
    checklist_version_id: version.id,
    outlet_name: assignment.outlet.name,
    started_at: withOffset(now),
    elapsed_ms: 0,
    positions: [],
    answers: {},
    photos: {},
    left_sections: [],
    at: { section: 0, criterion: null },
  };
}

/** The draft with one answer replaced by what `change` makes of it. */
export function changeAnswer(draft, criterionId, change) {
  const answer = change(answerOf(draft, criterionId));
  return { ...draft, answers: { ...draft.answers, [criterionId]: answer } };
}

export function answerOf(draft, criterionId) {
  return draft.answers[criterionId] ?? EMPTY_ANSWER;
}

/** Mark a state as seen; a second tap takes it back. */
export function markState(answer, stateId) {
  const states = toggled(answer.status === "answered" ? answer.states : [], stateId);
  return { ...answer, states, none: false, status: states.length ? "answered" : null };
}

/** Mark "none of these"; a second tap takes it back. */
export function markNone(answer) {
  const none = !(answer.status === "answered" && answer.none);
  return { ...answer, states: [], none, status: none ? "answered" : null };
}

/** Choose an option; a second tap takes it back. */
export function chooseOption(answer, optionId, several) {
  const chosen = answer.status === "answered" ? answer.options : [];
  const options = several ? toggled(chosen, optionId) : chosen.includes(optionId) ? [] : [optionId];
  return { ...answer, options, status: options.length ? "answered" : null };
}

/** Enter a number as typed; an empty field is no answer. */
export function enterNumber(answer, text) {
  return { ...answer, number: text, status: text.trim() ? "answered" : null };
}

/** Set "not_applicable" or "could_not_check"; a second tap brings back what was answered before. */
export function markStatus(answer, status) {
  if (answer.status !== status) return { ...answer, status };
  const answered = answer.states.length || answer.none || answer.options.length || answer.number.trim();
  return { ...answer, status: answered ? "answered" : null };
}

/** Put text into one of the fields `words`, `reason`, `comment`. */
export function write(answer, field, text) {
  return { ...answer, [field]: text };
}

/** The draft with a photo added to a criterion. `photo` is {id, sha256, size, media_type, taken_at, preview}. */
export function addPhoto(draft, criterionId, photo) {
  const photos = { ...draft.photos, [photo.id]: photo };
  return changeAnswer({ ...draft, photos }, criterionId,
    (answer) => ({ ...answer, photo_ids: [...answer.photo_ids, photo.id] }));
}

/** The draft without that photo in the answer. Its bytes and its line stay until the visit is finished, for an undo. */
export function removePhoto(draft, criterionId, photoId) {
  return changeAnswer(draft, criterionId,
    (answer) => ({ ...answer, photo_ids: answer.photo_ids.filter((id) => id !== photoId) }));
}

/** Put a removed photo back at its former place. */
export function restorePhoto(draft, criterionId, photoId, position) {
  return changeAnswer(draft, criterionId, (answer) => {
    const photoIds = answer.photo_ids.filter((id) => id !== photoId);
    photoIds.splice(position, 0, photoId);
    return { ...answer, photo_ids: photoIds };
  });
}

/** The ids of the photos that the answers refer to. */
export function photosInUse(draft) {
  return Object.values(draft.answers).flatMap((answer) => answer.photo_ids);
}

/**
 * What a criterion still lacks, as a list of {what, count?} in the order in which it is asked on the screen;
 * `what` is answer, number, words, reason, comment or photos. An optional criterion lacks nothing until it is begun.
 */
export function lacking(criterion, answer) {
  if (answer.status === "not_applicable") return [];
  if (answer.status === "could_not_check") return answer.reason.trim() ? [] : [{ what: "reason" }];
  const begun = answer.status !== null || answer.comment.trim() || answer.photo_ids.length;
  if (!begun && !criterion.required) return [];
  if (answer.status === null) return [{ what: "answer" }];
  const lacks = [];
  if (criterion.kind === "measure" && numberTrouble(criterion, answer.number)) lacks.push({ what: "number" });
  if (asksForWords(criterion, answer) && !answer.words.trim()) lacks.push({ what: "words" });
  if (criterion.comment === "required" && !answer.comment.trim()) lacks.push({ what: "comment" });
  const wanted = criterion.evidence === "required" ? Math.max(1, criterion.evidence_at_least ?? 1) : 0;
  if (answer.photo_ids.length < wanted) lacks.push({ what: "photos", count: wanted - answer.photo_ids.length });
  return lacks;
}

/**
 * Why a number as typed does not fit a measure: "form" (none, or too many decimals), "percent" (not from 0 to 100),
 * "negative" or "large"; null when it fits.
 */
export function numberTrouble({ unit, decimals }, text) {
  const number = parseNumber(text, decimals);
  if (number === null) return "form";
  if (unit === "percent") return number < 0 || number > 100 ? "percent" : null;
  if (number < 0) return "negative";
  return number >= TOO_LARGE ? "large" : null;
}

/** Whether the chosen option takes words of the inspector's own. */
export function asksForWords(criterion, answer) {
  return criterion.kind === "choice"
    && criterion.options.some((option) => option.free_text && answer.options.includes(option.id));
}

/**
 * How far the visit is: {done, total, missing, missingBehind}. `missing` lists every criterion that lacks something, in
 * order, as {section, criterion, lacks}; `missingBehind` counts those in sections that were left already.
 */
export function progress(version, draft) {
  const missing = [];
  let done = 0, total = 0;
  version.sections.forEach((section, index) => {
    for (const criterion of section.criteria) {
      const answer = answerOf(draft, criterion.id);
      const lacks = lacking(criterion, answer);
      total += 1;
      if (lacks.length) missing.push({ section: index, criterion, lacks });
      else if (answer.status !== null) done += 1;
    }
  });
  const left = new Set(draft.left_sections);
  const missingBehind = missing.filter((gap) => left.has(version.sections[gap.section].id)).length;
  return { done, total, missing, missingBehind };
}

/**
 * The report as it goes over the wire; `finishedAt` is a Date. Call only when nothing is missing. A clock that was set
 * back to before the beginning tells no end: the time that the visit was open does.
 */
export function buildReport({ draft, version, finishedAt, elapsedMs, appVersion, deviceId }) {
  const criteria = version.sections.flatMap((section) => section.criteria);
  const startedAt = Date.parse(draft.started_at);
  const end = finishedAt < startedAt ? new Date(startedAt + elapsedMs) : finishedAt;
  return {
    revision: 1,
    assignment_id: draft.assignment_id,
    checklist_version_id: draft.checklist_version_id,
    started_at: draft.started_at,
    finished_at: withOffset(end),
    elapsed_ms: Math.round(elapsedMs),
    utc_offset: -end.getTimezoneOffset(),
    app_version: appVersion,
    device_id: deviceId,
    positions: draft.positions,
    answers: criteria
      .filter((criterion) => answerOf(draft, criterion.id).status !== null)
      .map((criterion) => answerOnTheWire(criterion, answerOf(draft, criterion.id))),
    best_practices: [],
    photos: photosInUse(draft).map((id) => {
      const { sha256, size, media_type, taken_at } = draft.photos[id];
      return { id, sha256, size, media_type, taken_at };
    }),
  };
}

function answerOnTheWire(criterion, answer) {
  const answered = answer.status === "answered";
  return {
    criterion_id: criterion.id,
    repetition: 0,
    status: answer.status,
    states: answered && criterion.kind === "states" ? answer.states : [],
    options: answered && criterion.kind === "choice" ? answer.options : [],
    value: answered ? valueOnTheWire(criterion, answer) : null,
    reason: answer.status === "could_not_check" ? answer.reason.trim() : null,
    comment: answer.comment.trim() || null,
    photo_ids: answer.photo_ids,
  };
}

function valueOnTheWire(criterion, answer) {
  if (criterion.kind === "measure") return parseNumber(answer.number, criterion.decimals);
  return asksForWords(criterion, answer) ? answer.words.trim() : null;
}

/**
 * A number as people type it, with a decimal comma or point and spaces between thousands; null when it is none or has
 * more decimals than asked for.
 */
export function parseNumber(text, decimals = 0) {
  const compact = text.replace(/[\s\u00a0\u202f]/g, "").replace("\u2212", "-").replace(",", ".");
  const parts = /^-?\d{1,12}(?:\.(\d*))?$/.exec(compact);
  if (!parts || (parts[1] ?? "").length > decimals) return null;
  return Number(compact);
}

/** The text of a language map in the reader's language, else in the checklist's, else in any; plain text is itself. */
export function textIn(map, language, fallback) {
  if (typeof map === "string") return map;
  return map?.[language] || map?.[fallback] || Object.values(map ?? {}).find(Boolean) || "";
}

/** A UUIDv7 (RFC 9562): milliseconds since 1970, then random bits. `random` is a Uint8Array of 10 bytes. */
export function newId(milliseconds, random) {
  const bytes = [5, 4, 3, 2, 1, 0].map((place) => Math.floor(milliseconds / 256 ** place) % 256).concat(...random);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Local wall time with its offset, such as 2026-11-21T14:02:05+03:00: it tells what the phone's clock showed. */
export function withOffset(date) {
  const minutes = -date.getTimezoneOffset();
  const wall = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  return `${wall}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

function toggled(ids, id) {
  return ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
}
