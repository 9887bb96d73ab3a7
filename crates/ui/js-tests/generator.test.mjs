import assert from "node:assert/strict";
import test from "node:test";
import { inFours, qrPath } from "../assets/enrol.js";
import { below, suggest } from "../assets/generator.js";
import { keepsAll } from "../assets/rules.js";

test("throws away bytes that would make some numbers likelier", () => {
  const bytes = [255, 250, 249];
  const script = (into) => into.set([bytes.shift()]);
  assert.equal(below(10, script), 9, "250 to 255 are above the last whole ten");
  assert.equal(bytes.length, 0);
});

test("every number below the bound comes up about as often", () => {
  const counts = new Array(7).fill(0);
  for (let byte = 0; byte < 256; byte += 1) {
    let first = true;
    const script = (into) => into.set([first ? ((first = false), byte) : 0]);
    if (byte < 252) counts[below(7, script)] += 1;
  }
  assert.deepEqual(counts, new Array(7).fill(36));
});

test("refuses bounds that a byte cannot serve", () => {
  for (const bound of [0, 257, 1.5]) assert.throws(() => below(bound), RangeError);
});

test("a suggestion keeps the rules that it was given", () => {
  const rules = [
    { kind: "min_length", n: 31 },
    { kind: "classes", n: 4 },
    { kind: "max_utf16", n: 256 },
    { kind: "not_display_name", texts: ["Abc", "xyz"] },
  ];
  const seen = new Set();
  for (let i = 0; i < 200; i += 1) {
    const password = suggest(rules);
    assert.ok(keepsAll(rules, password), password);
    assert.match(password, /^[a-zA-Z2-9]{5}(-[a-zA-Z2-9]{5})+$/);
    seen.add(password);
  }
  assert.equal(seen.size, 200);
});

test("gives up rather than suggest what cannot be kept", () => {
  assert.equal(suggest([{ kind: "max_utf16", n: 3 }]), null);
});

test("draws every dark module once, inside a quiet margin", () => {
  assert.equal(qrPath(["101", "011"]), "M4 4h1v1h-1zM6 4h1v1h-1zM5 5h2v1h-2z");
  assert.equal(inFours("ABCDEFGHIJ"), "ABCD EFGH IJ");
});
