// Writes boxes that the page's script sealed with fresh keys, for crates/seal's tests to open:
// `node crates/ui/js-tests/make-boxes.mjs`. To be done again only when boxes.json changes.

import { writeFileSync } from "node:fs";
import { seal } from "../assets/seal.js";
import { boxes, folder } from "./vectors.mjs";

const inward = [];
for (const { block, plain } of boxes.inward) {
  inward.push({ block, plain, box: await seal(block, JSON.parse(plain)) });
}
writeFileSync(new URL("boxes-js.json", folder), `${JSON.stringify({ inward }, null, 2)}\n`);
