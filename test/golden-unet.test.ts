import { beforeAll, describe, expect, test } from "vitest";
import { gradient } from "../src/autodiff/index.ts";
import {
  input,
  mul,
  parametersOf,
  reduceMean,
  reshape,
  Scope,
  sub,
  type Tensor,
} from "../src/graph/index.ts";
import { parseUNetConfig, unet2DCondition } from "../src/models/index.ts";
import type { Layout } from "../src/nn/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { type Golden, goldenJson, goldenTensors } from "./golden-files.ts";
import { relativeError } from "./oracle/calculus.ts";

describe.each(["tiny", "text", "sd1", "wide", "scale"])("unet-%s, against diffusers", (name) => {
  const folder = `unet-${name}`;
  const weightsFile = `${folder}/diffusion_pytorch_model.safetensors`;
  const config = parseUNetConfig(goldenJson(`${folder}/config.json`));
  let weights: Golden;
  let reference: Golden;
  beforeAll(async () => {
    weights = await goldenTensors(weightsFile);
    reference = await goldenTensors(`${folder}/reference.safetensors`);
  });

  function build(layout: Layout) {
    const named = (key: string): Tensor => input(key, reference(key).shape);
    const [sample, encoder_hidden_states] = [named("sample"), named("encoder_hidden_states")];
    const output = unet2DCondition(
      new Scope(),
      { sample, timesteps: named("timesteps"), encoderHiddenStates: encoder_hidden_states },
      config,
      layout,
    );
    const error = sub(output, named("target"));
    const loss = reshape(reduceMean(mul(error, error), [0, 1, 2, 3]), []);
    return { output, loss, leaves: { sample, encoder_hidden_states } };
  }

  const inputs = () =>
    Object.fromEntries(
      ["sample", "timesteps", "encoder_hidden_states", "target"].map((key) => [
        key,
        reference(key).data,
      ]),
    );

  test.each(["rows", "planes"] as const)("%s: keys, output and gradients", async (layout) => {
    const { output, loss, leaves } = build(layout);
    const parameters = parametersOf([output]);
    const shapes = [...parameters].map(([key, { shape }]) => [key, shape]);
    expect(Object.fromEntries(shapes)).toEqual(
      Object.fromEntries(weights.names.map((key) => [key, weights(key).shape])),
    );

    const wrt: Record<string, Tensor> = { ...leaves, ...Object.fromEntries(parameters) };
    const gradients = gradient(loss, Object.values(wrt));
    const outputs = Object.fromEntries(
      Object.keys(wrt).map((key, i) => [`grad.${key}`, gradients[i]!]),
    );
    const values = weights.names.map((key) => [key, weights(key).data]);
    await using step = await compile({ output, loss, ...outputs }, { backend: onnxruntimeNode });
    const actual = await step.run({ ...inputs(), ...Object.fromEntries(values) });

    expect(relativeError(actual.output!, reference("output").data)).toBeLessThan(2e-5);
    expect(relativeError(actual.loss!, reference("loss").data)).toBeLessThan(2e-5);
    const known = reference.names.filter((key) => key.startsWith("grad."));
    expect(known.length).toBeGreaterThan(50);
    for (const key of known) {
      // Softmax does not see a shift of all keys: the true gradient is 0, and what is left is rounding.
      const floor = key.endsWith("k_proj.bias") ? 1e-3 : 0;
      expect(relativeError(actual[key]!, reference(key).data, floor), key).toBeLessThan(1e-4);
    }
  });

  test("planes: the same output with fixed weights", async () => {
    const { output } = build("planes");
    const fixed = Object.fromEntries(weights.names.map((key) => [key, weights(key).data]));
    await using network = await compile({ output }, { backend: onnxruntimeNode, weights: fixed });
    const actual = await network.run(inputs());
    expect(relativeError(actual.output!, reference("output").data)).toBeLessThan(2e-5);
  });
});
