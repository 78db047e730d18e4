/** Random choices from a seed: the same seed, the same choices (the generator is Tommy Ettinger's mulberry32). */
export function aChance(seed) {
  let state = seed >>> 0;

  function next() {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  const below = (number) => Math.floor(next() * number);
  return {
    /** A whole number from 0 to one less than `number`. */
    below,
    pick: (list) => list[below(list.length)],
    /** Whether something of this probability happens. */
    happens: (probability) => next() < probability,
    /** One of the keys of {key: weight}. */
    weighted(weights) {
      let left = next() * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
      return Object.keys(weights).find((key) => (left -= weights[key]) < 0) ?? Object.keys(weights)[0];
    },
  };
}
