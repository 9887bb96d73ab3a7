// Secrets on their way out: an authenticator app's secret and recovery codes are sealed by the core to a key that
// this page makes, opened here, shown here, and kept nowhere.

import { newReplyKey, openOutward, seal } from "./seal.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // the margin that scanners need, in modules (ISO/IEC 18004 section 6.3.8)

// One path over all dark modules: runs of them, row by row.
export function qrPath(rows) {
  let path = "";
  rows.forEach((row, y) => {
    for (const run of row.matchAll(/1+/g)) {
      path += `M${run.index + QUIET} ${y + QUIET}h${run[0].length}v1h-${run[0].length}z`;
    }
  });
  return path;
}

export const inFours = (secret) => secret.replaceAll(/(.{4})(?=.)/g, "$1 ");

function drawQr(svg, rows) {
  const size = rows.length + 2 * QUIET;
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", qrPath(rows));
  path.setAttribute("fill", "#000");
  path.setAttribute("shape-rendering", "crispEdges");
  svg.replaceChildren(path);
}

// Asks the core, through the portal, for a secret sealed to a fresh key of this page.
async function ask(form) {
  const { pair, publicText } = await newReplyKey();
  const body = new URLSearchParams({
    seal: form.dataset.seal,
    box: await seal(form.dataset.seal, { reply_key: publicText }),
  });
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body,
    credentials: "same-origin",
    redirect: "error",
  });
  if (!answer.ok) throw new Error(`refused with ${answer.status}`);
  const { seal: block, outward, next } = await answer.json();
  return { secret: await openOutward(pair, publicText, block, outward), next };
}

function showTotp(shown, { secret, uri, qr }) {
  shown.querySelector("[data-picture]").hidden = false;
  // What was wrong was a code for the picture before this one.
  shown.querySelector(".bad")?.classList.remove("bad");
  shown.querySelector(".wrong")?.remove();
  drawQr(shown.querySelector("[data-qr]"), typeof qr === "string" ? qr.split("\n") : qr);
  shown.querySelector("[data-secret-text]").textContent = inFours(secret);
  if (uri?.startsWith("otpauth://")) shown.querySelector("[data-uri]").href = uri;
}

function showCodes(shown, { codes }) {
  const items = codes.map((code) => {
    const item = document.createElement("li");
    item.append(document.createElement("code"));
    item.firstChild.textContent = code;
    return item;
  });
  shown.querySelector("[data-codes]").replaceChildren(...items);
  shown.querySelector("[data-origin]").textContent = location.origin;
  const copy = shown.querySelector("[data-copy]");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(codes.join("\n"));
    shown.querySelector("[data-copied-status]").textContent = copy.dataset.copied;
  });
  shown.querySelector("[data-print]").addEventListener("click", () => print());
}

// The confirmation is sealed to the block that came with the secret.
function prepareConfirmation(shown, next) {
  const confirmation = shown.querySelector("form");
  if (!next || confirmation?.dataset.seal === undefined) return;
  confirmation.dataset.seal = next;
  confirmation.querySelector('input[name="seal"]').value = next;
}

const SHOW = { totp: showTotp, codes: showCodes };

export function startEnrolment(form) {
  const button = form.querySelector("button");
  const shown = document.getElementById(form.dataset.shows);
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const idle = button.textContent;
    button.disabled = true;
    button.textContent = button.dataset.busy;
    try {
      const { secret, next } = await ask(form);
      SHOW[form.dataset.enrol](shown, secret);
      prepareConfirmation(shown, next);
      form.hidden = true;
      shown.hidden = false;
      shown.focus();
    } catch {
      button.textContent = idle;
      const message = form.querySelector(".form-message");
      message.textContent = form.dataset.failed;
      message.hidden = false;
    }
  });
}
