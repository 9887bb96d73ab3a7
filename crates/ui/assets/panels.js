// A page that is in one of several states: each state is a section with `data-panel`, and one of them is seen.

const heading = document.querySelector("[data-title]");
const usual = heading.textContent;
const organisation = document.title.slice(usual.length);

// Shows the panel `name` under its own title.
export function show(name) {
  for (const panel of document.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== name;
  const panel = document.querySelector(`[data-panel="${name}"]`);
  heading.textContent = panel.dataset.heading ?? usual;
  document.title = heading.textContent + organisation;
  say("");
  return panel;
}

// The same after something happened: reading goes on at the new title.
export function lead(name) {
  const panel = show(name);
  heading.focus();
  scrollTo(0, 0);
  return panel;
}

// Said to those who listen, and shown beside the button that works.
export function say(text) {
  document.querySelector("[data-status]").textContent = text;
}

// A button that is pressed once: `work` runs, meanwhile the button says so and takes no second press.
export async function busy(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  const idle = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = button.dataset.busy;
  try {
    await work();
  } finally {
    button.textContent = idle;
    button.removeAttribute("aria-disabled");
  }
}

export const canSeal = () => Boolean(globalThis.isSecureContext && globalThis.crypto?.subtle);

// "12 kB" in the page's language.
export function sizeText(bytes) {
  const units = ["byte", "kilobyte", "megabyte"];
  const step = bytes < 1000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  const unitDisplay = step === 0 ? "long" : "short";
  const format = { style: "unit", unit: units[step], unitDisplay, maximumFractionDigits: step === 2 ? 1 : 0 };
  return new Intl.NumberFormat(document.documentElement.lang, format).format(bytes / 1000 ** step);
}

export const timeText = (at) =>
  new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" }).format(new Date(at));

// What stands behind the # must not get lost: neither by the language switch nor by the link past the header, which
// would put its own in place. A link pasted into the same tab changes nothing else, which loads nothing by itself.
export function keepFragment() {
  for (const link of document.querySelectorAll(".languages a")) link.hash = location.hash;
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.querySelector("main").focus();
  });
  addEventListener("hashchange", () => location.reload());
}

// Nothing may lead away by mistake from what cannot be shown again.
export function endLanguageSwitch() {
  document.querySelector(".languages")?.remove();
}
