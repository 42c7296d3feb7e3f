import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { builtInModel } from "./generate.node.ts";
import { loadModel } from "./load-model.node.ts";
import { machineMemory } from "./machine-memory.node.ts";

test("a control group's limit counts where it is less than what the machine has", () => {
  expect(machineMemory(16e9, 0)).toBe(16e9);
  expect(machineMemory(16e9, 4e9)).toBe(4e9);
  expect(machineMemory(16e9, 2 ** 64)).toBe(16e9);
  expect(machineMemory()).toBeLessThanOrEqual(totalmem());
  expect(machineMemory()).toBeGreaterThan(0);
});

test("a model that is loaded to draw with has what the machine has", async () => {
  expect((await loadModel(builtInModel())).memory).toBe(machineMemory());
});
