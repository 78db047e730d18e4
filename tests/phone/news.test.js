/** What is new, changed or sent back since it was looked at, and how many of them the list has not shown. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countNews, lookedAt, newsOf } from "../../inspector/phone/news.js";

const assignment = (id, more = {}) => ({
  id, checklist_version_id: "v", outlet: { id: "o", name: "Zerno" }, brief: { en: "Buy tea" },
  due_from: "2026-11-22T00:00:00Z", due_until: "2026-11-30T00:00:00Z", hours: null, visit: null, progress: [], ...more,
});
const work = (...assignments) => ({ assignments });
const LIST = { isListed: true, opened: null };
const AWAY = { isListed: false, opened: null };

test("who looks for the first time finds nothing new", () => {
  const all = work(assignment("a"), assignment("b"));
  assert.equal(newsOf(all.assignments[0], null), null);
  const looked = lookedAt(null, all, AWAY);
  assert.deepEqual(all.assignments.map((each) => newsOf(each, looked)), [null, null]);
  assert.equal(countNews(all, looked), 0);
});

test("what came is new until it is opened, and counted until the list has shown it", () => {
  const all = work(assignment("a"), assignment("b"));
  let looked = lookedAt(lookedAt(null, work(assignment("a")), AWAY), all, AWAY);
  assert.deepEqual([newsOf(all.assignments[1], looked), countNews(all, looked)], ["new", 1]);
  looked = lookedAt(looked, all, LIST);
  assert.deepEqual([newsOf(all.assignments[1], looked), countNews(all, looked)], ["new", 0]);
  looked = lookedAt(looked, all, { isListed: false, opened: "b" });
  assert.deepEqual([newsOf(all.assignments[1], looked), countNews(all, looked)], [null, 0]);
});

for (const [what, more] of Object.entries({
  window: { due_until: "2026-12-01T00:00:00Z" }, brief: { brief: { en: "Buy coffee" } }, hours: { hours: [9, 12] },
  checklist: { checklist_version_id: "w" }, outlet: { outlet: { id: "o", name: "Zerno, round the corner" } },
})) {
  test(`another ${what} is a change`, () => {
    const looked = lookedAt(null, work(assignment("a")), AWAY);
    assert.equal(newsOf(assignment("a", more), looked), "changed");
  });
}

test("how many checks are still needed is no change", () => {
  const looked = lookedAt(null, work(assignment("a")), AWAY);
  assert.equal(newsOf(assignment("a", { progress: [{ approved: 1, required: 2 }] }), looked), null);
});

test("a visit that was sent back is news each time, and one that was received is none", () => {
  const back = (revision) => assignment("a", { visit: { state: "returned", revision } });
  let looked = lookedAt(null, work(assignment("a")), AWAY);
  assert.equal(newsOf(assignment("a", { visit: { state: "received", revision: 1 } }), looked), null);
  assert.equal(newsOf(back(1), looked), "returned");
  looked = lookedAt(looked, work(back(1)), { isListed: false, opened: "a" });
  assert.equal(newsOf(back(1), looked), null);
  assert.equal(newsOf(back(2), looked), "returned");
});

test("what went is forgotten", () => {
  const looked = lookedAt(null, work(assignment("a"), assignment("b")), AWAY);
  assert.deepEqual(Object.keys(lookedAt(looked, work(assignment("b")), LIST)), ["b"]);
});
