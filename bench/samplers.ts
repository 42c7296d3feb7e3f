// One process of the samplers' bench: what a step costs beside the network, on latents [1, 4, 64, 64].
import {
  type Denoiser,
  fromSchedulerConfig,
  type SamplerName,
  sample,
  samplers,
} from "../src/diffusion/index.ts";
import { TextToImage } from "../src/pipelines/index.node.ts";
import { Random } from "../src/tensor/index.ts";
import { report, settings } from "./measure.ts";

interface Told {
  readonly model: string;
  readonly threads: number;
  readonly repeats: number;
}

const { model, threads, repeats } = settings<Told>();
const shape = [1, 4, 64, 64];
const steps = 20;
const answer = new Random(1).normal(4 * 64 * 64);
/** A network that takes no time. */
const denoise: Denoiser = async (latent) => ({
  denoised: { shape: latent.shape, data: answer },
  noise: { shape: latent.shape, data: answer },
});

/** Milliseconds of each step of a run. */
async function stepTimes(name: SamplerName): Promise<number[]> {
  const { sampler, continuum, ...scheduler } = fromSchedulerConfig({}, { sampler: name });
  const levels = scheduler.levels(steps);
  const times: number[] = [];
  let begun = performance.now();
  for await (const _ of sample({
    denoise,
    sampler,
    continuum,
    levels,
    shape,
    random: [new Random(7)],
  })) {
    const now = performance.now();
    times.push(now - begun);
    begun = now;
  }
  return times.slice(1); // the first makes the latent
}

const milliseconds: Partial<Record<SamplerName, number[]>> = {};
for (const name of Object.keys(samplers) as SamplerName[]) {
  await stepTimes(name); // compiles
  milliseconds[name] = [];
  for (let i = 0; i < repeats; i++) milliseconds[name].push(...(await stepTimes(name)));
}

/** Milliseconds of each whole step of the model on latents of that size, guidance included. */
const whole: number[] = [];
await using pipeline = await TextToImage.load(model, { threads });
const side = shape[3]! * pipeline.model.patchSize;
const size = { steps: 5, height: side, width: side };
for (let i = 0; i <= repeats; i++) {
  let begun = performance.now();
  for await (const _ of pipeline.steps("a red apple", size)) {
    const now = performance.now();
    if (i > 0) whole.push(now - begun);
    begun = now;
  }
}
report({ milliseconds, whole });
