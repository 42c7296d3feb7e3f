import { type ImageSize, imageSize, readImage } from "../image/index.node.ts";
import {
  latentShape,
  type Model,
  nativeSize,
  seenBeside,
  sizeMultiple,
  strengthOf,
} from "../pipelines/index.ts";
import { UserError } from "../tensor/index.ts";
import type { Drawing } from "./draw.ts";

/** What a run begins with, as it was typed. */
export interface Typed {
  readonly from?: string;
  readonly mask?: string;
  readonly strength?: number;
  readonly height?: number;
  readonly width?: number;
}

/**
 * What a run begins with, and its size. A picture, and its mask, are read in the size that is asked for, else in the
 * picture's proportions with the shorter side as the model was trained; what juts out is cut off at both edges.
 *
 * @throws UserError when a file is not a picture, their sizes differ, or the model cannot do the size.
 */
export async function beginning(
  model: Model,
  { from, mask, strength, ...given }: Typed,
): Promise<Pick<Drawing, "from" | "mask" | "strength" | "begin" | "height" | "width">> {
  const asked = {
    ...(given.height !== undefined && { height: given.height }),
    ...(given.width !== undefined && { width: given.width }),
  };
  if (from === undefined) return asked;
  const own = await imageSize(from);
  if (mask !== undefined) await requireSize(mask, own, from);
  const fitting = proportional(own, model);
  const { height, width } = { ...fitting, ...asked };
  latentShape(model, { count: 1, height, width });
  const read = (file: string) => readImage(file, { height, width, fit: "cover" });
  const picture = await read(from);
  const begins = strength !== undefined || seenBeside(model) !== "picture"; // else it only looks at the picture
  return {
    from,
    ...(begins && { strength: strengthOf({ strength, mask }) }),
    height,
    width,
    begin: { picture, ...(mask !== undefined && { mask: await read(mask) }) },
    ...(mask !== undefined && { mask }),
  };
}

async function requireSize(
  mask: string,
  { height, width }: ImageSize,
  from: string,
): Promise<void> {
  const size = await imageSize(mask);
  if (size.height === height && size.width === width) return;
  throw new UserError(
    `mask: expected ${width} x ${height} pixels as ${from} has, got ${size.width} x ${size.height}`,
  );
}

/** The model's size for the shorter side, and the proportions as near as the model can do them. */
function proportional({ height, width }: ImageSize, model: Model): ImageSize {
  const scale = nativeSize(model) / Math.min(height, width);
  const multiple = sizeMultiple(model);
  const scaled = (length: number) => Math.round((length * scale) / multiple) * multiple;
  return { height: scaled(height), width: scaled(width) };
}
