import type { Dataset, GanRecipeChoices } from "../src/training/index.node.ts";

const side = 8;

/** Squares of two colours at random places of 8 x 8 pixels. */
export const squares: Dataset = {
  name: "squares",
  size: side,
  count: 2,
  captions: ["a red square", "a blue square"],
  example(random) {
    const red = random.integer(2) === 0;
    const [left, top] = [random.integer(5), random.integer(5)];
    const inside = (x: number, y: number) => x >= left && x < left + 4 && y >= top && y < top + 4;
    const picture = Float32Array.from({ length: 3 * side * side }, (_, i) => {
      const [channel, y, x] = [Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8];
      return inside(x, y) && channel !== (red ? 0 : 2) ? -1 : 1;
    });
    return { picture, caption: red ? "a red square" : "a blue square" };
  },
};

/** A GAN small enough to train in a test. */
export const tinyGan: GanRecipeChoices = {
  steps: 12,
  batchSize: 4,
  r1Interval: 4,
  generator: {
    _class_name: "StyleGenerator",
    sample_size: side,
    latent_size: 8,
    style_size: 8,
    mapping_layers: 2,
    block_out_channels: [8, 6],
  },
  discriminator: { sample_size: side, block_out_channels: [6, 8], minibatch_std_group: 2 },
};
