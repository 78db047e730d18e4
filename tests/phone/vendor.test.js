import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../../inspector/phone/vendor/", import.meta.url);
const LIBRARIES = JSON.parse(readFileSync(new URL("vendor.json", FOLDER), "utf8"));

test("every library is as it was published", () => {
  for (const { name, version, licence, file, sha256 } of LIBRARIES) {
    const found = createHash("sha256").update(readFileSync(new URL(file, FOLDER))).digest("hex");
    assert.equal(found, sha256, `${name} ${version}`);
    assert.ok(licence);
  }
});

test("nothing else lies there than libraries, their licences and the list", () => {
  const known = LIBRARIES.flatMap(({ file, licence_file: licence }) => [file, licence]);
  assert.deepEqual(readdirSync(FOLDER).sort(), [...known, "README.md", "vendor.json"].sort());
});
