import { betaQuantile } from "./beta-distribution.ts";

/** How the noise of a run falls from its greatest to its least, in place of even steps of time. */
export type SigmaSpacing = "karras" | "exponential" | "beta";

/** A number at `position` (0 to 1) on the way from `most` to `least`. */
type SigmaRule = (position: number, most: number, least: number) => number;

const sigmaRules: { readonly [S in SigmaSpacing]: SigmaRule } = {
  // Karras et al. 2022 (arXiv 2206.00364), equation 5, with rho = 7
  karras: (position, most, least) =>
    (most ** (1 / 7) + position * (least ** (1 / 7) - most ** (1 / 7))) ** 7,
  exponential: (position, most, least) =>
    Math.exp(Math.log(most) + position * (Math.log(least) - Math.log(most))),
  // Lee et al. 2024 (arXiv 2407.12173), with shape 0.6
  beta: (position, most, least) => least + betaQuantile(1 - position, 0.6) * (most - least),
};

/** Names of the spacings of sigma. */
export const sigmaSpacings: readonly SigmaSpacing[] = Object.keys(sigmaRules) as SigmaSpacing[];

/** `count` falling values of noise, from `most` to `least`; for one, `most`. */
export function spacedSigmas(
  spacing: SigmaSpacing,
  { count, most, least }: { count: number; most: number; least: number },
): number[] {
  const last = Math.max(count - 1, 1);
  return Array.from({ length: count }, (_, i) => sigmaRules[spacing](i / last, most, least));
}
