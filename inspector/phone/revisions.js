/**
 * A visit that a reviewer sent back: what of it is to be shown, and the draft of its next revision.
 * Pure functions only, as in visit.js.
 */
import { fromWire } from "./kinds.js";
import { practicesOf } from "./practices.js";
import { isUnread } from "./receipts.js";
import { answerKey, evidenceOf, photosInUse, startDraft } from "./visit.js";

// What a report may leave out of an answer.
const EMPTY_LINE = { repetition: 0, states: [], options: [], value: null, reason: null, comment: null, photo_ids: [] };

/**
 * Whether an assignment's visit waits to be worked on again: sent back, and neither begun again on this phone nor
 * finished since.
 */
export function isReturned({ visit }, { drafts, visits }) {
  return visit?.state === "returned"
    && !drafts.some(({ id }) => id === visit.id)
    && !visits.some((each) => each.id === visit.id && revisionOf(each) > visit.revision);
}

/** Which revision a draft or a finished visit is; those of the first release did not say that they are the first. */
export function revisionOf({ revision }) {
  return revision ?? 1;
}

/**
 * The draft of the next revision, with everything that the last report said. `assignment.visit` is what /phone/work
 * brought of it, `version` the checklist that it was made with. A report that had no form leaves a draft to be filled in.
 */
export function nextRevision({ personId, assignment, version, now }) {
  const { visit } = assignment;
  const { report, photos, notes } = visit;
  const draft = startDraft({ id: visit.id, personId, assignment, version, now });
  const next = {
    ...draft,
    revision: visit.revision + 1,
    // Discarded and begun again, it is later than the copy that may still lie on the server, which counts to 2 ** 31.
    changes: Math.min(Math.floor(now / 1000), 2_100_000_000),
    photos: Object.fromEntries(photos.map((photo) => [
      photo.id, { ...photo, ...saidOf(report, photo.id), preview: false }])),
    at: placeOf(version, notes[0]) ?? draft.at,
  };
  if (!report) return next;
  return {
    ...next,
    started_at: report.started_at,
    elapsed_ms: report.elapsed_ms,
    positions: report.positions ?? [],
    answers: answersOf(version, report.answers, photos),
    repetitions: labelsOf(report.repetitions ?? []),
    staff_met: report.staff_met ?? [],
    best_practices: report.best_practices ?? [],
    ...(report.consents && { consents: report.consents }),
  };
}

function saidOf(report, photoId) {
  const { marks, receipt, duration_ms } = report?.photos?.find(({ id }) => id === photoId) ?? {};
  return { ...(marks?.length && { marks }), ...(receipt && { receipt }), ...(duration_ms && { duration_ms }) };
}

function placeOf(version, note) {
  const section = version.sections.findIndex(({ criteria }) => criteria.some(({ id }) => id === note?.criterion_id));
  return section < 0 ? null : { section, repetition: note.repetition, criterion: note.criterion_id };
}

function answersOf(version, answers, photos) {
  const heard = new Set(photos.filter(({ media_type: type }) => type.startsWith("audio/")).map(({ id }) => id));
  const criteria = new Map(version.sections.flatMap((section) => section.criteria).map((each) => [each.id, each]));
  const known = answers.filter((line) => criteria.has(line.criterion_id)).map((line) => ({ ...EMPTY_LINE, ...line }));
  return Object.fromEntries(known.map((line) => [
    answerKey(line.criterion_id, line.repetition), apart(fromWire(criteria.get(line.criterion_id), line), heard)]));
}

// On the wire recordings are among the photos.
function apart(answer, heard) {
  const recordings = answer.photo_ids.filter((id) => heard.has(id));
  if (!recordings.length) return answer;
  return { ...answer, photo_ids: answer.photo_ids.filter((id) => !heard.has(id)), recordings };
}

// From one line per repetition on the wire to the list of labels that a draft has for each section.
function labelsOf(repetitions) {
  const labels = {};
  for (const { section_id: section, repetition, label } of repetitions) {
    labels[section] ??= [];
    labels[section][repetition] = label ?? "";
  }
  const whole = ([section, names]) => [section, Array.from(names, (name) => name ?? "")];
  return Object.fromEntries(Object.entries(labels).map(whole));
}

/**
 * The draft with the photos marked `missing` that never arrived and whose bytes are not on this phone any more; `here`
 * is a Set of the ids of those that are.
 */
export function markMissing(draft, here) {
  const photos = Object.entries(draft.photos).map(([id, photo]) => [
    id, photo.received || here.has(id) ? photo : { ...photo, missing: true }]);
  return { ...draft, photos: Object.fromEntries(photos) };
}

/** The draft after the bytes of these photos (a Set of ids) came here: they are not `missing` any more. */
export function found(draft, here) {
  const photos = Object.entries(draft.photos).map(([id, { missing, ...photo }]) => [
    id, missing && !here.has(id) ? { ...photo, missing } : photo]);
  return { ...draft, photos: Object.fromEntries(photos) };
}

/** The ids of the photos in use that are not here, nor received: they come, or are removed, before the visit is finished. */
export function lostPhotos(draft) {
  return photosInUse(draft).filter((id) => draft.photos[id]?.missing);
}

/**
 * Where a lost photo is looked for: {section, repetition, criterion} of the first answer that shows one, {practice}, or
 * {tray: true}; null when none is lost.
 */
export function placeOfLost(version, draft) {
  return placeOfPhoto(version, draft, (id) => draft.photos[id].missing);
}

/** Where the first photo of which `isIt(id)` holds is shown, as `placeOfLost` has it; null when there is none. */
export function placeOfPhoto(version, draft, isIt) {
  const hasIt = (each) => each && evidenceOf(each).some(isIt);
  for (const [section, { criteria }] of version.sections.entries()) {
    for (const { id } of criteria) {
      const keys = Object.keys(draft.answers).filter((key) => key.split(" ")[0] === id && hasIt(draft.answers[key]));
      if (keys.length) return { section, repetition: Number(keys[0].split(" ")[1] ?? 0), criterion: id };
    }
  }
  const practice = practicesOf(draft).find(hasIt);
  if (practice) return { practice: practice.id };
  return hasIt(draft.tray) ? { tray: true } : null;
}

/** The ids of the photos in use whose receipt says something that cannot be read (receipts.js). */
export function unreadReceipts(draft) {
  return photosInUse(draft).filter((id) => isUnread(draft.photos[id]?.receipt));
}

/** The reviewer's notes on one repetition of a criterion, for an open draft {draft, task}. */
export function notesOn({ draft, task }, criterionId, repetition) {
  if (revisionOf(draft) === 1) return [];
  return task.assignment.visit.notes.filter(
    (note) => note.criterion_id === criterionId && (note.repetition ?? 0) === repetition);
}

/**
 * The visit as the server has it when that has gone on without this draft: sent from another phone; of a revision,
 * approved or rejected meanwhile, too. Null while the draft is still waited for, or nothing is known.
 */
export function movedOn(draft, work) {
  const visit = work?.assignments.find((each) => each.visit?.id === draft.id)?.visit;
  // It was not sent from here, or there would be no draft of it.
  if (revisionOf(draft) === 1) return visit ? { ...visit, isFirst: true } : null;
  return visit && (visit.state !== "returned" || visit.revision >= draft.revision) ? visit : null;
}
