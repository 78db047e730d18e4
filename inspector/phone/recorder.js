/**
 * Records what the microphone hears. Its pieces are on the phone as they come, so that whatever kills the page costs the
 * last few seconds; at its end, or when the visit is opened again, they are put together.
 */
import { sha256 } from "./photos.js";
import { inRecordings, pieceId } from "./recordings.js";
import { elapsed, start } from "./stopwatch.js";
import { t } from "./translate.js";
import { photosInUse, withOffset } from "./visit.js";
import { freshId, isFull } from "./visiting.js";

const PIECE_MS = 3_000;
// Speech is understood well at that, and an hour of it takes some 14 MB.
const BITS_PER_SECOND = 32_000;
const MOST_MS = 3_600_000;
const MOST_BYTES = 20_000_000;
// What is under way when the limit is reached still comes.
const FULL = 0.9;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** Whether this browser can record at all. */
export function canRecord() {
  return typeof MediaRecorder === "function" && Boolean(navigator.mediaDevices?.getUserMedia && typeHere());
}

function typeHere() {
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type));
}

let isStarting = false;

/** Record for an answer of the open visit until somebody stops it: then `app.state.recording` is {watch, stop()}. */
export async function record(app, criterionId, repetition) {
  const { open, recording } = app.state;
  if (isStarting || open.readOnly) return;
  if (recording || open.draft.recording) return app.say(t("A recording is running already. Stop it first."));
  if (photosInUse(open.draft).length >= open.task.limits.photos_per_visit) {
    return app.say(t("This visit has the maximum number of photos and recordings. Remove one first."));
  }
  isStarting = true;
  let stream = null;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    if (app.state.open === open) await run(app, open, stream, { criterion_id: criterionId, repetition });
    else end(stream);
  } catch (error) {
    if (stream) end(stream);
    app.say(error.name === "NotAllowedError"
      ? t("Allow the microphone in the browser's settings, then record again.")
      : t("No sound from the microphone. Close other apps that may use it, then record again."));
  } finally {
    isStarting = false;
  }
}

async function run(app, open, stream, place) {
  const recorder = new MediaRecorder(stream, { mimeType: typeHere(), audioBitsPerSecond: BITS_PER_SECOND });
  const [mediaType] = (recorder.mimeType || typeHere()).split(";");
  const about = { id: freshId(), ...place, media_type: mediaType, at: withOffset(new Date()) };
  const most = FULL * Math.min(MOST_BYTES, open.task.limits.photo_max_bytes);
  const watch = start();
  let [number, size, trouble, keeping, stopping] = [0, 0, null, Promise.resolve(), null];
  const halted = new Promise((done) => { recorder.onstop = done; });
  const stop = () => {
    stopping ??= finish();
    return stopping;
  };
  recorder.ondataavailable = ({ data }) => {
    const ms = Math.round(elapsed(watch));
    keeping = keeping.then(() => keep(data, ms)).catch((error) => halt(whyStopped(error)));
  };
  app.set({ recording: { watch, stop } });
  open.change((draft) => ({ ...draft, recording: about }));
  await open.flush();
  // Stopped or left while that took its time: nothing that never began says that it has ended.
  if (stopping) {
    recorder.onstop();
    await stopping;
    return;
  }
  try {
    recorder.start(PIECE_MS);
  } catch (error) {
    // A call took the microphone meanwhile.
    recorder.onstop();
    await stop();
    throw error;
  }
  // A microphone that is taken away ends it by itself.
  halted.then(stop);

  async function keep(data, ms) {
    if (trouble || !data.size) return;
    const bytes = await data.arrayBuffer();
    await app.store.savePiece({ id: pieceId(about.id, number), visit_id: open.draft.id, bytes, ms });
    number += 1;
    size += bytes.byteLength;
    if (size >= most || ms >= MOST_MS) halt(t("The recording has become as long as it may be. It is kept."));
  }

  // Nobody waits for it here: the end waits for the pieces.
  function halt(why) {
    if (!trouble) app.say(why);
    trouble = why;
    stop();
  }

  async function finish() {
    if (recorder.state !== "inactive") recorder.stop();
    await halted;
    end(stream);
    await keeping;
    await putTogether(app, open);
    app.set({ recording: null });
  }
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function whyStopped(error) {
  return isFull(error)
    ? t("There is no room left on this phone. What was recorded is kept.")
    : t("The recording ended. What was recorded is kept.");
}

/** Make one recording of the pieces that are here of the draft's unfinished one; what fails can be tried again. */
export async function putTogether(app, open) {
  const { store } = app;
  const { id: visitId, recording, photos } = open.draft;
  if (!recording || open.readOnly) return;
  const { id, criterion_id: criterionId, repetition, media_type, at } = recording;
  try {
    const pieces = photos[id] ? [] : await store.pieces(visitId, id);
    if (pieces.length) {
      const bytes = await new Blob(pieces.map((piece) => piece.bytes)).arrayBuffer();
      const duration = pieces[pieces.length - 1].ms;
      await open.addPhoto(inRecordings(criterionId, repetition), {
        id, sha256: await sha256(bytes), size: bytes.byteLength, media_type, taken_at: at, duration_ms: duration,
        preview: false,
      }, bytes, null);
    }
    open.change(({ recording: _, ...draft }) => draft);
    await open.flush();
    await store.dropPieces(visitId, id);
  } catch (error) {
    app.say(isFull(error)
      ? t("There is no room left on this phone. Free some, then try again.")
      : t("This could not be saved. Try again."));
  }
}
