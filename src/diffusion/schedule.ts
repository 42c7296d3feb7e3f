import { linearCombination, type NdArray } from "../tensor/index.ts";

/** How much of the picture is left after each step of the forward process. */
export interface Schedule {
  /**
   * alpha^2 / (alpha^2 + sigma^2) at each training timestep, strictly falling. Where variance is preserved, that is
   * the product of (1 - beta) up to and with the timestep.
   */
  readonly alphasCumprod: Float32Array | Float64Array;
  /** Straight paths, alpha = 1 - sigma, of which the network is told t = sigma * timesteps. Default: variance preserving. */
  readonly path?: "flow";
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
  /**
   * The levels floor(timesteps / steps) timesteps below and above. diffusers' DDIM and PNDM go there from here, and are
   * taken to come from there, even where the list of levels goes elsewhere; only their conventions set it.
   */
  readonly stride?: { readonly below: NoiseLevel; readonly above: NoiseLevel };
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

/** Betas rise along a logistic curve from -6 to 6: GeoDiff (Xu et al. 2022), diffusers' DDPMScheduler. */
export function sigmoid({ betaStart, betaEnd, timesteps = 1000 }: BetaRange = ddpmRange): Schedule {
  const curve = linspace32(-6, 6, timesteps).map((x) => 1 / (1 + Math.exp(-x)));
  return fromBetas(curve.map((y) => Math.fround(y * Math.fround(betaEnd - betaStart)) + betaStart));
}

/**
 * Straight paths from noise to picture: Lipman et al. 2023 (arXiv 2210.02747), example II. Sigma rises evenly to 1, or
 * with `shift` above 1 spends more timesteps in much noise: Esser et al. 2024 (arXiv 2403.03206), equation 23.
 */
export function flow({
  timesteps = 1000,
  shift = 1,
}: {
  readonly timesteps?: number;
  readonly shift?: number;
} = {}): Schedule {
  const alphasCumprod = Float64Array.from({ length: timesteps }, (_, i) => {
    const sigma = shifted((i + 1) / timesteps, shift);
    return (1 - sigma) ** 2 / ((1 - sigma) ** 2 + sigma ** 2);
  });
  return { alphasCumprod, path: "flow" };
}

/** Sigma of a straight path moved towards 1 (shift above 1) or 0; 0 and 1 stay. Esser et al. 2024, equation 23. */
export function shifted(sigma: number, shift: number): number {
  return (shift * sigma) / (1 + (shift - 1) * sigma);
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

/** The schedule with a last step that leaves a trace of the picture (2^-24) where it left none, as diffusers' solvers need. */
export function withFiniteSnr(schedule: Schedule): Schedule {
  const alphasCumprod = schedule.alphasCumprod.map((value) => value || 2 ** -24);
  return { ...schedule, alphasCumprod };
}

/** Every schedule of betas under diffusers' name for it. */
export const schedules: {
  readonly linear: typeof linear;
  readonly scaled_linear: typeof scaledLinear;
  readonly squaredcos_cap_v2: typeof squaredcos;
  readonly sigmoid: typeof sigmoid;
} = { linear, scaled_linear: scaledLinear, squaredcos_cap_v2: squaredcos, sigmoid };

/** diffusers' names of the schedules (`beta_schedule`). */
export type ScheduleName = keyof typeof schedules;

/** The clean end of every run; no network sees it. */
export const clean: NoiseLevel = { t: -1, alpha: 1, sigma: 0 };

/** sigma / alpha: the noise beside a picture of full strength, from 0 to Infinity, where there is only noise. */
export function ratioOf({ alpha, sigma }: Omit<NoiseLevel, "t">): number {
  return sigma / alpha;
}

/** The level of a path at which sigma / alpha is `ratio`, from 0 to infinity. */
export function levelOfRatio(path: Schedule["path"], t: number, ratio: number): NoiseLevel {
  if (path === "flow") return { t, alpha: 1 / (1 + ratio), sigma: 1 / (1 + 1 / ratio) };
  return { t, alpha: 1 / Math.hypot(1, ratio), sigma: 1 / Math.hypot(1, 1 / ratio) };
}

/** sigma / alpha at each timestep, strictly rising, rounded where diffusers rounds. */
export function ratiosOf({ alphasCumprod }: Schedule): Float32Array {
  return Float32Array.from(alphasCumprod, (value) =>
    Math.sqrt(Math.fround(Math.fround(1 - value) / value)),
  );
}

/**
 * The level of training timestep `t`, 0 to the number of training timesteps - 1, else a `RangeError`.
 * Between two whole timesteps, sigma / alpha is interpolated linearly (as diffusers' EulerDiscreteScheduler does).
 */
export function levelAt({ alphasCumprod, path }: Schedule, t: number): NoiseLevel {
  const below = alphasCumprod[Math.floor(t)];
  const above = alphasCumprod[Math.ceil(t)];
  if (below === undefined || above === undefined) {
    throw new RangeError(`levelAt: expected t from 0 to ${alphasCumprod.length - 1}, got ${t}`);
  }
  const fraction = t - Math.floor(t);
  const ratio = (alphaCumprod: number) => Math.sqrt((1 - alphaCumprod) / alphaCumprod);
  const between =
    below === above ? ratio(below) : ratio(below) * (1 - fraction) + ratio(above) * fraction;
  const level = levelOfRatio(path, t, between);
  return path === "flow" ? { ...level, t: level.sigma * alphasCumprod.length } : level;
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
