import { expect, test } from "vitest";
import { gradient } from "../src/autodiff/index.ts";
import {
  input,
  mul,
  parametersOf,
  reduceMean,
  reshape,
  Scope,
  type Tensor,
} from "../src/graph/index.ts";
import { clipText, parseCLIPTextConfig } from "../src/models/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { goldenJson, goldenTensors } from "./golden-files.ts";
import { relativeError } from "./oracle/calculus.ts";

/** transformers 5 writes the keys without it. */
const stored = (key: string): string => key.replace(/^text_model\./, "");

test.each(["clip-quick", "clip-gelu"])("%s: keys, output and gradients", async (folder) => {
  const weights = await goldenTensors(`${folder}/model.safetensors`);
  const reference = await goldenTensors(`${folder}/reference.safetensors`);
  const config = parseCLIPTextConfig(goldenJson(`${folder}/config.json`));

  const ids = input("input_ids", reference("input_ids").shape, "int32");
  const output = clipText(new Scope(), ids, config);
  const weighted = mul(output, input("loss_weights", output.shape));
  const loss = reshape(reduceMean(weighted, [0, 1, 2]), []);
  const parameters = [...parametersOf([output])];
  expect(Object.fromEntries(parameters.map(([key, { shape }]) => [stored(key), shape]))).toEqual(
    Object.fromEntries(weights.names.map((key) => [key, weights(key).shape])),
  );

  const gradients = gradient(
    loss,
    parameters.map(([, tensor]): Tensor => tensor),
  );
  const outputs = Object.fromEntries(parameters.map(([key], i) => [`grad.${key}`, gradients[i]!]));
  await using step = await compile({ output, loss, ...outputs }, { backend: onnxruntimeNode });
  const actual = await step.run({
    input_ids: Int32Array.from(reference("input_ids").data),
    loss_weights: reference("loss_weights").data,
    ...Object.fromEntries(parameters.map(([key]) => [key, weights(stored(key)).data])),
  });

  expect(relativeError(actual.output!, reference("last_hidden_state").data)).toBeLessThan(2e-5);
  expect(relativeError(actual.loss!, reference("loss").data, 1e-2)).toBeLessThan(2e-5);
  for (const [key] of parameters) {
    const truth = reference(`grad.${stored(key)}`).data;
    // Softmax does not see a shift of all keys: the true gradient is 0, and what is left is rounding.
    const floor = key.endsWith("k_proj.bias") ? 1e-3 : 0;
    expect(relativeError(actual[`grad.${key}`]!, truth, floor), key).toBeLessThan(1e-4);
  }
});
