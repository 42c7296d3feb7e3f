import { UserError } from "../../tensor/index.ts";
import { type NoiseLevel, ratioOf } from "../schedule.ts";

/**
 * Guidance in a limited interval: Kynkäänniemi et al. 2024 (arXiv 2404.07724), section 3.1. The scale where noise against picture,
 * sigma / alpha (the paper's sigma), is in (above, upTo]; 1 elsewhere, where the network is then asked once only. It
 * helps in the middle: in much noise it takes variety, in little it does nothing.
 *
 * @throws UserError when the interval is empty.
 */
export function guidanceInterval(
  scale: number,
  { above = 0, upTo = Infinity }: { readonly above?: number; readonly upTo?: number },
): (level: NoiseLevel) => number {
  if (!(above >= 0 && above < upTo)) {
    throw new UserError(`guidanceInterval: expected 0 <= above < upTo, got ${above} and ${upTo}`);
  }
  return (level) => {
    const ratio = ratioOf(level);
    return ratio > above && ratio <= upTo ? scale : 1;
  };
}
