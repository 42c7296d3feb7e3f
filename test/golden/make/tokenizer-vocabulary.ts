/** Trains the small vocabulary in test/golden/tokenizer/. Run: npx tsx test/golden/make/tokenizer-vocabulary.ts */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tokenizerFiles, trainBytePairs } from "../../../src/text/index.ts";

const subjects =
  "apple,tree,cat,dog,rabbit,frog on stilts,house,boat,flower,star,castle,umbrella,pair of keys".split(
    ",",
  );
const colours = "red,green,light blue,yellow,purple,black".split(",");
const openings =
  "a drawing of,an emoji of,a flat icon of,it's,they're,i'll draw,ein großer,красный,一个红苹果,🐸🐰".split(
    ",",
  );
const endings = ["", "s!", " in the snow...", " & 12 others", " (cute)", " 🐸"];

const texts = openings.flatMap((opening) =>
  subjects.flatMap((subject) =>
    colours.flatMap((colour) =>
      endings.map((ending) => `${opening} ${colour} ${subject}${ending}`),
    ),
  ),
);
const folder = join(import.meta.dirname, "../tokenizer");
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(tokenizerFiles(trainBytePairs(texts, 700), 77))) {
  writeFileSync(join(folder, name), text);
}
