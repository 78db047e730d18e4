import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../inspector/phone/api.js";
import { createCopies } from "../../inspector/phone/copies.js";
import { createOutbox, finishedVisit } from "../../inspector/phone/outbox.js";
import { sha256 } from "../../inspector/phone/photos.js";
import { createSender } from "../../inspector/phone/sending.js";
import { aDraft, aPhoto, aTask, filledIn, reportOf } from "./factories.js";
import { aPhone, DRAFTS } from "./keeper.js";
import { aLine } from "./line.js";
import { aChance } from "./machine/chance.js";
import { noLine, once } from "./server.js";

const SIZE = 400_000;
const PHOTO = `${DRAFTS}visit/photos/`;

/** A phone with a begun visit whose one photo has so many bytes. */
async function withPhoto(size = SIZE) {
  const phone = await aPhone();
  const bytes = new Uint8Array(size).fill(7).buffer;
  const line = { ...(await aPhoto("p1")).line, sha256: await sha256(bytes), size };
  await phone.store.startDraft(aDraft(), aTask());
  const draft = { ...filledIn({}, [line]), changes: 1 };
  await phone.store.savePhoto(draft, { id: "p1", visit_id: "visit", bytes, media_type: line.media_type, sha256: line.sha256 }, null);
  const asked = (start = PHOTO) => phone.server.requests.filter(({ path }) => path.startsWith(start)).map(({ method }) => method).join(" ");
  return { ...phone, draft, bytes, asked };
}

// What came of a whole request before it broke off.
const broken = (server, body, count) => {
  server.parts.set("p1", [...new Uint8Array(body, 0, count)]);
  return noLine();
};

test("a draft's photo that broke off goes on at its last byte", async () => {
  const { server, keep, copy, clock, asked } = await withPhoto();
  server.faults.push(once("PUT", PHOTO, ({ body }) => broken(server, body, 300_000)));
  assert.equal((await keep()).state, "no answer");
  clock.now += 3_600_000;
  assert.equal((await keep()).state, "rest");
  assert.equal(asked(), "PUT HEAD PATCH");
  assert.equal(server.requests.at(-1).body.byteLength, 100_000);
  assert.deepEqual([(await copy()).photos, server.kept.get("p1").byteLength], [["p1"], SIZE]);
});

test("one that made room for finished visits costs nothing twice, and the line is not called bad for it", async () => {
  const { store, server, keep, copies, asked } = await withPhoto();
  server.faults.push(once("PUT", PHOTO, ({ body }) => {
    copies.standBack();
    return broken(server, body, 250_000);
  }));
  assert.equal((await keep()).state, "stand back");
  const { half, broke_at: brokeAt } = await store.setting("line");
  assert.deepEqual([half, brokeAt], [["p1"], null]);
  assert.equal((await keep()).state, "rest");
  assert.equal(asked(), "PUT HEAD PATCH");
  assert.equal(server.requests.at(-1).body.byteLength, 150_000);
});

test("one that goes in pieces stops between two of them when the line is needed", async () => {
  const { store, server, keep, clock, copies, parts, asked } = await withPhoto(30_000);
  await store.saveSetting("line", { broke_at: clock.now, half: "p9" });
  const other = createCopies(parts);
  server.faults.push(once("PATCH", PHOTO, () => {
    other.standBack();
    return undefined;
  }));
  assert.equal((await other.keep({ personId: "anna" })).state, "stand back");
  assert.equal(asked(), "HEAD PATCH");
  assert.equal(server.parts.get("p1").length, 8192);
  copies.standBack();
  assert.equal((await keep()).state, "rest");
  assert.equal(asked(), "HEAD PATCH PUT", "another runner knows nothing of the line");
});

for (const [front, known] of [["streams", {}], ["buffers", { broke_at: 1_000_000, rate: 25_000 }]]) {
  test(`over a line that breaks hardly a byte goes twice: ${front}`, async () => {
    const { store, server, copy, parts } = await withPhoto();
    await store.saveSetting("line", known);
    const chance = aChance(1);
    const line = aLine({ server, rate: 25_000, breaks: 4, front, head: 100, chance: () => chance.below(1000) / 1000 });
    const copies = createCopies({ ...parts, api: createApi({ send: line.send }), now: () => line.now });
    for (let round = 0; !(await copy())?.photos.length; round += 1) {
      assert.ok(round < 50, "it does not get on");
      line.now = Math.max(line.now, (await copies.keep({ personId: "anna" })).until ?? 0);
    }
    assert.equal(await sha256(server.kept.get("p1")), (await store.photo("p1")).sha256);
    assert.ok(line.sent <= 1.1 * SIZE, `${line.sent} bytes for ${SIZE}`);
  });
}

test("what was half sent of a draft goes on as the photo of its report, if it is finished meanwhile", async () => {
  const { store, server, parts, draft, bytes, asked } = await withPhoto();
  const sender = createSender(parts);
  const copies = createCopies({ ...parts, sender });
  const outbox = createOutbox({ ...parts, sender });
  server.faults.push(once("PUT", PHOTO, ({ body }) => {
    copies.standBack();
    return broken(server, body, 300_000);
  }));
  await copies.keep({ personId: "anna" });
  const report = reportOf(draft, aTask());
  await store.finish(finishedVisit({ draft, report, finishedAt: 5 }), new TextEncoder().encode(JSON.stringify(report)).buffer);
  assert.equal((await outbox.deliver({ personId: "anna" })).state, "rest");
  assert.equal(asked("/api/v1/photos/p1"), "HEAD PATCH");
  assert.equal(server.requests.findLast(({ method }) => method === "PATCH").body.byteLength, 100_000);
  assert.equal(server.photos.get("p1"), await sha256(bytes));
  assert.ok((await store.visits("anna"))[0].delivered);
});
