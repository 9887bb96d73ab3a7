// The rules in the page must judge as crates/domain/src/password.rs does.

import assert from "node:assert/strict";
import test from "node:test";
import { classesIn, judge, keepsAll } from "../assets/rules.js";

const ALICE = { kind: "not_account_name", texts: ["alice"] };
const NAME = { kind: "not_display_name", texts: ["Alice", "Müller"] };

test("counts length as Windows does, in UTF-16 units", () => {
  assert.equal(judge({ kind: "min_length", n: 4 }, "abc"), "broken");
  assert.equal(judge({ kind: "min_length", n: 4 }, "abcd"), "kept");
  assert.equal(judge({ kind: "min_length", n: 4 }, "🔑🔑"), "kept");
  assert.equal(judge({ kind: "max_utf16", n: 3 }, "🔑🔑"), "broken");
  assert.equal(judge({ kind: "max_utf16", n: 9 }, "a\0b"), "broken");
});

test("tells five classes of characters apart", () => {
  const one = ["ABC", "ÄÖ", "abc", "ß", "123", "!# ", "漢字"];
  for (const password of one) assert.equal(classesIn(password), 1, password);
  assert.equal(classesIn("aB1!漢"), 5);
  assert.equal(classesIn("٣"), 0, "digits of other scripts count for nothing");
  assert.equal(classesIn("🔑"), 0, "nor do pictures");
  assert.equal(judge({ kind: "classes", n: 3 }, "Summer"), "broken");
  assert.equal(judge({ kind: "classes", n: 3 }, "Summer!"), "kept");
});

test("finds names in any spelling of case", () => {
  assert.equal(judge(ALICE, "xALICEx1"), "broken");
  assert.equal(judge(ALICE, "allice"), "kept");
  assert.equal(judge(NAME, "mÜLLERei"), "broken");
  assert.equal(judge(NAME, "Mueller"), "kept");
});

test("leaves open what only the core can judge, and an empty field", () => {
  for (const kind of ["not_blocked", "not_breached", "not_similar", "history", "min_age", "constructor"]) {
    assert.equal(judge({ kind, n: 1 }, "whatever"), "open", kind);
  }
  assert.equal(judge(ALICE, ""), "open");
});

test("a password passes when no rule is broken", () => {
  const rules = [{ kind: "min_length", n: 7 }, { kind: "classes", n: 3 }, ALICE, NAME, { kind: "history", n: 24 }];
  assert.equal(keepsAll(rules, "Sunny-day-7"), true);
  assert.equal(keepsAll(rules, "Alice-day-7"), false);
});
