import { expect, it } from "vitest";
import { tinyText, tinyTraining } from "../../../test/tiny-training.ts";
import { parametersOf } from "../../graph/index.ts";
import { parseCLIPTextConfig, parseUNetConfig } from "../../models/index.ts";
import { compile, onnxruntimeNode, type Weights } from "../../runtime/index.node.ts";
import { Random } from "../../tensor/index.ts";
import { expectedPictures } from "../expectation/graph.ts";
import { initialise, slotsOf, views } from "../flat-parameters.ts";
import { denoisingGraph } from "./denoising-graph.ts";

const batch = 2;
const text = parseCLIPTextConfig(tinyText, "text");
const unet = parseUNetConfig(
  { ...tinyTraining.recipe.unet, in_channels: 4, out_channels: 4 },
  "unet",
);
const picture = [1, 4, 4, 4] as const;

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
  const graph = denoisingGraph(unet, text, batch, { ofExpected: true });
  const slots = slotsOf(graph.parameters);
  const weights: Weights = views(slots, initialise(slots, random));
  const backend = onnxruntimeNode;
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

it("leaves what is not trained", () => {
  const trained = (name: string) => name.startsWith("unet.");
  const { parameters, outputs } = denoisingGraph(unet, text, batch, { trained, ofExpected: true });
  expect([...parameters.keys()].every(trained)).toBe(true);
  const used = [...parametersOf([outputs.loss!]).keys()].filter((name) => !trained(name));
  const telling = parametersOf([expectedPictures({ text, picture }, batch)]);
  expect(used.sort()).toEqual([...telling.keys()].sort());
});
