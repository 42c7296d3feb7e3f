import { below, type KeyPair, keyPairs, type ModulePair, type Part } from "./key-pairs.ts";

/** What of a CLIP text encoder's configuration decides the names of its parameters. */
export interface TextEncoderLayout {
  readonly num_hidden_layers: number;
  /** Whether the pooled output is projected. */
  readonly projected: boolean;
}

const layerOfTransformers: readonly string[] = [
  "layer_norm1",
  "layer_norm2",
  ...["q_proj", "k_proj", "v_proj", "out_proj"].map((name) => `self_attn.${name}`),
  "mlp.fc1",
  "mlp.fc2",
];

/** The keys of an encoder that a checkpoint holds as transformers' CLIPTextModel has it. */
export function clipKeys(
  part: Part,
  prefix: string,
  { num_hidden_layers }: TextEncoderLayout,
): readonly KeyPair[] {
  const layers = Array.from({ length: num_hidden_layers }, (_, i) =>
    layerOfTransformers.map((name) => `encoder.layers.${i}.${name}`),
  );
  const embeddings = ["embeddings.token_embedding", "embeddings.position_embedding"];
  const modules = [...embeddings, ...layers.flat(), "final_layer_norm"];
  return keyPairs(
    part,
    prefix,
    modules.map((name) => [name, `text_model.${name}`]),
  );
}

const layerOfOpenClip: readonly ModulePair[] = [
  ["ln_1", "layer_norm1"],
  ["ln_2", "layer_norm2"],
  ["attn.out_proj", "self_attn.out_proj"],
  ["mlp.c_fc", "mlp.fc1"],
  ["mlp.c_proj", "mlp.fc2"],
];

/** Of PyTorch's MultiheadAttention: the three projections' rows one behind the other. */
function fused(part: Part, stored: string, module: string): readonly KeyPair[] {
  return (["query", "key", "value"] as const).flatMap((form) =>
    ["weight", "bias"].map((parameter) => ({
      stored: `${stored}.in_proj_${parameter}`,
      part,
      key: `${module}.${form.charAt(0)}_proj.${parameter}`,
      form,
    })),
  );
}

/** The keys of an encoder that a checkpoint holds as open_clip's text tower (open_clip/transformer.py). */
export function openClipKeys(
  part: Part,
  prefix: string,
  { num_hidden_layers, projected }: TextEncoderLayout,
): readonly KeyPair[] {
  const layers = Array.from(
    { length: num_hidden_layers },
    (_, i): ModulePair => [`transformer.resblocks.${i}`, `text_model.encoder.layers.${i}`],
  );
  const positions = "text_model.embeddings.position_embedding.weight";
  const projection = { stored: `${prefix}text_projection`, part, key: "text_projection.weight" };
  return [
    ...keyPairs(part, prefix, [
      ["token_embedding", "text_model.embeddings.token_embedding"],
      ...layers.flatMap((pair) => below(pair, layerOfOpenClip)),
      ["ln_final", "text_model.final_layer_norm"],
    ]),
    { stored: `${prefix}positional_embedding`, part, key: positions, form: "same" },
    ...layers.flatMap(([stored, layer]) =>
      fused(part, `${prefix}${stored}.attn`, `${layer}.self_attn`),
    ),
    ...(projected ? [{ ...projection, form: "transposed" as const }] : []),
  ];
}
