/** What is promised of begun visits: of their copies on the server, at any time and once everything works again. */
import { isDeepStrictEqual } from "node:util";
import { hashOf } from "./hash.js";
import { Broken, usedIn } from "./promises.js";

const revisionOf = ({ revision }) => revision ?? 1;

/** What a phone says of its copies is so; `photos` as thePromises has them. */
export function checkCopies({ drafts, copies }, photos, service) {
  for (const draft of drafts.filter((each) => !each.discarded_at)) {
    const copy = copies.find((each) => each.id === draft.id);
    if (copy?.kept_at) checkCopy(copy, draft, photos, service);
  }
}

// Where nothing is said of other changes, the copy is what stands on the phone.
function checkCopy(copy, draft, photos, service) {
  const { drafts } = service;
  const key = drafts.keyOf(copy.id, copy.device_id);
  if (hasMovedOn(service, copy) || drafts.forgotten.has(key)) return;
  const there = drafts.copies.get(key);
  const isThere = there?.revision === copy.revision && there.changes >= copy.changes;
  if (!isThere) throw new Broken("kept", `the server does not have the copy of ${copy.id} that is said to be there`);
  // What was removed since may be gone from there, though the phone has not heard of it.
  for (const id of copy.photos.filter((each) => usedIn(draft).includes(each))) {
    if (!hasPhoto(service, id, photos)) throw new Broken("kept", `the server does not have ${id}`);
  }
  if (revisionOf(draft) !== copy.revision || (draft.changes ?? 0) !== copy.changes) return;
  const said = JSON.parse(there.body).draft;
  const isSame = isDeepStrictEqual(said.answers, draft.answers);
  if (!isSame) throw new Broken("kept", `the copy of ${copy.id} says other things`);
}

function hasPhoto({ drafts, photos, bytes }, id, taken) {
  return (drafts.early.has(id) || photos.has(id)) && hashOf(bytes.get(id)) === taken.get(id).hash;
}

/** Whether nothing of this revision is waited for any more: it has arrived, or a reviewer has decided. */
function hasMovedOn(service, { id, revision }) {
  return !service.drafts.isWanted(id, revision);
}

/** After a drain that `began` then: of a person's begun visits here the server has all, of what was discarded nothing. */
export async function checkTidy({ phone, person, service, began }) {
  const { drafts, copies, visits } = await phone.probe.begun(person);
  const open = drafts.filter((draft) => !draft.discarded_at);
  for (const draft of open) checkKeptNow(draft, copies.find(({ id }) => id === draft.id), { phone, person, service });
  // A full phone may not have been able to write down that there is a copy; who discards its draft leaves that behind.
  if (phone.wasFull) return;
  // What was discarded by a clock that was ahead waits for it, and what needs attention has not arrived.
  const recent = drafts.filter((draft) => draft.discarded_at > began);
  const finished = visits.filter((visit) => !visit.delivered);
  const mayHave = new Set([...open, ...recent, ...finished].map(({ id }) => id));
  for (const [key, copy] of service.drafts.copies) {
    const isOurs = copy.device_id === phone.deviceId && copy.person === person;
    if (isOurs && !mayHave.has(copy.visit_id) && !service.drafts.undeletable.has(key)) {
      throw new Broken("tidy", `there still is a copy of ${copy.visit_id}, which is no draft any more`);
    }
  }
}

function checkKeptNow(draft, copy, { phone, person, service }) {
  const { id } = draft;
  const found = Object.values(draft.photos).find((photo) => (
    photo.missing && usedIn(draft).includes(photo.id) && service.drafts.has(photo.id, id, person)));
  if (found) throw new Broken("tidy", `${found.id} is on the server and did not come to ${phone.deviceId}`);
  if (hasMovedOn(service, { id, revision: revisionOf(draft) })) return;
  const there = service.drafts.copies.get(service.drafts.keyOf(id, phone.deviceId));
  // Discarded and begun again by a clock that was set back: it is said that no copy is there.
  if (!copy?.kept_at && there?.changes > draft.changes) return;
  const isLast = there && isDeepStrictEqual(JSON.parse(there.body).draft.answers, draft.answers);
  if (!isLast || !copy?.kept_at) throw new Broken("tidy", `the last of ${id} did not come to the server`);
  const left = copy.missing.filter((photoId) => !copy.not_taken.includes(photoId));
  if (left.length) throw new Broken("tidy", `${left} did not come to the server`);
}

/** A line of a copy that a phone said to be kept before it was lost; it is on the server, unless it was decided on. */
export function isOwed(copy, service) {
  const key = service.drafts.keyOf(copy.id, copy.device_id);
  if (hasMovedOn(service, copy) || service.drafts.forgotten.has(key)) return false;
  if (!service.drafts.copies.has(key)) throw new Broken("kept", `${copy.id} was lost with its phone`);
  return true;
}

/** The draft that was gone on with in place of the lost one has the photos that were said to be kept. */
export function checkCameBack(copy, outcome) {
  if (outcome.kind !== "ok") throw new Broken("kept", `${copy.id} does not come back: ${outcome.kind}`);
  const { photos } = outcome.draft;
  const lost = usedIn(outcome.draft).find((id) => copy.photos.includes(id) && photos[id].missing);
  if (lost) throw new Broken("kept", `${lost} does not come back`);
}
