import { readFileSync } from "node:fs";
import { type Model, modelFiles, modelParameters, parseModel } from "../src/pipelines/index.ts";
import { Random, sizeOf } from "../src/tensor/index.ts";
import { goldenJson, goldenTensors } from "./golden-files.ts";

const tokenizerFile = (name: string): string =>
  readFileSync(new URL(`golden/tokenizer/${name}`, import.meta.url), "utf8");

/**
 * A model that draws nothing sensible, fast: 16 x 16 pixels as patches of 2 x 2, the U-Net of golden/unet-tiny, and a
 * text encoder with random weights.
 */
export async function tinyModel(
  scheduler: Readonly<Record<string, unknown>> = {},
  unet: Readonly<Record<string, unknown>> = {},
): Promise<Model> {
  const vocabulary = Object.keys(JSON.parse(tokenizerFile("vocab.json"))).length;
  const config = parseModel(
    modelFiles({
      unet: { ...(goldenJson("unet-tiny/config.json") as object), ...unet },
      textEncoder: {
        architectures: ["CLIPTextModel"],
        model_type: "clip_text_model",
        vocab_size: vocabulary,
        hidden_size: 24,
        intermediate_size: 48,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        max_position_embeddings: 77,
        bos_token_id: vocabulary - 2,
        eos_token_id: vocabulary - 1,
        pad_token_id: vocabulary - 1,
      },
      scheduler: {
        _class_name: "DDIMScheduler",
        beta_schedule: "squaredcos_cap_v2",
        timestep_spacing: "trailing",
        clip_sample: true,
        ...scheduler,
      },
      tokenizer: {
        "vocab.json": tokenizerFile("vocab.json"),
        "merges.txt": tokenizerFile("merges.txt"),
        "tokenizer_config.json": tokenizerFile("tokenizer_config.json"),
        "special_tokens_map.json": tokenizerFile("special_tokens_map.json"),
      },
    }),
  );
  return { ...config, weights: await tinyWeights(config) };
}

async function tinyWeights(
  config: Parameters<typeof modelParameters>[0],
): Promise<Model["weights"]> {
  const golden = await goldenTensors("unet-tiny/diffusion_pytorch_model.safetensors");
  const random = new Random(1);
  const offsets = new Map<string, number>();
  const values: number[] = [];
  for (const [name, shape] of modelParameters(config)) {
    offsets.set(name, 4 * values.length);
    const data = name.startsWith("unet.")
      ? golden(name.slice("unet.".length)).data
      : random.normal(sizeOf(shape)).map((value) => value / 4);
    values.push(...data);
  }
  return {
    bytes: new Uint8Array(Float32Array.from(values).buffer),
    offsetOf: (parameter) => offsets.get(parameter)!,
  };
}
