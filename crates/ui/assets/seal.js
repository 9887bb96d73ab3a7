// Seals what a person types to the core, and opens what the core seals to this page: HPKE (RFC 9180) in base
// mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, on the browser's own WebCrypto. The core's half
// is crates/seal; crates/seal/vectors holds both to the same bytes.

const subtle = globalThis.crypto.subtle;
const P256 = { name: "ECDH", namedCurve: "P-256" };
const POINT = 65, TAG = 16, STEP = 1024, MAX_PADDED = 8 * STEP;
export const AES_256_GCM = { id: 2, keyLength: 32 };

export const utf8 = (text) => new TextEncoder().encode(text);
export const wipe = (...secrets) => secrets.forEach((bytes) => bytes.fill(0));
const u16 = (number) => Uint8Array.of(number >> 8, number & 0xff);

// Parts may be ArrayBuffers: WebCrypto returns those, and `set` would take one for an empty list.
export function concat(...parts) {
  const arrays = parts.map((part) => new Uint8Array(part));
  const whole = new Uint8Array(arrays.reduce((length, array) => length + array.length, 0));
  arrays.reduce((at, array) => (whole.set(array, at), at + array.length), 0);
  return whole;
}

export function toBase64url(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Strict, as in the core: `atob` alone forgives white space, padding and stray bits.
export function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("not base64url");
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  if (toBase64url(bytes) !== text) throw new Error("not base64url");
  return bytes;
}

// HKDF's Extract and Expand are each one HMAC here, because every output is at most one hash long. WebCrypto
// refuses an empty key; HMAC pads keys with zeros, so a hash length of zeros is the same empty salt.
async function hmac(key, message) {
  const bytes = key.length ? key : new Uint8Array(32);
  const imported = await subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", imported, message));
}

// RFC 9180 section 4, LabeledExtract and LabeledExpand.
async function extract(suite, salt, label, input) {
  const message = concat(utf8("HPKE-v1"), suite, utf8(label), input);
  const out = await hmac(salt, message);
  wipe(message);
  return out;
}

async function expand(suite, secret, label, info, length) {
  const message = concat(u16(length), utf8("HPKE-v1"), suite, utf8(label), info, Uint8Array.of(1));
  const whole = await hmac(secret, message);
  const out = whole.slice(0, length);
  wipe(whole);
  return out;
}

const importPoint = (bytes) => {
  if (bytes.length !== POINT || bytes[0] !== 4) throw new Error("not an uncompressed P-256 point");
  return subtle.importKey("raw", bytes, P256, true, []);
};

// Section 4.1: the Diffie-Hellman value with both public keys bound in.
export async function sharedSecret(privateKey, peer, enc, recipient) {
  const suite = concat(utf8("KEM"), u16(0x10));
  const bits = await subtle.deriveBits({ name: "ECDH", public: await importPoint(peer) }, privateKey, 256);
  const dh = new Uint8Array(bits);
  const prk = await extract(suite, new Uint8Array(), "eae_prk", dh);
  const shared = await expand(suite, prk, "shared_secret", concat(enc, recipient), 32);
  wipe(dh, prk);
  return shared;
}

// Section 5.1, mode base. One message a key, so the base nonce is the nonce.
export async function keySchedule(shared, info, aead) {
  const suite = concat(utf8("HPKE"), u16(0x10), u16(1), u16(aead.id));
  const none = new Uint8Array();
  const pskIdHash = await extract(suite, none, "psk_id_hash", none);
  const infoHash = await extract(suite, none, "info_hash", info);
  const context = concat(Uint8Array.of(0), pskIdHash, infoHash);
  const secret = await extract(suite, shared, "secret", none);
  const key = await expand(suite, secret, "key", context, aead.keyLength);
  const nonce = await expand(suite, secret, "base_nonce", context, 12);
  wipe(secret);
  return { key, nonce };
}

async function aesKey(shared, info, aead, usage) {
  const { key, nonce } = await keySchedule(shared, info, aead);
  const imported = await subtle.importKey("raw", key, "AES-GCM", false, [usage]);
  wipe(key, shared);
  return { key: imported, iv: nonce };
}

const publicBytes = async (pair) => new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
export const newPair = () => subtle.generateKey(P256, false, ["deriveBits"]);

// enc || ciphertext || tag. `ephemeral` is a parameter for the vectors; nobody else passes one.
export async function hpkeSeal({ recipient, info, aad, plain, aead, ephemeral }) {
  const enc = await publicBytes(ephemeral);
  const shared = await sharedSecret(ephemeral.privateKey, recipient, enc, recipient);
  const { key, iv } = await aesKey(shared, info, aead, "encrypt");
  return concat(enc, await subtle.encrypt({ name: "AES-GCM", iv, additionalData: aad }, key, plain));
}

export async function hpkeOpen({ pair, info, aad, sealed, aead }) {
  const enc = sealed.slice(0, POINT);
  const shared = await sharedSecret(pair.privateKey, enc, enc, await publicBytes(pair));
  const { key, iv } = await aesKey(shared, info, aead, "decrypt");
  const opened = await subtle.decrypt({ name: "AES-GCM", iv, additionalData: aad }, key, sealed.slice(POINT));
  return new Uint8Array(opened);
}

// u32 length, JSON, zeros up to the next 1024: a box's length says nothing about a password's.
function pad(json) {
  const length = Math.ceil((4 + json.length) / STEP) * STEP;
  if (length > MAX_PADDED) throw new Error("too long to seal");
  const padded = new Uint8Array(length);
  new DataView(padded.buffer).setUint32(0, json.length);
  padded.set(json, 4);
  return padded;
}

function unpad(padded) {
  const length = new DataView(padded.buffer).getUint32(0);
  const exact = Math.ceil((4 + length) / STEP) * STEP === padded.length;
  if (!exact || padded.subarray(4 + length).some((byte) => byte !== 0)) throw new Error("bad padding");
  return padded.subarray(4, 4 + length);
}

function readBlock(blockText) {
  const { v, kid, pk } = JSON.parse(blockText);
  const block = { kid: fromBase64url(kid), pk: fromBase64url(pk) };
  if (v !== 1 || block.kid.length !== 16) throw new Error("not a seal block");
  return block;
}

// The box for `object`. `blockText` is authenticated as it stands: never parse it and write it again.
export async function seal(blockText, object) {
  return sealWith(blockText, object, await newPair());
}

// `seal` with a given ephemeral key, for the vectors.
export async function sealWith(blockText, object, ephemeral) {
  const { kid, pk } = readBlock(blockText);
  const json = utf8(JSON.stringify(object));
  const plain = pad(json);
  const info = concat(utf8("sallyport/recovery/1\0"), kid);
  try {
    const sealing = { recipient: pk, info, aad: utf8(blockText), plain, aead: AES_256_GCM, ephemeral };
    return toBase64url(await hpkeSeal(sealing));
  } finally {
    wipe(json, plain);
  }
}

// A key for one answer. The private half cannot be exported and is gone with the page.
export async function newReplyKey() {
  const pair = await newPair();
  return { pair, publicText: toBase64url(await publicBytes(pair)) };
}

// The object in the core's answer to the box that was sealed with `blockText` and carried `publicText`.
export async function openOutward(pair, publicText, blockText, answerText) {
  const sealed = fromBase64url(answerText);
  const length = sealed.length - POINT - TAG;
  if (length <= 0 || length > MAX_PADDED || length % STEP !== 0) throw new Error("not a box");
  const hash = await subtle.digest("SHA-256", fromBase64url(publicText));
  const info = concat(utf8("sallyport/outward/1\0"), hash);
  const padded = await hpkeOpen({ pair, info, aad: utf8(blockText), sealed, aead: AES_256_GCM });
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(unpad(padded)));
  } finally {
    wipe(padded);
  }
}
