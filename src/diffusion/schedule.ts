import { linearCombination, type NdArray } from "../tensor/index.ts";

/** How much of the picture is left after each step of the forward process. */
export interface Schedule {
  /** The products of (1 - beta) up to and with each timestep, strictly falling; one for each training timestep. */
  readonly alphasCumprod: Float32Array;
}

/**
 * How noisy a latent is: `latent = alpha * denoised + sigma * noise`, with noise of variance 1.
 *
 * Variance preserving has alpha^2 + sigma^2 = 1, variance exploding alpha = 1, flow alpha = 1 - sigma.
 * Alpha may be 0 (nothing but noise) and sigma may be 0 (clean), not both.
 */
export interface NoiseLevel {
  /** The timestep that the network is told, counted in training timesteps; -1 for the clean end. */
  readonly t: number;
  /** Share of the picture, at least 0. */
  readonly alpha: number;
  /** Standard deviation of the noise, at least 0. */
  readonly sigma: number;
}

interface BetaRange {
  readonly betaStart: number;
  readonly betaEnd: number;
  /** Number of training timesteps. */
  readonly timesteps?: number;
}

/** Betas rise linearly: Ho et al. 2020, section 4 (1e-4 to 0.02 by default). */
export function linear({ betaStart, betaEnd, timesteps = 1000 }: BetaRange = ddpmRange): Schedule {
  return fromBetas(linspace32(betaStart, betaEnd, timesteps));
}

/** Square roots of the betas rise linearly: latent diffusion's schedule (Stable Diffusion: 0.00085 to 0.012, the default). */
export function scaledLinear({
  betaStart,
  betaEnd,
  timesteps = 1000,
}: BetaRange = stableDiffusionRange): Schedule {
  const roots = linspace32(Math.sqrt(betaStart), Math.sqrt(betaEnd), timesteps);
  return fromBetas(roots.map((root) => root * root));
}

/** The cosine schedule: Nichol and Dhariwal 2021, equation 17, with betas capped at 0.999. */
export function squaredcos({ timesteps = 1000 }: { readonly timesteps?: number } = {}): Schedule {
  const alphaCumprod = (time: number) => Math.cos(((time + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  const betas = Float32Array.from({ length: timesteps }, (_, i) =>
    Math.min(1 - alphaCumprod((i + 1) / timesteps) / alphaCumprod(i / timesteps), 0.999),
  );
  return fromBetas(betas);
}

const ddpmRange: BetaRange = { betaStart: 1e-4, betaEnd: 0.02 };
const stableDiffusionRange: BetaRange = { betaStart: 0.00085, betaEnd: 0.012 };

/** The schedule of given betas, each in (0, 1). Rounded to float32 where diffusers rounds, as 1 - alphaCumprod magnifies rounding. */
export function fromBetas(betas: Float32Array): Schedule {
  let product = 1;
  return {
    alphasCumprod: betas.map((beta) => {
      product *= Math.fround(1 - beta);
      return product;
    }),
  };
}

/** The schedule shifted and scaled so that its last step leaves no picture, alpha = 0: Lin et al. 2024, algorithm 1. */
export function withZeroTerminalSnr({ alphasCumprod }: Schedule): Schedule {
  const roots = Array.from(alphasCumprod, Math.sqrt);
  const [first, last] = [roots[0]!, roots.at(-1)!];
  const stretch = first / (first - last);
  return { alphasCumprod: Float32Array.from(roots, (root) => ((root - last) * stretch) ** 2) };
}

/** Every schedule under diffusers' name for it. */
export const schedules: {
  readonly linear: typeof linear;
  readonly scaled_linear: typeof scaledLinear;
  readonly squaredcos_cap_v2: typeof squaredcos;
} = { linear, scaled_linear: scaledLinear, squaredcos_cap_v2: squaredcos };

/** diffusers' names of the schedules (`beta_schedule`). */
export type ScheduleName = keyof typeof schedules;

/** The (variance preserving) level whose squared alpha is `alphaCumprod`. */
export function variancePreserving(t: number, alphaCumprod: number): NoiseLevel {
  return { t, alpha: Math.sqrt(alphaCumprod), sigma: Math.sqrt(1 - alphaCumprod) };
}

/**
 * The level of timestep `t`, 0 to the number of training timesteps - 1, else a `RangeError`.
 * Between two whole timesteps, sigma / alpha is interpolated linearly (as diffusers' EulerDiscreteScheduler does).
 */
export function levelAt({ alphasCumprod }: Schedule, t: number): NoiseLevel {
  const below = alphasCumprod[Math.floor(t)];
  const above = alphasCumprod[Math.ceil(t)];
  if (below === undefined || above === undefined) {
    throw new RangeError(`levelAt: expected t from 0 to ${alphasCumprod.length - 1}, got ${t}`);
  }
  if (below === above) return variancePreserving(t, below);
  const fraction = t - Math.floor(t);
  const ratio = (alphaCumprod: number) => Math.sqrt((1 - alphaCumprod) / alphaCumprod);
  const sigmaOverAlpha = ratio(below) * (1 - fraction) + ratio(above) * fraction;
  return variancePreserving(t, 1 / (1 + sigmaOverAlpha ** 2));
}

/**
 * The jump to any step, a draw of q(x_t | x_0): `alpha * clean + sigma * noise` with noise from N(0, 1).
 * Ho et al. 2020, equation 4. Both arrays have the same shape, which the result has too.
 */
export function addNoise(clean: NdArray, noise: NdArray, { alpha, sigma }: NoiseLevel): NdArray {
  return linearCombination([
    [alpha, clean],
    [sigma, noise],
  ]);
}

/** Evenly spaced float32 numbers, computed in float32 from both ends as torch.linspace does. */
function linspace32(start: number, end: number, count: number): Float32Array {
  const [low, high] = [Math.fround(start), Math.fround(end)];
  const step = count > 1 ? Math.fround((high - low) / (count - 1)) : 0;
  return Float32Array.from({ length: count }, (_, i) =>
    i < count / 2 ? low + step * i : high - step * (count - 1 - i),
  );
}
