import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { input, mul, type Tensor } from "../../src/graph/index.ts";
import { elementwise, type FeatureMap, type Layout, layouts } from "../../src/nn/index.ts";
import { feedsFor, relativeError } from "./calculus.ts";
import { evaluate } from "./oracle.ts";

const [batch, channels] = [2, 4];

/** The same function of a map in both layouts, [batch, channels, height, width] at both ends. */
function both(
  height: number,
  width: number,
  apply: (map: FeatureMap) => FeatureMap,
): { readonly rows: Tensor; readonly planes: Tensor } {
  const picture = input("x", [batch, channels, height, width]);
  const through = (layout: Layout) => {
    const map = apply(layouts[layout].fromPlanes(picture));
    const y = map.layout.toPlanes(map);
    expect(y.shape).toEqual([map.batch, map.channels, map.height, map.width]);
    return y;
  };
  return { rows: through("rows"), planes: through("planes") };
}

function expectSame(
  height: number,
  width: number,
  apply: (map: FeatureMap) => FeatureMap,
  tolerance = 1e-12,
): void {
  const tensors = both(height, width, apply);
  const values = evaluate(tensors, feedsFor(Object.values(tensors)));
  expect(values.rows.shape).toEqual(values.planes.shape);
  expect(relativeError(values.rows.data, values.planes.data)).toBeLessThan(tolerance);
}

const size = fc.integer({ min: 1, max: 9 });
const once = { numRuns: 25, seed: 3 };

describe("rows hold the same picture as planes", () => {
  test("there and back", () => {
    fc.assert(
      fc.property(size, size, (height, width) => expectSame(height, width, (map) => map)),
      once,
    );
  });

  test.each([
    [1, 1],
    [3, 1],
    [1, 2],
    [3, 2],
  ])("convolution, kernel %i, stride %i, by patches", (kernel, stride) => {
    const weight = input("w", [3, channels, kernel, kernel]);
    fc.assert(
      fc.property(size, size, (height, width) => {
        fc.pre(height % 4 !== 0 || width % 4 !== 0 || kernel === 1 || stride === 2);
        expectSame(height, width, (map) => map.layout.convolve(map, weight, stride));
      }),
      once,
    );
  });

  test.each([1, 2])("convolution, stride %i, zeros after the picture", (stride) => {
    const weight = input("w", [3, channels, 3, 3]);
    fc.assert(
      fc.property(size, size, (height, width) =>
        expectSame(height, width, (map) => map.layout.convolve(map, weight, stride, "after")),
      ),
      once,
    );
  });

  // The transforms' sixths are float32.
  test.each([
    [4, 4],
    [8, 4],
    [4, 12],
  ])("convolution of %ix%i by Winograd's transforms", (height, width) => {
    const weight = input("w", [3, channels, 3, 3]);
    expectSame(height, width, (map) => map.layout.convolve(map, weight, 1), 2e-6);
  });

  test("upsampling, downsampling, means of channels, joining, tokens, groups", () => {
    fc.assert(
      fc.property(size, size, (height, width) => {
        expectSame(height, width, (map) => map.layout.upsample(map));
        expectSame(2 * height, 2 * width, (map) => map.layout.downsample(map));
        expectSame(height, width, (map) =>
          elementwise(map, (x) => mul(x, map.layout.channelMean(map))),
        );
        expectSame(height, width, (map) => map.layout.concatenate(map, map));
        expectSame(height, width, (map) => map.layout.fromTokens(map.layout.toTokens(map), map));
      }),
      once,
    );
  });
});
