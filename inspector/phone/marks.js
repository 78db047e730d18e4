/**
 * Marks on a photo: a layer over the picture, which itself stays as it was taken. A mark is {what, at: [x, y, x, y]} in
 * shares of the upright picture; an arrow points to its second place. Pure functions; nothing is changed in place.
 */

export const WHAT = ["blur", "box", "arrow"];
export const MOST_MARKS = 50;

const LEAST = 0.02;
const USUAL = 0.2;
const HEAD_TURN = 0.45;

/** The marks on a photo of a draft. */
export function marksOf(draft, photoId) {
  return draft.photos[photoId]?.marks ?? [];
}

/** The draft with other marks on a photo. */
export function withMarks(draft, photoId, marks) {
  return { ...draft, photos: { ...draft.photos, [photoId]: { ...draft.photos[photoId], marks } } };
}

/** A mark that was drawn from one place to another, both [x, y]; of the usual size where that was a tap. */
export function drawnMark(what, from, to) {
  return isTap(from, to) ? usualMark(what, to) : { what, at: [...from, ...to].map(share) };
}

/** Whether a finger that went from one place to the other only tapped. */
export function isTap(from, to) {
  return Math.abs(to[0] - from[0]) < LEAST && Math.abs(to[1] - from[1]) < LEAST;
}

/** A mark of the usual size around a place [x, y], by default in the middle; an arrow points there. */
export function usualMark(what, [x, y] = [0.5, 0.5]) {
  if (what === "arrow") {
    const tail = (place) => (place < USUAL ? place + USUAL : place - USUAL);
    return { what, at: [tail(x), tail(y), x, y].map(share) };
  }
  return moved({ what, at: [0, 0, USUAL, USUAL] }, x - USUAL / 2, y - USUAL / 2);
}

/** The mark somewhere else, as far as the picture reaches. */
export function moved({ what, at }, across, down) {
  const [left, right] = [Math.min(at[0], at[2]), Math.max(at[0], at[2])];
  const [top, bottom] = [Math.min(at[1], at[3]), Math.max(at[1], at[3])];
  const x = within(across, -left, 1 - right), y = within(down, -top, 1 - bottom);
  return { what, at: [at[0] + x, at[1] + y, at[2] + x, at[3] + y].map(share) };
}

/** The mark with its second place elsewhere. */
export function resized({ what, at: [left, top, right, bottom] }, across, down) {
  return { what, at: [left, top, right + across, bottom + down].map(share) };
}

/** The number of the uppermost mark at a place [x, y], or -1. */
export function markAt(marks, [x, y]) {
  const holds = ({ at }) => x >= Math.min(at[0], at[2]) - LEAST && x <= Math.max(at[0], at[2]) + LEAST
    && y >= Math.min(at[1], at[3]) - LEAST && y <= Math.max(at[1], at[3]) + LEAST;
  return marks.reduce((found, mark, number) => (holds(mark) ? number : found), -1);
}

/** The lines of a mark in pixels of a picture that is {width, height}, each a list of places [x, y]; none of a blur. */
export function linesOf({ what, at }, { width, height }) {
  const [left, top, right, bottom] = [at[0] * width, at[1] * height, at[2] * width, at[3] * height];
  if (what === "blur") return [];
  if (what === "box") return [[[left, top], [right, top], [right, bottom], [left, bottom], [left, top], [right, top]]];
  const back = Math.atan2(bottom - top, right - left) + Math.PI, length = Math.max(width, height) / 25;
  const side = (turn) => [right + length * Math.cos(back + turn), bottom + length * Math.sin(back + turn)];
  return [[[left, top], [right, bottom]], [side(-HEAD_TURN), [right, bottom], side(HEAD_TURN)]];
}

function share(number) {
  return Math.round(within(number, 0, 1) * 10_000) / 10_000;
}

function within(number, least, most) {
  return Math.min(Math.max(number, least), most);
}
