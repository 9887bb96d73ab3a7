// The password rules as data, judged while a person types. Only a help: the core (crates/domain, password.rs)
// judges every rule again.

// Windows counts UTF-16 units, and so does `length`.
export function classesIn(password) {
  const seen = new Set();
  for (const c of password) {
    if (/\p{Uppercase}/u.test(c)) seen.add("upper");
    else if (/\p{Lowercase}/u.test(c)) seen.add("lower");
    else if (/[0-9]/.test(c)) seen.add("digit");
    else if (/\p{Alphabetic}/u.test(c)) seen.add("letter");
    else if (/[ -~]/.test(c)) seen.add("symbol");
  }
  return seen.size;
}

const contains = (password, part) => password.toLowerCase().includes(part.toLowerCase());

const JUDGES = {
  min_length: (password, { n }) => password.length >= n,
  max_utf16: (password, { n }) => password.length <= n && !password.includes("\0"),
  classes: (password, { n }) => classesIn(password) >= n,
  not_account_name: (password, { texts }) => !texts.some((text) => contains(password, text)),
  not_display_name: (password, { texts }) => !texts.some((text) => contains(password, text)),
};

// "kept", "broken", or "open" where only the core or the directory can tell, and while nothing is typed.
export function judge(rule, password) {
  const judgeOf = Object.hasOwn(JUDGES, rule.kind) ? JUDGES[rule.kind] : undefined;
  if (!judgeOf || password === "") return "open";
  return judgeOf(password, { n: rule.n, texts: rule.texts ?? [] }) ? "kept" : "broken";
}

export const keepsAll = (rules, password) => rules.every((rule) => judge(rule, password) !== "broken");

// The red remark at a field, once it is no longer true.
function forgetProblem(field) {
  const around = field.closest(".field");
  around.classList.remove("bad");
  around.querySelector(".wrong")?.remove();
  field.removeAttribute("aria-invalid");
}

// Ticks the list beside a new password. A rule that is not kept yet stays open while the person types and is
// marked only when the field is left: nobody wants to be told off in the middle of a word. What was said about
// an earlier password goes with it.
export function watchRules(form) {
  const list = form.querySelector(".rules");
  const field = form.querySelector('[data-secret="new"]');
  if (!list || !field || !form.dataset.rules) return;
  const rules = JSON.parse(form.dataset.rules);
  const status = list.querySelector("[data-rules-status]");

  const tick = (isDone) => {
    let kept = 0;
    let all = 0;
    for (const rule of rules) {
      const item = list.querySelector(`[data-rule="${CSS.escape(rule.kind)}"]`);
      if (!item) continue;
      if (!item.dataset.kept) {
        item.dataset.state = "open";
        item.querySelector("[data-rule-state]").textContent = "";
        continue;
      }
      const state = judge(rule, field.value);
      all += 1;
      if (state === "kept") kept += 1;
      item.dataset.state = state === "broken" && !isDone ? "open" : state;
      item.querySelector("[data-rule-state]").textContent = state === "kept" ? ` (${item.dataset.kept})` : "";
    }
    if (all > 0 && kept === all) forgetProblem(field);
    const progress = list.dataset.progress.replace("{kept}", kept).replace("{all}", all);
    if (field.value !== "" && status.textContent !== progress) status.textContent = progress;
  };
  field.addEventListener("input", () => tick(false));
  field.addEventListener("change", () => tick(true));
}
