/** A server that keeps drafts too, in memory, and phones that bring theirs there. */
import { createApi } from "../../inspector/phone/api.js";
import { createCopies } from "../../inspector/phone/copies.js";
import { openDraft } from "../../inspector/phone/draft.js";
import { sha256 } from "../../inspector/phone/photos.js";
import { openStore } from "../../inspector/phone/store.js";
import { addPhoto } from "../../inspector/phone/visit.js";
import { aDraft, aPhoto, aTask } from "./factories.js";
import { answer, aServer, refusal } from "./server.js";

export const DRAFTS = "/api/v1/phone/drafts/";
let phones = 0;

/** The server's drafts beside the rest of it, in memory: copies by "visit device", photos by id. */
function aKeeper() {
  const server = aServer();
  const { send } = server;
  const keeper = Object.assign(server, { copies: new Map(), kept: new Map(), refuses: null });
  keeper.send = async (path, options) => {
    const [, rest] = path.split(DRAFTS);
    if (rest === undefined) return send(path, options);
    const { method, body } = options;
    server.requests.push({ method, path, body });
    const fault = server.faults.findIndex((each) => each.method === method && path.startsWith(each.start));
    const ordered = fault < 0 ? null : await server.faults.splice(fault, 1)[0].fault({ path, body });
    if (ordered instanceof Error) throw ordered;
    if (ordered) return ordered;
    if (!server.person) return refusal(path, 401);
    const [place, query] = rest.split("?");
    const [visitId, , photoId] = place.split("/");
    const device = new URLSearchParams(query).get("device_id");
    return photoId ? photo(options, path, visitId, photoId) : copy(options, path.split("?")[0], visitId, device);
  };
  return keeper;

  function copy({ method, body }, path, id, device) {
    if (method === "DELETE") {
      keeper.copies.delete(`${id} ${device}`);
      return new Response(null, { status: 204 });
    }
    if (method === "GET") {
      const found = keeper.copies.get(`${id} ${device}`);
      return found ? answer(200, { ...found, visit_id: id, missing_photos: [] }) : refusal(path, 404);
    }
    const sent = JSON.parse(body);
    if (keeper.refuses) return refusal(path, keeper.refuses);
    const key = `${id} ${sent.device_id}`;
    const before = keeper.copies.get(key);
    if (!before || before.changes < sent.changes) keeper.copies.set(key, { ...sent, kept_at: "2026-11-21T14:02:00+00:00" });
    const now = keeper.copies.get(key);
    const others = [...keeper.copies].filter(([each]) => each.startsWith(id) && each !== key).map(([, each]) => each);
    return answer(200, {
      id, changes: now.changes, kept_at: now.kept_at, others,
      missing_photos: now.photos.map((each) => each.id).filter((each) => !keeper.kept.has(each)),
    });
  }

  async function photo({ method, body, headers }, path, visitId, id) {
    if (method === "GET") {
      const bytes = keeper.kept.get(id);
      return bytes
        ? new Response(bytes, { headers: { "Content-Type": "application/octet-stream" } }) : refusal(path, 404);
    }
    const named = [...keeper.copies.values()].flatMap(({ photos }) => photos).find((each) => each.id === id);
    const here = keeper.parts.get(id) ?? [];
    if (method === "HEAD") {
      const offset = keeper.kept.has(id) ? named.size : here.length;
      return new Response(null, { headers: { "Upload-Offset": offset, "Upload-Length": named.size } });
    }
    if (method === "PATCH" && !keeper.kept.has(id)) {
      if (Number(headers["Upload-Offset"]) !== here.length) return refusal(path, 409);
      keeper.parts.set(id, [...here, ...body]);
      const { length } = keeper.parts.get(id);
      if (length < named.size) return new Response(null, { status: 204, headers: { "Upload-Offset": length } });
      keeper.kept.set(id, new Uint8Array(keeper.parts.get(id)).buffer);
    } else if (method === "PUT") {
      keeper.kept.set(id, body);
    }
    const bytes = keeper.kept.get(id);
    return answer(201, { id, sha256: await sha256(bytes), size: bytes.byteLength });
  }
}

/** A phone of Anna's that keeps copies, its clock in the test's hand. */
export async function aPhone({ server = aKeeper(), deviceId = "first", locks = null, isKnown = () => true } = {}) {
  const store = await openStore(`copies-${phones += 1}`);
  const clock = { now: 10_000_000 };
  const api = createApi({ send: (...call) => server.send(...call) });
  const heard = [];
  const parts = { store, api, locks, deviceId, isKnown, now: () => clock.now, random: () => 0 };
  const copies = createCopies({ ...parts, onChange: (id, others) => heard.push([id, others]) });
  const keep = (order = {}) => copies.keep({ personId: "anna", ...order });
  const copy = async (id = "visit") => (await store.copies("anna")).find((each) => each.id === id);
  return { store, server, clock, api, copies, keep, copy, heard, parts };
}

/** Begin Anna's visit with these photos, as the app does. */
export async function begin(store, photoIds = ["p1"], id = "visit") {
  await store.startDraft(aDraft({ id }), aTask({ id }));
  const session = await openDraft({ id, personId: "anna", store, locks: null, onChange() {} });
  for (const photoId of photoIds) {
    const { line, bytes } = await aPhoto(photoId);
    await session.addPhoto({ add: (draft, each) => addPhoto(draft, "door", 0, each) }, line, bytes, null);
  }
  session.change((draft) => ({ ...draft, started_at: draft.started_at, outlet_name: "North" }));
  await session.flush();
  return session;
}
