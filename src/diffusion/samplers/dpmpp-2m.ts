import type { Sampler } from "../sampler.ts";
import { type DpmppOptions, dpmppMultistep } from "./dpmpp-multistep.ts";

/**
 * DPM-Solver++ with the `denoised` of earlier steps ("DPM++ 2M"): Lu et al. 2022 (arXiv 2211.01095), algorithm 2, and
 * its multistep form of `order` 3. One pass of the network a step, no new noise. diffusers' DPMSolverMultistepScheduler
 * (`dpmsolver++`; `solver` is its `solver_type`, and its order 3 is that of `halfSecond`).
 */
export function dpmpp2m({
  order = 2,
  solver = "midpoint",
  lowerOrderFinal = true,
  eulerAtFinal = false,
  halfSecond = false,
}: Partial<Omit<DpmppOptions, "eta">> = {}): Sampler {
  return dpmppMultistep({ order, solver, lowerOrderFinal, eulerAtFinal, halfSecond, eta: 0 });
}
