import { expect, test } from "vitest";
import { modelFiles } from "./model-files.ts";

test("whole numbers that transformers takes as floats only are written as such", () => {
  const { "text_encoder/config.json": text = "" } = modelFiles({
    unet: {},
    textEncoder: { hidden_size: 192, initializer_range: 1, layer_norm_eps: 1e-5 },
    scheduler: {},
    tokenizer: {
      "vocab.json": "{}",
      "merges.txt": "",
      "tokenizer_config.json": "{}",
      "special_tokens_map.json": "{}",
    },
  });
  expect(text).toContain('"initializer_range": 1.0,');
  expect(text).toContain('"hidden_size": 192,');
  expect(JSON.parse(text)).toEqual({
    hidden_size: 192,
    initializer_range: 1,
    layer_norm_eps: 0.00001,
  });
});
