import { input, Scope, type Tensor } from "../../graph/index.ts";
import { linear } from "../../nn/index.ts";
import {
  type Backend,
  compile,
  type Executable,
  type Values,
  type Weights,
} from "../../runtime/index.ts";
import { type NdArray, Random } from "../../tensor/index.ts";
import { type TrainingGraph, withGradients } from "../../training/gradients.ts";
import { mixedSeed } from "../../training/mixed-seed.ts";
import { crossEntropy } from "../cross-entropy.ts";
import { stackRows } from "../measures/features.ts";
import { recognise } from "../recogniser/network.ts";
import type { ModedData } from "./moded-data.ts";

/** What is told of pictures: the likeliest mode of each, and features [pictures, 192] by which they are compared. */
export interface SeenModes {
  readonly modes: readonly number[];
  readonly features: NdArray;
}

interface Told {
  readonly logits: Tensor;
  readonly features: Tensor;
}

/** The recogniser's network (see `recognise`) with one word for each picture: its mode. */
function tellModes(pictures: Tensor, modes: number, layout: "rows" | "planes"): Told {
  const scope = new Scope();
  const { features } = recognise(scope, pictures, layout);
  return { logits: linear(scope.at("mode"), features, { features: modes }), features };
}

/** The loss of a recogniser of modes and its gradients. Inputs: `pictures`, and `right` [batch, modes], 1 for the mode. */
export function modeGraph({ dataset, modes }: ModedData, batch: number): TrainingGraph {
  const pictures = input("pictures", [batch, 3, dataset.size, dataset.size]);
  const { logits } = tellModes(pictures, modes.length, "rows");
  return withGradients(crossEntropy(logits, input("right", logits.shape)));
}

/** Batch `index`: a pure function of the seed and the index. */
export function makeModeBatch(data: ModedData, batch: number, seed: number, index: number): Values {
  const random = new Random(mixedSeed(seed, index));
  const length = 3 * data.dataset.size ** 2;
  const pictures = new Float32Array(batch * length);
  const right = new Float32Array(batch * data.modes.length);
  for (let i = 0; i < batch; i++) {
    const { picture, mode } = data.example(random);
    pictures.set(picture, i * length);
    right[i * data.modes.length + mode] = 1;
  }
  return { pictures, right };
}

/** A network that tells which mode pictures are of. */
export class ModeRecogniser implements AsyncDisposable {
  readonly #network: Executable;

  private constructor(network: Executable) {
    this.#network = network;
  }

  static async create(
    { dataset, modes }: ModedData,
    weights: Weights,
    backend: Backend,
  ): Promise<ModeRecogniser> {
    const picture = input("picture", [1, 3, dataset.size, dataset.size]);
    const told = tellModes(picture, modes.length, "planes");
    return new ModeRecogniser(await compile({ ...told }, { backend, weights }));
  }

  /** What pictures [3, size, size] in [-1, 1] are of; one call after the other. */
  async look(pictures: readonly Float32Array[]): Promise<SeenModes> {
    const modes: number[] = [];
    const rows: Float32Array[] = [];
    for (const picture of pictures) {
      const { logits, features } = await this.#network.run({ picture });
      modes.push(logits!.indexOf(Math.max(...logits!)));
      rows.push(features!.slice());
    }
    return { modes, features: stackRows(rows) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network.dispose();
  }
}
