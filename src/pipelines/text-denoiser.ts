import {
  type ConditionalDenoiser,
  classifierFree,
  type Denoiser,
  guidanceAt,
  guidedByPicture,
  keepInRange,
  predict,
} from "../diffusion/index.ts";
import { linearCombination, type NdArray, UserError } from "../tensor/index.ts";
import { besideEachOther, part, parts } from "./batch.ts";
import {
  conditionValues,
  microConditions,
  type TextEmbedding,
  zeroEmbedding,
} from "./conditions.ts";
import type { Model } from "./model.ts";
import type { Networks } from "./networks.ts";
import { seenBeside, sizeOfPictures } from "./picture-size.ts";
import { checkClipSkip, requireKnown } from "./text-graph.ts";
import type { TextToImageOptions } from "./text-to-image.ts";

/** A text to draw or to stay away from. */
interface Condition {
  readonly text: TextEmbedding;
  /** Whether it is the prompt, whose pass is probed and edited. */
  readonly prompt: boolean;
  /** Whether nothing, in place of a picture, is seen beside the latent. */
  readonly blind?: boolean;
}

/** A text; or several, each with how much it counts, whose embeddings are blended into one: weights that sum to 1. */
export type Prompt = string | readonly (readonly [text: string, weight: number])[];

/** What is to be drawn. */
interface Asked {
  readonly prompt: Prompt;
  readonly options: TextToImageOptions;
  /** What the U-Net sees beside the latent, behind its channels. */
  readonly beside: NdArray | undefined;
}

const defaultGuidance = 3;

/** A model's U-Net as a denoiser that is guided by a prompt. */
export async function textDenoiser(
  model: Model,
  networks: Networks,
  { prompt, options, beside }: Asked,
): Promise<Denoiser> {
  const { negativePrompt, guidanceScale = defaultGuidance, clipSkip, combine, from } = options;
  const withText = { text: await blended(model, networks, prompt, clipSkip), prompt: true };
  const conditional = conditionalUNet(model, networks, { options, beside });
  const keep = (denoise: Denoiser) =>
    options.clip ? options.clip(denoise) : keepInRange(denoise, model.scheduler.clip);
  const isDistilled = model.unet.time_cond_proj_dim !== null;
  if (isDistilled) return keep(told(conditional, withText));
  const withoutText = { text: await embed(model, networks, negativePrompt), prompt: false };
  const guided = classifierFree(seeing(conditional, model, withoutText), {
    withText,
    withoutText,
    scale: guidanceScale,
    from,
    ...(combine && { combine }),
  });
  return keep(guided);
}

/** Of a network that was taught to edit: guided by the picture, too. */
function seeing(
  conditional: ConditionalDenoiser<Condition>,
  model: Model,
  withPicture: Condition,
): ConditionalDenoiser<Condition> {
  if (seenBeside(model) !== "picture") return conditional;
  return guidedByPicture(conditional, { withPicture, without: { ...withPicture, blind: true } });
}

/** A network distilled from guided ones is told the guidance, and asked once (Meng et al. 2023, section 3.1). */
function told(conditional: ConditionalDenoiser<Condition>, withText: Condition): Denoiser {
  return async (latent, level) => (await conditional(latent, level, [withText]))[0]!;
}

/** The U-Net as a denoiser for several texts at once. */
function conditionalUNet(
  model: Model,
  networks: Networks,
  { options, beside }: Omit<Asked, "prompt">,
): ConditionalDenoiser<Condition> {
  const { probes = [], attention = () => ({}), guidanceScale = defaultGuidance } = options;
  return async (latent, level, conditions) => {
    const edited = conditions.findIndex((condition) => condition.prompt);
    const size = sizeOfPictures(model, latent);
    const guidance = guidanceAt(guidanceScale, level);
    const { output, ...read } = await networks.runUNet({
      samples: conditions.map(({ blind = false }) =>
        beside ? besideEachOther(latent, blind ? nothing(beside) : beside) : latent,
      ),
      t: level.t,
      conditions: conditions.map(({ text, prompt }) =>
        conditionValues(model, text, microConditions(size, options, prompt), guidance),
      ),
      ...(edited >= 0 && { inside: { probes, edits: attention(level), edited } }),
    });
    return conditions.map(({ prompt }, i) => ({
      ...predict(
        model.scheduler.predictionType,
        part(output!, i, conditions.length),
        latent,
        level,
      ),
      ...(prompt && probes.length > 0 && { probes: parts(read, i, conditions.length) }),
    }));
  };
}

function nothing({ shape, data }: NdArray): NdArray {
  return { shape, data: new Float32Array(data.length) };
}

/**
 * A prompt's embedding: of several texts the mean by their weights, token by token.
 * @throws UserError when there is no text, or the weights are not numbers from 0 that sum to 1.
 */
async function blended(
  model: Model,
  networks: Networks,
  prompt: Prompt,
  clipSkip: number | undefined,
): Promise<TextEmbedding> {
  if (typeof prompt === "string") return embed(model, networks, prompt, clipSkip);
  const weights = prompt.map(([, weight]) => weight);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(Math.abs(sum - 1) < 1e-6 && weights.every((weight) => weight >= 0)))
    throw new UserError(
      `prompt: expected texts with weights from 0 that sum to 1, got weights [${weights.join(", ")}]`,
    );
  const parts: (readonly [number, TextEmbedding])[] = [];
  for (const [text, weight] of prompt)
    parts.push([weight, await embed(model, networks, text, clipSkip)]);
  const mean = (of: (embedding: TextEmbedding) => NdArray) =>
    linearCombination(parts.map(([weight, embedding]) => [weight, of(embedding)]));
  const states = mean((embedding) => embedding.states);
  const [, first] = parts[0]!;
  return first.pooled ? { states, pooled: mean(({ pooled }) => pooled!) } : { states };
}

/** A text's embedding; that of none is the empty text's, or zeros where the model says so. */
async function embed(
  model: Model,
  networks: Networks,
  text: string | undefined,
  clipSkip = 0,
): Promise<TextEmbedding> {
  const { textEncoders, forceZeros } = model;
  if (text === undefined && forceZeros) return zeroEmbedding(model);
  checkClipSkip(clipSkip, textEncoders);
  const ids = textEncoders.map((reader) => {
    const encoded = reader.tokenizer.encode(text ?? "").ids;
    requireKnown(encoded, reader);
    return encoded;
  });
  return networks.embedText(ids, clipSkip);
}
