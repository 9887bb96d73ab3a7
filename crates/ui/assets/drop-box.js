// What an outsider puts into a drop box is sealed to the key that the core made for it, and the link's fragment says
// which that is. The core's half is crates/seal/src/drop_box.rs; crates/seal/vectors holds both to the same bytes.

import { MAX_CONTENT, pack, paddedLength } from "./content.js";
import { AES_256_GCM, concat, fromBase64url, hpkeSeal, newPair, utf8, wipe } from "./seal.js";

const HASH = 32, PROOF = 16, POINT = 65, TAG = 16;

export class WrongKey extends Error {}

// base64url of SHA-256(public key) and the upload proof, one after the other.
export function parseDropFragment(fragment) {
  const bytes = fromBase64url(fragment);
  if (bytes.length !== HASH + PROOF) throw new Error("not a drop box's link");
  return { hash: bytes.slice(0, HASH), proof: bytes.slice(HASH) };
}

export async function checkKey(key, hash) {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", key));
  if (key.length !== POINT || !found.every((byte, at) => byte === hash[at])) throw new WrongKey();
}

// How much content there is room for, names aside, where what is sealed may be this long.
export function contentRoom(sealed) {
  const most = sealed - POINT - TAG;
  let room = 0;
  while (paddedLength(room + 1) <= most) room = paddedLength(room + 1);
  return Math.min(room, MAX_CONTENT);
}

// enc || ciphertext || tag. `ephemeral` is a parameter for the vectors; nobody else passes one.
export async function sealDrop(id, recipient, content, ephemeral) {
  const plain = pack(content);
  const info = concat(utf8("sallyport/drop/1\0"), id);
  const pair = ephemeral ?? (await newPair());
  try {
    return await hpkeSeal({ recipient, info, aad: new Uint8Array(), plain, aead: AES_256_GCM, ephemeral: pair });
  } finally {
    wipe(plain);
  }
}
