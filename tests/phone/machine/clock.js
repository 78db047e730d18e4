/**
 * The time of a machine: it passes only when the machine says so, and can be set wrong. While it is installed, `Date`
 * and the timers of everything in this process follow it.
 */
import { AsyncResource } from "node:async_hooks";

const REAL = { Date: globalThis.Date, setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
const BEGINNING = REAL.Date.parse("2026-11-21T12:00:00Z");

export function aClock() {
  const timers = new Map();
  let passed = 0;
  let wrongBy = 0;
  let numbers = 0;

  const now = () => BEGINNING + passed + wrongBy;

  class WrongDate extends REAL.Date {
    constructor(...parts) {
      super(...(parts.length ? parts : [now()]));
    }

    static now() {
      return now();
    }
  }

  return {
    now,
    install: () => Object.assign(globalThis, {
      Date: WrongDate,
      setTimeout(act, delay = 0) {
        timers.set(numbers += 1, { at: passed + Math.max(0, delay), act: AsyncResource.bind(act) });
        return numbers;
      },
      clearTimeout: (number) => timers.delete(number),
    }),
    uninstall: () => Object.assign(globalThis, REAL),

    /** Set the phone's clock wrong by so many milliseconds more. Timers do not care. */
    shift(by) {
      wrongBy += by;
    },

    /** Let time pass; what was to happen in it happens. */
    pass(milliseconds) {
      passed += milliseconds;
      const due = [...timers].filter(([, { at }]) => at <= passed).sort(([, a], [, b]) => a.at - b.at);
      for (const [number, { act }] of due) {
        if (timers.delete(number)) act();
      }
    },

    /** Milliseconds until the next timer; null when there is none. */
    untilNext: () => (timers.size ? Math.max(0, Math.min(...[...timers.values()].map(({ at }) => at)) - passed) : null),
  };
}

/** Let everything that is ready go one turn further. */
export const turn = () => new Promise(setImmediate);
