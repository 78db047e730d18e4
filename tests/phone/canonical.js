/**
 * Reads a script from standard input and writes what it means: its syntax tree, in which each variable is a number. Two
 * scripts that differ in the names of their variables only have the same.
 */
import { readFileSync } from "node:fs";
import { parse } from "acorn";
import { analyze } from "eslint-scope";

const RULES = { ecmaVersion: 2022, sourceType: "script" };

const tree = parse(readFileSync(0, "utf8"), { ...RULES, ranges: true });
const scopes = analyze(tree, RULES).scopes.filter(({ type }) => type !== "global");
// A class has its name twice, for others and for itself: both are declared at one place.
const homeOf = (variable) => variable?.identifiers[0]?.range[0];
const homes = new Map();
for (const { variables } of scopes) {
  for (const variable of variables) variable.identifiers.forEach(({ range: [at] }) => homes.set(at, homeOf(variable)));
}
for (const { references } of scopes) {
  for (const { identifier: { range: [at] }, resolved } of references) {
    if (resolved?.scope.type !== "global" && homeOf(resolved) !== undefined) homes.set(at, homeOf(resolved));
  }
}

const numbers = new Map();

function meaning(key, node) {
  if (["start", "end", "range"].includes(key)) return undefined;
  if (node?.type === "Literal") return { literal: node.raw };
  if (node?.type === "Property" && node.shorthand) return { ...node, shorthand: false, key: { name: node.key.name } };
  if (node?.type !== "Identifier") return node;
  const home = homes.get(node.range[0]);
  if (home === undefined) return { name: node.name };
  if (!numbers.has(home)) numbers.set(home, numbers.size);
  return { variable: numbers.get(home) };
}

process.stdout.write(JSON.stringify(tree, meaning, 1));
