/**
 * Recordings of calls: where in a draft they are, the consent to them, the one that goes on. Pure functions; drafts are
 * never changed in place. A recording is a photo in all that is kept and sent, and never counts as one.
 */
import { answerKey, answerOf, changeAnswer, textIn } from "./visit.js";

const AUDIO = "audio";

/** The recordings of one repetition's answer to a criterion, as photo_places.js describes places. */
export function inRecordings(criterionId, repetition = 0) {
  const ids = (draft) => answerOf(draft, criterionId, repetition).recordings ?? [];
  const put = (draft, recordings) => (
    changeAnswer(draft, criterionId, repetition, (answer) => ({ ...answer, recordings })));
  const others = (draft, id) => ids(draft).filter((each) => each !== id);
  return {
    key: `recordings ${answerKey(criterionId, repetition)}`,
    ids,
    add: (draft, line) => put({ ...draft, photos: { ...draft.photos, [line.id]: line } }, [...ids(draft), line.id]),
    remove: (draft, id) => put(draft, others(draft, id)),
    restore: (draft, id, position) => put(
      draft, [...others(draft, id).slice(0, position), id, ...others(draft, id).slice(position)]),
  };
}

/** What the project demands to be confirmed, in the reader's language. */
export function consentWords({ project }, language) {
  return textIn(project.audio_consent, language, project.default_language);
}

export function hasConsent(draft) {
  return (draft.consents ?? []).some(({ what }) => what === AUDIO);
}

/** The draft with the consent, in the words that were read, at `at` (wall time with offset). */
export function withConsent(draft, words, at) {
  return { ...draft, consents: [...(draft.consents ?? []), { what: AUDIO, words, at }] };
}

/** What keeps one piece of a recording apart; in the order of the pieces. */
export function pieceId(id, number) {
  return `${id} ${String(number).padStart(6, "0")}`;
}
