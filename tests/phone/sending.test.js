import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../inspector/phone/api.js";
import { createOutbox } from "../../inspector/phone/outbox.js";
import { sha256 } from "../../inspector/phone/photos.js";
import {
  afterAnswer, afterBreak, afterOffset, createSender, isBad, isSlow, nextPiece, UNKNOWN_LINE,
} from "../../inspector/phone/sending.js";
import { openStore } from "../../inspector/phone/store.js";
import { putFinished } from "./factories.js";
import { aLine } from "./line.js";
import { aChance } from "./machine/chance.js";
import { aServer, answer, noLine, once, portal, refusal } from "./server.js";

const PHOTO = "/api/v1/photos/";
const NOW = 1_000_000;
const BAD = { ...UNKNOWN_LINE, rate: 25_000, broke_at: NOW };
const ANNA = { personId: "anna" };

test("on a line that holds the whole rest goes at once", () => {
  assert.equal(nextPiece(UNKNOWN_LINE, 400_000, NOW), 400_000);
  assert.equal(nextPiece({ ...UNKNOWN_LINE, rate: 1000 }, 400_000, NOW), 400_000);
});

test("on one that broke lately a piece takes 0.4 seconds, of 8 KB at least, and no crumb is left over", () => {
  assert.equal(nextPiece(BAD, 400_000, NOW + 1000), 10_000);
  assert.equal(nextPiece({ ...BAD, rate: 2000 }, 400_000, NOW), 8192);
  assert.equal(nextPiece({ ...BAD, rate: null }, 400_000, NOW), 8192);
  assert.equal(nextPiece(BAD, 14_999, NOW), 14_999);
  assert.equal(nextPiece({ ...BAD, rate: 5_000_000 }, 400_000, NOW), 400_000);
});

test("where the server keeps what came of a broken request, a piece is as long as one waits for an answer", () => {
  assert.equal(nextPiece({ ...BAD, keeps: true }, 400_000, NOW), 250_000);
});

test("a break is forgotten after ten minutes, and does not last for ever under a clock that was set back", () => {
  assert.ok(isBad(BAD, NOW + 599_000));
  assert.ok(!isBad(BAD, NOW + 601_000));
  assert.ok(!isBad(BAD, NOW - 3_600_000));
});

test("the speed is learnt without the time that any request takes, and not from small ones", () => {
  const line = afterAnswer(afterAnswer(UNKNOWN_LINE, 0, 600), 10_000, 1000);
  assert.deepEqual([line.latency, line.rate], [600, 25_000]);
  assert.equal(afterAnswer(line, 100, 600).rate, 25_000);
  for (const bytes of [0, 10_000]) assert.deepEqual(afterAnswer(line, bytes, -3_600_000), line, "the clock was set back");
  assert.equal(afterAnswer(line, 10_000, 800).rate, 37_500);
});

test("a report that took long tells of a slow line; a busy server does not make a good one bad", () => {
  const line = afterAnswer(UNKNOWN_LINE, 0, 300);
  assert.ok(isSlow(line, 20_000, 2500));
  assert.ok(!isSlow(line, 5000, 1500));
  assert.ok(!isSlow(line, 1000, 9000));
});

test("whether what was on its way arrives is learnt from where it goes on", () => {
  const broken = { start: 10_000, end: 20_000, ms: 350 };
  const line = afterBreak(BAD, NOW);
  assert.equal(afterOffset(line, broken, 18_000).keeps, true);
  assert.equal(afterOffset({ ...line, keeps: true }, broken, 10_000).keeps, false);
  assert.equal(afterOffset(line, { start: 0, end: 200_000, ms: 7000 }, 80_000).keeps, false, "the browser repeated it");
  assert.equal(afterOffset({ ...line, keeps: true }, { ...broken, ms: 20 }, 10_000).keeps, true, "nothing had left yet");
  assert.equal(afterOffset(line, broken, 20_000).keeps, null, "only the answer was lost");
});

/** Photos that a report promised, a server, and a sender whose clock is that of the line `on`. */
async function aSender({ count = 1, size = 60_000, settings = {}, on = (server) => ({ now: NOW, send: server.send }) } = {}) {
  const photos = await Promise.all(Array.from({ length: count }, async (_, number) => {
    const bytes = new Uint8Array(size).fill(number).buffer;
    return { id: `p${number}`, bytes, size, media_type: "image/jpeg", sha256: await sha256(bytes) };
  }));
  const server = aServer();
  server.visits.set("visit", { report: { photos } });
  const line = on(server);
  const store = {
    setting: async (name) => settings[name],
    saveSetting: async (name, value) => {
      settings[name] = value;
    },
  };
  const api = createApi({ send: line.send });
  const sender = createSender({ store, api, now: () => line.now });
  const asked = () => server.requests.map(({ method }) => method).join(" ");
  return { photos, server, line, settings, sender, api, asked };
}

test("on a good line a photo is one PUT, and nothing is asked before or after", async () => {
  const { photos, sender, asked } = await aSender({ count: 3 });
  for (const photo of photos) assert.equal((await sender.send(photo, ANNA)).kind, "ok");
  assert.equal(asked(), "PUT PUT PUT");
});

test("a photo that broke off is asked after, also by the app's next start, and goes on at its last byte", async () => {
  const { photos: [photo], server, settings, sender, api, asked } = await aSender();
  server.faults.push(once("PUT", PHOTO, ({ id, body }) => {
    server.parts.set(id, [...new Uint8Array(body, 0, 50_001)]);
    return noLine();
  }));
  assert.equal((await sender.send(photo, ANNA)).kind, "nothing");
  assert.deepEqual(settings.line.half, ["p0"]);
  const store = { setting: async () => settings.line, saveSetting: async () => {} };
  const next = createSender({ store, api, now: () => NOW + 86_400_000 });
  assert.equal((await next.send(photo, ANNA)).kind, "ok");
  assert.equal(asked(), "PUT HEAD PATCH");
  assert.equal(server.requests.at(-1).body.byteLength, 9_999);
  assert.deepEqual([...server.photos.keys()], ["p0"]);
});

test("an answer that was lost behind the last byte: the server confirms the hash without a byte more", async () => {
  const { photos: [photo], server, sender, asked } = await aSender({ settings: { line: BAD } });
  server.faults.push(once("PATCH", PHOTO, async ({ path, body, headers }) => {
    await server.send(path, { method: "PATCH", body, headers });
    return noLine();
  }));
  const answered = await sender.send(photo, ANNA);
  assert.deepEqual([answered.kind, answered.body.sha256], ["ok", photo.sha256]);
  const last = server.requests.filter(({ method }) => method === "PATCH").map(({ body }) => body.byteLength);
  assert.equal(last.reduce((sum, bytes) => sum + bytes) - last[0], 60_000, asked());
});

test("a server that is somewhere else says where, and it goes on from there", async () => {
  const { photos: [photo], server, sender, asked } = await aSender({ settings: { line: { ...BAD, rate: 1e6 } } });
  server.faults.push(once("HEAD", PHOTO, () => (
    new Response(null, { headers: { "Upload-Offset": "30000", "Upload-Length": "60000" } }))));
  assert.equal((await sender.send(photo, ANNA)).kind, "ok");
  assert.equal(asked(), "HEAD PATCH PATCH");
});

test("the release before knows no pieces: the photo goes whole", async () => {
  for (const fault of [
    once("HEAD", PHOTO, () => new Response(null, { status: 404 })),
    once("PATCH", PHOTO, ({ path }) => refusal(path, 405)),
  ]) {
    const { photos: [photo], server, sender } = await aSender({ settings: { line: BAD } });
    server.faults.push(fault);
    assert.equal((await sender.send(photo, ANNA)).kind, "ok");
    assert.equal(server.puts(PHOTO), 1);
  }
});

test("a portal that answers for the server is not believed, whatever it says", async () => {
  for (const fault of [
    portal, () => new Response(null, { status: 204 }), () => answer(200, { id: "p0", sha256: "another" }),
    () => new Response(null, { status: 204, headers: { "Upload-Offset": "60000" } }),
  ]) {
    const { photos: [photo], server, sender } = await aSender({ settings: { line: BAD } });
    server.faults.push(once("PATCH", PHOTO, fault));
    assert.equal((await sender.send(photo, ANNA)).kind, "ok");
    assert.deepEqual([...server.photos], [["p0", photo.sha256]]);
  }
});

test("a server that is busy, or does not get on, is left alone for a while", async () => {
  const { photos: [photo], server, sender, asked } = await aSender({ settings: { line: BAD } });
  server.faults.push(once("PATCH", PHOTO, () => answer(503, {})));
  assert.equal((await sender.send(photo, ANNA)).kind, "later");
  server.faults.push(...Array.from({ length: 9 }, () => once("PATCH", PHOTO, noLine)), once("PUT", PHOTO, noLine));
  assert.equal((await sender.send(photo, ANNA)).kind, "nothing");
  assert.ok(asked().length < 60, asked());
});

test("where a network lets no PATCH through the photo goes whole", async () => {
  const { photos: [photo], server, sender } = await aSender({ settings: { line: BAD } });
  server.faults.push(...Array.from({ length: 40 }, () => once("PATCH", PHOTO, portal)));
  assert.equal((await sender.send(photo, ANNA)).kind, "ok");
  assert.equal(server.puts(PHOTO), 1);
});

test("a line that was bad and carries a photo quickly is a good one again", async () => {
  const { photos, server, sender } = await aSender({ count: 2, settings: { line: BAD } });
  for (const photo of photos) await sender.send(photo, ANNA);
  assert.equal(server.puts(PHOTO), 1);
});

/** Sends until all has arrived, as the outbox does: a second's pause and a look at the login after each failure. */
async function sendAll({ photos, line, sender, api }) {
  for (const photo of photos) {
    for (let tries = 0; (await sender.send(photo, ANNA)).kind !== "ok"; tries += 1) {
      assert.ok(tries < 100, "it does not get on");
      line.now += 1000;
      await api.session();
    }
  }
}

const WAYS = [
  // Straight to a server that sees what comes: the first break costs nothing either.
  ...[[12_500, 3], [12_500, 10], [25_000, 4], [60_000, 2], [60_000, 30]].map((way) => [...way, "streams", 800, {}]),
  // Behind a front that hands on whole requests, with heads as HTTP/2 packs them; it is known from the report to be bad.
  ...[[12_500, 8], [25_000, 8], [25_000, 20], [60_000, 20]].map((way) => [...way, "buffers", 100, { line: BAD }]),
];

for (const [rate, breaks, front, head, settings] of WAYS) {
  test(`${rate} bytes a second, breaks each ${breaks} s, ${front}: at most a tenth more than needed is sent`, async () => {
    for (const seed of [1, 2, 3]) {
      const chance = aChance(seed);
      const on = (server) => aLine({ server, rate, breaks, front, head, chance: () => chance.below(1000) / 1000 });
      const sent = await aSender({ count: 3, size: 200_000, settings: { ...settings }, on });
      await sendAll(sent);
      assert.equal(sent.server.photos.size, 3);
      const share = sent.line.sent / 600_000;
      assert.ok(share >= 1 && share <= 1.1, `seed ${seed}: ${share.toFixed(3)}`);
    }
  });
}

test("the outbox sends a visit over a line that breaks, each photo once", async () => {
  const server = aServer();
  const line = aLine({ server, rate: 12_500, breaks: 2, front: "streams", head: 200, chance: () => 0.5 });
  const store = await openStore("sending");
  await putFinished(store, { wordsOf: (id) => id.repeat(30_000) });
  const outbox = createOutbox({ store, api: createApi({ send: line.send }), locks: null, now: () => line.now, random: () => 0 });
  for (let tries = 0; (await outbox.deliver({ ...ANNA, asked: true })).state !== "rest"; tries += 1) assert.ok(tries < 50);
  assert.equal(server.photos.size, 2);
  assert.ok((await store.visits("anna"))[0].delivered);
  assert.ok((await store.setting("line")).broke_at);
});
