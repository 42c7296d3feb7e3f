import type { Sampler } from "../sampler.ts";
import { checkedShare } from "../share.ts";
import { type DpmppOptions, dpmppMultistep } from "./dpmpp-multistep.ts";

/**
 * SDE-DPM-Solver++(2M), with the `denoised` of the step before ("DPM++ 2M SDE"): Lu et al. 2022 (arXiv 2211.01095). One
 * pass of the network a step. `eta` (0 to 1, else a `UserError`) as in k-diffusion: 1, the default, is diffusers'
 * DPMSolverMultistepScheduler with `sde-dpmsolver++`, and 0 is `dpmpp2m`.
 */
export function dpmpp2mSde({
  order = 2,
  solver = "midpoint",
  lowerOrderFinal = true,
  eulerAtFinal = false,
  eta = 1,
}: Partial<Omit<DpmppOptions, "halfSecond">> & { readonly order?: 1 | 2 } = {}): Sampler {
  return dpmppMultistep({
    order,
    solver,
    lowerOrderFinal,
    eulerAtFinal,
    eta: checkedShare("eta", eta),
    halfSecond: false,
  });
}
