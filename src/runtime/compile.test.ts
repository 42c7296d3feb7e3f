import { expect, test } from "vitest";
import { add, input, parameter } from "../graph/index.ts";
import type { SessionRequest } from "./backend.ts";
import { compile, type PlacedWeights } from "./compile.ts";

async function requestFor(rows: number, weight: PlacedWeights[string]): Promise<SessionRequest> {
  const requests: SessionRequest[] = [];
  const output = add(input("x", [rows, 2 ** 14]), parameter("weight", [rows, 2 ** 14]));
  const createSession = (request: SessionRequest) => {
    requests.push(request);
    return Promise.resolve({ run: () => Promise.resolve(), dispose: () => Promise.resolve() });
  };
  const into = { output: new Float32Array() };
  await compile({ output }, { backend: { createSession }, weights: { weight } }, into);
  return requests[0]!;
}

test("a gigabyte of widened weights asks for little memory; float32 and small ones do not", async () => {
  const half = { location: "file", offset: 0, elementType: "float16" } as const;
  const asked = await requestFor(2 ** 14, half);
  expect(asked.frugal).toBe(true);
  expect(asked.files).toEqual({});
  expect((await requestFor(2 ** 14, { ...half, elementType: "float32" })).frugal).toBe(false);
  expect((await requestFor(2, half)).frugal).toBe(false);
  const read = await requestFor(2, new Float32Array(2 ** 15));
  expect([read.frugal, Object.keys(read.files)]).toEqual([false, ["weight"]]);
});
