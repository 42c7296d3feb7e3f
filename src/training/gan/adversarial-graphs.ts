import { gradient } from "../../autodiff/index.ts";
import {
  add,
  meanOfAll,
  mul,
  reduceSum,
  reshape,
  softplus,
  type Tensor,
} from "../../graph/index.ts";
import { sizeOf } from "../../tensor/index.ts";
import { type TrainingGraph, withGradients } from "../gradients.ts";

/** What the names of the two networks' parameters begin with. */
export const networkNames = { generator: "generator", discriminator: "discriminator" } as const;

/** A generator and a discriminator. */
export interface Adversaries {
  /** What the generator makes, [batch, ...]. */
  readonly fake: Tensor;
  /** The input for the data, of the same shape. */
  readonly real: Tensor;
  /** The logits that something is real, [batch, 1]. */
  readonly fakeLogits: Tensor;
  /** The logits of what is real; they depend on `real`. */
  readonly realLogits: Tensor;
}

/** The turns of a training step. */
export interface AdversarialGraphs {
  /** Trains the discriminator. */
  readonly discriminator: TrainingGraph;
  /** The same with the gradient penalty. */
  readonly penalised: TrainingGraph;
  /** Trains the generator. */
  readonly generator: TrainingGraph;
}

/**
 * R1 (Mescheder et al. 2018, equation 9): the squared norm of the slope of the discriminator at the data, the mean over
 * the batch, []. Its gradient is one of second order.
 */
export function gradientPenalty({
  real,
  realLogits,
}: Pick<Adversaries, "real" | "realLogits">): Tensor {
  const sum = reshape(reduceSum(realLogits, [0, 1]), []);
  const [slope] = gradient(sum, [real]) as [Tensor];
  const [batch = 1] = real.shape;
  return mul(meanOfAll(mul(slope, slope)), sizeOf(slope.shape) / batch);
}

/**
 * The losses of a GAN and their gradients, each by its own network's parameters: that of telling real from made, and the
 * generator's non-saturating one (Goodfellow et al. 2014, section 3). They tell the discriminator's loss, the mean logits
 * of what is real and of what is made, and the penalty.
 * @param penaltyWeight what the penalty counts: gamma / 2, times the steps between (Karras et al. 2020, section 3.1, "lazy").
 */
export function adversarialGraphs(
  { fakeLogits, realLogits, real }: Omit<Adversaries, "fake">,
  penaltyWeight: number,
): AdversarialGraphs {
  const own = (network: string) => ({
    trained: (parameter: string) => parameter.startsWith(`${network}.`),
  });
  const loss = add(meanOfAll(softplus(fakeLogits)), meanOfAll(softplus(mul(realLogits, -1))));
  const penalty = gradientPenalty({ real, realLogits });
  const told = {
    "discriminator loss": loss,
    "logit of real": meanOfAll(realLogits),
    "logit of made": meanOfAll(fakeLogits),
  };
  const ofDiscriminator = own(networkNames.discriminator);
  return {
    discriminator: withGradients(loss, { ...ofDiscriminator, told }),
    penalised: withGradients(add(loss, mul(penalty, penaltyWeight)), {
      ...ofDiscriminator,
      told: { ...told, "gradient penalty": penalty },
    }),
    generator: withGradients(meanOfAll(softplus(mul(fakeLogits, -1))), own(networkNames.generator)),
  };
}
