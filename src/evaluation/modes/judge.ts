import { Random } from "../../tensor/index.ts";
import { kernelDistance } from "../measures/kernel-distance.ts";
import { modeCoverage } from "../measures/mode-coverage.ts";
import { nearDuplicateShare } from "../measures/near-copies.ts";
import { precisionRecall } from "../measures/precision-recall.ts";
import { vendiScore } from "../measures/vendi-score.ts";
import type { ModeRecogniser, SeenModes } from "./mode-recogniser.ts";
import type { ModedData } from "./moded-data.ts";

/** What pictures that a model drew are like, beside real ones. */
export interface SampleFigures {
  /** Modes with a picture, of `modes`. */
  readonly covered: number;
  readonly modes: number;
  /** Of the pictures' modes from the data's, in nats. */
  readonly divergence: number;
  readonly precision: number;
  readonly recall: number;
  readonly kid: number;
  /** How many different pictures there are in effect. */
  readonly vendi: number;
  /** The share of pictures that were drawn twice. */
  readonly nearDuplicates: number;
}

/** Judges sets of as many pictures as there are real ones. */
export interface Judge {
  /** The share of the real pictures whose mode is recognised. */
  readonly accuracy: number;
  /** Of other real pictures: what a perfect model would have. */
  readonly ceiling: SampleFigures;
  judge(pictures: readonly Float32Array[]): Promise<SampleFigures>;
}

/**
 * A judge by `count` real pictures.
 * @param seed of the real pictures, which no training draws.
 */
export async function createJudge(
  data: ModedData,
  recogniser: ModeRecogniser,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Judge> {
  const random = new Random(seed);
  const examples = () => Array.from({ length: count }, () => data.example(random));
  const [known, others] = [examples(), examples()];
  const real = await recogniser.look(known.map(({ picture }) => picture));
  const figures = (drawn: SeenModes): SampleFigures => ({
    ...modeCoverage(drawn.modes, data.shares),
    modes: data.modes.length,
    ...precisionRecall(real.features, drawn.features),
    kid: kernelDistance(real.features, drawn.features),
    vendi: vendiScore(drawn.features),
    nearDuplicates: nearDuplicateShare(drawn.features, real.features),
  });
  const judge = async (pictures: readonly Float32Array[]) =>
    figures(await recogniser.look(pictures));
  const right = known.filter(({ mode }, i) => mode === real.modes[i]);
  return {
    accuracy: right.length / count,
    ceiling: await judge(others.map(({ picture }) => picture)),
    judge,
  };
}
