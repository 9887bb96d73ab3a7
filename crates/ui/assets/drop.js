// The page of a drop box: what is typed and chosen here is sealed to the core's key before it leaves the browser. The
// site in between cannot put in a key of its own, because the link says which one is meant.

import { MAX_FILES, TooLarge, TooMany } from "./content.js";
import { checkKey, contentRoom, parseDropFragment, sealDrop } from "./drop-box.js";
import { busy, canSeal, endLanguageSwitch, keepFragment, lead, say, show, sizeText } from "./panels.js";
import { fromBase64url, toBase64url, wipe } from "./seal.js";

const PATIENCE = 600_000; // ten megabytes on a slow line take minutes
const idText = location.pathname.split("/")[2] ?? "";
const form = document.querySelector("[data-drop]");
const text = form.querySelector("textarea");
const chooser = form.querySelector("input[type=file]");
const message = form.querySelector("[data-problem]");
let link; // { hash, proof }
let box; // { key, largest }
let sealed; // kept until it has arrived: a repeated upload is the same bytes

function refuse(words) {
  message.textContent = words;
  message.hidden = false;
  say("");
  text.focus();
}

// What is sealed is longer than what people choose, so they are told what they may choose.
const tooLarge = () => form.dataset.tooLarge.replace("%", sizeText(contentRoom(box.largest)));

async function findBox() {
  show("looking");
  let answer;
  try {
    answer = await fetch(`/d/${idText}/key`, { cache: "no-store", credentials: "omit", redirect: "error" });
    if (answer.status === 404) return lead("closed");
    if (!answer.ok) return lead("unreachable");
    const { key, largest } = await answer.json();
    box = { key: fromBase64url(key), largest };
  } catch {
    return lead("unreachable");
  }
  try {
    await checkKey(box.key, link.hash);
  } catch {
    return lead("changed");
  }
  return show("start");
}

async function readFiles() {
  const read = async (file) => ({
    name: file.name,
    type: file.type,
    bytes: new Uint8Array(await file.arrayBuffer()),
  });
  return Promise.all([...chooser.files].map(read));
}

async function prepare() {
  message.hidden = true;
  if (text.value.trim() === "" && chooser.files.length === 0) return refuse(form.dataset.missing);
  if ([...chooser.files].reduce((sum, { size }) => sum + size, 0) > box.largest) return refuse(tooLarge());
  say(form.dataset.sealing);
  try {
    const content = { text: text.value, files: await readFiles() };
    sealed = await sealDrop(fromBase64url(idText), box.key, content);
    for (const { bytes } of content.files) wipe(bytes);
    if (sealed.length > box.largest) return refuse(tooLarge());
  } catch (error) {
    if (error instanceof TooLarge) return refuse(tooLarge());
    if (error instanceof TooMany) return refuse(form.dataset.tooMany.replace("%", String(MAX_FILES)));
    return refuse(form.dataset.unreadable);
  }
  return upload();
}

async function upload() {
  say(form.dataset.sending);
  try {
    const answer = await fetch(`/d/${idText}`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream", "Sallyport-Proof": toBase64url(link.proof) },
      body: sealed,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    return ended(answer.status);
  } catch {
    return lead("failed");
  }
}

function ended(status) {
  switch (status) {
    case 200:
    case 201:
      form.reset();
      sealed = undefined;
      endLanguageSwitch(); // its links hold the proof
      history.replaceState(null, "", location.pathname + location.search);
      return lead("sent");
    case 410: return lead("closed");
    case 413:
      show("start");
      return refuse(tooLarge());
    case 507: return lead("full");
    default: return lead("failed");
  }
}

function listChosen() {
  const list = document.querySelector("[data-chosen]");
  list.replaceChildren(...[...chooser.files].map((file) => {
    const item = document.createElement("li");
    item.textContent = `${file.name} (${sizeText(file.size)})`;
    return item;
  }));
  list.hidden = chooser.files.length === 0;
}

function begin() {
  if (!canSeal()) return show("unable");
  try {
    link = parseDropFragment(location.hash.slice(1));
    if (fromBase64url(idText).length !== 16) return show("incomplete");
  } catch {
    return show("incomplete");
  }
  return findBox();
}

keepFragment();
chooser.addEventListener("change", listChosen);
// What was missing or too much is another thing now.
form.addEventListener("input", () => { message.hidden = true; });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(form.querySelector("button[type=submit]"), prepare);
});
for (const again of document.querySelectorAll("[data-again]")) {
  again.addEventListener("click", () => busy(again, upload));
}
document.querySelector("[data-look]").addEventListener("click", findBox);
begin();
