// The envelope of a message, on the browser's own WebCrypto. The core's half, with the derivations spelt out, is
// crates/seal/src/envelope.rs; crates/seal/vectors holds both to the same bytes.

import { pack, unpack } from "./content.js";
import { concat, fromBase64url, toBase64url, utf8, wipe } from "./seal.js";

const subtle = globalThis.crypto?.subtle;
const ROUNDS = 600_000;
const PROFILES = ["", "p1"];
const KINDS = ["text", "files"];

export class IncompleteLink extends Error {}
export class UnknownVersion extends Error {}

// What follows the # of a link: the secret, and after a dot the passphrase's profile.
export function parseFragment(fragment) {
  const dot = fragment.indexOf(".");
  const profile = dot < 0 ? "" : fragment.slice(dot + 1);
  if (dot >= 0 && profile !== "p1") throw new UnknownVersion();
  let secret;
  try {
    secret = fromBase64url(dot < 0 ? fragment : fragment.slice(0, dot));
  } catch {
    throw new IncompleteLink();
  }
  if (secret.length !== 32) throw new IncompleteLink();
  return { secret, profile };
}

export const printFragment = (secret, profile) => toBase64url(secret) + (profile ? `.${profile}` : "");

// Blanks at both ends come along when people copy; NFC, so that every keyboard makes the same bytes.
export const passphraseText = (typed) =>
  typed.replace(/^[ \t\r\n\u00a0]+|[ \t\r\n\u00a0]+$/g, "").normalize("NFC");

async function hkdf(id, input, label, length) {
  const key = await subtle.importKey("raw", input, "HKDF", false, ["deriveBits"]);
  const info = utf8(`sallyport/message/1/${label}`);
  return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: id, info }, key, 8 * length));
}

async function stretch(id, secret, passphrase) {
  const salt = await hkdf(id, secret, "pass-salt", 16);
  const typed = utf8(passphrase);
  const key = await subtle.importKey("raw", typed, "PBKDF2", false, ["deriveBits"]);
  wipe(typed);
  const bits = await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS }, key, 256);
  return new Uint8Array(bits);
}

// The key and the proofs of one message. `passphrase` is null where there is none.
export async function deriveKeys(id, secret, passphrase) {
  if (id.length !== 16 || secret.length !== 32) throw new IncompleteLink();
  const profile = passphrase === null ? "" : "p1";
  const stretched = profile ? await stretch(id, secret, passphraseText(passphrase)) : new Uint8Array();
  const both = concat(secret, stretched);
  const raw = await hkdf(id, both, "key", 32);
  const keys = {
    id,
    profile,
    key: await subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]),
    link: await hkdf(id, secret, "link", 32),
    open: profile ? await hkdf(id, both, "open", 32) : null,
  };
  wipe(raw, both, stretched);
  return keys;
}

const headerText = (profile, kind) => JSON.stringify({ v: 1, p: profile, k: kind });
const kindOf = ({ files }) => KINDS[files.length ? 1 : 0];
const cipher = (keys, header, iv) => ({ name: "AES-GCM", iv, additionalData: concat(keys.id, utf8(header)) });

// { header, nonce, ciphertext } for content { text, files: [{ name, type, bytes }] }. `nonce` is a parameter for the
// vectors; nobody else passes one.
export async function sealMessage(keys, content, nonce = crypto.getRandomValues(new Uint8Array(12))) {
  const header = headerText(keys.profile, kindOf(content));
  const plain = pack(content);
  try {
    const ciphertext = new Uint8Array(await subtle.encrypt(cipher(keys, header, nonce), keys.key, plain));
    return { header, nonce, ciphertext };
  } finally {
    wipe(plain);
  }
}

// The content. The header is authenticated as it stands and must be one of the four that this version writes.
export async function openMessage(keys, { header, nonce, ciphertext }) {
  const isKnown = PROFILES.some((profile) => KINDS.some((kind) => headerText(profile, kind) === header));
  if (!isKnown) throw new UnknownVersion();
  const plain = new Uint8Array(await subtle.decrypt(cipher(keys, header, nonce), keys.key, ciphertext));
  try {
    const content = unpack(plain);
    if (headerText(keys.profile, kindOf(content)) !== header) throw new Error("malformed content");
    return content;
  } finally {
    wipe(plain);
  }
}
