/**
 * Sends one photo over whatever line there is: whole where the line holds; where it broke lately, in pieces, going on
 * behind the last byte that arrived. What a piece should be is planned from what the line did last; the runner only
 * sends and writes down.
 */

// Short enough that a break costs little, long enough that the head of a request does not cost more.
const PIECE_S = 0.4;
const LEAST_BYTES = 8192;
// Where what was on its way arrives all the same, a piece only has to be answered before one loses patience.
const LONG_PIECE_S = 10;
// A smaller request says more of the server's own time than of the line.
const TELLING_BYTES = 2048;
// So slow, and surely not for the server's own work alone: such a line rarely holds until a photo is through.
const SLOW_MS = 1500;
const SLOW_RATE = 30_000;
const BAD_FOR_MS = 600_000;
const GOOD_RATE = 100_000;
const VAIN_TRIES = 3;
// One of the outbox, one of the copies, and some that nobody goes on with.
const MOST_HALVES = 4;
const KEPT_SHARE = 0.6;
const NOTHING = { kind: "nothing", status: 0, body: null };

/**
 * What is known of the line: `rate` in bytes per second and `latency` in ms, of a request without a body (null: not
 * seen yet); `broke_at` in ms since 1970 or null; `keeps`, whether the server has what arrived of a request that broke
 * off (null: not seen yet); `half`, the photos of which a part may lie there.
 */
export const UNKNOWN_LINE = { rate: null, latency: null, broke_at: null, keeps: null, half: [] };

/** Whether the line broke so lately that it will again. A clock that was set back must not make this last for ever. */
export function isBad(line, now) {
  return line.broke_at !== null && Math.abs(now - line.broke_at) < BAD_FOR_MS;
}

/** How many bytes of the `rest` to send next. */
export function nextPiece(line, rest, now) {
  if (!isBad(line, now)) return rest;
  const piece = Math.max(LEAST_BYTES, Math.round((line.rate ?? 0) * (line.keeps ? LONG_PIECE_S : PIECE_S)));
  return rest < 1.5 * piece ? rest : piece;
}

/** The line after it carried a request of so many bytes in so many milliseconds. */
export function afterAnswer(line, bytes, ms) {
  // Whose clock was set back has measured nothing: a network often sets it just when it comes.
  if (ms < 0) return line;
  if (!bytes) return { ...line, latency: Math.min(ms, line.latency === null ? ms : 2 * line.latency) };
  if (bytes < TELLING_BYTES) return line;
  const rate = bytes / Math.max(0.02, (ms - (line.latency ?? 0)) / 1000);
  return { ...line, rate: line.rate === null ? rate : (line.rate + rate) / 2 };
}

/** Whether a request of so many bytes in so many milliseconds tells that a photo had better not go in one. */
export function isSlow(line, bytes, ms) {
  const own = ms - (line.latency ?? 0);
  return bytes >= TELLING_BYTES && own > SLOW_MS && (bytes / own) * 1000 < SLOW_RATE;
}

/** The line after a request broke off. */
export function afterBreak(line, now) {
  return { ...line, broke_at: now };
}

/**
 * The line after the server told its `offset`, when bytes from `start` to `end` had been on their way for `ms`. Where a
 * browser repeated by itself what broke off, much more had been on its way than arrived.
 */
export function afterOffset(line, { start, end, ms }, offset) {
  if (offset >= end) return line;
  const left = line.rate === null ? 0 : Math.min(end - start, (line.rate * Math.max(0, ms - (line.latency ?? 0))) / 1000);
  const arrived = offset - start;
  if (arrived <= 0 && left < TELLING_BYTES) return line;
  return { ...line, keeps: arrived > 0 && arrived >= KEPT_SHARE * left };
}

/**
 * The runner, one for all of the app. `send(photo, {personId, visitId, signal})` answers as api.putPhoto does; an answer
 * "nothing" is `moved` where some bytes arrived before. `heard(bytes, ms)` and `broke()` are told of the outbox's other
 * requests on the same line.
 */
export function createSender({ store, api, now = Date.now }) {
  let line = UNKNOWN_LINE;
  let brokenWhole = null;
  const known = (api.photoOffset ? store.setting("line") : Promise.resolve()).then((saved) => {
    // An earlier release named one.
    line = { ...UNKNOWN_LINE, ...saved, half: [saved?.half ?? []].flat(), latency: line.latency };
  }, () => {});

  async function send(photo, options) {
    await known;
    const inPieces = api.photoOffset && (isBad(line, now()) || line.half.includes(photo.id));
    return inPieces ? sendPieces(photo, options) : sendWhole(photo, options);
  }

  async function sendWhole(photo, options) {
    const began = now();
    const answer = await api.putPhoto(photo, options);
    if (answer.kind === "nothing") {
      // What was ended here says nothing of the line.
      const isBreak = !options.signal?.aborted;
      if (isBreak) brokenWhole = photo.id;
      await note({ ...(isBreak ? afterBreak(line, now()) : line), half: halves(photo) });
    } else {
      await finished(photo, answer, { bytes: photo.bytes.byteLength, ms: now() - began });
    }
    return answer;
  }

  async function sendPieces(photo, options) {
    const size = photo.bytes.byteLength;
    let [offset, first, furthest] = [null, null, 0];
    let [broken, vain] = [null, 0];
    await note({ ...line, half: halves(photo) });
    for (;;) {
      if (offset === null) {
        const told = await timed(0, () => api.photoOffset(photo, options));
        if (told.kind === "unknown") return sendWhole(photo, options);
        if (told.kind !== "ok") return { ...told, moved: furthest > first };
        if (broken) await note(afterOffset(line, broken, told.offset));
        else if (brokenWhole === photo.id) await note({ ...line, keeps: told.offset > 0 });
        brokenWhole = null;
        ({ offset } = told);
        first ??= offset;
      }
      if (offset > furthest) [furthest, vain] = [offset, 0];
      const start = offset;
      const end = start + nextPiece(line, size - start, now());
      const left = now();
      const answer = await timed(end - start, () => api.patchPhoto(photo, { ...options, start, end }));
      if (options.signal?.aborted && !["ok", "refused"].includes(answer.kind)) return NOTHING;
      offset = answer.offset ?? null;
      if (answer.kind === "more") continue;
      if (answer.kind === "unknown") return sendWhole(photo, options);
      if (answer.kind !== "nothing" && answer.kind !== "elsewhere") {
        await finished(photo, answer, { broken });
        return answer;
      }
      if (answer.kind === "nothing") {
        broken = { start, end, ms: now() - left };
        await note(afterBreak(line, now()));
      }
      vain += 1;
      if (vain <= VAIN_TRIES) continue;
      const moved = furthest > first;
      // Some networks let no PATCH through, and never will: there the photo goes whole.
      return moved || answer.kind === "elsewhere" ? { ...NOTHING, moved } : sendWhole(photo, options);
    }
  }

  async function timed(bytes, request) {
    const began = now();
    const answer = await request();
    if (answer.kind === "ok" || answer.kind === "more") line = afterAnswer(line, bytes, now() - began);
    return answer;
  }

  // A line that carried a photo quickly and in one go is a good one again.
  async function finished({ id }, answer, { bytes = 0, ms = 0, broken = null }) {
    const done = answer.kind === "ok" || answer.kind === "refused";
    const learnt = done && bytes ? afterAnswer(line, bytes, ms) : line;
    const isGood = answer.kind === "ok" && !broken && learnt.rate >= GOOD_RATE;
    const half = done && line.half.includes(id) ? line.half.filter((each) => each !== id) : line.half;
    await note({ ...learnt, broke_at: isGood ? null : line.broke_at, half });
  }

  function halves({ id }) {
    return line.half.includes(id) ? line.half : [id, ...line.half].slice(0, MOST_HALVES);
  }

  // What was learnt outlives the app only where it says how to go on: a write for each piece would wear the phone out.
  async function note(learnt) {
    const telling = ["broke_at", "keeps", "half"].some((name) => learnt[name] !== line[name]);
    line = learnt;
    if (telling && api.photoOffset) await store.saveSetting("line", line).catch(() => {});
  }

  return {
    send,
    heard: (bytes, ms) => {
      line = afterAnswer(line, bytes, ms);
      if (isSlow(line, bytes, ms)) line = afterBreak(line, now());
    },
    broke: () => known.then(() => note(afterBreak(line, now()))),
  };
}
