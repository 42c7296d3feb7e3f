import { expect, test } from "vitest";
import { goldenTensors } from "../../test/golden-files.ts";
import { relativeError } from "../../test/oracle/calculus.ts";
import { miniature } from "../../test/tiny-model.ts";
import { type Backend, onnxruntimeNode as backend } from "../runtime/index.node.ts";
import { Random, sizeOf } from "../tensor/index.ts";
import { Networks } from "./networks.ts";
import { TextToImage } from "./text-to-image.ts";
import { inTiles } from "./tiles.ts";

test("decodes and encodes in tiles as diffusers does, those at the end smaller than what tiles share", async () => {
  const golden = await goldenTensors("vae-tiles.safetensors");
  const model = miniature(4);
  const networks = new Networks(model, { backend });
  const config = { ...model.autoencoder!, scaling_factor: 1 };
  const latent = { shape: [1, 4, 19, 14], data: new Random(1).normal(4 * 19 * 14) };
  const picture = { shape: [1, 3, 38, 28], data: new Random(2).normal(3 * 38 * 28) };
  const results = {
    decoded: await inTiles(latent, { side: 8, scale: 2 }, (tile) => networks.decode(tile, config)),
    moments: await inTiles(picture, { side: 16, scale: 1 / 2 }, (tile) =>
      networks.encode(tile, config),
    ),
  };
  await networks.dispose();
  for (const [name, { shape, data }] of Object.entries(results)) {
    expect(shape).toEqual(golden(name).shape);
    expect(relativeError(data, golden(name).data)).toBeLessThan(1e-5);
  }
});

/** A backend that computes nothing, and the sizes that it was asked for. */
function pretending(): { readonly sizes: Set<number>; readonly backend: Backend } {
  const sizes = new Set<number>();
  return {
    sizes,
    backend: {
      async createSession() {
        return {
          async run(feeds) {
            for (const { length } of Object.values(feeds) as Float32Array[]) sizes.add(length);
          },
          async dispose() {},
        };
      },
    },
  };
}

test("a picture that would need more than 8 GB is done in tiles, both ways, and a smaller one whole", async () => {
  const { sizes, backend } = pretending();
  const model = miniature(4, { block_out_channels: [128, 128], sample_size: 64 });
  await using pipeline = new TextToImage(model, { backend });
  await pipeline.decode(blank(1, 4, 64, 64));
  expect([...sizes]).toEqual([4 * 64 * 64]);
  sizes.clear();
  const { shape } = await pipeline.decode(blank(1, 4, 600, 1300));
  expect(shape).toEqual([1, 3, 1200, 2600]);
  expect(Math.max(...sizes)).toBe(4 * 32 * 32);
  sizes.clear();
  expect((await pipeline.encode(blank(1, 3, 1200, 2600))).shape).toEqual([1, 4, 600, 1300]);
  expect(Math.max(...sizes)).toBe(3 * 64 * 64);
});

const blank = (...shape: number[]) => ({ shape, data: new Float32Array(sizeOf(shape)) });
