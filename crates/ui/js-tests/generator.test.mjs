import assert from "node:assert/strict";
import test from "node:test";
import { inFours, qrPath } from "../assets/enrol.js";
import { below, suggest } from "../assets/generator.js";
import { keepsAll } from "../assets/rules.js";
import { WORDS } from "../assets/words.js";

test("throws away draws that would make some numbers likelier", () => {
  const draws = [65_535, 65_530, 65_529];
  const script = (into) => into.set([draws.shift()]);
  assert.equal(below(10, script), 9, "65530 to 65535 are above the last whole ten");
  assert.equal(draws.length, 0);
});

test("every number below the bound comes up about as often", () => {
  const counts = new Array(7).fill(0);
  for (let draw = 0; draw < 65_534; draw += 1) counts[below(7, (into) => into.set([draw]))] += 1;
  assert.deepEqual(counts, new Array(7).fill(9362));
});

test("refuses bounds that a draw cannot serve", () => {
  for (const bound of [0, 65_537, 1.5]) assert.throws(() => below(bound), RangeError);
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
    assert.match(password, /^[A-Z][a-z]+(-([A-Z][a-z]+|[1-9][0-9]))+$/);
    assert.equal(password.match(/[1-9][0-9]/g).length, 1, password);
    seen.add(password);
  }
  assert.equal(seen.size, 200);
});

test("has words enough, each once and plain", () => {
  assert.ok(WORDS.length >= 1024, String(WORDS.length));
  assert.equal(new Set(WORDS).size, WORDS.length);
  for (const word of WORDS) assert.match(word, /^[a-z]{3,9}$/);
});

test("a longer minimum gets more words", () => {
  assert.ok(suggest([{ kind: "min_length", n: 80 }]).length >= 80);
});

test("gives up rather than suggest what cannot be kept", () => {
  assert.equal(suggest([{ kind: "max_utf16", n: 3 }]), null);
});

test("draws every dark module once, inside a quiet margin", () => {
  assert.equal(qrPath(["101", "011"]), "M4 4h1v1h-1zM6 4h1v1h-1zM5 5h2v1h-2z");
  assert.equal(inFours("ABCDEFGHIJ"), "ABCD EFGH IJ");
});
