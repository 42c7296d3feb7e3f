import { expect, test } from "vitest";
import { tinyModel } from "../../test/tiny-model.ts";
import { type Backend, onnxruntimeNode as backend } from "../runtime/index.node.ts";
import { sizeOf } from "../tensor/index.ts";
import { memoryBytes } from "./memory.ts";
import type { Model } from "./model.ts";
import { modelParameters } from "./model-parameters.ts";
import { TextToImage, type TextToImageOptions } from "./text-to-image.ts";

const picture = (height: number, width: number) => ({ count: 1, height, width });

/** What the model's weights take by the formula: 12 bytes a parameter. */
function weightBytes(model: Model): number {
  return Array.from(modelParameters(model).values(), (shape) => 12 * sizeOf(shape)).reduce(
    (sum, bytes) => sum + bytes,
  );
}

test("what needs more memory than there is, by inspect's formula, is refused before a weight is read", async () => {
  const model = await tinyModel();
  const parameters = weightBytes(model) / 12;
  const enough = memoryBytes(model, parameters, picture(16, 16));
  const draw = async (memory: number | undefined, options: TextToImageOptions) => {
    const read: string[] = [];
    const weights: Model["weights"] = (network) => {
      read.push(network);
      return model.weights(network);
    };
    const limited = { ...model, weights, ...(memory !== undefined && { memory }) };
    await using pipeline = new TextToImage(limited, { backend });
    const fault = await pipeline
      .generate("a frog", { steps: 1, ...options })
      .then(() => undefined)
      .catch((error: Error) => `${error.name}: ${error.message}`);
    return { fault, read: read.length };
  };
  const square = { height: 16, width: 16 };
  expect(await draw(enough, square)).toEqual({ fault: undefined, read: 2 });
  expect(await draw(undefined, { height: 32, width: 32 })).toEqual({ fault: undefined, read: 2 });

  const [whole, there] = [enough, enough - 1].map((bytes) => (bytes / 1e9).toFixed(1));
  expect(await draw(enough - 1, square)).toEqual({
    fault: `UserError: 1 x 16 x 16 pixels: expected a smaller size or model: this one needs about ${whole} GB of memory, and this machine has ${there} GB`,
    read: 0,
  });
  const noise = { shape: [3, 16, 16], data: new Float32Array(3 * 16 * 16) };
  for (const larger of [{ ...square, count: 2 }, { height: 32, width: 16 }, { picture: noise }]) {
    const { fault, read } = await draw("picture" in larger ? enough - 1 : enough, larger);
    expect(fault).toContain("expected a smaller size or model");
    expect(read).toBe(0);
  }
  const { fault } = await draw(weightBytes(model), square);
  expect(fault).toContain("expected a smaller model: this one needs");
});

test("of networks for other sizes as many are kept as there is memory for", async () => {
  const model = await tinyModel();
  const parameters = weightBytes(model) / 12;
  const kept = async (memory: number) => {
    const sessions = new Set<object>();
    const counting: Backend = {
      async createSession(request) {
        const session = await backend.createSession(request);
        const counted = {
          run: session.run.bind(session),
          dispose() {
            sessions.delete(counted);
            return session.dispose();
          },
        };
        sessions.add(counted);
        return counted;
      },
    };
    await using pipeline = new TextToImage({ ...model, memory }, { backend: counting });
    for (const side of [24, 20, 16])
      await pipeline.generate("a frog", { steps: 1, height: side, width: side });
    return sessions.size;
  };
  const enough = memoryBytes(model, parameters, picture(24, 24));
  expect(await kept(enough)).toBe(2); // text encoder and U-Net
  expect(await kept(2 * enough)).toBe(3);
  expect(await kept(3 * enough)).toBe(4);
});
