import { ddim } from "./ddim.ts";
import { ddpm } from "./ddpm.ts";
import { euler } from "./euler.ts";

/** Every sampler by name. Each entry makes one: `samplers.ddim({ eta: 0.5 })`. */
export const samplers: {
  readonly ddpm: typeof ddpm;
  readonly ddim: typeof ddim;
  readonly euler: typeof euler;
} = { ddpm, ddim, euler };

/** The samplers' names. */
export type SamplerName = keyof typeof samplers;
