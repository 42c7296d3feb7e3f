import { input, type Shape, type Tensor } from "../graph/index.ts";
import {
  type CLIPTextConfig,
  guidanceScaleEmbedding,
  type UNetConditions,
  type UNetConfig,
} from "../models/index.ts";
import type { Values } from "../runtime/index.ts";
import { type NdArray, sizeOf } from "../tensor/index.ts";
import { joined } from "./batch.ts";
import type { ModelConfig } from "./model.ts";

/** What the text encoders make of a text. */
export interface TextEmbedding {
  /** [1, tokens, cross_attention_dim] */
  readonly states: NdArray;
  /** The text as one vector, [1, projection_dim], of a model whose U-Net is told of the picture. */
  readonly pooled?: NdArray;
}

/** Something for all that a U-Net is told of one picture beside the time step. */
type Told<T> = { readonly [name in keyof Omit<UNetConditions, "timesteps">]: T };

/** What a U-Net is told of a picture beside the time step, each [1, ...]. */
export type ConditionValues = Told<NdArray>;

/** What SDXL is told, in the pass for the prompt and in the other. */
interface MicroOptions {
  readonly microConditioning?: MicroConditioning;
  readonly negativeMicroConditioning?: MicroConditioning;
}

/** What SDXL is told of a picture, in pixels (Podell et al. 2023, section 2.2). */
export interface MicroConditioning {
  /** Height and width of the picture before it was shrunk for training. Default: those that are drawn. */
  readonly originalSize?: readonly [height: number, width: number];
  /** Top and left of what was cut out of it. Default 0, 0. */
  readonly cropTopLeft?: readonly [top: number, left: number];
  /** Default: the height and width that are drawn. */
  readonly targetSize?: readonly [height: number, width: number];
  /** Of its refiner, 0 to 10. Default 6; of what to stay away from 2.5. */
  readonly aestheticScore?: number;
}

/** What the U-Net is told of a picture of that size, in the pass for the prompt or for what to stay away from. */
export function microConditions(
  size: readonly [height: number, width: number],
  { microConditioning, negativeMicroConditioning }: MicroOptions,
  prompt: boolean,
): Required<MicroConditioning> {
  return {
    originalSize: size,
    cropTopLeft: [0, 0],
    targetSize: size,
    ...microConditioning,
    ...(prompt ? {} : negativeMicroConditioning),
    aestheticScore: prompt
      ? (microConditioning?.aestheticScore ?? 6)
      : (negativeMicroConditioning?.aestheticScore ?? 2.5),
  };
}

/** Whether a U-Net is told of the picture, and of the text as one vector, as SDXL's is. */
export function isToldOfPicture({ addition_embed_type }: UNetConfig): boolean {
  return addition_embed_type === "text_time";
}

/**
 * How many numbers a U-Net is told of the picture: 6 of sizes by SDXL, 5 by its refiner, which has the aesthetic score
 * in place of the target's size, 0 by others. NaN where the text encoder gives no vector.
 */
export function timeIdCount(unet: UNetConfig, { projection_dim }: CLIPTextConfig): number {
  const { addition_time_embed_dim: width, projection_class_embeddings_input_dim: all } = unet;
  if (!isToldOfPicture(unet)) return 0;
  return projection_dim === null ? Number.NaN : (all! - projection_dim) / width!;
}

/** Shapes of what a model's U-Net is told of one picture by a text of so many tokens, each [1, ...]. */
export function conditionShapes(
  { unet, textEncoders }: Pick<ModelConfig, "unet" | "textEncoders">,
  tokens: number,
): Told<Shape> {
  const { config } = textEncoders.at(-1)!;
  return {
    encoderHiddenStates: [1, tokens, unet.cross_attention_dim],
    ...(isToldOfPicture(unet) && {
      textEmbeds: [1, config.projection_dim!],
      timeIds: [1, timeIdCount(unet, config)],
    }),
    ...(unet.time_cond_proj_dim !== null && { timestepCond: [1, unet.time_cond_proj_dim] }),
  };
}

/** Inputs of a graph for conditions of those shapes, and of their names. */
export function conditionInputs(shapes: Told<Shape>): Told<Tensor> {
  const { encoderHiddenStates, textEmbeds, timeIds, timestepCond } = shapes;
  return {
    encoderHiddenStates: input("encoderHiddenStates", encoderHiddenStates),
    ...(textEmbeds && { textEmbeds: input("textEmbeds", textEmbeds) }),
    ...(timeIds && { timeIds: input("timeIds", timeIds) }),
    ...(timestepCond && { timestepCond: input("timestepCond", timestepCond) }),
  };
}

/** The conditions of several batches of so many pictures, one behind the other. */
export function stackedConditions(
  conditions: readonly ConditionValues[],
  pictures: number,
): { readonly shapes: Told<Shape>; readonly feeds: Values } {
  const names = Object.keys(conditions[0]!) as (keyof ConditionValues)[];
  const stacked = names.map((name) => {
    const values = conditions.map((each) => each[name]!);
    const data = joined(values.flatMap((value) => Array<Float32Array>(pictures).fill(value.data)));
    return { name, shape: [values.length * pictures, ...values[0]!.shape.slice(1)], data };
  });
  return {
    shapes: Object.fromEntries(
      stacked.map(({ name, shape }) => [name, shape]),
    ) as unknown as Told<Shape>,
    feeds: Object.fromEntries(stacked.map(({ name, data }) => [name, data])),
  };
}

/** A text, a picture and the guidance as a model's U-Net is told them: `conditionShapes`. */
export function conditionValues(
  model: Pick<ModelConfig, "unet" | "textEncoders">,
  { states, pooled }: TextEmbedding,
  picture: Required<MicroConditioning>,
  guidanceScale: number,
): ConditionValues {
  const { textEmbeds, timeIds, timestepCond } = conditionShapes(model, 1);
  const { originalSize, cropTopLeft, targetSize, aestheticScore } = picture;
  const sizes = [...originalSize, ...cropTopLeft];
  const ids = [...sizes, ...(timeIds?.[1] === 5 ? [aestheticScore] : targetSize)];
  const features = timestepCond?.[1] ?? 0;
  return {
    encoderHiddenStates: states,
    ...(textEmbeds && { textEmbeds: pooled! }),
    ...(timeIds && { timeIds: { shape: timeIds, data: Float32Array.from(ids) } }),
    ...(timestepCond && {
      timestepCond: { shape: timestepCond, data: guidanceScaleEmbedding(guidanceScale, features) },
    }),
  };
}

/** An embedding of zeros: that of no text at all in models that were trained so. */
export function zeroEmbedding(model: Pick<ModelConfig, "unet" | "textEncoders">): TextEmbedding {
  const { modelMaxLength } = model.textEncoders[0].tokenizer;
  const { encoderHiddenStates, textEmbeds } = conditionShapes(model, modelMaxLength);
  const zeros = (shape: Shape) => ({ shape, data: new Float32Array(sizeOf(shape)) });
  return {
    states: zeros(encoderHiddenStates),
    ...(textEmbeds && { pooled: zeros(textEmbeds) }),
  };
}
