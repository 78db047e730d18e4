/**
 * What a visit is while it is being filled in: its answers, what is missing, its report.
 * Pure functions only: no DOM, no clock of its own, no storage. A draft is never changed in place.
 */
import { isNotGreen, whatIsShown } from "./conditions.js";
import { EMPTY_ANSWER, kindOf, NOTHING_BESIDE, statusOf } from "./kinds.js";
import { receiptOnTheWire } from "./receipts.js";

/** What keeps a hidden answer at home: the server could not read it. */
const UNREADABLE = ["value", "reason"];

/** A new draft of one assignment, begun at `now` (Date) by the person with the given id. */
export function startDraft({ id, personId, assignment, version, now }) {
  const draft = {
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
    repetitions: {},
    staff_met: [],
    left_sections: [],
    at: { section: 0, repetition: 0, criterion: null },
  };
  const [first] = placesOf({ version, assignment }, draft);
  return { ...draft, at: { ...draft.at, ...first } };
}

/** The draft with the answer of one repetition replaced by what `change` makes of it. */
export function changeAnswer(draft, criterionId, repetition, change) {
  const answer = change(answerOf(draft, criterionId, repetition));
  return { ...draft, answers: { ...draft.answers, [answerKey(criterionId, repetition)]: answer } };
}

export function answerOf(draft, criterionId, repetition = 0) {
  return draft.answers[answerKey(criterionId, repetition)] ?? EMPTY_ANSWER;
}

/** What one repetition's answer to a criterion is kept under; the first has the bare id, as drafts always had. */
export function answerKey(criterionId, repetition = 0) {
  return repetition ? `${criterionId} ${repetition}` : criterionId;
}

/** The repetitions of a section, in order: {repetition, label}; one that does not repeat has one without a label. */
export function repetitionsOf(draft, sectionId) {
  const labels = draft.repetitions?.[sectionId] ?? [""];
  return labels.map((label, repetition) => ({ repetition, label }));
}

/** Begin one more repetition of a section, after the last one. */
export function addRepetition(draft, sectionId) {
  return withLabels(draft, sectionId, (labels) => [...labels, ""]);
}

/** What is met in a repetition, in the inspector's words. */
export function nameRepetition(draft, sectionId, repetition, label) {
  return withLabels(draft, sectionId, (labels) => labels.map((each, place) => (place === repetition ? label : each)));
}

/** The draft without the last repetition of a section and its answers. */
export function removeRepetition(draft, section) {
  const last = repetitionsOf(draft, section.id).length - 1;
  const gone = new Set(section.criteria.map((criterion) => answerKey(criterion.id, last)));
  const answers = Object.fromEntries(Object.entries(draft.answers).filter(([key]) => !gone.has(key)));
  return {
    ...withLabels(draft, section.id, (labels) => labels.slice(0, -1)),
    answers,
    left_sections: draft.left_sections.filter((left) => left !== answerKey(section.id, last)),
  };
}

/** Put back the repetition that was the last one in an earlier draft. */
export function restoreRepetition(draft, section, earlier) {
  const { repetition, label } = repetitionsOf(earlier, section.id).pop();
  const keys = new Set(section.criteria.map((criterion) => answerKey(criterion.id, repetition)));
  const answers = Object.fromEntries(Object.entries(earlier.answers).filter(([key]) => keys.has(key)));
  return {
    ...withLabels(draft, section.id, (labels) => [...labels.slice(0, repetition), label]),
    answers: { ...draft.answers, ...answers },
  };
}

function withLabels(draft, sectionId, change) {
  const labels = change(repetitionsOf(draft, sectionId).map(({ label }) => label));
  return { ...draft, repetitions: { ...draft.repetitions, [sectionId]: labels } };
}

/** Put text into one of the fields `reason`, `comment`. */
export function write(answer, field, text) {
  return { ...answer, [field]: text };
}

/** The draft with a photo added to a criterion. `photo` is {id, sha256, size, media_type, taken_at, preview}. */
export function addPhoto(draft, criterionId, repetition, photo) {
  const photos = { ...draft.photos, [photo.id]: photo };
  return changeAnswer({ ...draft, photos }, criterionId, repetition,
    (answer) => ({ ...answer, photo_ids: [...answer.photo_ids, photo.id] }));
}

/** The draft without that photo in the answer. Its bytes and its line stay until the visit is finished, for an undo. */
export function removePhoto(draft, criterionId, repetition, photoId) {
  return changeAnswer(draft, criterionId, repetition,
    (answer) => ({ ...answer, photo_ids: answer.photo_ids.filter((id) => id !== photoId) }));
}

/** Put a removed photo back at its former place. */
export function restorePhoto(draft, criterionId, repetition, photoId, position) {
  return changeAnswer(draft, criterionId, repetition, (answer) => {
    const photoIds = answer.photo_ids.filter((id) => id !== photoId);
    photoIds.splice(position, 0, photoId);
    return { ...answer, photo_ids: photoIds };
  });
}

/** The staff met, as {role, description, name}; `name` may be null. */
export function staffOf(draft) {
  return draft.staff_met ?? [];
}

/** The draft with one more person, of whom nothing is said yet. */
export function addStaff(draft) {
  return restoreStaff(draft, staffOf(draft).length, { role: "", description: "", name: "" });
}

/** The draft with some of what is said of a person replaced. */
export function changeStaff(draft, place, news) {
  return { ...draft, staff_met: staffOf(draft).map((each, index) => (index === place ? { ...each, ...news } : each)) };
}

export function removeStaff(draft, place) {
  return { ...draft, staff_met: staffOf(draft).filter((_, index) => index !== place) };
}

/** Put a person into the list at that place. */
export function restoreStaff(draft, place, person) {
  const staff = staffOf(draft);
  return { ...draft, staff_met: [...staff.slice(0, place), person, ...staff.slice(place)] };
}

/** The ids of the photos of an answer or a best practice, and of its recordings. */
export function evidenceOf({ photo_ids: photos, recordings = [] }) {
  return [...photos, ...recordings];
}

/** The ids of the photos and recordings that answers and best practices refer to, and of those in the tray. */
export function photosInUse(draft) {
  const owners = [...Object.values(draft.answers), ...(draft.best_practices ?? [])];
  return [...owners.flatMap(evidenceOf), ...(draft.tray?.photo_ids ?? [])];
}

/** The draft without what refers to photos that it has no line of: no bytes of theirs were kept. */
export function withoutDangling(draft) {
  const isKnown = (id) => draft.photos[id];
  if (photosInUse(draft).every(isKnown)) return draft;
  const mend = (owner) => ({
    ...owner, photo_ids: owner.photo_ids.filter(isKnown),
    ...(owner.recordings && { recordings: owner.recordings.filter(isKnown) }),
  });
  return {
    ...draft,
    answers: Object.fromEntries(Object.entries(draft.answers).map(([key, answer]) => [key, mend(answer)])),
    ...(draft.best_practices && { best_practices: draft.best_practices.map(mend) }),
    ...(draft.tray && { tray: mend(draft.tray) }),
  };
}

/** What is shown of a visit's checklist, as conditions.js tells it. `task` is {version, assignment}. */
export function shownOf(task, draft) {
  return whatIsShown(task.version, {
    answerOf: (criterionId, repetition) => answerOf(draft, criterionId, repetition),
    count: (section) => repetitionsOf(draft, section.id).length,
    attributes: task.assignment.outlet.attributes ?? {},
  });
}

/** The places of a visit in order, as {section, repetition}: each repetition of each section that is shown. */
export function placesOf(task, draft, shown = shownOf(task, draft)) {
  return task.version.sections.flatMap((section, index) => {
    const isAsked = (repetition) => section.criteria.some((criterion) => shown.hasCriterion(criterion, repetition));
    if (!shown.hasSection(section) || (!section.repeats && !isAsked(0))) return [];
    return repetitionsOf(draft, section.id).map(({ repetition }) => ({ section: index, repetition }));
  });
}

/**
 * What a criterion still lacks, as a list of {what, trouble?, count?} in the order in which it is asked on the screen;
 * `what` is watch (a stopwatch runs for it), answer, value (with the kind's own trouble), reason, comment or photos. An
 * optional criterion lacks nothing until it is begun. `beside` is what kinds.js means by it.
 */
export function lacking(criterion, answer, beside = NOTHING_BESIDE) {
  const kind = kindOf(criterion);
  if (kind.isDerived) return [];
  const status = statusOf(criterion, answer);
  if (status === "not_applicable") return [];
  if (status === "could_not_check") return answer.reason.trim() ? [] : [{ what: "reason" }];
  const begun = status !== null || answer.watch || answer.comment.trim() || evidenceOf(answer).length;
  if (!begun && !criterion.required) return [];
  if (status === null && !kind.isPhotos) return [{ what: answer.watch ? "watch" : "answer" }];
  const trouble = kind.trouble?.(criterion, answer, beside);
  const lacks = answer.watch ? [{ what: "watch" }] : [];
  if (trouble) lacks.push({ what: "value", trouble });
  if (isCommentNeeded(criterion, answer) && !answer.comment.trim()) lacks.push({ what: "comment" });
  const wanted = photosNeeded(criterion, answer);
  if (answer.photo_ids.length < wanted) lacks.push({ what: "photos", count: wanted - answer.photo_ids.length });
  return lacks;
}

/** Whether a comment must be written to this answer. */
export function isCommentNeeded(criterion, answer) {
  return criterion.comment === "required" || (criterion.comment === "not_green" && isNotGreen(criterion, answer));
}

/** How many photos this answer needs at least. */
export function photosNeeded(criterion, answer) {
  const needed = kindOf(criterion).isPhotos || criterion.evidence === "required"
    || (criterion.evidence === "not_green" && isNotGreen(criterion, answer));
  return needed ? Math.max(1, criterion.evidence_at_least ?? 1) : 0;
}

/**
 * How far the visit is: {done, total, missing, missingBehind}. `missing` lists every shown criterion that lacks
 * something, in order, as {section, repetition, label, criterion, lacks}; `missingBehind` counts those in places that
 * were left already.
 */
export function progress(task, draft, shown = shownOf(task, draft)) {
  const missing = [];
  let done = 0, total = 0;
  for (const { section: index, repetition } of placesOf(task, draft, shown)) {
    const section = task.version.sections[index];
    const beside = shown.beside(section, repetition);
    for (const criterion of beside.criteria) {
      if (kindOf(criterion).isDerived) continue;
      const answer = answerOf(draft, criterion.id, repetition);
      const lacks = lacking(criterion, answer, beside);
      total += 1;
      if (lacks.length) missing.push({ section: index, repetition, criterion, lacks });
      else if (statusOf(criterion, answer) !== null) done += 1;
    }
  }
  const left = new Set(draft.left_sections);
  const isBehind = ({ section, repetition }) => left.has(answerKey(task.version.sections[section].id, repetition));
  return { done, total, missing, missingBehind: missing.filter(isBehind).length };
}

/**
 * The report as it goes over the wire; `finishedAt` is a Date. Call only when nothing is missing. A clock that was set
 * back to before the beginning tells no end: the time that the visit was open does.
 */
export function buildReport({ draft, task, finishedAt, elapsedMs, appVersion, deviceId }) {
  const { version } = task;
  const shown = shownOf(task, draft);
  const startedAt = Date.parse(draft.started_at);
  const end = finishedAt < startedAt ? new Date(startedAt + elapsedMs) : finishedAt;
  const answers = version.sections.flatMap((section) => answersOnTheWire(section, draft, shown));
  const practices = draft.best_practices ?? [];
  return {
    revision: draft.revision ?? 1,
    assignment_id: draft.assignment_id,
    checklist_version_id: draft.checklist_version_id,
    started_at: draft.started_at,
    finished_at: withOffset(end),
    elapsed_ms: Math.round(elapsedMs),
    utc_offset: -end.getTimezoneOffset(),
    app_version: appVersion,
    device_id: deviceId,
    positions: draft.positions,
    repetitions: version.sections
      .filter((section) => section.repeats && shown.hasSection(section))
      .flatMap(({ id }) => repetitionsOf(draft, id).map(({ repetition, label }) => (
        { section_id: id, repetition, label: label.trim() }))),
    answers,
    staff_met: staffOnTheWire(version, draft),
    best_practices: practices,
    photos: [...answers, ...practices].flatMap((each) => each.photo_ids).map((id) => {
      const { sha256, size, media_type, taken_at, marks, received, duration_ms } = draft.photos[id];
      // Of a photo that came before, no marks are news as well: they were taken away.
      const isMarked = marks && (marks.length > 0 || received);
      return {
        id, sha256, size, media_type, taken_at, ...(isMarked && { marks }), ...(duration_ms && { duration_ms }),
        ...receiptOnTheWire(draft.photos[id]),
      };
    }),
    ...(draft.consents?.length && { consents: draft.consents }),
  };
}

// What is hidden goes along as far as it was answered: the server keeps it, and does not score it.
function answersOnTheWire(section, draft, shown) {
  return repetitionsOf(draft, section.id).flatMap(({ repetition }) => section.criteria
    .filter((criterion) => {
      const answer = answerOf(draft, criterion.id, repetition);
      const lacks = lacking(criterion, answer, shown.beside(section, repetition));
      return statusOf(criterion, answer) !== null && !lacks.some(({ what }) => UNREADABLE.includes(what));
    })
    .map((criterion) => answerOnTheWire(criterion, repetition, answerOf(draft, criterion.id, repetition))));
}

function answerOnTheWire(criterion, repetition, answer) {
  const status = statusOf(criterion, answer);
  return {
    criterion_id: criterion.id,
    repetition,
    status,
    states: [],
    options: [],
    value: null,
    ...(status === "answered" && kindOf(criterion).toWire(criterion, answer)),
    reason: status === "could_not_check" ? answer.reason.trim() : null,
    comment: answer.comment.trim() || null,
    photo_ids: evidenceOf(answer),
  };
}

function staffOnTheWire(version, draft) {
  if (!version.staff_met) return [];
  return staffOf(draft)
    .map(({ role, description, name }) => (
      { role: role.trim(), description: description.trim(), name: (version.staff_names && name?.trim()) || null }))
    .filter(({ role, description, name }) => role || description || name);
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
