// The vectors that crates/seal made, and their keys as WebCrypto wants them.

import { readFileSync } from "node:fs";
import { fromBase64url, toBase64url } from "../assets/seal.js";

export const folder = new URL("../../seal/vectors/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));

export const boxes = read("boxes.json");
export const rfc = Object.fromEntries(
  Object.entries(read("rfc9180-a3.json")).map(([name, hex]) => [name, new Uint8Array(Buffer.from(hex, "hex"))]),
);

// A pair from its bytes. WebCrypto takes a private key with its public half only as a JWK.
export async function importPair(secret, point) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const [x, y] = [point.slice(1, 33), point.slice(33)].map(toBase64url);
  const jwk = { kty: "EC", crv: "P-256", d: toBase64url(secret), x, y };
  return {
    privateKey: await crypto.subtle.importKey("jwk", jwk, curve, false, ["deriveBits"]),
    publicKey: await crypto.subtle.importKey("raw", point, curve, true, []),
  };
}

export const vectorPair = ({ secret, public: point }) => importPair(fromBase64url(secret), fromBase64url(point));

export const messages = read("messages.json");

// What a case of the messages or drops has inside, as the scripts take and give it.
export const contentOf = ({ text, files }) => ({
  text,
  files: files.map(({ name, type, bytes }) => ({ name, type, bytes: fromBase64url(bytes) })),
});
