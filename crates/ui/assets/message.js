// The page that opens a message. The secret stays in the fragment, which no browser sends; the site is shown two
// proofs derived from it, and what it answers is opened here.

import { IncompleteLink, UnknownVersion, deriveKeys, openMessage, parseFragment, passphraseText } from "./envelope.js";
import { busy, canSeal, endLanguageSwitch, keepFragment, lead, say, show, sizeText, timeText } from "./panels.js";
import { fromBase64url, toBase64url } from "./seal.js";

const PATIENCE = 300_000; // ten megabytes on a slow line take minutes
const idText = location.pathname.split("/")[2] ?? "";
const form = document.querySelector("[data-open]");
const field = form.querySelector("input");
const button = form.querySelector("button[type=submit]");

let link; // { secret, profile }
let derived; // the last passphrase and its keys, so that a second try with it costs no second wait
let claimInMemory;
const objectUrls = [];

// 128 random bits that tie this browser to its opening. Made before it, and kept over a reload: whoever has it gets
// the same answer again while the site still has it.
function claim() {
  const name = `sallyport-claim:${idText}`;
  try {
    const kept = sessionStorage.getItem(name) ?? toBase64url(crypto.getRandomValues(new Uint8Array(16)));
    sessionStorage.setItem(name, kept);
    return kept;
  } catch {
    // Storage is switched off: it then holds as long as the page.
    claimInMemory ??= toBase64url(crypto.getRandomValues(new Uint8Array(16)));
    return claimInMemory;
  }
}

async function keysFor(passphrase) {
  if (derived?.passphrase !== passphrase) {
    say(passphrase === null ? form.dataset.fetching : form.dataset.checking);
    derived = { passphrase, keys: await deriveKeys(fromBase64url(idText), link.secret, passphrase) };
  }
  return derived.keys;
}

const post = (what, body, more) =>
  fetch(`/m/${idText}/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
    ...more,
  });

// What is wrong with the passphrase, tied to its field.
function refuse(text) {
  const problem = document.getElementById("passphrase-problem");
  problem.textContent = text;
  problem.hidden = false;
  problem.parentElement.classList.add("bad");
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", "passphrase-problem passphrase-hint");
  say("");
  field.focus();
  field.select();
}

function askPassphrase() {
  link.profile = "p1";
  document.querySelector("[data-passphrase]").hidden = false;
}

async function refused(answer) {
  const { tries_left: left } = await answer.json();
  if (left === 0) return lead("locked");
  if (link.profile === "") {
    askPassphrase();
    return field.focus();
  }
  field.value = "";
  return refuse(form.dataset.wrong.replace("%", String(left)));
}

async function ended(answer) {
  const { state, at } = await answer.json().catch(() => ({}));
  const panel = document.querySelector(`[data-panel="ended-${CSS.escape(String(state))}"]`);
  if (!panel) return lead("gone");
  const time = panel.querySelector("time");
  time.dateTime = new Date(at).toISOString();
  time.textContent = timeText(at);
  return lead(panel.dataset.panel);
}

async function opened(answer, keys) {
  const ciphertext = new Uint8Array(await answer.arrayBuffer());
  say(form.dataset.opening);
  const header = answer.headers.get("Sallyport-Header");
  const nonce = fromBase64url(answer.headers.get("Sallyport-Nonce"));
  let content;
  try {
    content = await openMessage(keys, { header, nonce, ciphertext });
  } catch (error) {
    return lead(error instanceof UnknownVersion ? "newer" : "broken");
  }
  reveal(content);
  history.replaceState(null, "", location.pathname + location.search);
  field.value = "";
  derived = undefined;
  const { secret } = link;
  secret.fill(0);
  return post("done", { claim: claim() }, { keepalive: true })
    .then(() => sessionStorage.removeItem(`sallyport-claim:${idText}`))
    .catch(() => {}); // the site then ends the message by itself
}

async function ask() {
  const passphrase = link.profile ? passphraseText(field.value) : null;
  if (passphrase === "") return refuse(form.dataset.missing);
  const keys = await keysFor(passphrase);
  say(form.dataset.fetching);
  const body = { link: toBase64url(keys.link), claim: claim() };
  if (keys.open) body.open = toBase64url(keys.open);
  let answer;
  try {
    answer = await post("open", body, { signal: AbortSignal.timeout(PATIENCE) });
    switch (answer.status) {
      case 200: return await opened(answer, keys);
      case 403: return await refused(answer);
      case 410: return await ended(answer);
      case 429:
      case 503: return lead("away");
      default: return lead("failed");
    }
  } catch {
    return lead("failed"); // nothing arrived, or not all of it: the same claim gets it again
  }
}

function reveal({ text, files }) {
  const panel = document.querySelector('[data-panel="opened"]');
  panel.querySelector("[data-text]").textContent = text;
  panel.querySelector("[data-text-part]").hidden = text === "";
  const list = panel.querySelector("[data-files]");
  list.replaceChildren(...files.map((file) => fileItem(panel.querySelector("template"), file)));
  panel.querySelector("[data-files-part]").hidden = files.length === 0;
  endLanguageSwitch();
  lead("opened");
}

// Saved as bytes whatever it is, so that no browser shows a file under the site's name.
function fileItem(template, { name, bytes }) {
  const item = template.content.cloneNode(true);
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  objectUrls.push(url);
  item.querySelector("[data-name]").textContent = name;
  item.querySelector("[data-size]").textContent = sizeText(bytes.length);
  const anchor = item.querySelector("a");
  anchor.href = url;
  anchor.download = name;
  anchor.setAttribute("aria-label", `${anchor.textContent}: ${name}`);
  return item;
}

async function copy({ currentTarget }) {
  const text = document.querySelector("[data-text]");
  try {
    await navigator.clipboard.writeText(text.textContent);
    say(currentTarget?.dataset.copied ?? "");
  } catch {
    getSelection().selectAllChildren(text);
    say(document.querySelector("[data-copy]").dataset.selected);
  }
}

function wipe() {
  document.querySelector("[data-text]").textContent = "";
  document.querySelector("[data-files]").replaceChildren();
  for (const url of objectUrls.splice(0)) URL.revokeObjectURL(url);
  lead("wiped");
}

function listen() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(button, ask);
  });
  for (const again of document.querySelectorAll("[data-again]")) {
    again.addEventListener("click", () => busy(again, ask));
  }
  document.querySelector("[data-copy]").addEventListener("click", (event) => copy(event));
  document.querySelector("[data-wipe]").addEventListener("click", wipe);
  const reveal = document.querySelector("[data-reveal]");
  reveal.hidden = false;
  reveal.addEventListener("click", () => {
    const isShown = field.type === "text";
    field.type = isShown ? "password" : "text";
    reveal.textContent = isShown ? reveal.dataset.show : reveal.dataset.hide;
    reveal.setAttribute("aria-label", isShown ? reveal.dataset.showLabel : reveal.dataset.hideLabel);
    field.focus();
  });
}

function begin() {
  if (!canSeal()) return show("unable");
  try {
    link = parseFragment(location.hash.slice(1));
    if (fromBase64url(idText).length !== 16) return show("incomplete");
  } catch (error) {
    return show(error instanceof UnknownVersion ? "newer" : "incomplete");
  }
  if (link.profile) askPassphrase();
  return show("start");
}

keepFragment();
listen();
begin();
