/** How drawn pictures spread over the modes of the data. */
export interface ModeCoverage {
  /** How many modes have at least one picture. */
  readonly covered: number;
  /**
   * The Kullback-Leibler divergence of the drawn pictures' modes from the data's, in nats: 0 where both are alike, log(n / k)
   * where the pictures are of k of n equal modes. Of n pictures it is about (modes - 1) / 2n for the data themselves.
   */
  readonly divergence: number;
}

/**
 * Modes covered, and the divergence over them (Srivastava et al. 2017, section 4.1; Lin et al. 2018, section 4.1).
 * @param modes the mode of each drawn picture, an index of `shares`.
 * @param shares of the data in each mode, above 0, together 1.
 */
export function modeCoverage(modes: readonly number[], shares: readonly number[]): ModeCoverage {
  if (modes.length === 0) throw new RangeError("modeCoverage: expected one picture at least");
  const counts = shares.map(() => 0);
  for (const mode of modes) {
    if (!(mode in counts)) throw new RangeError(`modeCoverage: expected a known mode, got ${mode}`);
    counts[mode]! += 1;
  }
  const terms = counts.map((count, mode) => {
    const share = count / modes.length;
    return count === 0 ? 0 : share * Math.log(share / shares[mode]!);
  });
  return {
    covered: counts.filter((count) => count > 0).length,
    divergence: terms.reduce((sum, term) => sum + term, 0),
  };
}
