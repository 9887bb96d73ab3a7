// Holds the page's script to RFC 9180 and to the boxes that crates/seal made.

import assert from "node:assert/strict";
import test from "node:test";
import * as script from "../assets/seal.js";
import { boxes, importPair, rfc, vectorPair } from "./vectors.mjs";

const AES_128_GCM = { id: 1, keyLength: 16 };
const utf8 = (text) => new TextEncoder().encode(text);
const block = boxes.inward[0].block;

test("agrees with RFC 9180 appendix A.3.1", async () => {
  const ephemeral = await importPair(rfc.skEm, rfc.pkEm);
  const shared = await script.sharedSecret(ephemeral.privateKey, rfc.pkRm, rfc.pkEm, rfc.pkRm);
  assert.deepEqual(shared, rfc.shared_secret);

  const { key, nonce } = await script.keySchedule(shared, rfc.info, AES_128_GCM);
  assert.deepEqual(key, rfc.key);
  assert.deepEqual(nonce, rfc.base_nonce);

  const { info, aad, pt: plain } = rfc;
  const sealed = await script.hpkeSeal({ recipient: rfc.pkRm, info, aad, plain, aead: AES_128_GCM, ephemeral });
  assert.deepEqual(sealed, new Uint8Array([...rfc.enc, ...rfc.ct]));

  const pair = await importPair(rfc.skRm, rfc.pkRm);
  assert.deepEqual(await script.hpkeOpen({ pair, info, aad, sealed, aead: AES_128_GCM }), rfc.pt);
});

test("seals, with the same ephemeral key, the same bytes as the core's crate", async () => {
  const ephemeral = await vectorPair(boxes.ephemeral);
  assert.ok(boxes.inward.length > 0);
  for (const { block, plain, box } of boxes.inward) {
    assert.equal(await script.sealWith(block, JSON.parse(plain), ephemeral), box);
  }
});

test("never makes the same box twice", async () => {
  assert.notEqual(await script.seal(block, { code: "1" }), await script.seal(block, { code: "1" }));
});

test("refuses what does not fit, and blocks and keys of the wrong shape", async () => {
  const { pk, kid } = JSON.parse(block);
  const compressed = script.toBase64url(Uint8Array.of(2, ...new Uint8Array(32)));
  const offCurve = script.toBase64url(Uint8Array.of(4, ...new Uint8Array(64).fill(1)));
  await assert.rejects(script.seal(block, { code: "x".repeat(8178) }), /too long/);
  for (const bad of [
    block.replace(pk, compressed),
    block.replace(pk, offCurve),
    block.replace(pk, `${pk}=`),
    block.replace(kid, kid.slice(1)),
    block.replace('"v":1', '"v":2'),
    "",
  ]) {
    assert.notEqual(bad, block);
    await assert.rejects(script.seal(bad, { code: "1" }), bad);
  }
});

test("opens the core's answers", async () => {
  const pair = await vectorPair(boxes.reply);
  assert.ok(boxes.outward.length > 0);
  for (const { block, plain, box } of boxes.outward) {
    assert.deepEqual(await script.openOutward(pair, boxes.reply.public, block, box), JSON.parse(plain));
  }
});

test("opens no answer that was changed, or that belongs to another block or key", async () => {
  const pair = await vectorPair(boxes.reply);
  const { public: publicText } = boxes.reply;
  const { block, box } = boxes.outward[0];
  const other = await script.newReplyKey();
  const bytes = script.fromBase64url(box);
  const flipped = (at) => script.toBase64url(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)));

  await assert.rejects(script.openOutward(other.pair, other.publicText, block, box));
  await assert.rejects(script.openOutward(pair, other.publicText, block, box));
  await assert.rejects(script.openOutward(pair, publicText, block.replace('"step":4', '"step":5'), box));
  for (const at of [0, 1, 64, 65, 700, bytes.length - 1]) {
    await assert.rejects(script.openOutward(pair, publicText, block, flipped(at)));
  }
  for (const bad of ["", box.slice(4), `${box}=`, `${box}AAAA`, ` ${box}`, box.slice(0, 108)]) {
    await assert.rejects(script.openOutward(pair, publicText, block, bad), /not a box|not base64url/);
  }
});

test("opens an answer to a key that it made, and no answer with wrong padding", async () => {
  const { pair, publicText } = await script.newReplyKey();
  assert.equal(pair.privateKey.extractable, false);
  const recipient = script.fromBase64url(publicText);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", recipient));
  const info = new Uint8Array([...utf8("sallyport/outward/1\0"), ...hash]);
  const answer = async (plain) => {
    const ephemeral = await vectorPair(boxes.ephemeral);
    const aead = script.AES_256_GCM;
    return script.toBase64url(await script.hpkeSeal({ recipient, info, aad: utf8(block), plain, aead, ephemeral }));
  };
  const padded = (length, json, size = 1024) => {
    const plain = new Uint8Array(size);
    plain.set([0, 0, length >> 8, length & 0xff, ...utf8(json)]);
    return plain;
  };

  const open = async (plain) => script.openOutward(pair, publicText, block, await answer(plain));
  assert.deepEqual(await open(padded(7, '{"a":1}')), { a: 1 });
  await assert.rejects(open(padded(6, '{"a":1}')), /bad padding/);
  await assert.rejects(open(padded(7, '{"a":1}', 2048)), /bad padding/);
  await assert.rejects(open(padded(5000, '{"a":1}')), /bad padding/);
});

test("base64url is strict", () => {
  assert.deepEqual(script.fromBase64url("-_8"), Uint8Array.of(0xfb, 0xff));
  for (const stray of ["-_8=", "-_9", "-_8 ", "+/8", "-_8\n", "-"]) {
    assert.throws(() => script.fromBase64url(stray), stray);
  }
});
