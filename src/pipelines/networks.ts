import { input, type Outputs, Scope, type Tensor } from "../graph/index.ts";
import { clipText, unet2DCondition } from "../models/index.ts";
import { type Backend, compile, type Values } from "../runtime/index.ts";
import type { NdArray } from "../tensor/index.ts";
import type { Model } from "./model.ts";

/** Where the networks run. */
export interface NetworkOptions {
  readonly backend: Backend;
  /** Threads of one operator; the machine's cores if absent. */
  readonly threads?: number;
}

interface Network {
  run(feeds: Values): Promise<NdArray>;
  dispose(): Promise<void>;
}

/** A model's two networks, compiled for each shape when it is first asked for, and kept. */
export class Networks {
  readonly #model: Model;
  readonly #options: NetworkOptions;
  readonly #compiled = new Map<string, Promise<Network>>();

  constructor(model: Model, options: NetworkOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** Token ids [tokens] to the text's embedding [1, tokens, cross_attention_dim]. */
  async embedText(ids: Int32Array): Promise<NdArray> {
    const network = await this.#network(`text ${ids.length}`, () =>
      clipText(
        new Scope("text_encoder"),
        input("input_ids", [1, ids.length], "int32"),
        this.#model.textEncoder,
      ),
    );
    return network.run({ input_ids: ids });
  }

  /**
   * The U-Net's output for a latent [n, channels, height, width] at timestep `t`, once for each of the texts
   * [1, tokens, cross_attention_dim]: [texts * n, channels, height, width], from a single call of the network.
   */
  async runUNet(latent: NdArray, t: number, texts: readonly NdArray[]): Promise<NdArray> {
    const [pictures = 1, ...rest] = latent.shape;
    const tokens = texts[0]?.shape[1] ?? 1;
    const batch = texts.length * pictures;
    const network = await this.#network(`U-Net ${[batch, ...rest, tokens]}`, () =>
      this.#unet([batch, ...rest], tokens),
    );
    return network.run({
      sample: repeated(texts.map(() => latent.data)),
      timesteps: new Float32Array(batch).fill(t),
      text: repeated(texts.flatMap(({ data }) => Array<Float32Array>(pictures).fill(data))),
    });
  }

  /** Frees the compiled networks, each after the calls that it was given. */
  async dispose(): Promise<void> {
    const compiled = [...this.#compiled.values()];
    this.#compiled.clear();
    await Promise.all(compiled.map(async (network) => (await network).dispose()));
  }

  #unet(shape: readonly number[], tokens: number): Tensor {
    const { unet } = this.#model;
    const [batch = 1] = shape;
    const inputs = {
      sample: input("sample", shape),
      timesteps: input("timesteps", [batch]),
      encoderHiddenStates: input("text", [batch, tokens, unet.cross_attention_dim]),
    };
    return unet2DCondition(new Scope("unet"), inputs, unet, "planes");
  }

  #network(key: string, build: () => Tensor): Promise<Network> {
    const known = this.#compiled.get(key);
    if (known) return known;
    const compiling = compileInTurns({ output: build() }, this.#model, this.#options);
    this.#compiled.set(key, compiling);
    return compiling;
  }
}

/** A compiled graph whose calls wait for each other, because they share the arrays of the results. */
async function compileInTurns(
  outputs: Outputs & { readonly output: Tensor },
  { weights }: Model,
  options: NetworkOptions,
): Promise<Network> {
  const executable = await compile(outputs, { ...options, weights });
  let last: Promise<unknown> = Promise.resolve();
  const run = async (feeds: Values): Promise<NdArray> => {
    const { output } = await executable.run(feeds);
    return { shape: outputs.output.shape, data: output!.slice() };
  };
  return {
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

function repeated(parts: readonly Float32Array[]): Float32Array {
  const length = parts[0]?.length ?? 0;
  const whole = new Float32Array(parts.length * length);
  parts.forEach((part, i) => {
    whole.set(part, i * length);
  });
  return whole;
}
