/**
 * The wire. Every call answers {kind, status, body}; `kind` is
 *   ok       the exact status, JSON, and our own id came back
 *   same     nothing changed (304); `time` is the server's, in ms since 1970, or null
 *   login    401 from our own server: somebody has to log in
 *   refused  our own server says no, repeating is useless
 *   later    the server is busy or broken
 *   nothing  no answer, or one that nobody should believe
 * A captive portal answers 200 with a page of its own, or refuses in JSON; whatever is not exactly what was expected is
 * `nothing`. Our server's refusals are problems (RFC 9457) whose `instance` is the path that was asked for.
 */

import { mediaTypeOf } from "./photos.js";

const JPEG = "image/jpeg";
const BYTES = "application/octet-stream";
// No body is waited for, only a place in one.
const OFFSET = "*/*";
// What a page that goes away may still send.
const LAST_WORDS_BYTES = 60_000;
const REFUSALS = new Set([400, 403, 404, 409, 410, 413, 422]);
const PATIENCE_MS = 30_000;
const SLOWEST_BYTES_PER_SECOND = 2_000;
// What a person's work comes to, packed; nobody knows before it has come.
const WORK_BYTES = 200_000;

// With it the server takes a request only under this person's login: somebody else may have come since we looked.
const meantFor = (personId) => ({ "Expect-Person": personId });

/** The phone's calls; `send` is the browser's fetch or a test's, `language` tells the language for words of refusal. */
export function createApi({ send = (url, options) => fetch(url, options), base = "/", language = () => "en" } = {}) {
  async function call(method, path, {
    body, mediaType, headers = {}, expect, believe, accept = "application/json", signal, keepalive = false, patience,
    size = 0, cache = "no-store",
  }) {
    const stop = new AbortController();
    const giveUp = () => stop.abort();
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp);
    const whole = PATIENCE_MS + ((body?.byteLength ?? body?.length ?? size) / SLOWEST_BYTES_PER_SECOND) * 1000;
    const timer = setTimeout(() => stop.abort(), patience ?? whole);
    try {
      const response = await send(base + path, {
        method, body, keepalive, signal: stop.signal, redirect: "error", credentials: "same-origin", cache,
        headers: {
          Accept: accept, "Accept-Language": language(),
          ...(mediaType && { "Content-Type": mediaType }), ...headers,
        },
      });
      return await understand(response, base + path.split("?")[0], { expect, believe, accept });
    } catch {
      return { kind: "nothing", status: 0, body: null };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** A JPEG: `body` is its bytes. */
  const picture = (path, { personId }) => call("GET", path, { accept: JPEG, headers: meantFor(personId), expect: [200] });
  const json = (value) => ({ body: JSON.stringify(value), mediaType: "application/json" });
  const isPerson = (body) => typeof body.person?.id === "string";
  const placeOf = ({ id }, visitId) => `api/v1/${visitId ? `phone/drafts/${visitId}/` : ""}photos/${id}`;

  return {
    session: () => call("GET", "api/v1/session", { expect: [200], believe: isPerson }),
    /** Who is logged in in this browser, as {person}; null where nobody is. */
    visitor: () => call("GET", "api/v1/session/person", {
      expect: [200], believe: (body) => body.person === null || isPerson(body) }),
    /** With {email, password}, or {code}. */
    logIn: (means) => call("POST", "api/v1/session", { ...json(means), expect: [200], believe: isPerson }),
    /** A code with which this person logs in elsewhere: {code, valid_until}. */
    makeCode: ({ personId }) => call("POST", "api/v1/session/code", {
      headers: meantFor(personId), expect: [201], believe: (body) => typeof body.code === "string" }),
    /**
     * End this person's login, and no other's (an earlier release did not note whose it was), and the notices to this
     * phone; `signal` ends the call.
     */
    logOut: ({ personId, deviceId, signal }) => call("DELETE", `api/v1/session?device_id=${encodeURIComponent(deviceId)}`, {
      headers: personId === true ? {} : meantFor(personId), signal, expect: [204] }),

    /** All that the phone needs to work off line; `etag` of what is already here, or null. */
    work: (etag) => call("GET", "api/v1/phone/work", {
      headers: etag ? { "If-None-Match": etag } : {}, expect: [200], size: WORK_BYTES,
      believe: (body) => isPerson(body) && Array.isArray(body.assignments),
    }),

    /** The frozen bytes of a person's finished visit. An answer about an earlier revision is none to this one. */
    putVisit: (id, bytes, { personId, revision = 1 }) => call("PUT", `api/v1/visits/${id}`, {
      body: bytes, mediaType: "application/json", headers: meantFor(personId), expect: [200, 201, 202],
      believe: (body) => body.id === id && body.revision >= revision && Array.isArray(body.missing_photos),
    }),

    /**
     * The bytes of one photo that a person promised: {id, sha256, media_type, bytes}; with `visitId` one of that visit's
     * draft. `signal` ends it when the line is needed.
     */
    putPhoto: (photo, { personId, visitId, signal }) => call("PUT", placeOf(photo, visitId), {
      body: photo.bytes, mediaType: photo.media_type, signal, headers: meantFor(personId), expect: [200, 201],
      believe: (body) => body.id === photo.id && body.sha256 === photo.sha256,
    }),

    /** Where a photo goes on that broke off: {kind: "ok", offset}; "unknown" where the server does not say. */
    photoOffset: (photo, { personId, visitId, signal }) => call("HEAD", placeOf(photo, visitId), {
      headers: meantFor(personId), signal, accept: OFFSET, expect: [200], believe: ({ size }) => size === photo.bytes.byteLength,
    }),
    /**
     * The bytes of a photo from `start` to before `end`, with a limit of time for each piece and none for all of them:
     * as with putPhoto; "more" with the next `offset`; "elsewhere" with the one that is right; or "unknown" where the
     * server takes whole photos only.
     */
    patchPhoto: async (photo, { personId, visitId, signal, start, end }) => {
      const answer = await call("PATCH", placeOf(photo, visitId), {
        body: new Uint8Array(photo.bytes, start, end - start), mediaType: BYTES, patience: PATIENCE_MS, signal,
        headers: { ...meantFor(personId), "Upload-Offset": String(start) }, expect: [200, 201, 204],
        believe: (body) => body.id === photo.id && body.sha256 === photo.sha256,
      });
      if (answer.status === 405) return { ...answer, kind: "unknown" };
      if (answer.status === 409 && answer.kind === "refused") return { ...answer, kind: "elsewhere" };
      if (answer.status !== 204) return { ...answer, offset: null };
      return answer.offset === end ? { ...answer, kind: "more" } : { kind: "nothing", status: 0, body: null };
    },

    /** What of this person's begun visits lies on the server, from whichever phone. */
    copies: ({ personId }) => call("GET", "api/v1/phone/drafts", {
      headers: meantFor(personId), expect: [200], believe: (body) => Array.isArray(body.drafts),
    }),
    copy: (id, deviceId, { personId }) => call("GET", `api/v1/phone/drafts/${id}?device_id=${encodeURIComponent(deviceId)}`, {
      headers: meantFor(personId), expect: [200], size: WORK_BYTES,
      believe: (body) => body.visit_id === id && typeof body.body === "string",
    }),
    /** Keep a draft there as well; `copy` as PUT /phone/drafts takes it. `isLeaving` where the page may go away. */
    putCopy: (id, copy, { personId, isLeaving = false }) => {
      const content = json(copy);
      // Bytes, not letters: many of them are Cyrillic.
      const isShort = isLeaving && new TextEncoder().encode(content.body).byteLength < LAST_WORDS_BYTES;
      return call("PUT", `api/v1/phone/drafts/${id}`, {
        ...content, keepalive: isShort, headers: meantFor(personId), expect: [200],
        believe: (body) => body.id === id && Array.isArray(body.missing_photos) && Array.isArray(body.others),
      });
    },
    dropCopy: (id, deviceId, { personId }) => call(
      "DELETE", `api/v1/phone/drafts/${id}?device_id=${encodeURIComponent(deviceId)}`,
      { headers: meantFor(personId), expect: [204] }),
    /** The bytes of a draft's photo that has so many of them (`size`); `signal` as above. */
    copyPhoto: (visitId, id, { personId, signal, size }) => call("GET", `api/v1/phone/drafts/${visitId}/photos/${id}`, {
      headers: meantFor(personId), accept: BYTES, expect: [200], signal, size }),
    /** The server's key for notices, where a browser takes them, and that it takes none any more. */
    noticeKey: ({ personId }) => call("GET", "api/v1/phone/notices", {
      headers: meantFor(personId), expect: [200], believe: (body) => typeof body.public_key === "string" }),
    putNotices: (address, { personId }) => call("PUT", "api/v1/phone/notices", {
      ...json(address), headers: meantFor(personId), expect: [204] }),
    dropNotices: (deviceId, { personId }) => call("DELETE", `api/v1/phone/notices?device_id=${encodeURIComponent(deviceId)}`, {
      headers: meantFor(personId), expect: [204] }),
    /** What managers see of this phone. */
    tellDevice: (contact, { personId }) => call("PUT", "api/v1/phone/device", {
      ...json(contact), headers: meantFor(personId), expect: [204] }),

    /** A reference picture of a criterion's guidance. */
    picture: (id, { personId }) => picture(`api/v1/pictures/${id}`, { personId }),
    /** A photo that the server has, in its size "thumbnail", "screen" or "original". */
    photoPicture: (id, size, { personId }) => picture(`api/v1/photos/${id}?size=${size}`, { personId }),

    /** One of the app's own files, which the browser may have already. */
    catalogue: (name) => call("GET", `phone/translations/${name}.json`, {
      cache: "no-cache", expect: [200], believe: (body) => body.language === name }),
  };
}

async function understand(response, path, { expect: expected, believe, accept }) {
  const { status } = response;
  const nothing = { kind: "nothing", status: 0, body: null };
  if (status === 304) {
    return { kind: "same", status, body: null, etag: null, time: Date.parse(response.headers.get("Date") ?? "") || null };
  }
  const offset = numberIn(response, "Upload-Offset");
  if (accept === OFFSET) return placeIn(status, offset, believe({ size: numberIn(response, "Upload-Length") }));
  if (status === 204) return expected.includes(204) ? { kind: "ok", status, body: null, etag: null, offset } : nothing;
  if (status === 200 && accept === JPEG) return (await asPicture(response)) ?? nothing;
  if (status === 200 && accept === BYTES) {
    // Whoever asks compares the hash.
    const isOurs = response.headers.get("Content-Type") === BYTES;
    return isOurs ? { kind: "ok", status, body: await response.arrayBuffer(), etag: null } : nothing;
  }
  const json = /^application\/(problem\+)?json\b/.exec(response.headers.get("Content-Type") ?? "");
  if (!json) return nothing;
  const body = await response.json();
  if (body === null || typeof body !== "object") return nothing;
  if (expected.includes(status)) {
    return believe(body) ? { kind: "ok", status, body, etag: response.headers.get("ETag") } : nothing;
  }
  const isOurs = json[1] && body.instance === path;
  if (status === 401) return isOurs ? { kind: "login", status, body } : nothing;
  if (REFUSALS.has(status)) return isOurs ? { kind: "refused", status, body, offset } : nothing;
  if (status === 405) return { ...nothing, status };
  return status === 423 || status === 429 || status >= 500 ? { kind: "later", status, body } : nothing;
}

function placeIn(status, offset, isThisPhoto) {
  if (status === 423 || status === 429 || status >= 500) return { kind: "later", status, body: null };
  return { kind: status === 200 && offset !== null && isThisPhoto ? "ok" : "unknown", status, body: null, offset };
}

function numberIn(response, name) {
  const words = response.headers.get(name);
  return /^\d+$/.test(words ?? "") ? Number(words) : null;
}

// A photo that nobody can see comes as a download of any size: it is no picture, and is not waited for.
async function asPicture(response) {
  const { status } = response;
  const mediaType = response.headers.get("Content-Type");
  if (mediaType === "application/octet-stream") {
    await response.body?.cancel();
    return { kind: "refused", status, body: {} };
  }
  const bytes = await response.arrayBuffer();
  const head = new Uint8Array(bytes, 0, Math.min(16, bytes.byteLength));
  return mediaType === JPEG && mediaTypeOf(head) === JPEG ? { kind: "ok", status, body: bytes, etag: null } : null;
}
