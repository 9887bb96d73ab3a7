// What a message or a drop carries, as crates/seal/src/content.rs packs it: u32 length of the manifest, the manifest,
// the files' bytes, zeros up to the padded length. crates/seal/vectors holds both to the same bytes.

import { utf8 } from "./seal.js";

export const MAX_CONTENT = 10 * 1024 * 1024;
export const MAX_FILES = 64;
const MAX_AROUND = 128 * 1024;
const PREFIX = 4;

export class TooLarge extends Error {}
export class TooMany extends Error {}

// From 1024 up in steps of a tenth: the length of what is sealed tells little.
export function paddedLength(needed) {
  let length = 1024;
  while (length < needed) length += Math.floor(length / 10);
  return length;
}

// Half a character, which a text field may hold, has no UTF-8: it becomes the replacement character.
const wellFormed = (text) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(utf8(text));

// Control characters, and format characters that are not seen but change what is: reading directions above all.
const UNSEEN = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f" +
    "\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]", "gu",
);
const EDGES = /^[ .\u00a0]+|[ .\u00a0]+$/g;
const DEVICE = /^(con|prn|aux|nul|com[1-9]|lpt[1-9]) *(\.|$)/i;

function shorten(name) {
  if (utf8(name).length <= 200) return name;
  const dot = name.lastIndexOf(".");
  let ending = dot < 0 ? "" : name.slice(dot);
  if (utf8(ending).length > 20) ending = "";
  let room = 200 - utf8(ending).length, stem = "";
  for (const character of name) {
    room -= utf8(character).length;
    if (room < 0) break;
    stem += character;
  }
  return stem.replace(/[ .\u00a0]+$/, "") + ending;
}

// A name without folders, without what cannot be seen, without what some system reserves, and not too long.
export function cleanName(name) {
  const last = wellFormed(name).split(/[/\\]/).at(-1);
  const seen = last.replace(UNSEEN, "").replace(/[<>:"|?*]/g, "_");
  const cut = shorten(seen.replace(EDGES, ""));
  if (cut === "") return "file";
  return DEVICE.test(cut) ? `_${cut}` : cut;
}

export function cleanKind(kind) {
  const shaped = /^[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]{0,62}\/[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]{0,62}$/;
  return shaped.test(kind) ? kind.toLowerCase() : "application/octet-stream";
}

// { text, files: [{ name, type, bytes }] } as the bytes that are sealed.
export function pack({ text, files }) {
  const clean = files.map(({ name, type, bytes }) => ({ name: cleanName(name), type: cleanKind(type), bytes }));
  const entries = clean.map(({ name, type, bytes }) => ({ name, type, size: bytes.length }));
  const written = wellFormed(text);
  const manifest = utf8(JSON.stringify(entries.length ? { text: written, files: entries } : { text: written }));
  const fileBytes = entries.reduce((sum, { size }) => sum + size, 0);
  const used = PREFIX + manifest.length + fileBytes;
  if (files.length > MAX_FILES) throw new TooMany();
  if (utf8(written).length + fileBytes > MAX_CONTENT || used > MAX_CONTENT + MAX_AROUND) throw new TooLarge();
  const plain = new Uint8Array(paddedLength(used));
  new DataView(plain.buffer).setUint32(0, manifest.length);
  plain.set(manifest, PREFIX);
  let at = PREFIX + manifest.length;
  for (const { bytes } of clean) {
    plain.set(bytes, at);
    at += bytes.length;
  }
  manifest.fill(0);
  return plain;
}

function readManifest(bytes) {
  const { text, files = [], ...more } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  const isFile = ({ name, type, size, ...other }) =>
    typeof name === "string" && typeof type === "string" && Number.isSafeInteger(size) && size >= 0 &&
    Object.keys(other).length === 0;
  const isShaped = typeof text === "string" && Array.isArray(files) && files.length <= MAX_FILES &&
    files.every(isFile) && Object.keys(more).length === 0;
  if (!isShaped) throw new Error("malformed content");
  return { text, files };
}

// Takes nothing but what `pack` could have made.
export function unpack(plain) {
  const refuse = () => { throw new Error("malformed content"); };
  if (plain.length < PREFIX || plain.length > paddedLength(MAX_CONTENT + MAX_AROUND)) refuse();
  const length = new DataView(plain.buffer, plain.byteOffset).getUint32(0);
  let at = PREFIX + length;
  if (at > plain.length) refuse();
  const { text, files: entries } = readManifest(plain.subarray(PREFIX, at));
  const files = entries.map(({ name, type, size }) => {
    if (size > plain.length - at) refuse();
    const bytes = plain.slice(at, at + size);
    at += size;
    return { name: cleanName(name), type: cleanKind(type), bytes };
  });
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, utf8(text).length);
  const isPadded = paddedLength(at) === plain.length && plain.subarray(at).every((byte) => byte === 0);
  if (!isPadded || size > MAX_CONTENT) refuse();
  return { text, files };
}
