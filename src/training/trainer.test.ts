import { expect, it } from "vitest";
import { input, mul, reduceMean, reshape, Scope } from "../graph/index.ts";
import { linear } from "../nn/index.ts";
import { onnxruntimeNode } from "../runtime/index.node.ts";
import { Random } from "../tensor/index.ts";
import { withGradients } from "./gradients.ts";
import type { Optimisation } from "./optimisation.ts";
import { Trainer } from "./trainer.ts";

const [rows, columns] = [6, 4];
const optimisation: Optimisation = {
  seed: 1,
  steps: 4,
  batchSize: 5,
  learningRate: 1e-3,
  warmupSteps: 2,
  decayShare: 0.5,
  weightDecay: 0,
  betas: [0.9, 0.99],
  clipNorm: 1,
  emaDecay: 0.9,
};

/** What each of the four steps changes of a weight [6, 4], and of its bias. */
async function changes(
  how: Partial<Optimisation>,
): Promise<{ weight: Float32Array; bias: Float32Array }[]> {
  const told = linear(new Scope("layer"), input("x", [5, columns]), { features: rows });
  const graph = withGradients(reshape(reduceMean(mul(told, told), [0, 1]), []));
  const batch = (index: number) => ({ x: new Random(index).normal(5 * columns) });
  await using trainer = await Trainer.create(
    { ...optimisation, ...how },
    [{ graph, batch }],
    onnxruntimeNode,
  );
  const buffers = Object.values(trainer.state).map(({ buffer }) => buffer);
  expect(new Set(buffers).size).toBe(1); // the optimiser's memory has place for all
  const values = (name: string) => {
    const { start, end } = trainer.slots.find((slot) => slot.name === name)!;
    return trainer.state.parameters.slice(start, end);
  };
  const all = [];
  for (let i = 0; i < optimisation.steps; i++) {
    const averaged = trainer.averaged();
    const kept = structuredClone(averaged);
    const before = { weight: values("layer.weight"), bias: values("layer.bias") };
    await trainer.next();
    expect(averaged).toEqual(kept); // which goes on being what it was
    expect(trainer.averaged()).not.toEqual(kept);
    const change = (name: "weight" | "bias") =>
      values(`layer.${name}`).map((x, k) => x - before[name][k]!);
    all.push({ weight: change("weight"), bias: change("bias") });
  }
  return all;
}

it("changes matrices by Muon where they have a learning rate, which rises and falls with the other, and the rest by AdamW", async () => {
  const byAdamW = await changes({});
  const byMuon = await changes({ matrixLearningRate: 0.01 });
  expect(byMuon[0]!.bias).toEqual(byAdamW[0]!.bias);
  // A step of Muon's: four singular values of 0.7 to 1.2, times 0.2 √6 of the learning rate.
  const sizes = byMuon.map(({ weight }) => Math.hypot(...weight) / (0.2 * Math.sqrt(6) * 0.01 * 2));
  for (const [i, share] of [0.5, 1, 1, 0.5].entries()) {
    expect(sizes[i]! / share).toBeGreaterThan(0.65);
    expect(sizes[i]! / share).toBeLessThan(1.25);
  }
  // The first of AdamW's moves each value by the learning rate, which is at half.
  expect(Math.hypot(...byAdamW[0]!.weight) / (1e-3 * Math.sqrt(24))).toBeCloseTo(0.5, 2);
});
