import { describe, expect, test } from "vitest";
import { input, mul, reduceMean, reshape, Scope, sub, type Tensor } from "../../src/graph/index.ts";
import {
  clipText,
  parseCLIPTextConfig,
  parseUNetConfig,
  unet2DCondition,
} from "../../src/models/index.ts";
import type { Layout } from "../../src/nn/index.ts";
import { compile, onnxruntimeNode } from "../../src/runtime/index.node.ts";
import { directional, feedsFor, leavesOf, relativeError, slope } from "./calculus.ts";
import { evaluate } from "./oracle.ts";

const textConfig = parseCLIPTextConfig({
  vocab_size: 9,
  hidden_size: 4,
  intermediate_size: 6,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 4,
});
const unetConfig = parseUNetConfig({
  sample_size: 4,
  in_channels: 2,
  out_channels: 2,
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  block_out_channels: [4, 6],
  layers_per_block: 1,
  norm_num_groups: 2,
  attention_head_dim: 2,
  cross_attention_dim: 4,
});

/** Token ids, pictures and time steps to the mean squared error: all that training differentiates. */
function lossOf(layout: Layout): Tensor {
  const text = clipText(new Scope("text_encoder"), input("input_ids", [2, 3], "int32"), textConfig);
  const output = unet2DCondition(
    new Scope("unet"),
    {
      sample: input("sample", [2, 2, 4, 4]),
      timesteps: input("timesteps", [2]),
      encoderHiddenStates: text,
    },
    unetConfig,
    layout,
  );
  const error = sub(output, input("target", [2, 2, 4, 4]));
  return reshape(reduceMean(mul(error, error), [0, 1, 2, 3]), []);
}

function feedsOf(loss: Tensor) {
  const drawn = feedsFor([loss], {
    input_ids: Int32Array.of(8, 2, 0, 8, 8, 1),
    timesteps: Float32Array.of(1.5, 700),
  });
  const weights = [...leavesOf([loss])].filter(([, { op }]) => op === "Parameter");
  const small = weights.map(([name]) => {
    const scales = /norm[^.]*\.weight$/.test(name);
    return [name, drawn[name]!.map((value) => (scales ? 1 : 0) + 0.4 * value)] as const;
  });
  return { ...drawn, ...Object.fromEntries(small) };
}

describe.each(["rows", "planes"] as const)("text encoder and U-Net, %s", (layout) => {
  const { loss, gradients } = slope(lossOf(layout));
  const feeds = feedsOf(loss);
  const values = evaluate(Object.fromEntries(gradients), feeds);

  test("the loss changes along every leaf as its gradient says", () => {
    expect(gradients.size).toBeGreaterThan(150);
    for (const name of gradients.keys()) {
      const { claimed, measured } = directional(loss, feeds, name, values[name]!);
      expect(relativeError([claimed], [measured], 1e-3), name).toBeLessThan(1e-6);
    }
  });

  test("ONNX Runtime gives the oracle's loss and gradients", async () => {
    const outputs = { loss, ...Object.fromEntries(gradients) };
    const named = Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [`of ${name}`, tensor]),
    );
    await using executable = await compile(named, { backend: onnxruntimeNode, threads: 1 });
    const actual = await executable.run(feeds);
    const expected = evaluate(outputs, feeds);
    for (const [name, { data }] of Object.entries(expected))
      expect(relativeError(actual[`of ${name}`]!, data, 1e-2), name).toBeLessThan(2e-5);
  });
});

test("both layouts compute the same", () => {
  const [rows, planes] = (["rows", "planes"] as const).map(lossOf);
  const feeds = feedsOf(rows!);
  const values = evaluate({ rows: rows!, planes: reshape(planes!, []) }, feeds);
  expect(relativeError(values.rows.data, values.planes.data)).toBeLessThan(1e-6);
});
