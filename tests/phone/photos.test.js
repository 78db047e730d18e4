import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { mediaTypeOf, preparePhoto, sha256, TooLarge } from "../../inspector/phone/photos.js";

const LIMITS = { photo_long_edge_px: 2048, photo_max_bytes: 5000 };
const JPEG_HEAD = [0xff, 0xd8, 0xff, 0xe0];

/** Bytes that begin as a JPEG does. */
function jpeg(size) {
  const bytes = new Uint8Array(size);
  bytes.set(JPEG_HEAD);
  return bytes.buffer;
}

/** A browser that decodes to the given size (null: cannot), and canvases that draw in the given colour. */
function aBrowser({ width, height, colour = 128, type = "image/jpeg", bytesPerPixel = 0.001 } = {}) {
  const drawn = [];
  globalThis.createImageBitmap = async () => {
    if (!width) throw new DOMException("cannot decode", "InvalidStateError");
    return { width, height, close() {} };
  };
  const makeCanvas = (canvasWidth, canvasHeight) => ({
    getContext: () => ({ drawImage: () => drawn.push([canvasWidth, canvasHeight]), getImageData: () => ({ data: [colour, colour, colour, 255] }) }),
    convertToBlob: async () => new Blob([new Uint8Array(Math.max(1, canvasWidth * canvasHeight * bytesPerPixel))], { type }),
  });
  return { makeCanvas, drawn };
}

afterEach(() => { delete globalThis.createImageBitmap; });

test("a large photo is shrunk to the long edge, with a preview, and hashed as it is kept", async () => {
  const { makeCanvas, drawn } = aBrowser({ width: 4000, height: 3000 });
  const photo = await preparePhoto(jpeg(4000), "image/jpeg", LIMITS, makeCanvas);
  assert.deepEqual(drawn, [[320, 240], [512, 384], [2048, 1536]]);
  assert.equal(photo.size, Math.floor(2048 * 1536 * 0.001));
  assert.equal(photo.sha256, await sha256(photo.bytes));
  assert.ok(photo.preview.byteLength);
});

test("a small photo stays as it came", async () => {
  const { makeCanvas } = aBrowser({ width: 1600, height: 1200 });
  const original = jpeg(4000);
  const photo = await preparePhoto(original, "image/jpeg", LIMITS, makeCanvas);
  assert.equal(photo.bytes, original);
});

test("whatever goes wrong while shrinking, the original is kept", async () => {
  const troubles = [
    aBrowser({ width: 4000, height: 3000, colour: 0 }).makeCanvas,
    aBrowser({ width: 4000, height: 3000, type: "image/png" }).makeCanvas,
    aBrowser({ width: 4000, height: 3000, bytesPerPixel: 1 }).makeCanvas,
    () => { throw new RangeError("canvas too large"); },
    () => ({ getContext: () => null }),
  ];
  for (const makeCanvas of troubles) {
    const original = jpeg(4000);
    assert.equal((await preparePhoto(original, "image/jpeg", LIMITS, makeCanvas)).bytes, original);
  }
});

test("a photo that this phone cannot read is kept with the type that its bytes tell", async () => {
  const { makeCanvas } = aBrowser();
  const heic = new TextEncoder().encode("\0\0\0\x18ftypheic rest").buffer;
  const photo = await preparePhoto(heic, "", LIMITS, makeCanvas);
  assert.deepEqual([photo.bytes, photo.media_type, photo.preview], [heic, "image/heic", null]);
  const unknown = await preparePhoto(new ArrayBuffer(3), "", LIMITS, makeCanvas);
  assert.equal(unknown.media_type, "application/octet-stream");
});

test("a type that the server could not read never gets into a report", async () => {
  const { makeCanvas } = aBrowser();
  const typeOf = async (claimed) => (await preparePhoto(new ArrayBuffer(30), claimed, LIMITS, makeCanvas)).media_type;
  for (const claimed of ["image/*", "image/x; charset=utf-8", `image/${"x".repeat(101)}`, "picture", "изображение/png"]) {
    assert.equal(await typeOf(claimed), "application/octet-stream");
  }
  assert.deepEqual([await typeOf("image/x-adobe-dng"), await typeOf("image/svg+xml")], ["image/x-adobe-dng", "image/svg+xml"]);
});

test("too large for the server is said at once", async () => {
  const { makeCanvas } = aBrowser();
  await assert.rejects(preparePhoto(jpeg(5001), "image/jpeg", LIMITS, makeCanvas), TooLarge);
});

test("the first bytes tell the type", () => {
  const head = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  assert.equal(mediaTypeOf(head("\xff\xd8\xff\xe0")), "image/jpeg");
  assert.equal(mediaTypeOf(head("\x89PNG\r\n")), "image/png");
  assert.equal(mediaTypeOf(head("RIFF\0\0\0\0WEBPVP8 ")), "image/webp");
  assert.equal(mediaTypeOf(head("\0\0\0\x18ftypmif1")), "image/heif");
  assert.equal(mediaTypeOf(head("<html>")), null);
  assert.equal(mediaTypeOf(new Uint8Array(0)), null);
});
