import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Backend, compile, type Weights } from "../runtime/index.node.ts";
import { loadTensors, readSafetensors, writeSafetensors } from "../safetensors/index.node.ts";
import { UserError } from "../tensor/index.ts";
import { weightsChecksum } from "./checkpoint.node.ts";
import type { Examples } from "./diffusion/examples.ts";
import { tensorsOf } from "./flat-parameters.ts";
import { writeFigures } from "./recipe-file.node.ts";
import { type KeptStageRecipe, parseKeptStage, type StageRecipe } from "./stage-recipe.ts";
import type { Lesson, Trainer } from "./trainer.ts";
import { type Intervals, type StepOf, trainStage } from "./training-folder.node.ts";

const modelFile = "model.safetensors";
const figuresFile = "figures.json";
/** With a seed that no training has, so that what is judged by is not what was learnt from. */
const judgedBatch = { batchSize: 128, seed: 0x6a756467 };

/** A network that is taught in a folder of its own, before the diffusion. */
export interface TaughtStage extends Pick<KeptStageRecipe, "stage" | "taughtBy"> {
  /** What an error says of a folder that was begun with another teacher, after "expected". */
  readonly misfit: string;
  /** What is learnt from. */
  readonly examples: Examples;
  /** What is judged by. */
  readonly fresh: Examples;
  readonly backend: Backend;
  /** The lesson in batches of some size from some seed, of examples; its loss is what is judged by, too. */
  lesson(batches: Pick<StageRecipe, "batchSize" | "seed">, examples: Examples): Lesson;
}

/**
 * Teaches a network, or goes on with it, and yields every step. The folder `out` then holds `recipe.json`, `log.jsonl`,
 * `checkpoint.safetensors`, `loss.png`, the network in `model.safetensors`, and `figures.json`: the loss for 128 examples
 * drawn anew.
 * @throws UserError when the folder is not what it should be, or was begun with another teacher.
 */
export async function* teach(
  out: string,
  recipe: StageRecipe,
  { stage, taughtBy, misfit, examples, fresh, backend, lesson }: TaughtStage,
  intervals: Intervals,
): AsyncGenerator<StepOf<KeptStageRecipe>, void, void> {
  const report = async (trainer: Trainer) => {
    const { graph, fixed, batch } = lesson(judgedBatch, fresh);
    const weights = { ...fixed, ...trainer.averaged() };
    await using network = await compile({ loss: graph.outputs.loss! }, { backend, weights });
    const error = (await network.run(await batch(0))).loss![0]!;
    const networks = tensorsOf(trainer.slots, trainer.state.ema);
    writeSafetensors(join(out, modelFile), networks, { dtype: "F16" });
    writeFigures(join(out, figuresFile), { step: trainer.step, error });
  };
  const requireFit = (begun: KeptStageRecipe) => {
    if (begun.taughtBy !== taughtBy) throw new UserError(`${out}: expected ${misfit}`);
  };
  const wanted = { ...recipe, stage, taughtBy };
  const lessons = (kept: KeptStageRecipe) => [lesson(kept, examples)];
  const parse = parseKeptStage;
  yield* trainStage(
    out,
    { wanted, parse, requireFit, figuresFile, backend, lessons, report },
    intervals,
  );
}

/**
 * What a stage has learnt, by parameter.
 * @throws UserError when it is missing or damaged.
 */
export async function readNetworks(folder: string): Promise<Weights> {
  const file = await readSafetensors(join(folder, modelFile));
  const tensors = await loadTensors(file);
  return Object.fromEntries(Array.from(tensors, ([name, { data }]) => [name, data]));
}

/** A checksum of what a stage is taught by: of the files of a model whose names begin with one of `read`, and of weights. */
export function teachingChecksum(
  files: Readonly<Record<string, string | undefined>>,
  read: readonly string[],
  weights: Weights,
): string {
  const named = Object.entries(files).filter(([name]) => read.some((s) => name.startsWith(s)));
  const told = JSON.stringify([named.sort(), weightsChecksum(weights)]);
  return createHash("sha256").update(told).digest("hex");
}
