import { concat, input, type Outputs, Scope } from "../graph/index.ts";
import { clipTextOutputs, endPosition } from "../models/index.ts";
import type { Values } from "../runtime/index.ts";
import { UserError } from "../tensor/index.ts";
import { isToldOfPicture } from "./conditions.ts";
import type { ModelConfig, TextReader } from "./model.ts";
import { tokenizerOf } from "./model-files.ts";

type Readers = Pick<ModelConfig, "unet" | "textEncoders">;

/**
 * A model's text encoders for one text: `states`, [1, tokens, cross_attention_dim], what each makes of it one behind the
 * other; and `pooled`, [1, projection_dim], the last one's, where the U-Net is told the text as one vector. Such U-Nets
 * hear what the last layer but one says (`encode_prompt` of diffusers' StableDiffusionXLPipeline), others the last.
 *
 * @param clipSkip takes the states from so many layers earlier
 */
export function textGraph({ unet, textEncoders }: Readers, clipSkip: number): Outputs {
  const read = textEncoders.map(({ name, config, tokenizer }) => {
    const ids = input(`${name}.ids`, [1, tokenizer.modelMaxLength], "int32");
    return clipTextOutputs(new Scope(name), ids, config, clipSkip);
  });
  if (!isToldOfPicture(unet)) {
    return {
      states: concat(
        read.map((outputs) => outputs.lastHiddenState),
        2,
      ),
    };
  }
  return {
    states: concat(
      read.map((outputs) => outputs.penultimateHiddenState),
      2,
    ),
    pooled: read.at(-1)!.pooled(input("ends", [1], "int32")),
  };
}

/** What the graph is fed for a text, by the ids that each of the tokenizers makes of it. */
export function textFeeds({ textEncoders }: Readers, ids: readonly Int32Array[]): Values {
  const fed = textEncoders.map(({ name }, i) => [`${name}.ids`, ids[i]!] as const);
  const end = endPosition(ids.at(-1)!, textEncoders.at(-1)!.config);
  return { ...Object.fromEntries(fed), ends: Int32Array.of(end) };
}

/** @throws UserError when an encoder has not so many layers to skip. */
export function checkClipSkip(clipSkip: number, readers: readonly TextReader[]): void {
  const most = Math.min(...readers.map(({ config }) => config.num_hidden_layers)) - 1;
  if (Number.isInteger(clipSkip) && clipSkip >= 0 && clipSkip <= most) return;
  throw new UserError(
    `clipSkip: expected a whole number from 0 to ${most} for this model, got ${clipSkip}`,
  );
}

/** @throws UserError when a tokenizer has a token that its text encoder has not. */
export function requireKnown(ids: Int32Array, { name, config: { vocab_size } }: TextReader): void {
  const unknown = ids.find((id) => id >= vocab_size);
  if (unknown === undefined) return;
  throw new UserError(
    `${tokenizerOf[name]}/vocab.json: expected ids below the text encoder's vocab_size ${vocab_size}, got ${unknown}`,
  );
}
