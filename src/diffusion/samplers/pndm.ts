import { linearCombination, type NdArray } from "../../tensor/index.ts";
import type { Denoiser, Prediction } from "../denoiser.ts";
import { type PredictionType, predict, trainingTarget } from "../parameterization.ts";
import { intervals, type Past, remember, type Sampler, type SamplerInput } from "../sampler.ts";
import type { NoiseLevel } from "../schedule.ts";

interface PndmOptions {
  /** What the formulas continue: the noise, as in the paper, or v, as diffusers does for networks that predict v. */
  readonly output: PredictionType;
  /** Whether the first three steps are of Runge and Kutta's kind (equation 13), four passes each; else see below. */
  readonly rungeKutta: boolean;
  /**
   * How many steps a run of diffusers' left out, where it left out any: of its list of timesteps, which has the second
   * twice. Its step of two passes then ends where it began (`one`), or at the next level, which it takes for the one after
   * (`more`).
   */
  readonly late: "one" | "more" | undefined;
}

/**
 * Pseudo linear multistep (PNDM, PLMS): Liu et al. 2022 (arXiv 2202.09778), algorithm 2 with equations 9 and 12, one
 * pass of the network a step, no new noise. It is begun as latent diffusion does, with one step of two passes and lower
 * orders, or with `rungeKutta` as in the paper. Stable Diffusion 1's own sampler; diffusers' PNDMScheduler
 * (`skip_prk_steps`).
 */
export function pndm({
  output = "epsilon",
  rungeKutta = false,
  late,
}: Partial<PndmOptions> = {}): Sampler {
  return async function* ({ denoise, latent, levels, levelAt, start, random, history }) {
    let past = history;
    let leftOut: number | undefined;
    for (const { step, level, next } of intervals({ levels, start })) {
      if (step === leftOut) continue;
      const prediction = await denoise(latent, level);
      const states = random.map((generator) => generator.state());
      yield { step, ...level, latent, ...prediction, random: states, history: past };
      const here: Past = { ...level, latent, ...prediction };
      const known = [here, ...past].map((one) => outputOf(output, one, one));
      const [after, last] = [levels[step + 1]!, step + 2 === levels.length];
      if (level.alpha === 0) {
        latent = transfer(prediction, next);
      } else if (rungeKutta && past.length < 3 && !last) {
        latent = await rungeKuttaStep({ denoise, levelAt, output }, here, after);
      } else if (past.length === 0 && !last) {
        const end = late === "one" ? level : after;
        latent = await twoPassStep({ denoise, output }, here, { next, after: end });
        if (late === "more") leftOut = step + 1;
      } else {
        latent = transfer(predict(output, combine(known), latent, level), next);
      }
      past = remember(here, past, 3);
    }
    return latent;
  };
}

function outputOf(output: PredictionType, { denoised, noise }: Prediction, level: NoiseLevel) {
  return trainingTarget(output, denoised, noise, level);
}

/** The paper's transfer part, equation 9: to the next level along the picture and the noise that are believed in. */
function transfer({ denoised, noise }: Prediction, next: NoiseLevel): NdArray {
  return linearCombination([
    [next.alpha, denoised],
    [next.sigma, noise],
  ]);
}

/** Adams-Bashforth of order 1 to 4, by how many values are known, newest first. */
function combine(known: readonly NdArray[]): NdArray {
  const weights = adamsBashforth[known.length - 1]!;
  return linearCombination(known.map((value, i) => [weights[i]!, value]));
}

const adamsBashforth: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/** Heun's step in the outputs; `from` is where diffusers takes the second half to begin. */
async function twoPassStep(
  { denoise, output }: { denoise: Denoiser; output: PredictionType },
  here: Past,
  { next, after }: { next: NoiseLevel; after: NoiseLevel },
): Promise<NdArray> {
  const second = await denoise(transfer(here, next), after);
  const mean = linearCombination([
    [1 / 2, outputOf(output, here, here)],
    [1 / 2, outputOf(output, second, after)],
  ]);
  const from = after.stride?.above ?? here;
  return transfer(predict(output, mean, here.latent, from), after);
}

/** Equation 13. diffusers rounds half a stride down, so that its two levels half way differ for odd strides. */
async function rungeKuttaStep(
  {
    denoise,
    levelAt,
    output,
  }: Pick<SamplerInput, "denoise" | "levelAt"> & { output: PredictionType },
  here: Past,
  after: NoiseLevel,
): Promise<NdArray> {
  const half = here.stride
    ? Math.floor((here.t - here.stride.below.t) / 2)
    : (here.t - after.t) / 2;
  const [down, up] = [levelAt(here.t - half), levelAt(after.t + half)];
  const go = (value: NdArray, to: NoiseLevel) =>
    transfer(predict(output, value, here.latent, here), to);
  const at = async (latent: NdArray, level: NoiseLevel) =>
    outputOf(output, await denoise(latent, level), level);
  const first = outputOf(output, here, here);
  const second = await at(go(first, down), up);
  const third = await at(go(second, up), up);
  const fourth = await at(go(third, after), after);
  const mean = linearCombination([
    [1 / 6, first],
    [1 / 3, second],
    [1 / 3, third],
    [1 / 6, fourth],
  ]);
  return go(mean, after);
}
