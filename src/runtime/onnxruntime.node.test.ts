import { describe, expect, test } from "vitest";
import { backendContract } from "../../test/browser/backend-contract.ts";
import { add, input } from "../graph/index.ts";
import { UserError } from "../tensor/index.ts";
import { compile, type NodeProvider, onnxruntimeNode, onnxruntimeNodeOn } from "./index.node.ts";

describe("on the CPU", () => backendContract(onnxruntimeNode));

const x = input("x", [2]);

test("a provider is passed through by its name", async () => {
  await using executable = await compile({ y: add(x, x) }, { backend: onnxruntimeNodeOn("cpu") });
  expect([...(await executable.run({ x: Float32Array.of(1, 2) })).y!]).toEqual([2, 4]);
});

test("a provider that the machine lacks is the person's to change", async () => {
  const missing: NodeProvider = process.platform === "darwin" ? "dml" : "coreml";
  const compiling = compile({ y: add(x, x) }, { backend: onnxruntimeNodeOn(missing) });
  const error = await compiling.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(
    RegExp(`^provider: expected one that .* on this machine, got ${missing} \\(.+\\)$`),
  );
});
