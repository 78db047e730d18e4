/**
 * What can be told of a photo at once, on the phone: is it blurred or dark, was it taken before. Pure functions;
 * a picture is {data, width, height} as a canvas gives it, with a long edge of LOOK_EDGE_PX at most.
 */

/** In less pixels the blur that hides a price is not seen any more. */
export const LOOK_EDGE_PX = 512;

// Measured on 16 photos of cameras and phones and 12 drawn ones, see tests/phone/looks.test.js.
const SHARP = 0.45;
const DARK_MEAN = 40, DARK_SHARE = 0.6, BRIGHT_SHARE = 0.01;
const SAME_BITS = 2;

const BLUR_RADIUS = 4;
const EVERY = 2;
const LEAST_VARIATION = 0.3;
const BLACK = 24, BRIGHT = 160;
const PRINT_ACROSS = 8, PRINT_DOWN = 8;
const FAINT = 2, FEWEST_STEPS = 16;

/**
 * {sharpness, light: {mean, dark, bright}, print}. `sharpness` is from 0 to 1, null where there is nothing to be sharp;
 * `mean` is in levels of 255, `dark` and `bright` are shares of the picture; `print` is 64 bits as hexadecimal digits,
 * null where there is too little to be known again.
 */
export function lookOf(picture) {
  const grey = greyOf(picture);
  return { sharpness: sharpnessOf(grey, picture), light: lightOf(grey), print: printOf(grey, picture) };
}

/** What is probably wrong with a photo that looks so: "blurred", "dark" or null. White letters on black are not dark. */
export function troubleOf({ sharpness, light: { mean, dark, bright } }) {
  if (mean < DARK_MEAN && dark > DARK_SHARE && bright < BRIGHT_SHARE) return "dark";
  return sharpness !== null && sharpness < SHARP ? "blurred" : null;
}

/** Whether two photos show the same picture. */
export function isSame(one, other) {
  if (one.print === null || other.print === null) return false;
  let bits = 0;
  for (let at = 0; at < one.print.length; at += 4) {
    let rest = Number.parseInt(one.print.slice(at, at + 4), 16) ^ Number.parseInt(other.print.slice(at, at + 4), 16);
    for (; rest; rest &= rest - 1) bits += 1;
  }
  return bits <= SAME_BITS;
}

function greyOf({ data }) {
  const grey = new Uint8Array(data.length / 4);
  for (let place = 0, from = 0; place < grey.length; place += 1, from += 4) {
    grey[place] = (data[from] * 77 + data[from + 1] * 150 + data[from + 2] * 29) >> 8;
  }
  return grey;
}

/**
 * How much of the change from pixel to pixel a blur takes away, in the direction in which it takes less: a picture that
 * is blurred already, or was shaken, loses little. After Crete, Dolmiere, Ladret and Nicolas, "The blur effect" (2007).
 */
function sharpnessOf(grey, { width, height }) {
  const across = changes(grey, { along: width, step: 1, lines: height, next: width });
  const down = changes(grey, { along: height, step: width, lines: width, next: 1 });
  const count = across.count + down.count;
  if (!count || (across.all + down.all) / count < LEAST_VARIATION) return null;
  return round(Math.min(...[across, down].map(({ all, lost }) => (all ? lost / all : 0))));
}

// The sum of all changes along every second line, and how much of it is lost to a mean over 2 BLUR_RADIUS + 1 pixels.
function changes(grey, { along, step, lines, next }) {
  const wide = 2 * BLUR_RADIUS + 1;
  const padded = new Int32Array(along + wide);
  let all = 0, lost = 0, count = 0;
  for (let line = 0; line < lines; line += EVERY) {
    for (let place = 0, from = line * next; place < along; place += 1, from += step) {
      padded[place + BLUR_RADIUS + 1] = grey[from];
    }
    padded.fill(padded[BLUR_RADIUS + 1], 0, BLUR_RADIUS + 1);
    padded.fill(padded[along + BLUR_RADIUS], along + BLUR_RADIUS + 1);
    for (let place = 1; place < along; place += 1) {
      const middle = place + BLUR_RADIUS + 1;
      const change = Math.abs(padded[middle] - padded[middle - 1]);
      const kept = Math.abs(padded[middle + BLUR_RADIUS] - padded[place]) / wide;
      all += change;
      if (change > kept) lost += change - kept;
    }
    count += along - 1;
  }
  return { all, lost, count };
}

function lightOf(grey) {
  let sum = 0, dark = 0, bright = 0;
  for (const level of grey) {
    sum += level;
    if (level < BLACK) dark += 1;
    else if (level > BRIGHT) bright += 1;
  }
  return { mean: round(sum / grey.length), dark: round(dark / grey.length), bright: round(bright / grey.length) };
}

// A bit for each step from one ninth of the width to the next, in eight rows: does it become lighter?
function printOf(grey, { width, height }) {
  const cells = meansOf(grey, width, height, PRINT_ACROSS + 1, PRINT_DOWN);
  let digits = "", nibble = 0, steps = 0;
  for (let bit = 0; bit < PRINT_ACROSS * PRINT_DOWN; bit += 1) {
    const from = Math.floor(bit / PRINT_ACROSS) * (PRINT_ACROSS + 1) + (bit % PRINT_ACROSS);
    const change = cells[from + 1] - cells[from];
    if (Math.abs(change) >= FAINT) steps += 1;
    nibble = (nibble << 1) | (change > 0 ? 1 : 0);
    if (bit % 4 === 3) {
      digits += nibble.toString(16);
      nibble = 0;
    }
  }
  return steps < FEWEST_STEPS ? null : digits;
}

function meansOf(grey, width, height, across, down) {
  const sums = new Float64Array(across * down), counts = new Float64Array(across * down);
  for (let y = 0, place = 0; y < height; y += 1) {
    const row = Math.floor((y * down) / height) * across;
    for (let x = 0; x < width; x += 1, place += 1) {
      const cell = row + Math.floor((x * across) / width);
      sums[cell] += grey[place];
      counts[cell] += 1;
    }
  }
  return sums.map((sum, cell) => (counts[cell] ? sum / counts[cell] : 0));
}

function round(number) {
  return Math.round(number * 1000) / 1000;
}
