// Writes messages and drops that the page's scripts sealed with fresh secrets, for crates/seal's tests to open:
// `node crates/ui/js-tests/make-messages.mjs`. To be done again only when messages.json changes.

import { writeFileSync } from "node:fs";
import { sealDrop } from "../assets/drop-box.js";
import { deriveKeys, printFragment, sealMessage } from "../assets/envelope.js";
import { fromBase64url, toBase64url } from "../assets/seal.js";
import { contentOf, folder, messages } from "./vectors.mjs";

const random = (length) => crypto.getRandomValues(new Uint8Array(length));

async function message({ passphrase, content }) {
  const [id, secret] = [random(16), random(32)];
  const keys = await deriveKeys(id, secret, passphrase);
  const { header, nonce, ciphertext } = await sealMessage(keys, contentOf(content));
  return {
    id: toBase64url(id),
    fragment: printFragment(secret, keys.profile),
    passphrase,
    content,
    header,
    nonce: toBase64url(nonce),
    link: toBase64url(keys.link),
    open: keys.open && toBase64url(keys.open),
    ciphertext: toBase64url(ciphertext),
  };
}

async function drop({ content }) {
  const id = random(16);
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const key = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", key));
  return {
    id: toBase64url(id),
    secret: (await crypto.subtle.exportKey("jwk", pair.privateKey)).d,
    public: toBase64url(key),
    fragment: toBase64url(new Uint8Array([...hash, ...random(16)])),
    content,
    sealed: toBase64url(await sealDrop(id, key, contentOf(content))),
  };
}

const made = { messages: [], drops: [] };
for (const known of messages.messages) made.messages.push(await message(known));
for (const known of messages.drops) made.drops.push(await drop(known));
writeFileSync(new URL("messages-js.json", folder), `${JSON.stringify(made, null, 2)}\n`);
