import { afterEach, describe, expect, test, vi } from "vitest";
import { backendContract } from "../../test/browser/backend-contract.ts";
import { input, matmul, type Outputs, type Tensor } from "../graph/index.ts";
import { Random, UserError } from "../tensor/index.ts";
import { compile, onnxruntimeWeb, onnxruntimeWebOn } from "./index.browser.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("the page may have threads", () => {
  expect(crossOriginIsolated).toBe(true);
});

describe("as WebAssembly", () => backendContract(onnxruntimeWeb));

const size = 512;
const x = input("x", [size, size]);
const power: Outputs = { y: Array.from({ length: 20 }).reduce<Tensor>((y) => matmul(y, x), x) };

test("the page stays responsive while a session runs", async () => {
  await using executable = await compile(power, { backend: onnxruntimeWeb });
  const feeds = { x: new Random(1).normal(size * size).map((value) => value / size) };
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 4);
  await executable.run(feeds);
  clearInterval(ticking);
  expect(ticks).toBeGreaterThan(5);
});

test("the worker ends with its last session", async () => {
  const ending = vi.spyOn(Worker.prototype, "terminate");
  const options = { backend: onnxruntimeWebOn("wasm"), threads: 1 };
  const [first, second] = [await compile(power, options), await compile(power, options)];
  await first.dispose();
  expect(ending).not.toHaveBeenCalled();
  await second.dispose();
  expect(ending).toHaveBeenCalledOnce();
});

test("without an adapter WebGPU is the person's to change", async () => {
  vi.spyOn(navigator.gpu, "requestAdapter").mockResolvedValue(null);
  const error = await compile(power, { backend: onnxruntimeWebOn("webgpu") }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toBe(
    "provider: expected one that this browser can use, got webgpu (it has no adapter)",
  );
});
