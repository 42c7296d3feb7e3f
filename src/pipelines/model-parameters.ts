import { input, parametersOf, Scope, type Shape, type Tensor } from "../graph/index.ts";
import {
  type AutoencoderConfig,
  autoencoderDecoder,
  autoencoderDownsampling,
  autoencoderEncoder,
  clipTextOutputs,
  downsampling,
  unet2DCondition,
} from "../models/index.ts";
import type { Weights } from "../runtime/index.ts";
import { type NdArray, sizeOf } from "../tensor/index.ts";
import { conditionInputs, conditionShapes } from "./conditions.ts";
import type { Model, ModelConfig, NetworkName, TextReader } from "./model.ts";

/** Name and shape of every parameter of the networks: the U-Net's, the text encoders', the autoencoder's. */
export function modelParameters(
  model: Pick<ModelConfig, "unet" | "textEncoders" | "autoencoder">,
): ReadonlyMap<string, Shape> {
  const { textEncoders, autoencoder } = model;
  const parameters = parametersOf([
    smallestUNet(model).output,
    ...textEncoders.flatMap(smallestTextEncoder),
    ...(autoencoder ? smallestAutoencoder(autoencoder) : []),
  ]);
  return new Map(Array.from(parameters, ([name, { shape }]) => [name, shape]));
}

/** How many of the parameters of `modelParameters` a network has, or all of them together. */
export function parameterCount(
  parameters: ReadonlyMap<string, Shape>,
  network?: NetworkName,
): number {
  return [...parameters]
    .filter(([name]) => network === undefined || name.startsWith(`${network}.`))
    .reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
}

/** Names and values of all parameters in the order of `modelParameters`, read one network after the other. */
export async function* allWeights(
  model: Model,
): AsyncGenerator<readonly [name: string, values: Float32Array], void, void> {
  let read: { readonly network: string; readonly weights: Weights } | undefined;
  for (const name of modelParameters(model).keys()) {
    const network = name.slice(0, name.indexOf(".")) as NetworkName;
    if (read?.network !== network) read = { network, weights: await model.weights(network) };
    yield [name, read.weights[name]!];
  }
}

/** A network's weights by state-dict key. */
export async function networkTensors(
  model: Model,
  network: NetworkName,
): Promise<ReadonlyMap<string, NdArray>> {
  const weights = await model.weights(network);
  const own = [...modelParameters(model)].filter(([name]) => name.startsWith(`${network}.`));
  return new Map(
    own.map(([name, shape]) => [name.slice(network.length + 1), { shape, data: weights[name]! }]),
  );
}

/** Names of the U-Net's inner tensors that can be read and changed: its attention maps, in the order of their use. */
export function unetProbes(model: Pick<ModelConfig, "unet" | "textEncoders">): readonly string[] {
  return [...smallestUNet(model).scope.probes.keys()];
}

/** The U-Net for the least batch, size and number of tokens, to learn what is in it. */
function smallestUNet(model: Pick<ModelConfig, "unet" | "textEncoders">): {
  readonly scope: Scope;
  readonly output: Tensor;
} {
  const { unet } = model;
  const scope = new Scope("unet");
  const side = downsampling(unet);
  const sample = input("sample", [1, unet.in_channels, side, side]);
  const conditions = conditionInputs(conditionShapes(model, 1));
  const inputs = { sample, timesteps: input("timesteps", [1]), ...conditions };
  return { scope, output: unet2DCondition(scope, inputs, unet, "planes") };
}

function smallestTextEncoder({ name, config }: TextReader): readonly Tensor[] {
  const ids = input(`${name}.ids`, [1, 1], "int32");
  const { lastHiddenState, pooled } = clipTextOutputs(new Scope(name), ids, config);
  if (config.projection_dim === null) return [lastHiddenState];
  return [lastHiddenState, pooled(input(`${name}.ends`, [1], "int32"))];
}

/** Both halves of the autoencoder for the least batch and size. */
function smallestAutoencoder(config: AutoencoderConfig): readonly Tensor[] {
  const scope = new Scope("vae");
  const side = autoencoderDownsampling(config);
  const pictures = input("pictures", [1, 3, side, side]);
  const latents = input("latents", [1, config.latent_channels, 1, 1]);
  return [
    autoencoderEncoder(scope, pictures, config, "planes"),
    autoencoderDecoder(scope, latents, config, "planes"),
  ];
}
