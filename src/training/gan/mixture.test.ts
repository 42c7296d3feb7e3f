import { expect, test } from "vitest";
import { modeCoverage } from "../../evaluation/index.ts";
import { add, input, matmul, Scope, type Tensor } from "../../graph/index.ts";
import { leakyRelu, linear } from "../../nn/index.ts";
import { onnxruntimeNode } from "../../runtime/index.node.ts";
import { Random } from "../../tensor/index.ts";
import { mixedSeed } from "../mixed-seed.ts";
import { Trainer } from "../trainer.ts";
import { adversarialGraphs } from "./adversarial-graphs.ts";

// Four Gaussians on a line, and a generator that can be just that: it has four means of its own. So it is known what
// covering is: each mean in another mode. All means begin near 0, where only the inner modes are in reach.
const centres = [-3, -1, 1, 3];
const deviation = 0.2;
const [modes, batch, steps, learningRate] = [centres.length, 64, 320, 0.02];

/** The means that a generator has learnt. */
async function learntMeans(gamma: number, seed: number): Promise<number[]> {
  const discriminator = new Scope("discriminator");
  const logits = (x: Tensor) => {
    const hidden = (layer: number, y: Tensor) =>
      leakyRelu(linear(discriminator.at(layer), y, { features: 32 }), 0.2);
    return linear(discriminator.at(2), hidden(1, hidden(0, x)), { features: 1 });
  };
  const means = new Scope("generator").parameter("means", [modes, 1], { kind: "normal", std: 0.1 });
  const fake = add(matmul(input("which", [batch, modes]), means), input("noise", [batch, 1]));
  const real = input("real", [batch, 1]);
  const graphs = adversarialGraphs(
    { real, fakeLogits: logits(fake), realLogits: logits(real) },
    gamma / 2,
  );
  const which = Float32Array.from({ length: batch * modes }, (_, i) =>
    Math.floor(i / modes) % modes === i % modes ? 1 : 0,
  );
  const batchOf = (turn: number) => (index: number) => {
    const random = new Random(mixedSeed(seed, 2 * index + turn));
    const noises = () => random.normal(batch).map((x) => deviation * x);
    return { which, noise: noises(), real: noises().map((x, i) => centres[i % modes]! + x) };
  };
  const optimisation = {
    seed,
    steps,
    batchSize: batch,
    learningRate,
    warmupSteps: 0,
    decayShare: 0,
    weightDecay: 0,
    betas: [0, 0.99],
    clipNorm: 1e9,
    emaDecay: 0.9,
  } as const;
  const lessons = [
    { graph: gamma > 0 ? graphs.penalised : graphs.discriminator, batch: batchOf(0) },
    { graph: graphs.generator, batch: batchOf(1) },
  ];
  await using trainer = await Trainer.create(optimisation, lessons, {
    createSession: (request) => onnxruntimeNode.createSession({ ...request, threads: 1 }),
  });
  while (trainer.step < steps) await trainer.next();
  const { start, end } = trainer.slots.find(({ name }) => name === "generator.means")!;
  return [...trainer.state.ema.subarray(start, end)];
}

/** The mode that a mean is nearest to. */
function modeOf(mean: number): number {
  const distances = centres.map((centre) => Math.abs(mean - centre));
  return distances.indexOf(Math.min(...distances));
}

const coverage = (means: readonly number[]) =>
  modeCoverage(means.map(modeOf), Array(modes).fill(1 / modes));

test.each([0, 1])(
  "without a penalty the generator collapses to the inner modes (seed %i)",
  async (seed) => {
    const means = await learntMeans(0, seed);
    const { covered, divergence } = coverage(means);
    expect(covered).toBe(2);
    expect(divergence).toBeGreaterThan(0.69); // log 2 or more
    for (const mean of means) expect(Math.abs(mean)).toBeLessThan(2);
  },
);

test.each([0, 1])(
  "with R1 it covers all of them, each mean in its mode's middle (seed %i)",
  async (seed) => {
    const means = await learntMeans(1, seed);
    expect(coverage(means)).toEqual({ covered: 4, divergence: 0 });
    for (const mean of means)
      expect(Math.abs(mean - centres[modeOf(mean)]!)).toBeLessThan(deviation);
  },
);
