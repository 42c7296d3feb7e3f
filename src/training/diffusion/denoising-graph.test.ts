import { expect, it } from "vitest";
import { input, parametersOf, Scope } from "../../graph/index.ts";
import { clipText, parseCLIPTextConfig, parseUNetConfig } from "../../models/index.ts";
import { compile, onnxruntimeNode, type Weights } from "../../runtime/index.node.ts";
import { Random } from "../../tensor/index.ts";
import { expectationScope, expectedPictures } from "../expectation/graph.ts";
import { initialise, slotsOf, views } from "../flat-parameters.ts";
import { denoisingGraph } from "./denoising-graph.ts";

const batch = 2;
const text = parseCLIPTextConfig(
  {
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    vocab_size: 16,
    max_position_embeddings: 4,
    initializer_range: 1,
    eos_token_id: 1,
  },
  "text",
);
const unet = parseUNetConfig(
  {
    sample_size: 4,
    in_channels: 4,
    out_channels: 4,
    block_out_channels: [8, 16],
    down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
    up_block_types: ["UpBlock2D", "UpBlock2D"],
    layers_per_block: 1,
    attention_head_dim: 2,
    cross_attention_dim: 8,
    norm_num_groups: 4,
  },
  "unet",
);

it("adds to targets as much of what texts let expect as it is told", async () => {
  const random = new Random(5);
  const numbers = () => random.normal(batch * 64);
  const fed = {
    sample: numbers(),
    target: numbers(),
    timesteps: Float32Array.of(3, 900),
    weights: Float32Array.of(1, 2),
    input_ids: Int32Array.of(0, 5, 1, 1, 0, 7, 9, 1),
  };
  const graph = denoisingGraph(unet, text, batch, { expects: true });
  const slots = slotsOf(graph.parameters);
  const weights: Weights = views(slots, initialise(slots, random));
  const backend = onnxruntimeNode;
  const picture = [1, 4, 4, 4] as const;
  const expected = expectedPictures({ text, picture }, batch);
  await using reader = await compile({ expected }, { backend, weights });
  const pictures = (await reader.run({ input_ids: fed.input_ids })).expected!;
  await using told = await compile({ loss: graph.outputs.loss! }, { backend, weights });
  const plain = denoisingGraph(unet, text, batch).outputs.loss!;
  await using given = await compile({ loss: plain }, { backend, weights });
  const target = fed.target.map((x, i) => (i < 64 ? x : x - 3 * pictures[i]!));
  const { loss } = await told.run({ ...fed, ofExpected: Float32Array.of(0, -3) });
  const whole = await given.run({ ...fed, target });
  expect(loss![0]).toBeCloseTo(whole.loss![0]!, 4);
  const others = await given.run(fed);
  expect(Math.abs(others.loss![0]! - loss![0]!)).toBeGreaterThan(0.01);
});

it("leaves what is not trained, and reads the text once", () => {
  const trained = (name: string) => name.startsWith("unet.");
  const { parameters, outputs } = denoisingGraph(unet, text, batch, { trained, expects: true });
  expect([...parameters.keys()].every(trained)).toBe(true);
  const ids = input("input_ids", [batch, 4], "int32");
  const own = parametersOf([clipText(new Scope("text_encoder"), ids, text)]);
  const used = [...parametersOf([outputs.loss!]).keys()].filter((name) => !trained(name));
  expect(used.sort()).toEqual(
    [...own.keys(), `${expectationScope}.weight`, `${expectationScope}.bias`].sort(),
  );
});
