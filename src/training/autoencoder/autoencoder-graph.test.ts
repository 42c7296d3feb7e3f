import { expect, it } from "vitest";
import { input, Scope } from "../../graph/index.ts";
import {
  autoencoderDecoder,
  autoencoderEncoder,
  parseAutoencoderKLConfig,
} from "../../models/index.ts";
import { onnxruntimeNode as backend, compile } from "../../runtime/index.node.ts";
import { Random } from "../../tensor/index.ts";
import { initialise, slotsOf, views } from "../flat-parameters.ts";
import { autoencoderGraph } from "./autoencoder-graph.ts";
import { defaultAutoencoderRecipe } from "./recipe.ts";

const recipe = {
  ...defaultAutoencoderRecipe({ name: "noise", count: 1 }),
  batchSize: 2,
  crop: 16,
  latentDeviation: 0.3,
  klWeight: 0.7,
  halfSizeWeight: 0.4,
  colourWeight: 0.8,
};
const vae = {
  ...recipe.vae,
  latent_channels: 5,
  block_out_channels: [8, 8, 8],
  norm_num_groups: 4,
};
const kinds = {
  down_block_types: Array(3).fill("DownEncoderBlock2D"),
  up_block_types: Array(3).fill("UpDecoderBlock2D"),
};
const config = parseAutoencoderKLConfig({ ...vae, ...kinds }, "vae");

/** The mean over pairs of elements. */
const mean = (a: Float32Array, of: (x: number, i: number) => number) =>
  a.reduce((sum, x, i) => sum + of(x, i), 0) / a.length;

/** The mean of each 2 x 2 elements of [..., side, side]. */
function halved(x: Float32Array, side: number): Float32Array {
  return Float32Array.from({ length: x.length / 4 }, (_, i) => {
    const [row, column] = [Math.floor(i / (side / 2)), i % (side / 2)];
    const at = 2 * row * side + 2 * column;
    return (x[at]! + x[at + 1]! + x[at + side]! + x[at + side + 1]!) / 4;
  });
}

/** Two pictures' red, green and blue planes as brightness, red against blue, and green against both. */
function opponents(x: Float32Array): Float32Array {
  const plane = x.length / 6;
  return x.map((_, i) => {
    const kind = Math.floor(i / plane) % 3;
    const [r, g, b] = [0, 1, 2].map((channel) => x[i + (channel - kind) * plane]!) as [
      number,
      number,
      number,
    ];
    return [(r + g + b) / 3, r - b, 2 * g - r - b][kind]!;
  });
}

it("has the loss that its comment says", async () => {
  const graph = autoencoderGraph(config, recipe);
  const slots = slotsOf(graph.parameters);
  const flat = initialise(slots, new Random(1));
  const [pictures, noise] = [2 * 3 * 256, 2 * 5 * 16].map((n, i) => new Random(i).normal(n)) as [
    Float32Array,
    Float32Array,
  ];
  await using training = await compile({ loss: graph.outputs.loss! }, { backend });
  const { loss } = await training.run({ pictures, noise, ...views(slots, flat) });

  const scope = new Scope("vae");
  const weights = views(slots, flat);
  const moments = autoencoderEncoder(scope, input("x", [2, 3, 16, 16]), config, "planes");
  await using encoder = await compile({ moments }, { backend, weights });
  const decode = async (x: Float32Array, side: number) => {
    const returned = autoencoderDecoder(scope, input("x", [2, 5, side, side]), config, "planes");
    await using decoder = await compile({ returned }, { backend, weights });
    return (await decoder.run({ x })).returned!.slice();
  };
  const told = (await encoder.run({ x: pictures })).moments!;
  const channels = (of: Float32Array, count: number, from: number, to: number) =>
    of.filter((_, i) => Math.floor(i / 16) % count >= from && Math.floor(i / 16) % count < to);
  const [means, logVariances] = [channels(told, 10, 0, 5), channels(told, 10, 5, 10)];
  const latents = means.map((x, i) => x + 0.3 * noise[i]!);
  const length = (x: number) => Math.sqrt(x ** 2 + 0.01 ** 2);
  const apart = (a: Float32Array, b: Float32Array) => {
    const error = a.map((x, i) => x - b[i]!);
    return mean(error, length) + mean(opponents(error), length);
  };
  const whole = apart(await decode(latents, 4), pictures);
  const half = apart(await decode(halved(latents, 4), 2), halved(pictures, 16));
  const colours = opponents(halved(halved(pictures, 16), 8));
  const unlike = mean(channels(means, 5, 0, 3), (x, i) => length(x - colours[i]!));
  const divergence = mean(means, (x, i) => (x ** 2 + (logVariances[i]! - Math.log(0.09)) ** 2) / 2);
  expect(loss![0]).toBeCloseTo(whole + 0.4 * half + 0.8 * unlike + 0.7 * divergence, 3);
});
