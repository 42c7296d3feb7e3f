// frabbit's half of compare-full-size.py, which runs it with: model, file to write, prompt, seed, latent's side, time steps.
import { normalNoise } from "../src/diffusion/index.ts";
import { toBytes } from "../src/image/index.ts";
import { conditionValues, microConditions } from "../src/pipelines/conditions.ts";
import { TextToImage } from "../src/pipelines/index.node.ts";
import { loadModel } from "../src/pipelines/load-model.node.ts";
import { Networks } from "../src/pipelines/networks.ts";
import { sizeOfPictures } from "../src/pipelines/picture-size.ts";
import { onnxruntimeNode as backend } from "../src/runtime/index.node.ts";
import { writeSafetensors } from "../src/safetensors/index.node.ts";
import { Random } from "../src/tensor/index.ts";

const [path = "", out = "", prompt = "", seed = "0", side = "64", ...timesteps] =
  process.argv.slice(2);
const model = await loadModel(path);
const networks = new Networks(model, { backend });
const text = await networks.embedText(
  model.textEncoders.map(({ tokenizer }) => tokenizer.encode(prompt).ids),
);
const shape = [1, model.unet.in_channels, Number(side), Number(side)];
const noise = normalNoise(shape, [new Random(Number(seed))]);
const picture = microConditions(sizeOfPictures(model, noise), {}, true);
const results = new Map(Object.entries({ ...text }));
for (const t of timesteps) {
  const conditions = [conditionValues(model, text, picture, 1)];
  const { output } = await networks.runUNet({ samples: [noise], t: Number(t), conditions });
  results.set(`output ${t}`, output!);
}
await networks.dispose();

await using pipeline = new TextToImage(model, { backend });
const drawn = { seed: Number(seed), steps: 4, guidanceScale: 7.5, height: 256, width: 256 };
const { data, height, width } = toBytes((await pipeline.generate(prompt, drawn))[0]!);
results.set("picture", { shape: [height, width, 3], data: Float32Array.from(data) });
writeSafetensors(out, results);
