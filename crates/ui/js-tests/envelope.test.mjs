// Holds the scripts of messages and drop boxes to what crates/seal made.

import assert from "node:assert/strict";
import test from "node:test";
import { TooLarge, TooMany, cleanKind, cleanName, pack, paddedLength, unpack } from "../assets/content.js";
import { checkKey, contentRoom, parseDropFragment, sealDrop } from "../assets/drop-box.js";
import * as script from "../assets/envelope.js";
import { fromBase64url, hpkeOpen, AES_256_GCM, toBase64url, utf8 } from "../assets/seal.js";
import { contentOf, messages, vectorPair } from "./vectors.mjs";

const keysOf = (known) =>
  script.deriveKeys(
    fromBase64url(known.id), script.parseFragment(known.fragment).secret, known.passphrase,
  );
const envelopeOf = ({ header, nonce, ciphertext }) => ({
  header, nonce: fromBase64url(nonce), ciphertext: fromBase64url(ciphertext),
});
const [first] = messages.messages;

test("pads, and cleans names and types, as the core's crate", () => {
  for (const [needed, padded] of messages.padding) assert.equal(paddedLength(needed), padded);
  for (const [name, clean] of messages.names) assert.equal(cleanName(name), clean);
  for (const [kind, clean] of messages.kinds) assert.equal(cleanKind(kind), clean);
});

test("derives the same proofs and seals the same bytes as the core's crate, and opens them", async () => {
  assert.ok(messages.messages.length > 0);
  for (const known of messages.messages) {
    const keys = await keysOf(known);
    assert.equal(toBase64url(keys.link), known.link);
    assert.equal(keys.open && toBase64url(keys.open), known.open);
    const content = contentOf(known.content);
    const { header, ciphertext } = await script.sealMessage(keys, content, fromBase64url(known.nonce));
    assert.equal(header, known.header);
    assert.equal(toBase64url(ciphertext), known.ciphertext);
    assert.deepEqual(await script.openMessage(keys, envelopeOf(known)), content);
  }
});

test("opens nothing that was changed", async () => {
  const keys = await keysOf(first);
  const good = envelopeOf(first);
  const flipped = (bytes, at) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  for (const bad of [
    { ...good, ciphertext: flipped(good.ciphertext, 0) },
    { ...good, ciphertext: good.ciphertext.slice(1) },
    { ...good, ciphertext: new Uint8Array() },
    { ...good, nonce: flipped(good.nonce, 0) },
    { ...good, header: good.header.replace("text", "files") },
  ]) {
    await assert.rejects(script.openMessage(keys, bad));
  }
  const other = await script.deriveKeys(new Uint8Array(16), script.parseFragment(first.fragment).secret, null);
  await assert.rejects(script.openMessage(other, good));
});

test("refuses versions, profiles and kinds that it does not know", async () => {
  const keys = await keysOf(first);
  for (const header of ['{"v":2,"p":"","k":"text"}', '{"v":1,"p":"p2","k":"text"}', '{"v":1,"p":"","k":"page"}', ""]) {
    await assert.rejects(script.openMessage(keys, { ...envelopeOf(first), header }), script.UnknownVersion);
  }
});

test("reads a fragment in its one spelling", () => {
  const secret = new Uint8Array(32).fill(0xff);
  const plain = `${"_".repeat(42)}8`;
  assert.equal(script.printFragment(secret, "p1"), `${plain}.p1`);
  assert.deepEqual(script.parseFragment(plain), { secret, profile: "" });
  assert.deepEqual(script.parseFragment(`${plain}.p1`), { secret, profile: "p1" });
  for (const bad of ["", plain.slice(1), `${plain}=`, "_".repeat(43), `${plain}A`]) {
    assert.throws(() => script.parseFragment(bad), script.IncompleteLink, bad);
  }
  for (const bad of [`${plain}.`, `${plain}.p2`, `${plain}.p1.p1`]) {
    assert.throws(() => script.parseFragment(bad), script.UnknownVersion, bad);
  }
});

test("takes a passphrase as it was meant", () => {
  assert.equal(script.passphraseText(" Zaz\u0307\u00a0\n"), "Zaż");
  assert.equal(script.passphraseText("two words"), "two words");
});

test("unpacks only what would be packed so", () => {
  const plain = (manifest, files, length) => {
    const bytes = new Uint8Array(length);
    bytes.set([0, 0, manifest.length >> 8, manifest.length & 0xff, ...utf8(manifest), ...files]);
    return bytes;
  };
  const one = '{"text":"a","files":[{"name":"n","type":"a/b","size":2}]}';
  assert.equal(unpack(plain(one, [1, 2], 1024)).files[0].bytes.length, 2);
  for (const bad of [
    plain(one, [1, 2], 1126),
    plain(one, [1, 2, 3], 1024),
    plain(one.replace(":2", ":-2"), [1, 2], 1024),
    plain(one.replace(":2", ":2.5"), [1, 2], 1024),
    plain(one.replace(":2", ":2000"), [1, 2], 1024),
    plain(one.replace('"a",', '"a","more":1,'), [1, 2], 1024),
    plain(one.replace('"text":"a",', ""), [1, 2], 1024),
    plain(one.replace('"text":"a"', '"text":1'), [1, 2], 1024),
    plain("null", [], 1024),
    new Uint8Array(1024).fill(0xff),
    new Uint8Array(3),
  ]) {
    assert.throws(() => unpack(bad));
  }
});

test("packs no more than may be sent", () => {
  const file = (size) => ({ name: "f", type: "", bytes: new Uint8Array(size) });
  assert.throws(() => pack({ text: "x", files: [file(10 * 1024 * 1024)] }), TooLarge);
  assert.throws(() => pack({ text: "\u0001".repeat(5 * 1024 * 1024), files: [] }), TooLarge);
  assert.throws(() => pack({ text: "", files: Array(65).fill(file(1)) }), TooMany);
  assert.equal(unpack(pack({ text: "half \ud83d", files: [] })).text, "half \ufffd");
});

test("seals the same drops as the core's crate, to the key of the fragment only", async () => {
  const ephemeral = await vectorPair(messages.ephemeral);
  assert.ok(messages.drops.length > 0);
  for (const known of messages.drops) {
    const [id, key] = [known.id, known.public].map(fromBase64url);
    const { hash, proof } = parseDropFragment(known.fragment);
    assert.equal(proof.length, 16);
    await checkKey(key, hash);
    await assert.rejects(checkKey(fromBase64url(messages.ephemeral.public), hash));
    const content = contentOf(known.content);
    const sealed = await sealDrop(id, key, content, ephemeral);
    assert.equal(toBase64url(sealed), known.sealed);
    const info = new Uint8Array([...utf8("sallyport/drop/1\0"), ...id]);
    const opening = { pair: await vectorPair(known), info, aad: new Uint8Array(), sealed, aead: AES_256_GCM };
    assert.deepEqual(unpack(await hpkeOpen(opening)), content);
  }
  const sealedLength = 65 + paddedLength(10 * 1024 * 1024 + 128 * 1024) + 16;
  assert.equal(contentRoom(sealedLength), 10 * 1024 * 1024);
  assert.deepEqual([0, 1104, 1105, 2000].map(contentRoom), [0, 0, 1024, 1810]);
  const [{ fragment }] = messages.drops;
  for (const bad of ["", fragment.slice(1), `${fragment}AAAA`, `${fragment}=`]) {
    assert.throws(() => parseDropFragment(bad), bad);
  }
});
