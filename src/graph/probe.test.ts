import { expect, test, vi } from "vitest";
import { parseUNetConfig, unet2DCondition } from "../models/index.ts";
import { encodeModel } from "../onnx/index.ts";
import { add, input, inputsOf, mul, Scope, type Tensor, toOnnx } from "./index.ts";

const config = parseUNetConfig({
  sample_size: 8,
  in_channels: 3,
  out_channels: 3,
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["UpBlock2D", "UpBlock2D"],
  block_out_channels: [8, 12],
  layers_per_block: 1,
  norm_num_groups: 4,
  attention_head_dim: 2,
  cross_attention_dim: 6,
  addition_embed_type: "text",
  addition_embed_type_num_heads: 3,
});

function build(scope: Scope): Tensor {
  const inputs = {
    sample: input("sample", [2, 3, 8, 4]),
    timesteps: input("timesteps", [2]),
    encoderHiddenStates: input("text", [2, 5, 6]),
  };
  return unet2DCondition(scope, inputs, config, "planes");
}
const bytes = (outputs: Record<string, Tensor>) => Buffer.from(encodeModel(toOnnx(outputs)));
const block = (path: string) => `unet.${path}.attentions.0.transformer_blocks.0`;

test("every attention of a U-Net is a probe, by its module's path", () => {
  const scope = new Scope("unet");
  build(scope);
  const shapes = [...scope.probes].map(([path, { shape }]) => [path, shape]);
  expect(shapes).toEqual([
    ["unet.add_embedding.pool.attention_probs", [2, 3, 1, 6]],
    [`${block("down_blocks.1")}.attn1.attention_probs`, [2, 2, 8, 8]],
    [`${block("down_blocks.1")}.attn2.attention_probs`, [2, 2, 8, 5]],
    [`${block("mid_block")}.attn1.attention_probs`, [2, 2, 8, 8]],
    [`${block("mid_block")}.attn2.attention_probs`, [2, 2, 8, 5]],
  ]);
});

test("a network whose probes nobody asks for is, byte for byte, one without probes", () => {
  const withProbes = bytes({ output: build(new Scope("unet")) });
  const probe = vi.spyOn(Scope.prototype, "probe").mockImplementation((_, tensor) => tensor);
  const without = bytes({ output: build(new Scope("unet")) });
  expect(probe).toHaveBeenCalledTimes(5);
  probe.mockRestore();
  expect(without.equals(withProbes)).toBe(true);
});

test("a probe that is asked for adds its output and nothing else", () => {
  const scope = new Scope("unet");
  const output = build(scope);
  const path = `${block("mid_block")}.attn2.attention_probs`;
  const plain = toOnnx({ output });
  const probed = toOnnx({ output, [path]: scope.probes.get(path)! });
  expect(probed.nodes.length).toBe(plain.nodes.length + 1);
  expect(probed.nodes.at(-1)).toMatchObject({ opType: "Identity", outputs: [path] });
  expect(probed.inputs).toEqual(plain.inputs);
});

test("what replaces a tensor is what the network goes on with", () => {
  const replaced: string[] = [];
  const scope = new Scope("unet", (path, tensor) => {
    if (!path.endsWith("attn2.attention_probs")) return tensor;
    replaced.push(path);
    return add(mul(tensor, input(`${path}.keep`, [2, 1, 1, 5])), 1);
  });
  const output = build(scope);
  expect(replaced).toHaveLength(2);
  expect([...inputsOf([output]).keys()].filter((name) => name.endsWith(".keep"))).toHaveLength(2);
  expect(scope.probes.get(replaced[0]!)!.op).toBe("Softmax");
});

test("a replacement of another shape is refused by path", () => {
  const scope = new Scope("unet", () => input("map", [2, 2, 8, 7]));
  expect(() => build(scope)).toThrow(
    "unet.add_embedding.pool: expected what replaces unet.add_embedding.pool.attention_probs [2, 3, 1, 6], got [2, 2, 8, 7]",
  );
});
