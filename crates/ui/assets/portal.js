// What the portal's pages do beyond plain forms. Every page works without this script, except those that say so.

import { startEnrolment } from "./enrol.js";
import { offerSuggestions } from "./generator.js";
import { watchRules } from "./rules.js";
import { seal } from "./seal.js";

const canSeal = () => Boolean(globalThis.isSecureContext && globalThis.crypto?.subtle);

function say(form, text) {
  const message = form.querySelector(".form-message");
  message.textContent = text;
  message.hidden = false;
}

// One press is enough: a second one is ignored until the page has changed.
function markBusy(form, button) {
  form.dataset.busy = "yes";
  if (!button?.dataset.busy) return;
  button.dataset.idle = button.textContent;
  button.textContent = button.dataset.busy;
  button.setAttribute("aria-disabled", "true");
}

function markIdle(form) {
  delete form.dataset.busy;
  for (const button of form.querySelectorAll("[data-idle]")) {
    button.textContent = button.dataset.idle;
    button.removeAttribute("data-idle");
    button.removeAttribute("aria-disabled");
  }
}

function hidden(form, name, value) {
  const field = form.querySelector(`input[type="hidden"][name="${name}"]`) ?? document.createElement("input");
  field.type = "hidden";
  field.name = name;
  field.value = value;
  form.append(field);
}

// Takes the secrets out of what is sent and puts their box in. On failure the form is sent as it is where its
// fields have names: the portal then seals on arrival. Without names nothing plain can leave, and the page says so.
async function sealAndSend(form, button) {
  const fields = [...form.querySelectorAll("[data-secret]")];
  const isPlainAllowed = fields.every((field) => field.name !== "");
  try {
    if (!canSeal()) throw new Error("no WebCrypto here");
    const secrets = Object.fromEntries(fields.map((field) => [field.dataset.secret, field.value]));
    hidden(form, "box", await seal(form.dataset.seal, secrets));
    for (const field of fields) {
      field.disabled = true; // what is disabled is not sent
      field.value = "";
    }
  } catch {
    if (!isPlainAllowed) {
      markIdle(form);
      say(form, form.dataset.unable);
      return;
    }
  }
  // A button's own value is not part of a scripted submit.
  if (button?.name) hidden(form, button.name, button.value);
  HTMLFormElement.prototype.submit.call(form);
}

// Spaces are no code: emptied, the field itself says in the browser's words that it is required.
function isBlank(form) {
  const blank = [...form.querySelectorAll("input.code")].find((field) => field.value.trim() === "");
  if (!blank) return false;
  blank.value = "";
  blank.reportValidity();
  return true;
}

function guard(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.busy) {
      event.preventDefault();
      return;
    }
    if (isBlank(form)) {
      event.preventDefault();
      return;
    }
    markBusy(form, event.submitter);
    if (form.dataset.seal === undefined) return;
    event.preventDefault();
    sealAndSend(form, event.submitter);
  });
  if (form.dataset.seal !== undefined) {
    if (canSeal()) for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = false;
    else if (form.querySelector("[data-secret]:not([name])")) say(form, form.dataset.unable);
  }
}

// A page taken out of the browser's memory by "back" must not stay busy or keep a spent box.
function restore(form) {
  markIdle(form);
  form.querySelector('input[type="hidden"][name="box"]')?.remove();
  for (const field of form.querySelectorAll("[data-secret]")) field.disabled = false;
}

function reveal(button) {
  const field = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = field.type === "password";
    field.type = isShown ? "text" : "password";
    button.textContent = isShown ? button.dataset.hide : button.dataset.show;
    button.setAttribute("aria-label", isShown ? button.dataset.hideLabel : button.dataset.showLabel);
    field.focus();
  });
  // A shown password would be offered as an ordinary text by the browser's memory.
  field.form.addEventListener("submit", () => { field.type = "password"; });
}

// The token of a mailed link stands in the fragment, which is never sent; here it moves into the field.
function fillFromFragment(field) {
  const token = decodeURIComponent(location.hash.slice(1));
  if (token === "") return;
  field.value = token;
  history.replaceState(null, "", location.pathname + location.search);
}

for (const form of document.forms) {
  if (form.dataset.enrol) startEnrolment(form);
  else guard(form);
  watchRules(form);
  offerSuggestions(form);
}
for (const button of document.querySelectorAll("[data-reveal]")) reveal(button);
for (const field of document.querySelectorAll("[data-from-fragment]")) fillFromFragment(field);
const waiting = document.querySelector("[data-look-again]");
if (waiting) setTimeout(() => location.replace(waiting.href), 1000 * waiting.dataset.lookAgain);
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) restore(form);
});
