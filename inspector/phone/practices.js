/** The best practices of a draft: what an inspector found worth copying. Pure functions only, as in visit.js. */

/** The best practices of a draft, as {id, touchpoint_id, kind, text, photo_ids}; `kind` is "comfort" or "beyond". */
export function practicesOf(draft) {
  return draft.best_practices ?? [];
}

export function practiceOf(draft, id) {
  return practicesOf(draft).find((practice) => practice.id === id) ?? null;
}

/** The draft with an empty best practice at a touchpoint. */
export function addPractice(draft, { id, touchpointId }) {
  const practice = { id, touchpoint_id: touchpointId, kind: "comfort", text: "", photo_ids: [] };
  return { ...draft, best_practices: [...practicesOf(draft), practice] };
}

/** The draft with one best practice replaced by what `change` makes of it. */
export function changePractice(draft, id, change) {
  const changed = practicesOf(draft).map((practice) => (practice.id === id ? change(practice) : practice));
  return { ...draft, best_practices: changed };
}

/** The draft without a best practice. Its photos stay until the visit is finished, for an undo. */
export function removePractice(draft, id) {
  return { ...draft, best_practices: practicesOf(draft).filter((practice) => practice.id !== id) };
}

/** Put a removed best practice back at its former place. */
export function restorePractice(draft, practice, position) {
  const practices = practicesOf(removePractice(draft, practice.id));
  return { ...draft, best_practices: [...practices.slice(0, position), practice, ...practices.slice(position)] };
}

/**
 * The touchpoints at which a best practice may be found, as {id, name, stage?}, names and stages in several languages:
 * those of the whole project, or only the checklist's where the project did not come with the work.
 */
export function touchpointsOf({ assignment, version, project }, work) {
  const found = project ?? work?.projects?.find(({ id }) => id === assignment.project?.id);
  if (found) return found.touchpoints;
  const own = version.sections.map(({ touchpoint_id: id, title }) => ({ id, name: title }));
  return own.filter(({ id }, place) => own.findIndex((each) => each.id === id) === place);
}

/** Whether nothing was entered: such a one goes when its screen is left. */
export function isEmpty({ text, photo_ids: photoIds }) {
  return !text.trim() && !photoIds.length;
}

/** The best practices that say nothing yet: the visit cannot be finished with them. */
export function wordless(draft) {
  return practicesOf(draft).filter(({ text }) => !text.trim());
}
