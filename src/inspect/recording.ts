import type { Step } from "../diffusion/index.ts";
import type { NdArray } from "../tensor/index.ts";

/** A run as it went. */
export interface Recording {
  /** What the run was made with (prompt, seed, ...), as JSON can hold it; the caller's affair. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Every step with all that it held: arrays, generators' states, history, probes. `from: steps[i]` goes on from it. */
  readonly steps: readonly Step[];
  /** The finished latent. */
  readonly latent: NdArray;
}

/**
 * Runs a loop to its end and keeps all of it.
 *
 * @example
 * const settings = { seed: 7, steps: 10 };
 * const recording = await record(pipeline.steps("a red apple", settings), settings);
 * const branch = pipeline.steps("a green apple", { ...settings, from: recording.steps[5] });
 */
export async function record(
  run: AsyncGenerator<Step, NdArray, void>,
  settings: Recording["settings"] = {},
): Promise<Recording> {
  const steps: Step[] = [];
  let result = await run.next();
  for (; !result.done; result = await run.next()) steps.push(result.value);
  return { settings, steps, latent: result.value };
}

/** A recording as the run that it was: yields the same steps and returns the same latent, without a network. */
export async function* replay({ steps, latent }: Recording): AsyncGenerator<Step, NdArray, void> {
  yield* steps;
  return latent;
}
