import { input, type Outputs, Scope } from "../graph/index.ts";
import {
  codeShape,
  generatorMapping,
  generatorSynthesis,
  noiseName,
  noiseSizes,
} from "../models/index.ts";
import { compile, type Executable, type Values } from "../runtime/index.ts";
import { clamp, type NdArray, Random, UserError } from "../tensor/index.ts";
import { averageStyle, type GanModel, ganScope } from "./gan-model.ts";
import type { NetworkOptions } from "./networks.ts";

/** How a picture is made of a seed. */
export interface NoiseToImageOptions {
  /** A whole number from 0 to 2^53 of which the low 32 bits count. Default 0. */
  readonly seed?: number;
  /**
   * How far from the average picture, 0 to 1: nearer ones are better and more alike (Karras et al. 2019, appendix B). Below
   * 1 for style-based generators only. Default 1.
   */
  readonly truncation?: number;
}

/** Draws pictures of noise by a generator that a GAN has trained: one pass, and no prompt. */
export class NoiseToImage implements AsyncDisposable {
  readonly model: GanModel;
  readonly #options: NetworkOptions;
  readonly #compiled = new Map<string, Promise<Executable>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: GanModel, options: NetworkOptions) {
    this.model = model;
    this.#options = options;
  }

  /** Pixels a side of the pictures. */
  get size(): number {
    return this.model.config.sample_size;
  }

  /**
   * What a seed's picture is drawn from, to be changed and given to `draw`: a style-based generator's styles
   * [styles, style_size], coarse to fine, else the noise itself, [1, latent_size].
   */
  async code({ seed = 0, truncation = 1 }: NoiseToImageOptions = {}): Promise<NdArray> {
    const { config, weights } = this.model;
    const noise = new Random(seed).normal(config.latent_size);
    const build = () => {
      const code = generatorMapping(
        new Scope(ganScope),
        input("noise", [1, config.latent_size]),
        config,
      );
      return { code };
    };
    const shape = codeShape(config);
    const code =
      config._class_name === "StyleGenerator"
        ? (await this.#run("mapping", build, { noise })).code!
        : noise;
    if (truncation === 1) return { shape, data: code };
    if (config._class_name !== "StyleGenerator")
      throw new UserError("truncation: expected a style-based generator, this one is plain");
    if (!(truncation >= 0 && truncation < 1))
      throw new UserError(`truncation: expected a number from 0 to 1, got ${truncation}`);
    const average = weights[averageStyle]!;
    const data = code.map((value, i) => {
      const mean = average[i % config.style_size]!;
      return mean + truncation * (value - mean);
    });
    return { shape, data };
  }

  /**
   * The picture [3, size, size] of a code, in [-1, 1].
   * @param seed of the noise that a style-based generator adds: what is fine and without meaning. Default 0.
   */
  async draw({ shape, data }: NdArray, { seed = 0 }: { seed?: number } = {}): Promise<NdArray> {
    const { config } = this.model;
    const expected = codeShape(config);
    if (shape.join() !== expected.join())
      throw new UserError(`code: expected [${expected.join(", ")}], got [${shape.join(", ")}]`);
    const build = () => {
      const codes = input("codes", [1, ...expected]);
      return { picture: generatorSynthesis(new Scope(ganScope), codes, config, "planes") };
    };
    const feeds = { codes: data, ...this.#noises(seed) };
    const { picture } = await this.#run("synthesis", build, feeds);
    return clamp({ shape: [3, this.size, this.size], data: picture! }, -1, 1);
  }

  /** The picture of a seed, [3, size, size] in [-1, 1]. */
  async generate(options: NoiseToImageOptions = {}): Promise<NdArray> {
    return this.draw(await this.code(options), options);
  }

  async dispose(): Promise<void> {
    const compiled = [...this.#compiled.values()];
    this.#compiled.clear();
    await this.#last;
    for (const network of compiled) await (await network).dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The noises of a seed's synthesis: its generator makes them after the code's. */
  #noises(seed: number): Values {
    const { config } = this.model;
    if (config._class_name !== "StyleGenerator") return {};
    const random = new Random(seed);
    random.normal(config.latent_size);
    return Object.fromEntries(
      noiseSizes(config).map((size, i) => [noiseName(i), random.normal(size * size)]),
    );
  }

  #network(name: string, build: () => Outputs): ReturnType<typeof compile> {
    const known = this.#compiled.get(name);
    if (known) return known;
    const compiling = compile(build(), { ...this.#options, weights: this.model.weights });
    this.#compiled.set(name, compiling);
    compiling.catch(() => this.#compiled.delete(name));
    return compiling;
  }

  /** One call after the other, because they share the arrays of the results. */
  #run(
    name: string,
    build: () => Outputs,
    feeds: Values,
  ): Promise<Readonly<Record<string, Float32Array>>> {
    const network = this.#network(name, build);
    const turn = this.#last.then(async () => {
      const results = await (await network).run(feeds);
      return Object.fromEntries(
        Object.entries(results).map(([output, values]) => [output, values.slice()]),
      );
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/**
 * A code with the coarse styles of one and, from style `from` on, the fine ones of another (Karras et al. 2019, section
 * 3.1).
 * @param from from 0, all of them fine's, to the number of styles, none.
 */
export function mixStyles(coarse: NdArray, fine: NdArray, from: number): NdArray {
  const [styles = 0, width = 0] = coarse.shape;
  if (coarse.shape.join() !== fine.shape.join() || styles < 2)
    throw new UserError(
      `mixStyles: expected codes of a style-based generator, got [${coarse.shape.join(", ")}] and [${fine.shape.join(", ")}]`,
    );
  if (!Number.isInteger(from) || from < 0 || from > styles)
    throw new UserError(`mixStyles: expected a style from 0 to ${styles}, got ${from}`);
  const data = coarse.data.slice();
  data.set(fine.data.subarray(from * width), from * width);
  return { shape: coarse.shape, data };
}

/** The code on the way from one to another: `share` 0 is the first, 1 the second. */
export function interpolate(from: NdArray, to: NdArray, share: number): NdArray {
  if (from.shape.join() !== to.shape.join())
    throw new UserError(
      `interpolate: expected codes of one generator, got [${from.shape.join(", ")}] and [${to.shape.join(", ")}]`,
    );
  const data = from.data.map((value, i) => value + share * (to.data[i]! - value));
  return { shape: from.shape, data };
}
