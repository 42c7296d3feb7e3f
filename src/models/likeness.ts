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
  sqrt,
  type Tensor,
} from "../graph/index.ts";
import { convNormSilu, type Layout, layouts, linear, residual } from "../nn/index.ts";
import { clipText } from "./clip-text.ts";
import type { CLIPTextConfig } from "./config.ts";

/** Channels of the picture's network, the size being halved before the second and the third. */
const channels = [64, 96, 192] as const;
/** Radford et al. 2021, section 2.5: the logarithm of 1 / 0.07. */
const firstScale: number = Math.log(1 / 0.07);

/** What is compared. */
export interface LikenessConfig {
  readonly text: CLIPTextConfig;
  /** [1, channels, height, width] of pictures as the denoiser sees them. */
  readonly picture: readonly number[];
  /** Numbers by which a text and a picture are compared. */
  readonly projectionSize: number;
}

/**
 * How alike each text and each picture are (Radford et al. 2021, figure 3), [texts, pictures]: the cosine of the angle
 * between their projections, times a learnt scale. Inputs: `input_ids` [batch, tokens] int32, `pictures` [batch, channels,
 * height, width].
 *
 * Unlike CLIP, of a text all tokens count alike and not only the end token, because a denoiser attends to them all.
 */
export function likeness(
  { text, picture, projectionSize: features }: LikenessConfig,
  batch: number,
  layout: Layout,
): Tensor {
  const scope = new Scope();
  const ids = input("input_ids", [batch, text.max_position_embeddings], "int32");
  const states = reduceMean(clipText(scope.at("text_encoder"), ids, text), [1]);
  const words = reshape(states, [batch, text.hidden_size]);
  const seen = pictureFeatures(
    scope.at("picture_encoder"),
    input("pictures", [batch, ...picture.slice(1)]),
    layout,
  );
  const project = (name: string, x: Tensor) =>
    unit(linear(scope.at(name), x, { features, bias: false }));
  const scale = scope.parameter("logit_scale", [1], { kind: "constant", value: firstScale });
  const cosines = matmul(project("text_projection", words), project("visual_projection", seen), {
    transB: true,
  });
  return mul(cosines, exp(scale));
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
