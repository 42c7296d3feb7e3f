import type { Checkpoint } from "./checkpoint.ts";
import { families } from "./families.ts";

/**
 * The configurations of a checkpoint as the texts of a diffusers folder, by their path in it: all files but those of
 * weights and vocabularies.
 */
export function configFiles({
  family: name,
  pipeline,
  inChannels,
  predictionType,
  zeroTerminalSnr,
  size,
}: Checkpoint): Readonly<Record<string, string>> {
  const { unet, vae, textEncoders, scheduler, pipeline: kind } = families[name];
  const files: Record<string, unknown> = {
    "model_index.json": {
      _class_name: pipeline,
      ...(kind === "StableDiffusion"
        ? { feature_extractor: [null, null], requires_safety_checker: false }
        : { force_zeros_for_empty_prompt: name === "sdxl" }),
      ...(kind === "StableDiffusion" && { safety_checker: [null, null] }),
      ...(name === "sdxl-refiner" && {
        requires_aesthetics_score: true,
        text_encoder: [null, null],
        tokenizer: [null, null],
      }),
      scheduler: ["diffusers", scheduler._class_name],
      unet: ["diffusers", unet._class_name],
      vae: ["diffusers", vae._class_name],
      ...Object.fromEntries(
        textEncoders.flatMap(({ part, tokenizer, class: className }) => [
          [part, ["transformers", className]],
          [tokenizer, ["transformers", "CLIPTokenizer"]],
        ]),
      ),
    },
    "unet/config.json": { ...unet, in_channels: inChannels, sample_size: size / 8 },
    "vae/config.json": { ...vae, sample_size: size },
    "scheduler/scheduler_config.json": {
      ...scheduler,
      prediction_type: predictionType,
      ...(zeroTerminalSnr && { rescale_betas_zero_snr: true, timestep_spacing: "trailing" }),
    },
  };
  for (const { part, tokenizer, config, padToken } of textEncoders) {
    files[`${part}/config.json`] = config;
    files[`${tokenizer}/tokenizer_config.json`] = tokenizerConfig(padToken);
  }
  return Object.fromEntries(
    Object.entries(files).map(([path, json]) => [path, `${JSON.stringify(json, null, 2)}\n`]),
  );
}

const tokenizerConfig = (padToken: string) => ({
  tokenizer_class: "CLIPTokenizer",
  model_max_length: 77,
  add_prefix_space: false,
  do_lower_case: true,
  errors: "replace",
  bos_token: "<|startoftext|>",
  eos_token: "<|endoftext|>",
  unk_token: "<|endoftext|>",
  pad_token: padToken,
});
