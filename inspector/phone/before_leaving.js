/** The photos of a visit that one may want to take again while one is still there: pure. It only warns. */
import { isSame, troubleOf } from "./looks.js";
import { inAnswer, inPractice, inTray } from "./photo_places.js";
import { practicesOf } from "./practices.js";
import { answerOf, repetitionsOf } from "./visit.js";

/**
 * [{id, why, place, at}] in the order of the checklist: `why` is "dark", "blurred" or "twice" (an earlier one shows the
 * same picture), `place` is one of photo_places.js, `at` is {section, repetition, criterion}, {practice} or {tray}.
 */
export function doubtfulPhotos({ version }, draft) {
  const lines = placesWithPhotos(version, draft).flatMap(({ place, at }) => place.ids(draft).map((id) => ({ id, place, at })));
  const reasons = reasonsFor(draft.photos, lines.map(({ id }) => id));
  return lines.flatMap(({ id, ...where }, place) => (reasons[place] ? [{ id, why: reasons[place], ...where }] : []));
}

// Each photo is compared with all before it, and this is asked at every tap: what it was told last is kept.
let last = { photos: null, ids: "", reasons: [] };

function reasonsFor(photos, ids) {
  if (last.photos !== photos || last.ids !== ids.join()) last = { photos, ids: ids.join(), reasons: compared(photos, ids) };
  return last.reasons;
}

function compared(photos, ids) {
  const seen = [];
  return ids.map((id) => {
    const photo = photos[id];
    if (!photo || photo.missing) return null;
    const { sha256, look } = photo;
    const isTwin = (other) => other.sha256 === sha256 || (look && other.look && isSame(look, other.look));
    const why = (look && troubleOf(look)) || (seen.some(isTwin) ? "twice" : null);
    seen.push(photo);
    return why;
  });
}

function placesWithPhotos(version, draft) {
  const answers = version.sections.flatMap(({ id, criteria }, section) => (
    repetitionsOf(draft, id).flatMap(({ repetition }) => criteria
      .filter((criterion) => answerOf(draft, criterion.id, repetition).photo_ids.length)
      .map((criterion) => ({
        place: inAnswer(criterion.id, repetition), at: { section, repetition, criterion },
      })))));
  const practices = practicesOf(draft).map(({ id }) => ({ place: inPractice(id), at: { practice: id } }));
  return [...answers, ...practices, { place: inTray(), at: { tray: true } }];
}
