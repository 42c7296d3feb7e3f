import {
  add,
  div,
  exp,
  input,
  matmul,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  Scope,
  slice,
  sqrt,
  type Tensor,
  transpose,
} from "../graph/index.ts";
import { convNormSilu, type Layout, layouts, linear, residual } from "../nn/index.ts";
import { clipText } from "./clip-text.ts";
import type { CLIPTextConfig } from "./config.ts";

/** Channels of the picture's network, the size being halved before the second and the third. */
const channels = [64, 96, 192] as const;
/** Radford et al. 2021, section 2.5: the logarithm of 1 / 0.07. */
const firstScale: number = Math.log(1 / 0.07);

/** What is compared. */
export interface TextsWithPicturesConfig {
  readonly text: CLIPTextConfig;
  /** [1, channels, height, width] of pictures as the denoiser sees them. */
  readonly picture: readonly number[];
  /** Numbers by which a text and a picture are compared. */
  readonly projectionSize: number;
}

/** How a text encoder's texts go with pictures. */
export interface TextsWithPictures {
  /** How alike each text and each picture are, [texts, pictures]. */
  readonly likeness: Tensor;
  /** The input, [batch, channels, height, width]. */
  readonly pictures: Tensor;
  /** Each text's picture as the text expects it, of the same shape. */
  readonly expected: Tensor;
}

/** Regions a side of a picture, of each of which one token tells: 4, or less where a side or half of the tokens is too small. */
function regionsASide(tokens: number, height: number, width: number): number {
  const fits = (regions: number) =>
    height % regions === 0 && width % regions === 0 && 2 * regions ** 2 <= tokens;
  return [4, 2].find(fits) ?? 1;
}

/**
 * Texts and pictures, compared in two ways. Inputs: `input_ids` [batch, tokens] int32, `pictures` [batch, channels, height,
 * width].
 *
 * Likeness is CLIP's (Radford et al. 2021, figure 3): the cosine of the angle between the projections, times a learnt
 * scale. Unlike there, of a text all tokens count alike and not only the end token, because a denoiser attends to them all.
 *
 * What is expected: of each of up to 4 x 4 regions one of the text's last tokens tells linearly, so that a denoiser's places
 * find what they need in a token of their own.
 */
export function textsWithPictures(
  { text, picture, projectionSize: features }: TextsWithPicturesConfig,
  batch: number,
  layout: Layout,
): TextsWithPictures {
  const scope = new Scope();
  const ids = input("input_ids", [batch, text.max_position_embeddings], "int32");
  const states = clipText(scope.at("text_encoder"), ids, text);
  const words = reshape(reduceMean(states, [1]), [batch, text.hidden_size]);
  const [, ...shape] = picture;
  const pictures = input("pictures", [batch, ...shape]);
  const seen = pictureFeatures(scope.at("picture_encoder"), pictures, layout);
  const project = (name: string, x: Tensor) =>
    unit(linear(scope.at(name), x, { features, bias: false }));
  const scale = scope.parameter("logit_scale", [1], { kind: "constant", value: firstScale });
  const cosines = matmul(project("text_projection", words), project("visual_projection", seen), {
    transB: true,
  });
  return {
    likeness: mul(cosines, exp(scale)),
    pictures,
    expected: expectation(scope.at("expectation"), states, shape as [number, number, number]),
  };
}

/** [batch, tokens, features] to [batch, channels, height, width]. */
function expectation(
  scope: Scope,
  states: Tensor,
  [channels, height, width]: readonly [number, number, number],
): Tensor {
  const [batch = 1, tokens = 1] = states.shape;
  const regions = regionsASide(tokens, height, width);
  const [down, across] = [height / regions, width / regions];
  const told = slice(states, 1, tokens - regions ** 2, tokens);
  const cells = linear(scope, told, { features: channels * down * across });
  const split = reshape(cells, [batch, regions, regions, channels, down, across]);
  return reshape(transpose(split, [0, 3, 1, 4, 2, 5]), [batch, channels, height, width]);
}

/** A small residual network that keeps the places, [batch, features]. */
function pictureFeatures(scope: Scope, pictures: Tensor, layout: Layout): Tensor {
  let map = layouts[layout].fromPlanes(pictures);
  for (const [i, count] of channels.entries()) {
    map = convNormSilu(scope.at(i), map, { channels: count, stride: i === 0 ? 1 : 2 });
    map = residual(scope.at(i, "refine"), map);
  }
  const cells = map.layout.toTokens(map);
  const [batch = 1, places = 1, features = 1] = cells.shape;
  return reshape(cells, [batch, places * features]);
}

/** Rows of length 1. */
function unit(x: Tensor): Tensor {
  return div(x, sqrt(add(reduceSum(mul(x, x), [1]), 1e-12)));
}
