/** Test data: Anna's visit after a reviewer sent it back, as /phone/work brings it. */
import { buildReport } from "../../inspector/phone/visit.js";
import { ASSIGNMENT, aTask, filledIn, LIMITS, VERSION } from "./factories.js";

export const NOTES = [{ criterion_id: "pay", repetition: 0, text: "Which cards?" }];

/** A report; of the first revision with photos p1 and p2 at the door, unless said otherwise. */
export function aReport(draft = filledIn(), task = aTask()) {
  return buildReport({
    draft, task, finishedAt: new Date("2026-11-21T12:30:00Z"), elapsedMs: 90_000, appVersion: "v", deviceId: "d",
  });
}

/** What /phone/work says. `visit` replaces what it tells of the visit, `received` what it says of each photo. */
export function returnedWork({ visit = {}, report = aReport(), received = { p1: true, p2: true } } = {}) {
  const photos = (report?.photos ?? []).map((photo) => ({ ...photo, received: received[photo.id] ?? false }));
  const returned = {
    id: "visit", revision: 1, state: "returned", received_at: "2026-11-21T14:02:00Z", reason: "Two things", notes: NOTES,
    checklist_version_id: "version", report, photos, ...visit,
  };
  return {
    person: { id: "anna" }, limits: LIMITS, checklist_versions: [VERSION],
    projects: [{ id: "coffee", touchpoints: [{ id: "t", name: { en: "Door" }, stage: { en: "Visiting" } }] }],
    assignments: [{ ...ASSIGNMENT, project: { id: "coffee" }, visit: returned }],
  };
}
