import { beforeAll, describe, expect, test } from "vitest";
import { input, parametersOf, Scope, type Shape, type Tensor } from "../src/graph/index.ts";
import { guidanceScaleEmbedding, parseUNetConfig, unet2DCondition } from "../src/models/index.ts";
import type { Layout } from "../src/nn/index.ts";
import { compile, onnxruntimeNode } from "../src/runtime/index.node.ts";
import { type Golden, goldenJson, goldenTensors } from "./golden-files.ts";
import { madeUpWeights } from "./made-up.ts";
import { relativeError } from "./oracle/calculus.ts";

const families = [
  "sd1-edit",
  "sd1-inpaint",
  "sd2",
  "sdxl",
  "sdxl-refiner",
  "lcm",
  "lcm-sdxl",
  "odd",
] as const;

describe.each(families)("%s, against diffusers", (name) => {
  const folder = `families/${name}`;
  const json = goldenJson(`${folder}/config.json`) as Readonly<Record<string, unknown>>;
  const shapes = goldenJson(`${folder}/state-dict.json`) as Readonly<Record<string, Shape>>;
  let reference: Golden;
  beforeAll(async () => {
    reference = await goldenTensors(`${folder}/reference.safetensors`);
  });

  const graphNames = {
    sample: "sample",
    encoder_hidden_states: "encoderHiddenStates",
    text_embeds: "textEmbeds",
    time_ids: "timeIds",
    timestep_cond: "timestepCond",
  } as const;
  const given = () => Object.keys(graphNames).filter((key) => reference.names.includes(key));

  function build(layout: Layout): Tensor {
    const inputs = given().map((key) => [
      graphNames[key as keyof typeof graphNames],
      input(key, reference(key).shape),
    ]);
    return unet2DCondition(
      new Scope(),
      { timesteps: input("timesteps", [2]), ...Object.fromEntries(inputs) },
      parseUNetConfig(json),
      layout,
    );
  }

  test.each(["planes", "rows"] as const)("%s: keys, shapes and outputs", async (layout) => {
    const output = build(layout);
    const parameters = [...parametersOf([output])].map(([key, { shape }]) => [key, shape]);
    expect(Object.fromEntries(parameters)).toEqual(shapes);

    const options = { backend: onnxruntimeNode, weights: madeUpWeights(shapes) };
    await using network = await compile({ output }, options);
    const conditions = given().map((key) => [key, reference(key).data]);
    for (const run of [0, 1, 2]) {
      const timesteps = reference(`timesteps.${run}`).data;
      const actual = await network.run({ timesteps, ...Object.fromEntries(conditions) });
      expect(relativeError(actual.output!, reference(`output.${run}`).data)).toBeLessThan(1e-5);
    }
  });

  test("a field that is not built, or not what it should be, is refused by its name", () => {
    const changesNothing = ["dropout", "upcast_attention"];
    const fields = Object.keys(json).filter((field) => !field.startsWith("_"));
    expect(fields.length).toBeGreaterThan(45);
    for (const field of fields)
      if (!changesNothing.includes(field))
        expect(() => parseUNetConfig({ ...json, [field]: "else" }), field).toThrow(
          `unet/config.json: ${field}: `,
        );
  });
});

test("a guidance scale is embedded as latent consistency models take it", async () => {
  for (const [name, features] of [
    ["lcm", 6],
    ["lcm-sdxl", 7],
  ] as const) {
    const { data } = (await goldenTensors(`families/${name}/reference.safetensors`))(
      "timestep_cond",
    );
    const both = [8.5, 1.25].flatMap((scale) => [...guidanceScaleEmbedding(scale, features)]);
    expect(relativeError(Float32Array.from(both), data)).toBeLessThan(1e-6);
  }
});
