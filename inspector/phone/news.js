/** What of a person's assignments is new, changed or sent back since it was looked at on this phone: pure. */

/**
 * `looked` is {assignment id: [sign that was shown in the list, sign that was opened]}; a sign stands for all that an
 * assignment says. Null where nobody has looked yet: then nothing is news.
 */
export function newsOf(assignment, looked) {
  const isBack = assignment.visit?.state === "returned";
  if (!looked || (assignment.visit && !isBack)) return null;
  const [, opened] = looked[assignment.id] ?? [];
  if (opened === signOf(assignment)) return null;
  return isBack ? "returned" : opened === undefined ? "new" : "changed";
}

/** How many are news that the list has not shown yet. */
export function countNews(work, looked) {
  const isUnseen = (each) => newsOf(each, looked) && looked[each.id]?.[0] !== signOf(each);
  return work?.assignments.filter(isUnseen).length ?? 0;
}

/** What was looked at after the list was shown (`isListed`) and the assignment `opened`; null for nobody's first look. */
export function lookedAt(looked, { assignments }, { isListed, opened }) {
  return Object.fromEntries(assignments.map((each) => {
    const sign = signOf(each);
    const [listed, read] = looked ? looked[each.id] ?? [] : [sign, sign];
    return [each.id, opened === each.id ? [sign, sign] : [isListed ? sign : listed, read]];
  }).filter(([, [listed, read]]) => listed !== undefined || read !== undefined));
}

// Each is asked for at every drawing of the list.
const signs = new WeakMap();
function signOf(assignment) {
  if (!signs.has(assignment)) signs.set(assignment, signOfWords(wordsOf(assignment)));
  return signs.get(assignment);
}

function wordsOf({ checklist_version_id: version, outlet, brief, due_from: from, due_until: until, hours, visit }) {
  return JSON.stringify([version, outlet, brief, from, until, hours, visit?.state === "returned" ? visit.revision : 0]);
}

function signOfWords(words) {
  let sign = 0;
  for (let at = 0; at < words.length; at += 1) sign = (Math.imul(sign, 31) + words.charCodeAt(at)) | 0;
  return sign;
}
