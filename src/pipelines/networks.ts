import {
  add,
  input,
  inputsOf,
  mul,
  type Outputs,
  Scope,
  type Shape,
  type Tensor,
} from "../graph/index.ts";
import {
  type AutoencoderConfig,
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
  unet2DCondition,
} from "../models/index.ts";
import {
  type Backend,
  compile,
  type Executable,
  type PlacedWeights,
  type Values,
} from "../runtime/index.ts";
import { firstNotFinite, type NdArray } from "../tensor/index.ts";
import { type AttentionEdits, editFeeds, editing, innerTensors } from "./attention.ts";
import { joined, unstack } from "./batch.ts";
import {
  type ConditionValues,
  conditionInputs,
  stackedConditions,
  type TextEmbedding,
} from "./conditions.ts";
import { activationBytes, memoryBytes, tileSide, weightBytes } from "./memory.ts";
import type { Model, NetworkName } from "./model.ts";
import { modelParameters, parameterCount } from "./model-parameters.ts";
import { pixelsPerElement } from "./picture-size.ts";
import { textFeeds, textGraph } from "./text-graph.ts";
import { inTiles } from "./tiles.ts";

/** Where the networks run. */
export interface NetworkOptions {
  readonly backend: Backend;
  /** Threads of one operator; the machine's cores if absent. */
  readonly threads?: number;
}

/** One call of the U-Net, for a batch [n, in_channels, height, width] with each of the conditions. */
export interface UNetCall {
  readonly samples: readonly NdArray[];
  /** The timestep. */
  readonly t: number;
  /** What it is told, of the same kinds each time. */
  readonly conditions: readonly ConditionValues[];
  /** Default: nothing. */
  readonly inside?: Inside;
}

/** What is read and changed inside the network. */
interface Inside {
  /** Names of the inner tensors that are to be read. */
  readonly probes: readonly string[];
  /** What changes in the attention of the pass for one of the conditions, number `edited`. */
  readonly edits: AttentionEdits;
  readonly edited: number;
}

const untouched: Inside = { probes: [], edits: {}, edited: 0 };

/** Results by name, `output` and the probes, each a copy of its own. */
type Results = Readonly<Record<string, NdArray>>;

interface Network {
  readonly inputs: ReadonlyMap<string, { readonly shape: Shape }>;
  run(feeds: Values): Promise<Results>;
  dispose(): Promise<void>;
}

/** One half of an autoencoder: how many elements it makes of one, and how many pixels that is, along a side. */
interface Half {
  readonly config: AutoencoderConfig;
  readonly scale: number;
  readonly pixels: number;
}

type Build = (shape: Shape) => Tensor;

/** What the keys of U-Nets begin with. */
const unetKey = "U-Net";

/**
 * A model's networks, compiled for each shape when it is first asked for, and kept, U-Nets as far as there is memory for them. The weights are mapped from their
 * files, or read for compiling and then let go, because what is compiled has its own.
 */
export class Networks {
  readonly #model: Model;
  readonly #options: NetworkOptions;
  readonly #compiled = new Map<string, Promise<Network>>();

  constructor(model: Model, options: NetworkOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** A text's ids by each of the tokenizers to its embedding; the states from `clipSkip` layers earlier. */
  async embedText(ids: readonly Int32Array[], clipSkip = 0): Promise<TextEmbedding> {
    const model = this.#model;
    const names = model.textEncoders.map(({ name }) => name);
    const network = await this.#network(`text ${clipSkip}`, names, () =>
      textGraph(model, clipSkip),
    );
    const { states, pooled } = await network.run(textFeeds(model, ids));
    return { states: states!, ...(pooled && { pooled }) };
  }

  /**
   * The U-Net's output [conditions * n, channels, height, width], and what was probed [conditions * n, ...], from one
   * call of the network: first all pictures under the first condition, then all under the second.
   * @throws UserError when the network has no inner tensor of a name, or an edit does not fit it.
   */
  async runUNet({ samples, t, conditions, inside = untouched }: UNetCall): Promise<Results> {
    const { probes, edits, edited } = inside;
    const [pictures = 1, ...rest] = samples[0]?.shape ?? [];
    const batch = conditions.length * pictures;
    const { shapes, feeds } = stackedConditions(conditions, pictures);
    const key = JSON.stringify([unetKey, batch, rest, probes, Object.keys(edits)]);
    if (!this.#compiled.has(key)) await this.#makeRoom(pictures, rest);
    const network = await this.#network(key, ["unet"], () =>
      this.#unet([batch, ...rest], conditionInputs(shapes), inside),
    );
    return network.run({
      sample: joined(samples.map(({ data }) => data)),
      timesteps: new Float32Array(batch).fill(t),
      ...feeds,
      ...editFeeds(edits, edited * pictures, pictures, network.inputs),
    });
  }

  /** Pictures [n, 3, height, width] as what the autoencoder's encoder makes of them, of which `latentOf` makes latents. */
  encode(pictures: NdArray, config: AutoencoderConfig): Promise<NdArray> {
    const scale = 1 / autoencoderDownsampling(config);
    return this.#oneByOne("encoder", pictures, { config, scale, pixels: 1 }, (shape) =>
      autoencoderEncoder(new Scope("vae"), input("x", shape), config, "planes"),
    );
  }

  /** Latents of the U-Net [n, channels, h, w] as pictures [n, 3, height, width]. */
  decode(latents: NdArray, config: AutoencoderConfig): Promise<NdArray> {
    const { scaling_factor, shift_factor } = config;
    const pixels = autoencoderDownsampling(config);
    return this.#oneByOne("decoder", latents, { config, scale: pixels, pixels }, (shape) => {
      const plain = add(mul(input("x", shape), 1 / scaling_factor), shift_factor);
      return autoencoderDecoder(new Scope("vae"), plain, config, "planes");
    });
  }

  /** Frees the compiled networks, each after the calls that it was given. */
  async dispose(): Promise<void> {
    const compiled = [...this.#compiled.values()];
    this.#compiled.clear();
    await Promise.all(compiled.map(async (network) => (await network).dispose()));
  }

  /**
   * Each element of a batch through one half of the autoencoder by itself, because one picture's activations take memory
   * enough; large ones in tiles.
   */
  async #oneByOne(name: string, batch: NdArray, half: Half, build: Build): Promise<NdArray> {
    const once = async ({ shape, data }: NdArray): Promise<NdArray> => {
      const output = () => ({ output: build(shape) });
      const network = await this.#network(JSON.stringify([name, shape]), ["vae"], output);
      return (await network.run({ x: data })).output!;
    };
    const { config, scale, pixels } = half;
    const [, , h = 0, w = 0] = batch.shape;
    const side = tileSide(config, { height: h * pixels, width: w * pixels });
    const results: NdArray[] = [];
    for (const { shape, data } of unstack(batch)) {
      const one = { shape: [1, ...shape], data };
      results.push(
        await (side === undefined ? once(one) : inTiles(one, { side: side / pixels, scale }, once)),
      );
    }
    return {
      shape: [results.length, ...(results[0]?.shape.slice(1) ?? [])],
      data: joined(results.map(({ data }) => data)),
    };
  }

  /** Lets go of other U-Nets, the first compiled first, as far as there is no memory for them beside one for such latents. */
  async #makeRoom(count: number, [, h = 0, w = 0]: Shape): Promise<void> {
    const model = this.#model;
    if (model.memory === undefined) return;
    const side = pixelsPerElement(model);
    const size = { count, height: h * side, width: w * side };
    const shapes = modelParameters(model);
    const spare = model.memory - memoryBytes(model, parameterCount(shapes), size);
    const each = weightBytes(model, parameterCount(shapes, "unet")) + activationBytes(model, size);
    const most = Math.max(0, Math.floor(spare / each));
    const unets = [...this.#compiled].filter(([key]) => key.startsWith(`["${unetKey}"`));
    const leaving = unets.slice(0, Math.max(0, unets.length - most));
    for (const [key] of leaving) this.#compiled.delete(key);
    await Promise.all(
      leaving.map(([, network]) =>
        network.then(
          (compiled) => compiled.dispose(),
          () => undefined, // told to whom it was compiled for
        ),
      ),
    );
  }

  #unet(
    shape: readonly number[],
    conditions: ReturnType<typeof conditionInputs>,
    { probes, edits }: Inside,
  ): Outputs {
    const timesteps = input("timesteps", shape.slice(0, 1));
    const inputs = { sample: input("sample", shape), timesteps, ...conditions };
    const scope = new Scope("unet", editing(edits));
    const output = unet2DCondition(scope, inputs, this.#model.unet, "planes");
    innerTensors("attention", scope.probes, Object.keys(edits));
    return { output, ...innerTensors("probes", scope.probes, probes) };
  }

  #network(key: string, names: readonly NetworkName[], build: () => Outputs): Promise<Network> {
    const known = this.#compiled.get(key);
    if (known) return known;
    const compiling = this.#compile(build(), names);
    this.#compiled.set(key, compiling);
    compiling.catch(() => this.#compiled.delete(key));
    return compiling;
  }

  async #compile(outputs: Outputs, names: readonly NetworkName[]): Promise<Network> {
    const weights = await this.#weights(names);
    const proveWeights = async () => {
      for (const name of names) await this.#model.weights(name);
    };
    try {
      const executable = await compile(outputs, { ...this.#options, weights });
      return inTurns(outputs, executable, proveWeights);
    } catch (error) {
      await proveWeights();
      throw error;
    }
  }

  async #weights(names: readonly NetworkName[]): Promise<PlacedWeights> {
    const read = {};
    for (const name of names) Object.assign(read, await this.#model.weights(name, true));
    return read;
  }
}

/**
 * A compiled graph whose calls wait for each other, because they share the arrays of the results.
 * @param proveWeights throws when a weight is not finite; called when a result is not, the first time.
 */
function inTurns(
  outputs: Outputs,
  executable: Executable,
  proveWeights: () => Promise<void>,
): Network {
  let proven: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const run = async (feeds: Values): Promise<Results> => {
    const results = await executable.run(feeds);
    if (Object.values(results).some((values) => firstNotFinite(values) !== undefined)) {
      proven ??= proveWeights();
      await proven;
    }
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { shape }]) => [
        name,
        { shape, data: results[name]!.slice() },
      ]),
    );
  };
  return {
    inputs: inputsOf(Object.values(outputs)),
    run(feeds) {
      const turn = last.then(() => run(feeds));
      last = turn.catch(() => undefined);
      return turn;
    },
    async dispose() {
      await last;
      await executable.dispose();
    },
  };
}
