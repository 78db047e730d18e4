import assert from "node:assert/strict";
import { test } from "node:test";
import * as routes from "../../inspector/phone/routes.js";

const { parseRoute } = routes;

test("every address leads back to its screen", () => {
  assert.deepEqual(parseRoute(routes.toAssignments()), { screen: "assignments" });
  assert.deepEqual(parseRoute(routes.toAssignment("a")), { screen: "assignment", id: "a" });
  assert.deepEqual(parseRoute(routes.toSection("v", 2)), { screen: "section", id: "v", section: 2, repetition: 0, criterion: null, photo: null });
  assert.deepEqual(parseRoute(routes.toSection("v", 2, "c")), { screen: "section", id: "v", section: 2, repetition: 0, criterion: "c", photo: null });
  assert.deepEqual(parseRoute(routes.toPhoto("v", 2, "c", "p")), { screen: "photo", id: "v", section: 2, repetition: 0, criterion: "c", photo: "p" });
  assert.deepEqual(parseRoute(routes.toSection("v", 2, "c", 3)).repetition, 3);
  assert.deepEqual(parseRoute(routes.toPhoto("v", 2, "c", "p", 3)), { screen: "photo", id: "v", section: 2, repetition: 3, criterion: "c", photo: "p" });
  assert.deepEqual(parseRoute(routes.toStaff("v")), { screen: "staff", id: "v" });
  assert.deepEqual(parseRoute(routes.toBrief("v")), { screen: "brief", id: "v" });
  assert.deepEqual(parseRoute(routes.toDraft({ id: "v", at: { section: 2, criterion: "c" } })), parseRoute(routes.toSection("v", 2, "c")));
  assert.deepEqual(parseRoute(routes.toFinish("v")), { screen: "finish", id: "v" });
  assert.deepEqual(parseRoute(routes.toBestPractices("v")), { screen: "bests", id: "v", from: "finish", practice: null, photo: null });
  assert.deepEqual(parseRoute(routes.toBestPractices("v", 3)).from, "3");
  assert.deepEqual(parseRoute(routes.toBestPractice("v", "3.1", "b")), { screen: "best", id: "v", from: "3.1", practice: "b", photo: null });
  assert.deepEqual(parseRoute(routes.toPracticePhoto("v", 3, "b", "p")), { screen: "photo", id: "v", from: "3", practice: "b", photo: "p" });
  assert.deepEqual(parseRoute(routes.toTray("v")), { screen: "tray", id: "v" });
  assert.deepEqual(parseRoute(routes.toSorting("v")), { screen: "sorting", id: "v" });
  assert.deepEqual(parseRoute(routes.toDraft({ id: "v", at: { section: 2, criterion: "c", tray: true } })).screen, "tray");
  assert.deepEqual(parseRoute(routes.toOutbox()), { screen: "outbox" });
  assert.deepEqual(parseRoute(routes.toSettings()), { screen: "settings" });
});

test("places in a visit are known as such", () => {
  const inside = [routes.toBrief("v"), routes.toSection("v", 0), routes.toPhoto("v", 0, "c", "p"), routes.toFinish("v"),
    routes.toTray("v"), routes.toSorting("v"), routes.toStaff("v"), routes.toBestPractices("v"), routes.toBestPractice("v", 0, "b"), routes.toPracticePhoto("v", 0, "b", "p")];
  const outside = [routes.toAssignments(), routes.toAssignment("a"), routes.toOutbox(), routes.toSettings()];
  assert.ok(inside.every((address) => routes.isInVisit(parseRoute(address))));
  assert.ok(!outside.some((address) => routes.isInVisit(parseRoute(address))));
});

test("nonsense leads to the assignments, never to an error", () => {
  for (const hash of ["", "#", "#/nowhere", "#/visits", "#/assignments/", "#/%E0%A4%A"]) {
    assert.equal(parseRoute(hash).screen, "assignments", hash);
  }
  assert.equal(parseRoute("#/visits/v/minus").section, 0);
});
