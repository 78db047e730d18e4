/** The machine's check is of one moment: what is shown while it reads is no promise of what it has read. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadApp } from "./app.js";
import { hashAtOnce } from "./hash.js";
import { watchDatabase } from "./tab.js";
import { aWorld } from "./world.js";

const SETTLED = { tab: 0, turns: null };

watchDatabase();
hashAtOnce();

test("what is saved while the check reads is not missed in what it read before", async () => {
  const world = await withADraft();
  const [phone] = world.phones;
  whileReading(phone, () => typeOneMore(phone));
  await phone.check();
  await world.close();
});

test("what was shown before the check reads is missed where it is not there", async () => {
  const world = await withADraft();
  const [phone] = world.phones;
  const { draft } = phone.tabs[0].session;
  phone.promises.shown({ ...draft, answers: { ...draft.answers, wait: { number: "99" } } });
  await assert.rejects(phone.check(), { promise: "saved" });
  await world.close();
});

async function withADraft() {
  const world = await aWorld(await loadApp(), 1);
  await world.step({ act: "begin", ...SETTLED });
  await world.step({ act: "answer", ...SETTLED });
  return world;
}

// Begun drafts are read, and only then something else happens.
function whileReading({ probe }, act) {
  const { begun } = probe;
  probe.begun = async (person) => {
    const here = await begun(person);
    await act();
    return here;
  };
}

function typeOneMore({ tabs: [{ session }] }) {
  const number = String(Number(session.draft.answers.wait.number) + 1);
  const typed = { ...session.draft.answers.wait, number };
  const other = { ...session.draft.answers.bill, number };
  session.change((draft) => ({ ...draft, answers: { ...draft.answers, wait: typed, bill: other } }));
  return session.flush();
}
