/** Test data with defaults: a café's checklist, Anna's draft of it, her finished visit. */
import { finishedVisit } from "../../inspector/phone/outbox.js";
import { sha256 } from "../../inspector/phone/photos.js";
import { enter, markNone, markStatus } from "../../inspector/phone/kinds.js";
import { addPhoto, buildReport, changeAnswer, startDraft, write } from "../../inspector/phone/visit.js";

export const ASSIGNMENT = { id: "a1", outlet: { name: "North" }, checklist_version_id: "version" };
export const LIMITS = { photo_long_edge_px: 2048, photo_max_bytes: 1000, photos_per_visit: 3 };

/** A criterion of that kind, as the phone gets it. */
export const asked = (id, kind, more) => ({
  id, kind, text: { en: id }, guidance: {}, required: true, may_be_not_applicable: true, comment: "optional", evidence: "optional",
  evidence_at_least: 1, states: [], options: [], unit: null, decimals: 0, several: false, settings: {}, pictures: [], shown_when: null,
  ...more,
});

/** A version of the given sections, each a list of criteria; `more` by section. */
export const aVersion = (sections, more = {}) => ({
  id: "version", default_language: "en", sections: Object.entries(sections).map(([id, criteria]) => ({
    id, title: { en: id }, intro: {}, touchpoint_id: "t", repeats: false, repeat_label: {}, most_repetitions: 10, shown_when: null,
    criteria, ...more[id],
  })),
});

export const VERSION = aVersion({
  entrance: [
    asked("door", "states", { evidence: "required", evidence_at_least: 2, states: [{ id: "clean" }, { id: "lit" }] }),
    asked("wait", "measure", { unit: "seconds" })],
  desk: [
    asked("pay", "choice", {
      comment: "required", options: [{ id: "cash" }, { id: "card" }, { id: "other", free_text: true }] }),
    asked("bill", "measure", { required: false, unit: "money", decimals: 2 })],
});

export function aDraft({ id = "visit", personId = "anna" } = {}) {
  return startDraft({ id, personId, assignment: ASSIGNMENT, version: VERSION, now: new Date("2026-11-21T12:00:00Z") });
}

export function aTask({ id = "visit", version = VERSION, attributes } = {}) {
  const assignment = attributes ? { ...ASSIGNMENT, outlet: { ...ASSIGNMENT.outlet, attributes } } : ASSIGNMENT;
  return { id, assignment, version, limits: LIMITS };
}

/** A photo of the given words as the draft lists it, and its bytes. */
export async function aPhoto(id, words = id) {
  const bytes = new TextEncoder().encode(words).buffer;
  const line = { id, sha256: await sha256(bytes), size: bytes.byteLength, media_type: "image/jpeg", taken_at: "2026-11-21T12:05:00+00:00" };
  return { line: { ...line, preview: false }, bytes };
}

/** A draft in which nothing is missing, with two photos at the door. */
export function filledIn(options = {}, photos = ["p1", "p2"].map((id) => ({ id, sha256: id, size: 1, media_type: "image/jpeg", taken_at: "t" }))) {
  const answers = [
    ["door", (answer) => write(markNone(answer), "comment", "wet")],
    ["wait", (answer) => enter(answer, { number: "90" })],
    ["pay", (answer) => write(markStatus(answer, "could_not_check"), "reason", "no cash desk")],
  ];
  const draft = answers.reduce((whole, [id, change]) => changeAnswer(whole, id, 0, change), aDraft(options));
  return photos.reduce((whole, photo) => addPhoto(whole, "door", 0, photo), draft);
}

/** The draft with answers entered, as {criterion: content} or {"criterion repetition": content}. */
export function answered(contents, draft = aDraft()) {
  return Object.entries(contents).reduce((whole, [place, content]) => {
    const [id, repetition] = place.split(" ");
    return changeAnswer(whole, id, Number(repetition ?? 0), (answer) => enter(answer, content));
  }, draft);
}

/** The report of a draft. */
export function reportOf(draft, task) {
  return buildReport({ draft, task, finishedAt: new Date("2026-11-21T12:30:00Z"), elapsedMs: 0, appVersion: "v", deviceId: "d" });
}

/** Put a finished visit with `photoIds` into a store, through a draft as the app does. */
export async function putFinished(store, { id = "visit", personId = "anna", photoIds = ["p1", "p2"], finishedAt = 1000, wordsOf = (photoId) => photoId } = {}) {
  const photos = await Promise.all(photoIds.map((photoId) => aPhoto(photoId, wordsOf(photoId))));
  await store.startDraft(aDraft({ id, personId }), aTask({ id }));
  const draft = filledIn({ id, personId }, photos.map(({ line }) => line));
  for (const { line, bytes } of photos) {
    await store.savePhoto(draft, { id: line.id, visit_id: id, bytes, media_type: line.media_type, sha256: line.sha256 }, null);
  }
  const report = buildReport({
    draft, task: aTask({ id }), finishedAt: new Date(finishedAt), elapsedMs: 0, appVersion: "v", deviceId: "d" });
  const bytes = new TextEncoder().encode(JSON.stringify(report)).buffer;
  await store.finish(finishedVisit({ draft, report, finishedAt }), bytes);
}
