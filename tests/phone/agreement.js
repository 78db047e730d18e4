/**
 * Reads cases from standard input and says of each what the phone would: which criteria are shown, which answers are not
 * green, how long the derived durations are. tests/test_agreement.py asks the server the same.
 */
import { isNotGreen } from "../../inspector/phone/conditions.js";
import { fromWire, kindOf } from "../../inspector/phone/kinds.js";
import { answerKey, answerOf, repetitionsOf, shownOf } from "../../inspector/phone/visit.js";

let input = "";
for await (const chunk of process.stdin) input += chunk;
process.stdout.write(JSON.stringify(JSON.parse(input).map(judge)));

function judge({ version, answers, repetitions, attributes }) {
  const criteria = new Map(version.sections.flatMap((section) => section.criteria.map((each) => [each.id, each])));
  const draft = { answers: {}, repetitions };
  for (const line of answers) {
    draft.answers[answerKey(line.criterion_id, line.repetition)] = fromWire(criteria.get(line.criterion_id), line);
  }
  const shown = shownOf({ version, assignment: { outlet: { attributes } } }, draft);
  const found = { shown: [], not_green: [], durations: {} };
  for (const section of version.sections.filter(shown.hasSection)) {
    for (const { repetition } of repetitionsOf(draft, section.id)) {
      const beside = shown.beside(section, repetition);
      for (const criterion of beside.criteria) {
        const key = `${criterion.id} ${repetition}`;
        const answer = answerOf(draft, criterion.id, repetition);
        found.shown.push(key);
        if (isNotGreen(criterion, answer)) found.not_green.push(key);
        const duration = kindOf(criterion).isDerived ? kindOf(criterion).number(criterion, answer, beside) : null;
        if (duration !== null) found.durations[key] = duration;
      }
    }
  }
  return found;
}
