/**
 * The places in a draft where photos are: an answer, a best practice, or the tray. Each as {key, ids(draft),
 * add(draft, photo), remove(draft, photoId), restore(draft, photoId, position)}; drafts are never changed in place.
 */
import { changePractice, practiceOf } from "./practices.js";
import { changePhotos, trayOf } from "./tray.js";
import { addPhoto, answerKey, answerOf, removePhoto, restorePhoto } from "./visit.js";

/** The photos of one repetition's answer to a criterion. */
export function inAnswer(criterionId, repetition = 0) {
  return {
    key: answerKey(criterionId, repetition),
    ids: (draft) => answerOf(draft, criterionId, repetition).photo_ids,
    add: (draft, photo) => addPhoto(draft, criterionId, repetition, photo),
    remove: (draft, photoId) => removePhoto(draft, criterionId, repetition, photoId),
    restore: (draft, photoId, position) => restorePhoto(draft, criterionId, repetition, photoId, position),
  };
}

/** The photos of a best practice. */
export function inPractice(id) {
  const change = (draft, update) => changePractice(draft, id, (practice) => (
    { ...practice, photo_ids: update(practice.photo_ids) }));
  return listed(`practice ${id}`, (draft) => practiceOf(draft, id)?.photo_ids ?? [], change);
}

/** The photos that belong to nothing yet. */
export function inTray() {
  return listed("tray", (draft) => trayOf(draft).photo_ids, changePhotos);
}

function listed(key, ids, change) {
  const without = (all, photoId) => all.filter((each) => each !== photoId);
  return {
    key,
    ids,
    add: (draft, photo) => change(
      { ...draft, photos: { ...draft.photos, [photo.id]: photo } }, (all) => [...all, photo.id]),
    remove: (draft, photoId) => change(draft, (all) => without(all, photoId)),
    restore: (draft, photoId, position) => change(draft, (all) => {
      const others = without(all, photoId);
      return [...others.slice(0, position), photoId, ...others.slice(position)];
    }),
  };
}
