// Suggests a password that keeps the rules given: random characters without look-alikes, in groups of five.

import { keepsAll } from "./rules.js";

const ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const GROUP = 5;
const LEAST_GROUPS = 4;
const MOST_TRIES = 1000;

// A number below `bound`, each equally likely: bytes at or above the last whole multiple are thrown away.
export function below(bound, randomBytes = (bytes) => crypto.getRandomValues(bytes)) {
  if (!Number.isInteger(bound) || bound < 1 || bound > 256) throw new RangeError("bound must be 1 to 256");
  const limit = 256 - (256 % bound);
  const byte = new Uint8Array(1);
  do randomBytes(byte);
  while (byte[0] >= limit);
  return byte[0] % bound;
}

const group = () => Array.from({ length: GROUP }, () => ALPHABET[below(ALPHABET.length)]).join("");

// Four groups are 116 bits. A longer minimum gets more of them, and one hyphen between two is the symbol.
export function suggest(rules) {
  const least = Math.max(0, ...rules.filter((rule) => rule.kind === "min_length").map((rule) => rule.n));
  const groups = Math.max(LEAST_GROUPS, Math.ceil((least + 1) / (GROUP + 1)));
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const password = Array.from({ length: groups }, group).join("-");
    // Chance may leave out a class or spell somebody's name: then throw again.
    if (keepsAll(rules, password)) return password;
  }
  return null;
}

// Puts a suggestion into both fields and shows it, because a password that nobody saw is lost at once.
export function offerSuggestions(form) {
  const button = form.querySelector("[data-suggest]");
  const shown = form.querySelector("[data-suggestion]");
  if (!button || !shown) return;
  const rules = JSON.parse(form.dataset.rules ?? "[]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const password = suggest(rules);
    if (password === null) return;
    for (const name of ["new", "repeat"]) {
      const field = form.querySelector(`[data-secret="${name}"]`);
      field.value = password;
      field.dispatchEvent(new Event("input"));
      field.dispatchEvent(new Event("change"));
    }
    shown.hidden = false;
    shown.querySelector("[data-suggested]").textContent = password;
  });
}
