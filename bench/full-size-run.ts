// One process of the bench of full size: a model is loaded, and texts, passes with guidance, and decodes are timed.
import { normalNoise } from "../src/diffusion/index.ts";
import { conditionValues, microConditions } from "../src/pipelines/conditions.ts";
import { loadModel } from "../src/pipelines/load-model.node.ts";
import { Networks } from "../src/pipelines/networks.ts";
import { onnxruntimeNode as backend } from "../src/runtime/index.node.ts";
import { Random } from "../src/tensor/index.ts";
import { peakBytes, report, settings } from "./measure.ts";

const told = settings<{ model: string; threads: number; passes: number }>();
let loading = 0;

async function timed<T>(act: () => Promise<T>): Promise<[seconds: number, result: T]> {
  const begun = performance.now();
  const result = await act();
  return [(performance.now() - begun) / 1000, result];
}

/** Times after the first; what the first took more, as networks are compiled when they are first used, is loading. */
async function several(act: () => Promise<unknown>): Promise<readonly number[]> {
  const [first] = await timed(act);
  const times: number[] = [];
  for (let i = 0; i < told.passes; i++) times.push((await timed(act))[0]);
  loading += Math.max(0, first - Math.min(...times));
  return times;
}

const [opening, model] = await timed(() => loadModel(told.model));
loading += opening;
const { unet, textEncoders, autoencoder } = model;
if (!autoencoder) throw new Error("expected a model of latents");
const networks = new Networks(model, { backend, threads: told.threads });
const embed = (prompt: string) =>
  networks.embedText(textEncoders.map(({ tokenizer }) => tokenizer.encode(prompt).ids));
const bothTexts = async () => [await embed(""), await embed("a red apple")] as const;

const texts = await several(bothTexts);
const side = unet.sample_size;
const picture = microConditions([8 * side, 8 * side], {}, true);
const conditions = (await bothTexts()).map((text) => conditionValues(model, text, picture, 7.5));
const latent = normalNoise([1, unet.in_channels, side, side], [new Random(7)]);
const samples = [latent, latent];
const passes = await several(() => networks.runUNet({ samples, t: 500, conditions }));
const decodes = await several(() => networks.decode(latent, autoencoder));
await networks.dispose();
report({ loading, texts, passes, decodes, peakBytes: peakBytes() });
