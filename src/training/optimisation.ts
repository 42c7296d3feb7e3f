import { z } from "zod";
import { UserError } from "../tensor/index.ts";

/** How a network is trained, whatever it learns. */
export interface Optimisation {
  readonly seed: number;
  /** Optimiser steps in all. */
  readonly steps: number;
  readonly batchSize: number;
  /** Peak learning rate: reached after the warm-up, held, and taken to zero linearly over the last part. */
  readonly learningRate: number;
  /** Peak learning rate of matrices that map features to features, which Muon then changes in place of AdamW; without, AdamW changes all. */
  readonly matrixLearningRate?: number | undefined;
  readonly warmupSteps: number;
  /** Share of the steps, at the end, over which the learning rate falls. */
  readonly decayShare: number;
  readonly weightDecay: number;
  /** Decay rates of AdamW's moments; Muon has its own momentum. */
  readonly betas: readonly [number, number];
  /** Gradients of a larger norm are scaled down to it. */
  readonly clipNorm: number;
  readonly emaDecay: number;
}

/** Data by their name and the number of their distinct pictures, to recognise a resume on other data. */
export interface DataName {
  readonly data: string;
  readonly pictures: number;
}

/** @throws UserError when what was begun in a folder on other data is to go on. */
export function requireSameData(folder: string, begun: DataName, present: DataName): void {
  const told = ({ data, pictures }: DataName) => `${data}, ${pictures} pictures`;
  if (told(begun) !== told(present))
    throw new UserError(
      `${folder}: expected the data that it was begun with (${told(begun)}), got ${told(present)}`,
    );
}

export const positive: z.ZodType<number> = z.int().min(1);
export const share: z.ZodType<number> = z.number().min(0).max(1);
export const json: z.ZodType<Readonly<Record<string, unknown>>> = z.record(z.string(), z.unknown());

export const optimisationFields: {
  readonly [K in keyof Required<Optimisation & DataName>]: z.ZodType<(Optimisation & DataName)[K]>;
} = {
  data: z.string(),
  pictures: positive,
  seed: z.int().min(0),
  steps: positive,
  batchSize: positive,
  learningRate: z.number().positive(),
  matrixLearningRate: z.number().positive().optional(),
  warmupSteps: z.int().min(0),
  decayShare: share,
  weightDecay: z.number().min(0),
  betas: z.tuple([share, share]),
  clipNorm: z.number().positive(),
  emaDecay: share,
};
