import { expect, test } from "vitest";
import type { Header, TensorEntry } from "../safetensors/index.ts";
import { requireWarranted } from "./warranted.ts";

/** Ten tensors of 8 elements. */
const entry: TensorEntry = { dtype: "F32", shape: [2, 4], begin: 0, end: 32 };
const header: Header = {
  tensors: new Map(Array.from({ length: 10 }, (_, i) => [`w${i}`, entry])),
  metadata: {},
};

const check = (config: object) => () => requireWarranted(config, header, "f");

test("a network with at most as many layers as tensors, and no size above the elements, may be built", () => {
  expect(check({ num_hidden_layers: 10, hidden_size: 80, act_fn: "silu" })).not.toThrow();
  expect(
    check({
      layers_per_block: 5,
      block_out_channels: [8, 8],
      transformer_layers_per_block: [0, 1],
    }),
  ).not.toThrow();
  expect(check({ num_encoder_blocks: [1, 4], num_decoder_blocks: [4, 1] })).not.toThrow();
});

test.each([
  [
    { num_hidden_layers: 11 },
    "f: expected weights of the 11 layers that config.json asks for, got 10 tensors",
  ],
  [{ layers_per_block: 1e9, block_out_channels: [8, 8] }, "of the 2000000000 layers"],
  [{ layers_per_block: 2, transformer_layers_per_block: [1, 6] }, "of the 12 layers"],
  [{ num_encoder_blocks: [1, 4], num_decoder_blocks: [5, 1] }, "of the 11 layers"],
  [{ decoder_block_out_channels: Array(11).fill(8) }, "of the 11 layers"],
  [
    { hidden_size: 81 },
    "f: expected weights for hidden_size 81, as config.json says, got 80 elements",
  ],
  [{ block_out_channels: [8, 2e9] }, "block_out_channels 2000000000"],
])("%j is refused", (config, message) => {
  expect(check(config)).toThrow(message);
});
