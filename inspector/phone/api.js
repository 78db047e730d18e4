/**
 * The wire. Every call answers {kind, status, body}; `kind` is
 *   ok       the exact status, JSON, and our own id came back
 *   same     nothing changed (304)
 *   login    401 from our own server: somebody has to log in
 *   refused  our own server says no, repeating is useless
 *   later    the server is busy or broken
 *   nothing  no answer, or one that nobody should believe
 * A captive portal answers 200 with a page of its own, or refuses in JSON; whatever is not exactly what was expected is
 * `nothing`. Our server's refusals are problems (RFC 9457) whose `instance` is the path that was asked for.
 */

import { mediaTypeOf } from "./photos.js";

const JPEG = "image/jpeg";
const REFUSALS = new Set([400, 403, 404, 409, 410, 413, 422]);
const PATIENCE_MS = 30_000;
const SLOWEST_BYTES_PER_SECOND = 2_000;

/** The phone's calls; `send` is the browser's fetch or a test's, `language` tells the language for words of refusal. */
export function createApi({ send = (url, options) => fetch(url, options), base = "/", language = () => "en" } = {}) {
  async function call(method, path, { body, mediaType, headers = {}, expect, believe, accept = "application/json" }) {
    const stop = new AbortController();
    const patience = PATIENCE_MS + ((body?.byteLength ?? body?.length ?? 0) / SLOWEST_BYTES_PER_SECOND) * 1000;
    const timer = setTimeout(() => stop.abort(), patience);
    try {
      const response = await send(base + path, {
        method, body, signal: stop.signal, redirect: "error", credentials: "same-origin", cache: "no-store",
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
    }
  }

  /** A JPEG: `body` is its bytes. */
  const picture = (path) => call("GET", path, { accept: JPEG, expect: [200] });
  const json = (value) => ({ body: JSON.stringify(value), mediaType: "application/json" });
  const isPerson = (body) => typeof body.person?.id === "string";

  return {
    session: () => call("GET", "api/v1/session", { expect: [200], believe: isPerson }),
    logIn: (email, password) =>
      call("POST", "api/v1/session", { ...json({ email, password }), expect: [200], believe: isPerson }),
    logOut: () => call("DELETE", "api/v1/session", { expect: [204] }),

    /** All that the phone needs to work off line; `etag` of what is already here, or null. */
    work: (etag) => call("GET", "api/v1/phone/work", {
      headers: etag ? { "If-None-Match": etag } : {}, expect: [200],
      believe: (body) => isPerson(body) && Array.isArray(body.assignments),
    }),

    /** The frozen bytes of a finished visit. An answer about an earlier revision is none to this one. */
    putVisit: (id, bytes, revision = 1) => call("PUT", `api/v1/visits/${id}`, {
      body: bytes, mediaType: "application/json", expect: [200, 201, 202],
      believe: (body) => body.id === id && body.revision >= revision && Array.isArray(body.missing_photos),
    }),

    /** The bytes of one promised photo: {id, sha256, media_type, bytes}. */
    putPhoto: (photo) => call("PUT", `api/v1/photos/${photo.id}`, {
      body: photo.bytes, mediaType: photo.media_type, expect: [200, 201],
      believe: (body) => body.id === photo.id && body.sha256 === photo.sha256,
    }),

    /** A reference picture of a criterion's guidance. */
    picture: (id) => picture(`api/v1/pictures/${id}`),
    /** A photo that the server has, in its size "thumbnail" or "screen". */
    photoPicture: (id, size) => picture(`api/v1/photos/${id}?size=${size}`),

    /** The app's own {version, files}. */
    files: () =>
      call("GET", "phone/files.json", { expect: [200], believe: (body) => typeof body.version === "string" }),
    catalogue: (name) =>
      call("GET", `phone/translations/${name}.json`, { expect: [200], believe: (body) => body.language === name }),
  };
}

async function understand(response, path, { expect: expected, believe, accept }) {
  const { status } = response;
  const nothing = { kind: "nothing", status: 0, body: null };
  if (status === 304) return { kind: "same", status, body: null, etag: null };
  if (status === 204) return expected.includes(204) ? { kind: "ok", status, body: null, etag: null } : nothing;
  if (status === 200 && accept === JPEG) return (await asPicture(response)) ?? nothing;
  const json = /^application\/(problem\+)?json\b/.exec(response.headers.get("Content-Type") ?? "");
  if (!json) return nothing;
  const body = await response.json();
  if (body === null || typeof body !== "object") return nothing;
  if (expected.includes(status)) {
    return believe(body) ? { kind: "ok", status, body, etag: response.headers.get("ETag") } : nothing;
  }
  const isOurs = json[1] && body.instance === path;
  if (status === 401) return isOurs ? { kind: "login", status, body } : nothing;
  if (REFUSALS.has(status)) return isOurs ? { kind: "refused", status, body } : nothing;
  return status === 423 || status === 429 || status >= 500 ? { kind: "later", status, body } : nothing;
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
