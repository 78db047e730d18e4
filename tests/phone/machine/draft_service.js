/**
 * The server's side of begun visits (checklists/visits/drafts.py and its neighbours), for service.js: one copy of each
 * phone, the latest it sent; their photos; and how both go when the visit arrives.
 */
import { answer, refusal } from "../server.js";
import { hashOf } from "./hash.js";

const keyOf = (visitId, deviceId) => `${visitId} ${deviceId}`;

/**
 * `visits` and `latest` tell what has arrived, `photos` the hash and `bytes` the bytes of every photo that is here,
 * `pieces` those of which a part is.
 */
export function theDrafts({ visits, latest, photos, bytes, onPut, pieces }) {
  let times = 0;
  const drafts = {
    /** By visit and phone: what that phone sent last, whose it is, and when it came. */
    copies: new Map(),
    /** By id: {visitId, person, sha256, size} of the photos that came before any report promised them. */
    early: new Map(),
    /** The keys of copies that were lost here, and of those that somebody was refused to delete. */
    forgotten: new Set(), undeletable: new Set(),
    answerTo, takeOver, forgetAnother, has, keyOf, isWanted,
  };
  return drafts;

  function answerTo(request, person, tab) {
    const { method, path, kind, id, visitId, deviceId, body } = request;
    if (kind === "draft photos") return method === "GET" ? givePhoto(request, person) : takePhoto(request, person, tab);
    if (method === "GET" && !id) return answer(200, { drafts: copiesOf(person).map(lineOf) });
    if (method === "GET") return give(path, id, deviceId, person);
    if (method === "DELETE") return drop(path, keyOf(visitId, deviceId), person);
    return take(path, id, body, person, tab);
  }

  function take(path, id, body, person, tab) {
    let sent;
    try {
      sent = JSON.parse(body);
    } catch {
      return refusal(path, 422);
    }
    onPut(tab, "drafts", id, person, body);
    const visit = visits.get(id);
    if (visit && latest(id).person !== person) return refusal(path, 404);
    if (!isWanted(id, sent.revision)) return refusal(path, 409);
    const key = keyOf(id, sent.device_id);
    const before = drafts.copies.get(key);
    const isLater = !before || sent.revision > before.revision
      || (sent.revision === before.revision && sent.changes > before.changes);
    if (isLater) {
      drafts.copies.set(key, { ...sent, visit_id: id, person, kept_at: new Date(times += 1000).toISOString() });
      drafts.forgotten.delete(key);
      drafts.undeletable.delete(key);
      dropUnnamed(id, person);
    }
    const copy = drafts.copies.get(key);
    const others = copiesOf(person).filter((each) => each.visit_id === id && each !== copy).map(lineOf);
    return answer(200, { id, changes: copy.changes, kept_at: copy.kept_at, missing_photos: missing(copy), others });
  }

  /** Whether a copy of this revision is taken: nothing has arrived that it is not the next revision of. */
  function isWanted(id, revision) {
    const visit = visits.get(id);
    return visit ? visit.state === "returned" && revision === latest(id).report.revision + 1 : revision === 1;
  }

  function copiesOf(person) {
    const hasArrived = ({ visit_id: id, revision }) => latest(id)?.report.revision >= revision;
    return [...drafts.copies.values()].filter((copy) => copy.person === person && !hasArrived(copy))
      .sort((a, b) => Date.parse(b.changed_at) - Date.parse(a.changed_at));
  }

  function lineOf({ body, person: _, ...line }) {
    return { ...line, system: "", progress: JSON.parse(body).progress };
  }

  function missing({ photos: named }) {
    return named.map(({ id }) => id).filter((id) => !drafts.early.has(id) && !photos.has(id));
  }

  function give(path, id, deviceId, person) {
    const copy = copiesOf(person).find((each) => each.visit_id === id && [null, each.device_id].includes(deviceId));
    return copy ? answer(200, { ...lineOf(copy), body: copy.body, missing_photos: missing(copy) }) : refusal(path, 404);
  }

  function drop(path, key, person) {
    const copy = drafts.copies.get(key);
    if (copy?.person !== person) return refusal(path, 404);
    drafts.copies.delete(key);
    dropUnnamed(copy.visit_id, person);
    return new Response(null, { status: 204 });
  }

  function dropUnnamed(visitId, person) {
    const copies = [...drafts.copies.values()].filter((each) => each.visit_id === visitId && each.person === person);
    const named = new Set(copies.flatMap((copy) => copy.photos.map(({ id }) => id)));
    for (const [id, photo] of drafts.early) {
      if (photo.visitId === visitId && photo.person === person && !named.has(id)) drafts.early.delete(id);
    }
  }

  function takePhoto(request, person, tab) {
    const { method, path, id, visitId, body } = request;
    if (method !== "HEAD") onPut(tab, "photos", id, person, body);
    const named = [...drafts.copies.values()].filter((each) => each.visit_id === visitId && each.person === person)
      .flatMap((copy) => copy.photos).find((photo) => photo.id === id);
    if (!named) return refusal(path, 404);
    const isHere = drafts.early.has(id) || photos.has(id);
    if (method === "HEAD") return pieces.tell(named, isHere);
    if (method === "PATCH" && !isHere) return pieces.take(request, named, (whole) => keepPhoto({ ...request, body: whole }, named, person));
    return isHere ? stored(200, named) : keepPhoto(request, named, person);
  }

  function keepPhoto({ path, id, visitId, body }, named, person) {
    const { sha256, size } = named;
    if (hashOf(body) !== sha256 || body.byteLength !== size) return refusal(path, 422);
    drafts.early.set(id, { visitId, person, sha256, size });
    bytes.set(id, new Uint8Array(body).slice());
    return stored(201, named);
  }

  function stored(status, { id, sha256, size }) {
    return answer(status, { id, sha256, size });
  }

  /** Whether this person gets the bytes of a photo of that visit. */
  function has(id, visitId, person) {
    const early = drafts.early.get(id);
    if (early?.visitId === visitId && early.person === person) return true;
    const visit = visits.get(visitId);
    return Boolean(visit) && visit.state !== "deleted" && latest(visitId).person === person && photos.has(id)
      && visit.revisions.some(({ report }) => report.photos.some((photo) => photo.id === id));
  }

  function givePhoto({ path, id, visitId }, person) {
    if (!has(id, visitId, person)) return refusal(path, 404);
    return new Response(bytes.get(id), { headers: { "Content-Type": "application/octet-stream" } });
  }

  /** A report arrives: its phone's copy goes, and those of the draft's photos that it promises need not come again. */
  function takeOver(visitId, person, report) {
    const key = keyOf(visitId, report.device_id);
    if (drafts.copies.get(key)?.person === person) drafts.copies.delete(key);
    for (const [id, early] of drafts.early) {
      if (early.visitId !== visitId || early.person !== person) continue;
      const isIt = (each) => each.id === id && each.sha256 === early.sha256 && each.size === early.size;
      if (!report.photos.some(isIt)) continue;
      photos.set(id, early.sha256);
      drafts.early.delete(id);
    }
    dropUnnamed(visitId, person);
  }

  /** What nobody changed for long is forgotten: the copy that has been here longest, but not the one of this visit. */
  function forgetAnother(visitId) {
    const [key, copy] = [...drafts.copies].find(([, each]) => each.visit_id !== visitId) ?? [];
    if (!key) return;
    drafts.copies.delete(key);
    drafts.forgotten.add(key);
    dropUnnamed(copy.visit_id, copy.person);
  }
}
