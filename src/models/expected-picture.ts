import { input, reshape, Scope, slice, type Tensor, transpose } from "../graph/index.ts";
import { linear } from "../nn/index.ts";
import { clipText } from "./clip-text.ts";
import type { CLIPTextConfig } from "./config.ts";

/** What lets expect what. */
export interface ExpectedPictureConfig {
  readonly text: CLIPTextConfig;
  /** [1, channels, height, width] of pictures as the denoiser sees them. */
  readonly picture: readonly [number, number, number, number];
}

/** Regions a side of a picture, of each of which one token tells: 4, or less where a side or half of the tokens is too small. */
function regionsASide(tokens: number, height: number, width: number): number {
  const fits = (regions: number) =>
    height % regions === 0 && width % regions === 0 && 2 * regions ** 2 <= tokens;
  return [4, 2].find(fits) ?? 1;
}

/**
 * The picture that a text lets expect, [batch, channels, height, width]. Input: `input_ids` [batch, tokens] int32.
 *
 * Of each of up to 4 x 4 regions one of the text's last tokens tells, linearly, so that a denoiser's places find what they
 * need in a token of their own.
 */
export function expectedPicture(
  { text, picture: [, channels, height, width] }: ExpectedPictureConfig,
  batch: number,
): Tensor {
  const scope = new Scope();
  const tokens = text.max_position_embeddings;
  const ids = input("input_ids", [batch, tokens], "int32");
  const states = clipText(scope.at("text_encoder"), ids, text);
  const regions = regionsASide(tokens, height, width);
  const [down, across] = [height / regions, width / regions];
  const told = slice(states, 1, tokens - regions ** 2, tokens);
  const features = channels * down * across;
  const cells = linear(scope.at("expectation"), told, { features });
  const split = reshape(cells, [batch, regions, regions, channels, down, across]);
  return reshape(transpose(split, [0, 3, 1, 4, 2, 5]), [batch, channels, height, width]);
}
