/**
 * Which sections and criteria are shown, and when an answer asks for more: conditions on earlier answers and on the
 * outlet. Pure functions. The server evaluates the same once more, in checklists/scoring/conditions.py.
 */
import { kindOf, NOTHING_BESIDE, statusOf } from "./kinds.js";

const COMPARE = {
  below: (value, number) => value < number,
  at_most: (value, number) => value <= number,
  equals: (value, number) => value === number,
  at_least: (value, number) => value >= number,
  above: (value, number) => value > number,
};

/**
 * What is shown of a version, as {hasSection(section), hasCriterion(criterion, repetition), beside(section,
 * repetition)}; `beside` is what kinds.js means by it. `answerOf(criterionId, repetition)` gives the answers,
 * `count(section)` the number of its repetitions, `attributes` are the outlet's.
 */
export function whatIsShown(version, { answerOf, count, attributes }) {
  const sections = new Set(), criteria = new Map(), besides = new Map();

  // A condition may name only what comes before, so that one pass in the version's order knows all it needs.
  for (const section of version.sections) {
    if (!isFulfilled(section.shown_when, section, 0)) continue;
    sections.add(section.id);
    for (let repetition = 0; repetition < count(section); repetition += 1) {
      for (const criterion of section.criteria) {
        if (isFulfilled(criterion.shown_when, section, repetition)) {
          criteria.set(key(criterion.id, repetition), { criterion, section });
        }
      }
    }
  }
  return {
    hasSection: (section) => sections.has(section.id),
    hasCriterion: (criterion, repetition) => criteria.has(key(criterion.id, repetition)),
    beside,
  };

  function beside(section, repetition) {
    const place = key(section.id, repetition);
    if (!besides.has(place)) besides.set(place, besideIn(section, repetition));
    return besides.get(place);
  }

  function besideIn(section, repetition) {
    return {
      get criteria() {
        return section.criteria.filter((criterion) => criteria.has(key(criterion.id, repetition)));
      },
      answerTo: (criterionId) => standing(criterionId, section, repetition)?.answer ?? null,
    };
  }

  function isFulfilled(shownWhen, section, repetition) {
    if (!shownWhen?.conditions.length) return true;
    const holds = (condition) => ("attribute" in condition
      ? hasAttribute(attributes, condition)
      : isMet(condition, standing(condition.criterion, section, repetition)));
    return shownWhen.match === "all" ? shownWhen.conditions.every(holds) : shownWhen.conditions.some(holds);
  }

  // What was answered, is shown and fits; within its own section the same repetition is meant, else there is only one.
  function standing(criterionId, section, repetition) {
    const own = section.criteria.some((each) => each.id === criterionId);
    const place = own ? repetition : 0;
    const found = criteria.get(key(criterionId, place));
    if (!found) return null;
    const { criterion } = found;
    const kind = kindOf(criterion);
    const answer = answerOf(criterionId, place);
    const around = kind.isDerived ? beside(found.section, place) : NOTHING_BESIDE;
    const stands = kind.isDerived
      ? kind.number(criterion, answer, around) !== null
      : statusOf(criterion, answer) === "answered" && !kind.trouble?.(criterion, answer, around);
    return stands ? { criterion, answer, beside: around } : null;
  }
}

function isMet(condition, found) {
  if (!found) return false;
  const { criterion, answer, beside } = found;
  const kind = kindOf(criterion);
  if (condition.test in COMPARE) {
    const number = kind.number?.(criterion, answer, beside) ?? null;
    return number !== null && COMPARE[condition.test](number, condition.number);
  }
  const parts = kind.parts?.(answer) ?? [];
  if (condition.part === "none") return parts.length === 0;
  return parts.includes(condition.part) && (condition.test === "contains" || parts.length === 1);
}

function hasAttribute(attributes, { attribute, value }) {
  const name = Object.keys(attributes).find((each) => each.toLowerCase() === attribute.toLowerCase());
  return name !== undefined && (!value || attributes[name].toLowerCase() === value.toLowerCase());
}

/** Whether an answer is one of those for which a criterion asks for evidence or a comment "when not green". */
export function isNotGreen(criterion, answer) {
  if (statusOf(criterion, answer) !== "answered") return false;
  const kind = kindOf(criterion);
  const parts = kind.parts?.(answer) ?? [];
  const number = kind.number?.(criterion, answer, NOTHING_BESIDE) ?? null;
  return (criterion.not_green_when ?? []).some((test) => fires(test, parts, number));
}

function fires(test, parts, number) {
  const any = (ids) => ids.some((id) => parts.includes(id));
  if (test.states_any) return any(test.states_any);
  if (test.states_fewer) return test.states_fewer.of.filter((id) => parts.includes(id)).length < test.states_fewer.than;
  if (test.options_any) return any(test.options_any);
  if (test.options_not_exactly) return !isSame(test.options_not_exactly, parts);
  return number !== null && Object.entries(test).some(([compare, limit]) => COMPARE[compare](number, limit));
}

function isSame(ids, others) {
  return ids.length === others.length && ids.every((id) => others.includes(id));
}

function key(id, repetition) {
  return `${id} ${repetition}`;
}
