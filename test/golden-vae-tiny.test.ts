import { expect, test } from "vitest";
import { input, parametersOf, Scope, type Shape } from "../src/graph/index.ts";
import { autoencoderDecoder, autoencoderEncoder, parseAutoencoder } from "../src/models/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { goldenJson, goldenTensors } from "./golden-files.ts";
import { madeUpWeights } from "./made-up.ts";
import { relativeError } from "./oracle/calculus.ts";

const parse = parseAutoencoder.AutoencoderTiny;
const json = goldenJson("vae-tiny/config.json") as Readonly<Record<string, unknown>>;
const shapes = goldenJson("vae-tiny/state-dict.json") as Readonly<Record<string, Shape>>;

test.each(["planes", "rows"] as const)("%s: keys, shapes and both halves", async (layout) => {
  const reference = await goldenTensors("vae-tiny/reference.safetensors");
  const named = (key: string) => input(key, reference(key).shape);
  const config = parse(json);
  const scope = new Scope();
  const outputs = {
    encoded: autoencoderEncoder(scope, named("pictures"), config, layout),
    decoded: autoencoderDecoder(scope, named("latents"), config, layout),
  };
  const parameters = [...parametersOf(Object.values(outputs))];
  expect(Object.fromEntries(parameters.map(([key, { shape }]) => [key, shape]))).toEqual(shapes);

  const options = { backend: onnxruntimeNode, weights: madeUpWeights(shapes) };
  await using network = await compile(outputs, options);
  const actual = await network.run({
    pictures: reference("pictures").data,
    latents: reference("latents").data,
  });
  for (const key of ["encoded", "decoded"])
    expect(relativeError(actual[key]!, reference(key).data), key).toBeLessThan(1e-5);
});

test("a field that is not built, or not what it should be, is refused by its name", () => {
  // The way to store latents as bytes, and what says again what other fields say.
  const unused = ["latent_magnitude", "latent_shift", "force_upcast", "block_out_channels"];
  for (const field of Object.keys(json).filter((name) => !name.startsWith("_")))
    if (!unused.includes(field))
      expect(() => parse({ ...json, [field]: "else" }), field).toThrow(
        `vae/config.json: ${field}: `,
      );
  expect(() => parse({ ...json, num_decoder_blocks: [1, 2] })).toThrow(
    "vae/config.json: num_decoder_blocks: expected 4 blocks as in decoder_block_out_channels, got 2",
  );
});
