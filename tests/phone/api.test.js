import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../inspector/phone/api.js";
import { answer, noLine, portal, portalJson, refusal } from "./server.js";

/** The api whose every request gets the same answer; `asked` collects the requests. */
function anApi(reply, asked = []) {
  const send = async (path, options) => {
    asked.push({ path, ...options });
    const said = reply();
    if (said instanceof Error) throw said;
    return said;
  };
  return createApi({ send, language: () => "ru" });
}

// Node 18, which Debian 12 brings, has another clock to be mocked.
const skip = process.versions.node.startsWith("18.");
const kind = async (reply, call = (api) => api.session()) => (await call(anApi(reply))).kind;
const SESSION = "/api/v1/session";
const person = { person: { id: "anna" } };

test("exact status, JSON and what was asked for: only then it is ok", async () => {
  assert.equal(await kind(() => answer(200, person)), "ok");
  assert.equal(await kind(() => answer(201, person)), "nothing");
  assert.equal(await kind(() => answer(200, {})), "nothing");
  assert.equal(await kind(() => answer(200, [])), "nothing");
  assert.equal(await kind(portal), "nothing");
  assert.equal(await kind(noLine), "nothing");
  assert.equal(await kind(() => new Response("{", { headers: { "Content-Type": "application/json" } })), "nothing");
});

test("the server's no comes in kinds", async () => {
  const kinds = { login: [401], refused: [400, 403, 404, 409, 410, 413, 422], later: [423, 429, 500, 502, 503, 504], nothing: [402, 418, 451] };
  for (const [expected, statuses] of Object.entries(kinds)) {
    for (const status of statuses) assert.equal(await kind(() => refusal(SESSION, status)), expected, String(status));
  }
});

test("too many attempts to log in: the server's words, with how long, reach the person", async () => {
  const detail = "Too many attempts to log in. Please try again in 2 min.";
  const reply = () => new Response(JSON.stringify({ status: 429, instance: SESSION, detail }), {
    status: 429, headers: { "Content-Type": "application/problem+json", "Retry-After": "120" },
  });
  const said = await anApi(reply).logIn({ email: "anna@example.org", password: "a guess" });
  assert.deepEqual([said.kind, said.body.detail], ["later", detail]);
});

test("that nobody is logged in yet is an answer, and no error", async () => {
  const said = await anApi(() => answer(200, { person: null })).visitor();
  assert.deepEqual([said.kind, said.body.person], ["ok", null]);
  assert.equal((await anApi(() => answer(200, { people: [] })).visitor()).kind, "nothing");
});

test("a proxy's own page of refusal is nobody's answer", async () => {
  for (const status of [401, 403, 404, 413, 502]) assert.equal(await kind(() => new Response("<h1>No</h1>", { status })), "nothing");
});

test("a no in JSON that is not our server's, or is about another request, parks nothing and asks for no login", async () => {
  for (const status of [400, 401, 403, 404, 409, 410, 413, 422]) {
    assert.equal(await kind(() => portalJson(status)), "nothing");
    assert.equal(await kind(() => answer(status, { status, instance: SESSION })), "nothing");
    assert.equal(await kind(() => refusal("/api/v1/visits/v", status)), "nothing");
    assert.equal(await kind(() => refusal("/api/v1/visits/v", status), (api) => api.putVisit("v", "", { personId: "anna" })), status === 401 ? "login" : "refused");
  }
});

test("work: unchanged, or whole with its ETag", async () => {
  const asked = [];
  const body = { ...person, assignments: [], checklist_versions: [] };
  const reply = () => new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json", ETag: '"e"' } });
  assert.deepEqual(await anApi(reply, asked).work('"before"'), { kind: "ok", status: 200, body, etag: '"e"' });
  assert.equal(asked[0].headers["If-None-Match"], '"before"');
  const unchanged = (headers) => anApi(() => new Response(null, { status: 304, headers })).work('"e"');
  assert.deepEqual(await unchanged({}), { kind: "same", status: 304, body: null, etag: null, time: null });
  assert.equal((await unchanged({ Date: "Sun, 22 Nov 2026 20:00:00 GMT" })).time, Date.UTC(2026, 10, 22, 20));
  assert.equal(await kind(() => answer(200, person), (api) => api.work(null)), "nothing");
});

test("requests carry the login, follow no redirect, and say the language", async () => {
  const asked = [];
  await anApi(() => answer(200, person), asked).putVisit("v", new TextEncoder().encode("{}").buffer, { personId: "anna" });
  const { method, path, redirect, credentials, headers } = asked[0];
  assert.deepEqual([method, path, redirect, credentials], ["PUT", "/api/v1/visits/v", "error", "same-origin"]);
  assert.deepEqual([headers["Content-Type"], headers["Accept-Language"]], ["application/json", "ru"]);
  assert.equal(headers["Expect-Person"], "anna");
});

test("a photo goes with its own media type", async () => {
  const asked = [];
  const photo = { id: "p", sha256: "s", media_type: "image/heic", bytes: new ArrayBuffer(2) };
  const { kind: said } = await anApi(() => answer(201, { id: "p", sha256: "s", size: 2 }), asked).putPhoto(photo, { personId: "anna" });
  assert.deepEqual([said, asked[0].headers["Content-Type"], asked[0].body], ["ok", "image/heic", photo.bytes]);
  assert.equal(asked[0].headers["Expect-Person"], "anna");
});

test("an answer about an earlier revision is none to the one that was sent", async () => {
  const reply = (revision) => () => answer(201, { id: "v", revision, missing_photos: [] });
  assert.equal(await kind(reply(2), (api) => api.putVisit("v", "", { personId: "anna", revision: 2 })), "ok");
  assert.equal(await kind(reply(3), (api) => api.putVisit("v", "", { personId: "anna", revision: 2 })), "ok");
  assert.equal(await kind(reply(1), (api) => api.putVisit("v", "", { personId: "anna", revision: 2 })), "nothing");
  assert.equal(await kind(reply(1), (api) => api.putVisit("v", "", { personId: "anna" })), "ok");
});

test("a picture is a JPEG and says so, or it is none", async () => {
  const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);
  const reply = (bytes, type = "image/jpeg", status = 200) => () => new Response(bytes, { status, headers: { "Content-Type": type } });
  const asked = [];
  const { kind: said, body } = await anApi(reply(jpeg), asked).photoPicture("p", "thumbnail", { personId: "anna" });
  assert.deepEqual([said, new Uint8Array(body)], ["ok", jpeg]);
  assert.deepEqual([asked[0].path, asked[0].headers.Accept], ["/api/v1/photos/p?size=thumbnail", "image/jpeg"]);
  const picture = (api) => api.picture("g", { personId: "anna" });
  assert.equal(await kind(reply("<html>"), picture), "nothing");
  assert.equal(await kind(reply(jpeg, "text/html"), picture), "nothing");
  assert.equal(await kind(portal, picture), "nothing");
  assert.equal(await kind(reply(jpeg, "application/octet-stream"), picture), "refused");
  assert.equal(await kind(() => refusal("/api/v1/pictures/g", 404), picture), "refused");
  assert.equal(await kind(() => refusal("/api/v1/photos/p", 404), (api) => api.photoPicture("p", "screen", { personId: "anna" })), "refused");
  assert.equal(await kind(reply(jpeg)), "nothing");
});

test("what comes has the time that its bytes take on a slow line; a draft's photo ends when the line is needed", { skip }, async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const api = createApi({ send: (_path, { signal }) => new Promise((_, fail) => {
    signal.addEventListener("abort", () => fail(new DOMException("", "AbortError")));
  }) });
  const stop = new AbortController();
  const fetching = [{ size: 500_000 }, { size: 500_000, signal: stop.signal }, { size: 0 }].map((more) => {
    const each = { isOver: false };
    api.copyPhoto("v", "p", { personId: "anna", ...more }).then(() => { each.isOver = true; });
    return each;
  });
  for (const call of [() => api.work(null), () => api.copy("v", "d", { personId: "anna" }), () => api.session()]) {
    const each = { isOver: false };
    call().then(() => { each.isOver = true; });
    fetching.push(each);
  }
  const over = async () => {
    await new Promise(setImmediate);
    return fetching.map(({ isOver }) => isOver);
  };
  stop.abort();
  assert.deepEqual(await over(), [false, true, false, false, false, false]);
  mock.timers.tick(30_000);
  assert.deepEqual(await over(), [false, true, true, false, false, true]);
  mock.timers.tick(100_000);
  assert.deepEqual(await over(), [false, true, true, true, true, true]);
  mock.timers.tick(150_000);
  assert.deepEqual(await over(), [true, true, true, true, true, true]);
});

test("logging out believes only 204, and says whose login is to end", async () => {
  const asked = [];
  const api = anApi(() => new Response(null, { status: 204 }), asked);
  const deviceId = "a phone";
  assert.equal((await api.logOut({ personId: "anna", deviceId })).kind, "ok");
  // What an earlier release noted: that somebody had logged out, and not who.
  assert.equal((await api.logOut({ personId: true, deviceId })).kind, "ok");
  assert.deepEqual(asked.map(({ headers }) => headers["Expect-Person"]), ["anna", undefined]);
  assert.ok(asked.every(({ path }) => path === "/api/v1/session?device_id=a%20phone"), JSON.stringify(asked));
  assert.equal(await kind(portal, (each) => each.logOut({ personId: "anna", deviceId })), "nothing");
});
