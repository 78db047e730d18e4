/** Takes a picked photo apart: is it within the limits, smaller, hashed, with a preview. No storage, no screen. */
import { LOOK_EDGE_PX, lookOf } from "./looks.js";

const PREVIEW_EDGE_PX = 320;
const QUALITY = 0.85;
const SIGNATURES = [
  ["image/jpeg", 0, "\xff\xd8\xff"], ["image/png", 0, "\x89PNG"], ["image/webp", 8, "WEBP"],
  ["image/heic", 4, "ftyphei"], ["image/heic", 4, "ftyphev"],
  ["image/heif", 4, "ftypmif1"], ["image/heif", 4, "ftypmsf1"],
];
// Android calls what it does not know "image/*"; with that in it, the server could not read the report.
const MEDIA_TYPE = /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/;

/** The photo is larger than the server takes, even after shrinking. */
export class TooLarge extends Error {
  name = "TooLarge";
}

/**
 * From the bytes as picked to what is kept: {bytes, media_type, sha256, size, preview, look}. `preview` is a small JPEG's
 * ArrayBuffer, or null where nobody here can decode the photo (HEIC in Chromium); `look` is what looks.js says of it, and
 * missing where there was nothing to look at. `makeCanvas(width, height)` gives a canvas. A photo that cannot be shrunk is kept as it came. Raises TooLarge.
 */
export async function preparePhoto(original, claimedType, limits, makeCanvas) {
  const head = new Uint8Array(original, 0, Math.min(16, original.byteLength));
  const mediaType = mediaTypeOf(head) ?? (MEDIA_TYPE.test(claimedType) ? claimedType : "application/octet-stream");
  const picture = await decoded(original, mediaType);
  let bytes = original, kept = mediaType, preview = null, look = null;
  if (picture) {
    try {
      preview = await drawn(picture, PREVIEW_EDGE_PX, makeCanvas);
      look = looked(picture, makeCanvas);
      const small = Math.max(picture.width, picture.height) <= limits.photo_long_edge_px;
      if (!small || mediaType === "image/png") {
        const shrunk = await drawn(picture, limits.photo_long_edge_px, makeCanvas);
        if (shrunk && shrunk.byteLength < original.byteLength) [bytes, kept] = [shrunk, "image/jpeg"];
      }
    } finally {
      picture.close?.();
    }
  }
  if (bytes.byteLength > limits.photo_max_bytes) throw new TooLarge();
  return { bytes, media_type: kept, size: bytes.byteLength, sha256: await sha256(bytes), preview, ...(look && { look }) };
}

/** A small JPEG's ArrayBuffer of a photo that is kept already, or null where nobody here can decode it. */
export async function previewOf(bytes, mediaType, makeCanvas) {
  const picture = await decoded(bytes, mediaType);
  try {
    return picture && await drawn(picture, PREVIEW_EDGE_PX, makeCanvas);
  } finally {
    picture?.close?.();
  }
}

/** The media type that the first bytes tell, or null. */
export function mediaTypeOf(head) {
  const text = String.fromCharCode(...head);
  return SIGNATURES.find(([, place, signature]) => text.startsWith(signature, place))?.[0] ?? null;
}

/** The SHA-256 of an ArrayBuffer as hexadecimal digits. */
export async function sha256(bytes) {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function decoded(bytes, mediaType) {
  try {
    return await createImageBitmap(new Blob([bytes], { type: mediaType }));
  } catch {
    return null;
  }
}

// A JPEG with the given long edge at most; null where the phone produced nothing, or a black picture, as some do when
// memory is short.
async function drawn(picture, longEdge, makeCanvas) {
  try {
    const { canvas, context, width, height } = onCanvas(picture, longEdge, makeCanvas);
    if (isBlank(context, width, height)) return null;
    const blob = await asJpeg(canvas);
    return blob && blob.type === "image/jpeg" && blob.size > 0 ? await blob.arrayBuffer() : null;
  } catch {
    return null;
  }
}

// What is black all over was not drawn, or shows nothing.
function looked(picture, makeCanvas) {
  try {
    const { context, width, height } = onCanvas(picture, LOOK_EDGE_PX, makeCanvas, { willReadFrequently: true });
    return isBlank(context, width, height) ? null : lookOf(context.getImageData(0, 0, width, height));
  } catch {
    return null;
  }
}

function onCanvas(picture, longEdge, makeCanvas, settings) {
  const scale = Math.min(1, longEdge / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const canvas = makeCanvas(width, height);
  const context = canvas.getContext("2d", settings);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return { canvas, context, width, height };
}

function isBlank(context, width, height) {
  const places = [0.1, 0.3, 0.5, 0.7, 0.9];
  return places.every((across) => places.every((down) => {
    const [red, green, blue] = context.getImageData(Math.floor(width * across), Math.floor(height * down), 1, 1).data;
    return red + green + blue === 0;
  }));
}

function asJpeg(canvas) {
  if (canvas.convertToBlob) return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}
