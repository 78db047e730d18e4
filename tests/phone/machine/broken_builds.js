/**
 * Builds of the app in which one line is broken on purpose: each must break the promise that it is listed under, or the
 * machine is blind to it. A line that is not in its file any more is an error: the table is to be brought up to date.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const PHONE = fileURLToPath(new URL("../../../inspector/phone/", import.meta.url));

/** {promise, file, line, instead, why}. */
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
    promise: "received", file: "api.js", why: "whatever is answered with 200 is believed",
    line: "    return believe(body) ? {", instead: "    return body ? {",
  }, {
    promise: "bytes", file: "store.js", why: "bytes go when the report has arrived",
    line: "      if (changed.delivered) {", instead: "      if (changed.acknowledged) {",
  }, {
    promise: "once", file: "outbox.js", why: "every tab sends",
    line: "    if (!locks) return drain(order);", instead: "    return drain(order);",
  }, {
    promise: "drain", file: "outbox.js", why: "a clock that was set back makes a visit wait for years",
    line: " || time > now + 2 * LONGEST_WAIT_S * 1000", instead: "",
  }, {
    promise: "drain", file: "outbox.js", why: "a visit with a refused photo is tried for ever",
    line: "  if (!pending && refused) return", instead: "  if (!pending && refused && !visit.server) return",
  }, {
    promise: "others", file: "outbox.js", why: "the oldest visit holds up the others",
    line: "const due = open.find(", instead: "const due = open.slice(0, 1).find(",
  }, {
    promise: "person", file: "api.js", why: "the server is not told whose it is",
    line: 'const meantFor = (personId) => ({ "Expect-Person": personId });', instead: "const meantFor = () => ({});",
  }, {
    promise: "person", file: "outbox.js", why: "all of the phone's visits go out under whoever is logged in",
    line: "      const step = nextStep(await visitsOf(personId), now());",
    instead: "      const step = nextStep((await Promise.all([\"anna\", \"boris\"].map(store.visits))).flat().map(\n        (visit) => ({ ...visit, person_id: personId })), now());",
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
