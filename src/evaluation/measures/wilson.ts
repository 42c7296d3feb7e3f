/** The normal distribution's value that 97.5 % of it lie below. */
const z = 1.959963984540054;

/**
 * The 95 % interval of a share of which `right` of `of` were seen (Wilson 1927; Brown, Cai & DasGupta 2001, equation 4).
 * @returns Its ends, from 0 to 1; all of that range where nothing was seen.
 */
export function wilsonInterval(right: number, of: number): readonly [low: number, high: number] {
  if (of === 0) return [0, 1];
  const share = right / of;
  const middle = (share + z ** 2 / (2 * of)) / (1 + z ** 2 / of);
  const spread = (share * (1 - share)) / of + z ** 2 / (4 * of ** 2);
  const half = (z * Math.sqrt(spread)) / (1 + z ** 2 / of);
  return [right === 0 ? 0 : middle - half, right === of ? 1 : middle + half];
}
