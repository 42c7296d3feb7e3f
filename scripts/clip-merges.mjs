// Writes src/text/clip-merges.json, the merges of CLIP's tokenizer with a space between all symbols, from the list of openai/CLIP (MIT) as open_clip
// packs it (PyPI open_clip_torch 3.3.0, open_clip/bpe_simple_vocab_16e6.txt.gz):
//   node scripts/clip-merges.mjs path/to/bpe_simple_vocab_16e6.txt.gz
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** As many of the list's as CLIP was trained with: its 49,408 tokens less 512 of bytes and 2 special ones. */
const count = 49_408 - 512 - 2;
const [, ...merges] = gunzipSync(readFileSync(process.argv[2])).toString().split("\n");
writeFileSync("src/text/clip-merges.json", `${JSON.stringify(merges.slice(0, count).join(" "))}\n`);
