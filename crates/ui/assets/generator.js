// Suggests a password that keeps the rules given, in line with the tip beside it: words that have nothing to do
// with each other, each with a capital letter, hyphens between them, and a number somewhere.

import { keepsAll } from "./rules.js";
import { WORDS } from "./words.js";

const LEAST_WORDS = 5;
const MOST_WORDS = 40;
const MOST_TRIES = 1000;

// A number below `bound`, each equally likely: draws at or above the last whole multiple are thrown away.
export function below(bound, randomNumbers = (numbers) => crypto.getRandomValues(numbers)) {
  if (!Number.isInteger(bound) || bound < 1 || bound > 65_536) throw new RangeError("bound must be 1 to 65536");
  const limit = 65_536 - (65_536 % bound);
  const draw = new Uint16Array(1);
  do randomNumbers(draw);
  while (draw[0] >= limit);
  return draw[0] % bound;
}

function word() {
  const chosen = WORDS[below(WORDS.length)];
  return chosen[0].toUpperCase() + chosen.slice(1);
}

// Five words of 1,024 are 50 bits; a number of two digits and its place add nine. A longer minimum gets more words.
function build(least) {
  const parts = Array.from({ length: LEAST_WORDS }, word);
  parts.splice(1 + below(LEAST_WORDS), 0, String(10 + below(90)));
  while (parts.join("-").length < least && parts.length < MOST_WORDS) parts.push(word());
  return parts.join("-");
}

export function suggest(rules) {
  const least = Math.max(0, ...rules.filter((rule) => rule.kind === "min_length").map((rule) => rule.n));
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const password = build(least);
    // Chance may spell somebody's name: then throw again.
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
