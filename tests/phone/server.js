/** The wire's other end for tests, in memory: what the browser's fetch would answer, with faults that can be ordered. */
import { sha256 } from "../../inspector/phone/photos.js";

const JSON_TYPE = { "Content-Type": "application/json" };

/** `faults` are made by `once`; a fault gives a Response, an Error to be thrown, or nothing: then the answer is honest. */
export function aServer({ person = "anna" } = {}) {
  const server = {
    person, visits: new Map(), photos: new Map(), parts: new Map(), requests: [], faults: [], held: false, send,
    /** How often a path was asked for with PUT. */
    puts: (start) => server.requests.filter(({ method, path }) => method === "PUT" && path.startsWith(start)).length,
  };
  return server;

  async function send(path, { method, body, headers }) {
    const request = { method, path, id: path.split("/").at(-1), body, headers };
    server.requests.push(request);
    const place = server.faults.findIndex((fault) => fault.method === method && path.startsWith(fault.start));
    const [ordered] = place < 0 ? [] : server.faults.splice(place, 1);
    const answer = await ordered?.fault(request);
    if (answer instanceof Error) throw answer;
    if (answer) return answer;
    return answerTo(request);
  }

  async function answerTo({ method, path, id, body, headers }) {
    if (path === "/api/v1/session" && method === "GET") {
      return server.person ? answer(200, { person: { id: server.person } }) : refusal(path, 401);
    }
    if (!server.person) return refusal(path, 401);
    if (path.startsWith("/api/v1/visits/")) return takeVisit(path, id, body);
    if (path.startsWith("/api/v1/photos/")) {
      if (method === "HEAD") return tellOffset(id);
      return method === "PATCH" ? takePiece(path, id, body, Number(headers["Upload-Offset"])) : takePhoto(path, id, body);
    }
    return refusal(path, 404);
  }

  function promisedPhoto(id) {
    return [...server.visits.values()].flatMap(({ report, beside = [] }) => [report, ...beside])
      .flatMap(({ photos }) => photos).find((photo) => photo.id === id);
  }

  function tellOffset(id) {
    const promised = promisedPhoto(id);
    if (!promised) return new Response(null, { status: 404 });
    const offset = server.photos.has(id) ? promised.size : (server.parts.get(id)?.length ?? 0);
    return new Response(null, { headers: { "Upload-Offset": String(offset), "Upload-Length": String(promised.size) } });
  }

  async function takePiece(path, id, body, start) {
    const here = server.parts.get(id) ?? [];
    if (server.photos.has(id)) return stored(200, promisedPhoto(id));
    if (start !== here.length) return withOffset(refusal(path, 409), here.length);
    const bytes = [...here, ...body];
    server.parts.set(id, bytes);
    const { size } = promisedPhoto(id);
    return bytes.length < size ? withOffset(new Response(null, { status: 204 }), bytes.length)
      : takePhoto(path, id, new Uint8Array(bytes));
  }

  async function takeVisit(path, id, body) {
    const text = new TextDecoder().decode(body);
    const report = JSON.parse(text);
    const known = server.visits.get(id);
    const isNext = known?.state === "returned" && report.revision === known.report.revision + 1;
    const before = isNext ? null : known;
    const texts = [...(known?.texts ?? []), ...(before ? [] : [text])];
    if (!texts.includes(text)) {
      known.beside = [...(known.beside ?? []), report];
      return refusal(path, 409, "another one came", { title: "OtherContent", missing_photos: missingOf(report) });
    }
    const visit = before ?? { texts, report, state: server.held ? "held" : "received" };
    server.visits.set(id, visit);
    return answer(visit.state === "held" ? 202 : before ? 200 : 201, {
      id, revision: visit.report.revision, state: visit.state, reason: visit.state === "held" ? "withdrawn" : null,
      received_at: "2026-11-21T14:02:00+00:00", missing_photos: missingOf(visit.report),
    });
  }

  function missingOf({ photos }) {
    return photos.filter((photo) => !server.photos.has(photo.id)).map((photo) => photo.id);
  }

  function stored(status, { id, sha256: hash, size }) {
    return answer(status, { id, sha256: hash, size, readable: true, reason: null });
  }

  async function takePhoto(path, id, body) {
    const promised = promisedPhoto(id);
    if (!promised) return refusal(path, 404);
    const hash = await sha256(body);
    if (hash !== promised.sha256) {
      server.parts.delete(id);
      return refusal(path, 422);
    }
    const again = server.photos.has(id);
    server.photos.set(id, hash);
    return stored(again ? 200 : 201, promised);
  }
}

function withOffset(response, offset) {
  response.headers.set("Upload-Offset", String(offset));
  return response;
}

export function answer(status, body) {
  return new Response(JSON.stringify(body), { status, headers: JSON_TYPE });
}

/** Our own server's no to the request for `path`. */
export function refusal(path, status, detail = "because", { title = "No", ...more } = {}) {
  return new Response(JSON.stringify({ type: `/problems/${title}`, title, status, detail, instance: path, ...more }), {
    status, headers: { "Content-Type": "application/problem+json" } });
}

/** A fault at the next request with this method and start of path. */
export function once(method, start, fault) {
  return { method, start, fault };
}

export const noLine = () => new TypeError("no line");
/** A refusal in JSON that somebody on the way made up. */
export const portalJson = (status) => answer(status, { title: "Sign in to the airport", status });
export const portal = () => new Response("<html>Welcome to the airport</html>", { headers: { "Content-Type": "text/html" } });
