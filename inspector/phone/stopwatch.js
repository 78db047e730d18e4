/**
 * Stopwatches: pure. One is {value, since}: the milliseconds that it gathered before, and the moment (as `moment()`
 * gives it) at which it was started last, null while it stands still.
 */

// What is seen does not sleep: a phone that does hides its page first. `seen` is since when the page is seen, or hidden.
let seen = 0;
globalThis.addEventListener?.("visibilitychange", () => { seen = performance.now(); }, true);

/** The clocks of now: the wall's in ms, the page's steady one, which page that one belongs to, and since when it is `seen`. */
export function moment() {
  return { wall: Date.now(), steady: performance.now(), page: performance.timeOrigin, seen };
}

export function start({ value = 0 } = {}, now = moment()) {
  return { value, since: now };
}

export function stop(watch, now = moment()) {
  return { value: elapsed(watch, now), since: null };
}

/**
 * Milliseconds that a stopwatch shows. The steady clock stands still while the phone sleeps and begins anew after the
 * page was killed, the wall's may be set back: what they lose is time, so the longer one is right. While the page was
 * seen all the time the steady one loses none, and the wall's may be set forward by the network.
 */
export function elapsed({ value, since }, now = moment()) {
  if (!since) return value;
  if (since.page === now.page && now.seen < since.steady) return value + now.steady - since.steady;
  const steady = since.page === now.page ? now.steady - since.steady : 0;
  return value + Math.max(0, steady, now.wall - since.wall);
}

/** What a stopwatch shows: "1:05", "1:02:05". */
export function face(milliseconds) {
  const whole = Math.floor(milliseconds / 1000);
  const two = (number) => String(number % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${two(whole)}` : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(whole)}`;
}

/**
 * Milliseconds as the number that a criterion in seconds or minutes takes, as text; null for any other unit. Without
 * decimals a second that is not over does not count: the number is the one that was seen on the stopwatch's face.
 */
export function inUnit(milliseconds, { unit, decimals }) {
  const length = { seconds: 1000, minutes: 60_000 }[unit];
  const shown = decimals ? milliseconds : Math.floor(milliseconds / 1000) * 1000;
  return length ? (shown / length).toFixed(decimals ?? 0) : null;
}
