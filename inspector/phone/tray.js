/**
 * The tray of a draft: photos, notes, stopwatches and counters that were taken in the shop and belong to no criterion
 * yet. Pure functions only, as in visit.js. An item is {what, id, at, …}: a "photo"; a "note" with its `text`; a
 * "stopwatch" with {value, since} as stopwatch.js has them; a "counter" with its `value`.
 */
import { enter, kindOf, statusOf } from "./kinds.js";
import { addPractice, changePractice, isEmpty, practiceOf, removePractice } from "./practices.js";
import { elapsed, inUnit } from "./stopwatch.js";
import { answerOf, changeAnswer, lacking, placesOf, shownOf } from "./visit.js";

const NOTHING = Object.freeze({ photo_ids: [], notes: [], measures: [] });

/** What lies in the tray, as the draft keeps it: {photo_ids, notes, measures}. */
export function trayOf(draft) {
  return draft.tray ?? NOTHING;
}

/** The items in the tray, oldest first; a note of which nothing is left is none. */
export function itemsOf(draft) {
  const { photo_ids: photoIds, notes, measures } = trayOf(draft);
  return [
    ...photoIds.map((id) => ({ what: "photo", id, at: draft.photos[id].taken_at })),
    ...notes.filter(({ text }) => text.trim()).map((note) => ({ what: "note", ...note })),
    ...measures,
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** The draft with the ids of the photos in the tray replaced by what `change` makes of them. */
export function changePhotos(draft, change) {
  return { ...draft, tray: { ...trayOf(draft), photo_ids: change(trayOf(draft).photo_ids) } };
}

/** The draft with a stopwatch, counter or note {id, …} in the tray, in place of the one with the same id. */
export function putIn(draft, item) {
  const list = item.what ? "measures" : "notes";
  const all = trayOf(draft)[list];
  const known = all.some(({ id }) => id === item.id);
  const changed = known ? all.map((each) => (each.id === item.id ? { ...each, ...item } : each)) : [...all, item];
  return { ...draft, tray: { ...trayOf(draft), [list]: changed } };
}

/** The draft without an item in the tray. A photo's bytes and line stay until the visit is finished, for an undo. */
export function takeOut(draft, { id }) {
  const { photo_ids: photoIds, notes, measures } = trayOf(draft);
  const others = (list) => list.filter((each) => each.id !== id);
  const tray = { photo_ids: photoIds.filter((each) => each !== id), notes: others(notes), measures: others(measures) };
  return { ...draft, tray };
}

/** Count on from what the counter stands at now: two quick taps are two. */
export function countOn(draft, { id }, by) {
  const counter = trayOf(draft).measures.find((each) => each.id === id);
  return counter ? putIn(draft, { ...counter, value: Math.max(0, counter.value + by) }) : draft;
}

function liesIn(draft, { id }) {
  const { photo_ids: photoIds, notes, measures } = trayOf(draft);
  return photoIds.includes(id) || [...notes, ...measures].some((each) => each.id === id);
}

/** Put an item back into the tray that was taken out of it. */
export function putBack(draft, item) {
  if (item.what === "photo") return changePhotos(draft, (ids) => [...ids.filter((id) => id !== item.id), item.id]);
  const { what, ...note } = item;
  return putIn(draft, what === "note" ? note : item);
}

/**
 * The criteria that take an item, as {section, repetition, criterion, wanted}: first those that wait for just that
 * (`wanted`), then those that it would answer again, then the others; in each the order of the checklist.
 */
export function targetsOf(task, draft, item, shown = shownOf(task, draft)) {
  const targets = placesOf(task, draft, shown).flatMap(({ section, repetition }) => {
    const beside = shown.beside(task.version.sections[section], repetition);
    return beside.criteria.map((criterion) => ({
      section, repetition, criterion, rank: rankOf(criterion, answerOf(draft, criterion.id, repetition), beside, item),
    }));
  });
  return targets.filter(({ rank }) => rank < 3).sort((a, b) => a.rank - b.rank)
    .map(({ rank, ...target }) => ({ ...target, wanted: rank === 0 }));
}

// 0: it waits for this; 1: this would answer it; 2: it has room for this; 3: it has none.
function rankOf(criterion, answer, beside, item) {
  const lacks = (what) => lacking(criterion, answer, beside).some((each) => each.what === what);
  if (kindOf(criterion).isDerived) return 3;
  if (item.what === "photo") {
    if (lacks("photos")) return 0;
    return criterion.evidence !== "none" || kindOf(criterion).isPhotos ? 2 : 3;
  }
  if (isFilledBy(criterion, item)) return statusOf(criterion, answer) === null ? 0 : 1;
  if (criterion.comment === "none") return 3;
  return item.what === "note" && lacks("comment") ? 0 : 2;
}

function isFilledBy(criterion, { what }) {
  return kindOf(criterion).takes?.(criterion) === what;
}

/**
 * The draft with an item moved from the tray to a criterion: a photo to its photos, a time or a count into its value, a
 * note into its text; else `words`, what the item says, follow its comment. A stopwatch that runs is read at `now`.
 * What does not lie there any more, as after the second tap of a double one, is not moved again.
 */
export function assign(draft, item, { criterion, repetition }, words, now = undefined) {
  if (!liesIn(draft, item)) return draft;
  return changeAnswer(takeOut(draft, item), criterion.id, repetition, (answer) => {
    if (item.what === "photo") return { ...answer, photo_ids: [...answer.photo_ids, item.id] };
    if (!isFilledBy(criterion, item)) return { ...answer, comment: after(answer.comment, words) };
    if (item.what === "note") return enter(answer, { words: after(answer.words, words) });
    return enter(answer, {
      number: item.what === "counter" ? String(item.value) : inUnit(elapsed(item, now), criterion), watch: null });
  });
}

/**
 * Undo `assign`: the item lies in the tray again, and the answer is what it was in the draft `before`, but for photos
 * and recordings that were added since.
 */
export function unassign(draft, item, { criterion, repetition }, before) {
  return putBack(changeAnswer(draft, criterion.id, repetition, (answer) => {
    if (item.what === "photo") return { ...answer, photo_ids: answer.photo_ids.filter((id) => id !== item.id) };
    const { photo_ids: taken, recordings } = answer;
    return { ...answerOf(before, criterion.id, repetition), photo_ids: taken, ...(recordings && { recordings }) };
  }), item);
}

/** The draft with a photo or a note moved to the best practice `id`, begun at a touchpoint if there is none yet. */
export function assignToPractice(draft, item, id, touchpointId) {
  if (!liesIn(draft, item)) return draft;
  const emptied = takeOut(draft, item);
  const begun = practiceOf(draft, id) ? emptied : addPractice(emptied, { id, touchpointId });
  return changePractice(begun, id, (practice) => (item.what === "photo"
    ? { ...practice, photo_ids: [...practice.photo_ids, item.id] }
    : { ...practice, text: after(practice.text, item.text) }));
}

/** Undo `assignToPractice`, as `unassign` does; a best practice that was begun by it and is empty again goes. */
export function unassignFromPractice(draft, item, id, before) {
  const was = practiceOf(before, id);
  const undone = putBack(changePractice(draft, id, (practice) => (item.what === "photo"
    ? { ...practice, photo_ids: practice.photo_ids.filter((each) => each !== item.id) }
    : { ...practice, text: was?.text ?? "" })), item);
  const left = practiceOf(undone, id);
  return !was && left && isEmpty(left) ? removePractice(undone, id) : undone;
}

function after(before, words) {
  return [before.trim(), words.trim()].filter(Boolean).join("\n");
}
