// frabbit's half of compare-full-size.py, which runs it with: folder, file to write, prompt, seed, time steps.
import { normalNoise } from "../src/diffusion/index.ts";
import { readModelFolder, TextToImage } from "../src/pipelines/index.node.ts";
import { Networks } from "../src/pipelines/networks.ts";
import { onnxruntimeNode as backend } from "../src/runtime/index.node.ts";
import { writeSafetensors } from "../src/safetensors/index.node.ts";
import { Random } from "../src/tensor/index.ts";

const [folder = "", out = "", prompt = "", seed = "0", ...timesteps] = process.argv.slice(2);
const model = await readModelFolder(folder);
const { ids } = new TextToImage(model, { backend }).tokenize(prompt);
const networks = new Networks(model, { backend });
const { states } = await networks.embedText([ids]);
const { in_channels, sample_size } = model.unet;
const noise = normalNoise([1, in_channels, sample_size, sample_size], [new Random(Number(seed))]);
const results = new Map([["text", states]]);
for (const t of timesteps) {
  const conditions = [{ encoderHiddenStates: states }];
  const { output } = await networks.runUNet({ samples: [noise], t: Number(t), conditions });
  results.set(`output ${t}`, output!);
}
await networks.dispose();
writeSafetensors(out, results);
