import { wilsonInterval } from "./measures/wilson.ts";
import type { EvaluationPrompt } from "./prompts.ts";
import type { Sight } from "./recogniser/sight.ts";
import { rows } from "./rows.ts";

/** How often something was right. */
export interface Tally {
  readonly right: number;
  readonly of: number;
}

/** One row of the table, filled in. */
export interface RowResult {
  readonly name: string;
  /** What share of the ceiling was aimed at, 0 to 1. */
  readonly aim: number;
  readonly measured: Tally;
  /** The recogniser's own accuracy: the same of real scenes. */
  readonly ceiling: Tally;
  /** Of the same scenes after the model's autoencoder, where it has one. */
  readonly returned?: Tally;
  /** What was measured as a share of the ceiling, which may be above 1; NaN where the ceiling is 0. */
  readonly share: number;
  /** Its 95 % interval, in which the ceiling is taken for exact. */
  readonly interval: readonly [low: number, high: number];
}

/** What is seen in the pictures of each prompt. */
export interface Sights {
  /** What is to be seen. */
  readonly asked: readonly Sight[];
  readonly drawn: readonly Sight[];
  /** Real scenes. */
  readonly real: readonly Sight[];
  /** The real scenes as they come back from the model's autoencoder. */
  readonly returned?: readonly Sight[];
}

/** The table of a model: how much of what was asked is seen. Rows without a prompt are left out. */
export function tableOf(
  prompts: readonly EvaluationPrompt[],
  { asked, drawn, real, returned }: Sights,
): RowResult[] {
  return rows.flatMap((row) => {
    const own = [...prompts.keys()].filter((i) => prompts[i]!.row === row);
    if (own.length === 0) return [];
    const tally = (seen: readonly Sight[]): Tally => ({
      right: own.filter((i) => row.isRight(seen[i]!, asked[i]!)).length,
      of: own.length,
    });
    const [measured, ceiling] = [tally(drawn), tally(real)];
    const ofCeiling = (share: number) =>
      ceiling.right === 0 ? Number.NaN : (share * ceiling.of) / ceiling.right;
    const [low, high] = wilsonInterval(measured.right, measured.of);
    const result: RowResult = {
      name: row.name,
      aim: row.aim,
      measured,
      ceiling,
      ...(returned && { returned: tally(returned) }),
      share: ofCeiling(measured.right / measured.of),
      interval: [ofCeiling(low), ofCeiling(high)],
    };
    return [result];
  });
}
