import { add, input, matmul, mul, reduceMean, sub, type Tensor } from "../../graph/index.ts";
import type { Random } from "../../tensor/index.ts";

/** The kinds of change in Zhao et al.'s DiffAugment, by their names. */
export const augmentationKinds = ["color", "translation", "cutout"] as const;
export type AugmentationKind = (typeof augmentationKinds)[number];

/** Values of inputs that decide the changes. */
type Changes = Readonly<Record<string, Float32Array>>;

interface Size {
  readonly batch: number;
  /** Pixels a side. */
  readonly size: number;
}

interface Augmentation {
  /** Changes pictures [batch, 3, size, size] by inputs of `name`. */
  apply(pictures: Tensor, name: (part: string) => string): Tensor;
  /** Draws the inputs of a batch. */
  draw(random: Random, size: Size): Changes;
}

/** Largest shift, and side of the square that is cut out, as shares of the picture's side. */
const largestShift = 1 / 8;
const cutoutSide = 1 / 2;

const between = (random: Random, low: number, high: number) =>
  low + (high - low) * random.uniform();

/** A matrix [size, size] that moves what it is multiplied with by so many places; zeros come in. */
function writeShift(matrix: Float32Array, size: number, by: number): void {
  for (let i = Math.max(0, by); i < Math.min(size, size + by); i++) matrix[i * size + i - by] = 1;
}

const color: Augmentation = {
  apply(pictures, name) {
    const [batch = 1] = pictures.shape;
    const factor = (part: string) => input(name(part), [batch, 1, 1, 1]);
    const around = (x: Tensor, middle: Tensor, part: string) =>
      add(mul(sub(x, middle), factor(part)), middle);
    const bright = add(pictures, factor("brightness"));
    const saturated = around(bright, reduceMean(bright, [1]), "saturation");
    return around(saturated, reduceMean(saturated, [1, 2, 3]), "contrast");
  },
  draw(random, { batch }) {
    const values = (low: number, high: number) =>
      Float32Array.from({ length: batch }, () => between(random, low, high));
    return {
      brightness: values(-0.5, 0.5),
      saturation: values(0, 2),
      contrast: values(0.5, 1.5),
    };
  },
};

const translation: Augmentation = {
  apply(pictures, name) {
    const [batch = 1, , size = 1] = pictures.shape;
    const matrix = (part: string) => input(name(part), [batch, 1, size, size]);
    return matmul(matmul(matrix("down"), pictures), matrix("across"), { transB: true });
  },
  draw(random, { batch, size }) {
    const most = Math.round(size * largestShift);
    const matrices = () => {
      const values = new Float32Array(batch * size * size);
      for (let i = 0; i < batch; i++) {
        const by = random.integer(2 * most + 1) - most;
        writeShift(values.subarray(i * size * size, (i + 1) * size * size), size, by);
      }
      return values;
    };
    return { down: matrices(), across: matrices() };
  },
};

const cutout: Augmentation = {
  apply(pictures, name) {
    const [batch = 1, , size = 1] = pictures.shape;
    return mul(pictures, input(name("kept"), [batch, 1, size, size]));
  },
  draw(random, { batch, size }) {
    const side = Math.round(size * cutoutSide);
    const kept = new Float32Array(batch * size * size).fill(1);
    for (let i = 0; i < batch; i++) {
      // The square's middle is anywhere in the picture.
      const [top, left] = [0, 1].map(
        () => random.integer(size + 1 - (side % 2)) - Math.floor(side / 2),
      );
      for (let y = Math.max(0, top!); y < Math.min(size, top! + side); y++) {
        const row = (i * size + y) * size;
        kept.fill(0, row + Math.max(0, left!), row + Math.min(size, left! + side));
      }
    }
    return { kept };
  },
};

const augmentations: { readonly [K in AugmentationKind]: Augmentation } = {
  color,
  translation,
  cutout,
};

/** The input that holds part of a change of the pictures `of`. */
const inputName = (of: string, kind: AugmentationKind, part: string) => `${of} ${kind} ${part}`;

/**
 * Pictures [batch, 3, size, size] changed at random, so that the gradient goes through the changes: DiffAugment (Zhao et
 * al. 2020, section 3.2, with the ranges of their code). The changes are inputs, which `drawChanges` fills.
 * @param of tells these pictures' inputs from others'.
 */
export function augmented(
  pictures: Tensor,
  kinds: readonly AugmentationKind[],
  of: string,
): Tensor {
  return kinds.reduce(
    (x, kind) => augmentations[kind].apply(x, (part) => inputName(of, kind, part)),
    pictures,
  );
}

/** Random values of the inputs of `augmented`. */
export function drawChanges(
  kinds: readonly AugmentationKind[],
  of: string,
  random: Random,
  size: Size,
): Changes {
  return Object.fromEntries(
    kinds.flatMap((kind) =>
      Object.entries(augmentations[kind].draw(random, size)).map(
        ([part, values]) => [inputName(of, kind, part), values] as const,
      ),
    ),
  );
}
