import { beforeAll, describe, expect, test } from "vitest";
import { gradient } from "../src/autodiff/index.ts";
import {
  add,
  input,
  mul,
  parametersOf,
  reduceMean,
  reshape,
  Scope,
  type Tensor,
} from "../src/graph/index.ts";
import {
  autoencoderDecoder,
  autoencoderEncoder,
  parseAutoencoderKLConfig,
} from "../src/models/index.ts";
import type { Layout } from "../src/nn/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { type Golden, goldenJson, goldenTensors } from "./golden-files.ts";
import { relativeError } from "./oracle/calculus.ts";

describe.each(["sd1", "plain"])("vae-%s, against diffusers", (name) => {
  const folder = `vae-${name}`;
  const config = parseAutoencoderKLConfig(goldenJson(`${folder}/config.json`));
  let weights: Golden;
  let reference: Golden;
  beforeAll(async () => {
    weights = await goldenTensors(`${folder}/diffusion_pytorch_model.safetensors`);
    reference = await goldenTensors(`${folder}/reference.safetensors`);
  });

  function build(layout: Layout) {
    const named = (key: string): Tensor => input(key, reference(key).shape);
    const [pictures, latents] = [named("pictures"), named("latents")];
    const scope = new Scope();
    const moments = autoencoderEncoder(scope, pictures, config, layout);
    const decoded = autoencoderDecoder(scope, latents, config, layout);
    const meanWith = (x: Tensor, key: string) => reduceMean(mul(x, named(key)), [0, 1, 2, 3]);
    const loss = add(meanWith(moments, "moments_weights"), meanWith(decoded, "decoded_weights"));
    return { moments, decoded, loss: reshape(loss, []), leaves: { pictures, latents } };
  }

  test.each(["rows", "planes"] as const)("%s: keys, both halves, gradients", async (layout) => {
    const { leaves, ...built } = build(layout);
    const parameters = parametersOf(Object.values(built));
    const shapes = [...parameters].map(([key, { shape }]) => [key, shape]);
    expect(Object.fromEntries(shapes)).toEqual(
      Object.fromEntries(weights.names.map((key) => [key, weights(key).shape])),
    );

    const wrt: Record<string, Tensor> = { ...leaves, ...Object.fromEntries(parameters) };
    const gradients = gradient(built.loss, Object.values(wrt));
    const outputs = Object.fromEntries(
      Object.keys(wrt).map((key, i) => [`grad.${key}`, gradients[i]!]),
    );
    const feeds = [
      ...["pictures", "latents", "moments_weights", "decoded_weights"].map(
        (key) => [key, reference(key).data] as const,
      ),
      ...weights.names.map((key) => [key, weights(key).data] as const),
    ];
    await using step = await compile({ ...built, ...outputs }, { backend: onnxruntimeNode });
    const actual = await step.run(Object.fromEntries(feeds));

    for (const key of ["moments", "decoded", "loss"])
      expect(relativeError(actual[key]!, reference(key).data), key).toBeLessThan(1e-5);
    const known = reference.names.filter((key) => key.startsWith("grad."));
    expect(known.length).toBeGreaterThan(100);
    for (const key of known) {
      // Softmax does not see a shift of all keys: the true gradient is 0, and what is left is rounding.
      const floor = key.endsWith("to_k.bias") ? 1e-3 : 0;
      expect(relativeError(actual[key]!, reference(key).data, floor), key).toBeLessThan(1e-4);
    }
  });
});
