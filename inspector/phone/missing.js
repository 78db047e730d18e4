/** The way from one criterion that lacks something to the next: pure. */
import { answerKey } from "./visit.js";

/**
 * The next of the `missing` (visit.js, progress) in places that were left already, behind where one is
 * ({section, repetition, criterion id or null}), and from the beginning again; null when there is none.
 */
export function nextMissing({ sections }, draft, missing, here) {
  const left = new Set(draft.left_sections);
  const behind = missing.filter(({ section, repetition }) => left.has(answerKey(sections[section].id, repetition)));
  const places = new Map((sections[here.section]?.criteria ?? []).map(({ id }, place) => [id, place]));
  const distance = ({ section, repetition, criterion }) => section - here.section || repetition - here.repetition
    || places.get(criterion.id) - (places.get(here.criterion) ?? -1);
  return behind.find((each) => distance(each) > 0) ?? behind[0] ?? null;
}
