/**
 * Builds of the app in which one line is broken on purpose: each must break the promise that it is listed under, or the
 * machine is blind to it. A line that is not in its file any more is an error: the table is to be brought up to date.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const PHONE = fileURLToPath(new URL("../../../inspector/phone/", import.meta.url));

/** {promise, file, line, instead, why}; `seed` is where to begin for one that is found broken seldom. */
export const BROKEN_BUILDS = [
  {
    promise: "saved", file: "store.js", why: "a put that succeeded counts as saved",
    line: "    await tx.done;\n", instead: "    tx.done.catch(() => {});\n",
  }, {
    promise: "saved", file: "draft.js", why: "saved is said before it is",
    line: '    if (session.saved === "saved") session.saved = "saving";', instead: "",
  }, {
    promise: "received", file: "outbox.js", why: "the report alone counts as received",
    line: "delivered: !pending };", instead: "delivered: true };",
  }, {
    promise: "received", file: "api.js", why: "whatever is answered with 200 is believed", seed: 640,
    line: "    return believe(body) ? {", instead: "    return body ? {",
  }, {
    promise: "bytes", file: "store.js", why: "bytes go when the report has arrived",
    line: "      if (changed.delivered) await", instead: "      if (changed.acknowledged) await",
  }, {
    promise: "bytes", file: "unsent.js", why: "whatever needs attention may be removed",
    line: "  return Boolean(parked && (filed || parked.kept))", instead: "  return Boolean(parked)",
  }, {
    promise: "once", file: "outbox.js", why: "every tab sends",
    line: "    if (!locks) return drain(order);", instead: "    return drain(order);",
  }, {
    promise: "drain", file: "outbox.js", why: "a clock that was set back makes a visit wait for years", seed: 1020,
    line: " || time > now + 2 * LONGEST_WAIT_S * 1000", instead: "",
  }, {
    promise: "drain", file: "outbox.js", why: "a visit with a refused photo is tried for ever", seed: 200,
    line: "  if (!pending && refused) return", instead: "  if (!pending && refused && !visit.server) return",
  }, {
    promise: "others", file: "outbox.js", why: "the oldest visit holds up the others",
    line: "const due = open.find(", instead: "const due = open.slice(0, 1).find(",
  }, {
    promise: "person", file: "api.js", why: "the server is not told whose it is", seed: 800,
    line: 'const meantFor = (personId) => ({ "Expect-Person": personId });', instead: "const meantFor = () => ({});",
  }, {
    promise: "person", file: "outbox.js", why: "all of the phone's visits go out under whoever is logged in", seed: 800,
    line: "      const step = nextStep(await visitsOf(personId), now());",
    instead: "      const step = nextStep((await Promise.all([\"anna\", \"boris\"].map(store.visits))).flat().map(\n        (visit) => ({ ...visit, person_id: personId })), now());",
  }, {
    promise: "kept", file: "copies.js", why: "a copy's photos count as kept when their names have arrived",
    line: "    photos: named.filter((id) => !missing.has(id)),", instead: "    photos: named,",
  }, {
    promise: "kept", file: "copies.js", why: "a photo that was refused counts as kept",
    line: '  if (answer.kind !== "ok") return { ...copy, not_taken: [...(copy.not_taken ?? []), photoId] };\n',
    instead: "",
  }, {
    promise: "kept", file: "restoring.js", why: "a copy is asked for more than a draft needs to have", seed: 1000,
    line: "[draft.positions, draft.left_sections].every(", instead: "[draft.positions, draft.best_practices].every(",
  }, {
    promise: "whole", file: "restoring.js", why: "what another phone says is taken in beside it",
    line: "  for (const each of lines) elsewhere[each.device_id] = each.changes;",
    instead: "  for (const { visit_id: id, device_id: device } of lines) {\n"
      + "    const { body } = (await api.copy(id, device, { personId })).body ?? {};\n"
      + "    if (body) Object.assign(read.draft.answers, { bill: JSON.parse(body).draft.answers.bill });\n  }",
  }, {
    promise: "whole", file: "restoring.js", why: "a photo that did not come is not said to be missing",
    line: "{ ...photo, missing: true, preview: false };", instead: "here;",
  }, {
    promise: "finished", file: "store.js", why: "a copy comes back beside the visit that was made of it", seed: 430,
    line: "      if (isFinished(visit, rest)) throw new DraftGone(id);\n",
    instead: "",
  }, {
    promise: "tidy", file: "store.js", why: "what is gone on with again is not later than its copy", seed: 78113,
    line: "const draft = later({ id, ...rest }, begun, copy);", instead: "const draft = { id, ...rest };",
  }, {
    promise: "taken", file: "outbox.js", why: "another phone's report counts as this one's", seed: 800,
    line: '  if (answer.kind === "refused") return afterRefusal(visit, answer, now, random);',
    instead: '  const { status } = answer;\n'
      + '  if (answer.kind === "refused") return { ...visit, delivered: status === 409, parked: refusal(answer) };',
  }, {
    promise: "both", file: "outbox.js", why: "a report that is kept beside another one goes without its photos", seed: 800,
    line: '  if (answer.kind === "refused") return afterRefusal(visit, answer, now, random);',
    instead: '  if (answer.kind === "refused") return { ...visit, parked: refusal(answer) };',
  }, {
    promise: "tidy", file: "copies.js", why: "what was discarded stays on the server",
    line: 'return draft.discarded_at < now - UNDO_MS ? "drop" : null;', instead: "return null;",
  }, {
    promise: "tidy", file: "copies.js", why: "only the first copy of a draft goes",
    line: " || changesOf(draft) !== copy.changes;", instead: ";",
  }, {
    promise: "tidy", file: "copies.js", why: "photos that had not come are never asked for again",
    line: "for (const draft of sought ? open : []) {", instead: "for (const draft of []) {",
  }, {
    promise: "line", file: "copies.js", why: "copies go before what is finished", seed: 800,
    line: '  if (lineIsNeeded) return { do: "stand back" };\n', instead: "",
  }, {
    promise: "line", file: "copies.js", why: "who sends copies keeps all others from sending",
    line: 'locks.request("copies", {', instead: 'locks.request("outbox", {',
  },
];

/** The address of a copy of the app with that line broken, and `remove()` for when it is not needed any more. */
export async function build({ file, line, instead }) {
  const folder = await mkdtemp(join(tmpdir(), "broken-build-"));
  await cp(PHONE, folder, { recursive: true });
  const path = join(folder, file);
  const source = await readFile(path, "utf8");
  if (source.split(line).length !== 2) throw new Error(`${file} does not have this line just once any more: ${line}`);
  await writeFile(path, source.replace(line, () => instead));
  return { folder: `${pathToFileURL(folder).href}/`, remove: () => rm(folder, { recursive: true }) };
}
