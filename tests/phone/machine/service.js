/**
 * The wire's other end for the machine: keeps the promises of the wire to the letter, with faults that are ordered
 * beforehand. Nothing in it depends on real time, so that a seed repeats what happened.
 */
import { answer, portal, portalJson, refusal } from "../server.js";
import { theDrafts } from "./draft_service.js";
import { hashOf } from "./hash.js";
import { thePieces } from "./pieces.js";

/** What a request is about. */
export const KINDS = ["session", "visits", "photos", "drafts", "draft photos"];

/** What can happen to it. */
export const FAULTS = [
  "lost", "no line", "portal", "portal json", "another's", "hangs", "damaged", "forgets", 401, 403, 404, 413, 422, 423, 429, 500, 503,
];

const ANOTHERS = {
  id: "another", revision: 9, state: "received", reason: null, received_at: "2026-11-21T14:02:00+00:00",
  missing_photos: [], sha256: "0", person: {},
};

/** `latency()` resolves when a request has got through; `onPut(tab, kind, id, person, body)` is told what arrives. */
export function aService({ latency, onPut }) {
  const service = {
    /** Visits by id, hashes of photos by id, and the bytes of every photo that is or was here. */
    visits: new Map(), photos: new Map(), bytes: new Map(),
    /** Faults to come, each {on: one of KINDS, fault}; a `bad` {id, status} meets every request of a finished visit. */
    faults: [], bad: null,
    /** Whether it has lost a photo that it had confirmed. */
    forgot: false,
    /** What is wrong in the service itself. */
    failed: null,
    /** The tabs whose PUT of a finished visit is on its way, and the most at once of one phone. */
    sending: [], mostAtOnce: 0,
    /** How many requests came that are about copies. */
    aboutCopies: 0,
    send, latest: (id) => service.visits.get(id)?.revisions.at(-1) ?? null,
  };
  const pieces = thePieces();
  service.drafts = theDrafts({ ...service, onPut, pieces });
  /** The photos of visits that were confirmed as a whole. */
  const safe = new Set();
  return service;

  async function send(address, { method, body, signal, headers }, tab) {
    const asked = whatIsAsked(address);
    const isSending = ["visits", "photos"].includes(asked.kind) && (method === "PUT" || method === "PATCH");
    if (asked.kind.startsWith("draft")) service.aboutCopies += 1;
    if (isSending) service.sending.push(tab);
    const ofPhone = service.sending.filter((each) => !each.dead && each.phone === tab.phone);
    service.mostAtOnce = Math.max(service.mostAtOnce, ofPhone.length);
    try {
      await latency();
      const given = await arrive({ ...asked, method, body, signal, headers }, tab);
      await latency();
      return given;
    } catch (error) {
      if (error !== NO_LINE && error !== signal.reason) service.failed ??= error;
      throw error;
    } finally {
      if (isSending) service.sending.splice(service.sending.indexOf(tab), 1);
    }
  }

  async function arrive(request, tab) {
    const { method, path, kind, id, signal } = request;
    const { bad } = service;
    const isDraft = kind.startsWith("draft");
    if (bad?.id === id && !isDraft) return bad.status === "no line" ? noLine() : refusal(path, bad.status);
    const place = service.faults.findIndex(({ on }) => on === kind);
    const [{ fault } = {}] = place < 0 ? [] : service.faults.splice(place, 1);
    if (fault === "no line") return noLine();
    if (fault === "portal") return portal();
    if (fault === "portal json") return portalJson([401, 403, 404][id.length % 3]);
    if (fault === "another's") return answer(200, ANOTHERS);
    if (fault === "hangs") return untilGivenUp(signal);
    if (typeof fault === "number") {
      if (method === "DELETE") service.drafts.undeletable.add(service.drafts.keyOf(id, request.deviceId));
      return refusal(path, fault);
    }
    const honest = answerTo(fault === "damaged" ? damaged(request) : request, tab);
    if (fault === "forgets" && kind === "photos") forgetAnother(id);
    if (fault === "forgets" && isDraft) service.drafts.forgetAnother(request.visitId);
    if (fault === "damaged" && kind === "draft photos" && method === "GET") return damagedAnswer(honest);
    return fault === "lost" ? noLine() : honest;
  }

  function answerTo(request, tab) {
    const { method, path, kind, id, body, headers } = request;
    const { login } = tab.phone;
    const expected = headers["Expect-Person"];
    if (!login || (expected && expected !== login)) return refusal(path, 401);
    if (kind === "session") return answer(200, { person: { id: login } });
    if (kind.startsWith("draft")) return service.drafts.answerTo(request, login, tab);
    if (method === "HEAD") return tellOffset(path, id, login);
    onPut(tab, kind, id, login, body);
    if (method === "PATCH") return takePiece(request, login);
    return kind === "visits" ? takeVisit(path, id, body, login) : takePhoto(path, id, body, login);
  }

  function takeVisit(path, id, body, login) {
    const hash = hashOf(body);
    const known = service.visits.get(id);
    if (known?.state === "deleted") return refusal(path, 410);
    const isNew = !known?.revisions.some((each) => each.hash === hash);
    if (isNew) {
      const report = JSON.parse(new TextDecoder().decode(body));
      if (known && !(known.state === "returned" && report.revision === known.revisions.at(-1).report.revision + 1)) {
        return keepBeside(path, id, { hash, report, person: login });
      }
      const revision = { hash, report, person: login };
      service.visits.set(id, { ...known, revisions: [...(known?.revisions ?? []), revision], state: "received" });
      service.drafts.takeOver(id, login, report);
    }
    const visit = service.visits.get(id);
    const missingPhotos = missing(service.latest(id));
    if (!missingPhotos.length) for (const photo of service.latest(id).report.photos) safe.add(photo.id);
    return answer(isNew ? 201 : 200, {
      id, revision: service.latest(id).report.revision, state: visit.state, reason: null,
      received_at: "2026-11-21T14:02:00+00:00", missing_photos: missingPhotos,
    });
  }

  // Another report under the same id: it and its photos lie beside what was taken in.
  function keepBeside(path, id, other) {
    const visit = service.visits.get(id);
    if (visit.revisions[0].person !== other.person) return refusal(path, 404);
    const here = visit.beside?.find(({ hash }) => hash === other.hash) ?? other;
    visit.beside = [...(visit.beside ?? []).filter((each) => each !== here), here];
    service.drafts.takeOver(id, other.person, other.report);
    const missingPhotos = missing(other);
    if (!missingPhotos.length) for (const photo of other.report.photos) safe.add(photo.id);
    return refusal(path, 409, "another one came", { title: "OtherContent", missing_photos: missingPhotos });
  }

  function missing({ report }) {
    return report.photos.filter((photo) => !service.photos.has(photo.id)).map((photo) => photo.id);
  }

  function promiseOf(id, login) {
    return [...service.visits].flatMap(([visitId, { beside = [] }]) => [service.latest(visitId), ...beside])
      .filter(({ person }) => person === login)
      .flatMap(({ report }) => report.photos).find((photo) => photo.id === id);
  }

  function tellOffset(path, id, login) {
    const promised = promiseOf(id, login);
    return promised ? pieces.tell(promised, service.photos.has(id)) : refusal(path, 404);
  }

  function takePiece(request, login) {
    const { path, id } = request;
    const promised = promiseOf(id, login);
    if (!promised) return refusal(path, 404);
    if (service.photos.has(id)) return stored(promised, 200);
    return pieces.take(request, promised, (whole) => takePhoto(path, id, whole, login));
  }

  function takePhoto(path, id, body, login) {
    const promised = promiseOf(id, login);
    if (!promised) return refusal(path, 404);
    const hash = hashOf(body);
    if (hash !== promised.sha256 || body.byteLength !== promised.size) return refusal(path, 422);
    const status = service.photos.has(id) ? 200 : 201;
    service.photos.set(id, hash);
    service.bytes.set(id, new Uint8Array(body).slice());
    return stored(promised, status);
  }

  function stored({ id, sha256, size }, status) {
    return answer(status, { id, sha256, size, readable: true, reason: null });
  }

  // A disk was lost between two photos; what was said to be there as a whole is never lost.
  function forgetAnother(id) {
    const report = [...service.visits.keys()].map((visitId) => service.latest(visitId).report)
      .find(({ photos }) => photos.some((photo) => photo.id === id));
    const other = report?.photos.find((photo) => photo.id !== id && service.photos.has(photo.id) && !safe.has(photo.id));
    if (other) service.forgot = service.photos.delete(other.id);
  }
}

// What of a person's work is asked for: {kind, id, path}, of a draft's copy its visit and phone as well.
function whatIsAsked(address) {
  const [path, query] = address.split("?");
  const [, visitId, photoId] = /^\/api\/v1\/phone\/drafts\/?([^/]*)(?:\/photos\/(.+))?$/.exec(path) ?? [];
  if (photoId) return { path, kind: "draft photos", id: photoId, visitId };
  if (visitId !== undefined) {
    return { path, kind: "drafts", id: visitId, visitId, deviceId: new URLSearchParams(query).get("device_id") };
  }
  const [, kind, id] = /^\/api\/v1\/(\w+)\/?(.*)$/.exec(path);
  return { path, kind, id };
}

const NO_LINE = new TypeError("no line");

function noLine() {
  throw NO_LINE;
}

// A photo's bytes changed on the way; a report that is changed is no JSON any more, which the real server refuses.
function damaged(request) {
  if (!request.kind.endsWith("photos") || !request.body) return request;
  const body = new Uint8Array(request.body).slice();
  body[0] ^= 1;
  return { ...request, body };
}

async function damagedAnswer(honest) {
  const body = new Uint8Array(await honest.arrayBuffer());
  body[0] ^= 1;
  return new Response(body, honest);
}

// Who sends may have given up before the request was here.
function untilGivenUp(signal) {
  return new Promise((_, refuse) => {
    const giveUp = () => refuse(signal.reason);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp);
  });
}
