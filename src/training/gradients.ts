import { gradient } from "../autodiff/index.ts";
import { type Outputs, parametersOf, type Tensor } from "../graph/index.ts";

/** What one training step computes. */
export interface TrainingGraph {
  /** `loss`, a scalar, and the gradient of every parameter under `gradientOf` its name. */
  readonly outputs: Outputs;
  readonly parameters: ReadonlyMap<string, Tensor<"Parameter">>;
}

/** A loss, [], with its gradients by all the parameters that it depends on. */
export function withGradients(loss: Tensor): TrainingGraph {
  const parameters = parametersOf([loss]);
  const gradients = gradient(loss, [...parameters.values()]);
  const named = [...parameters.keys()].map((name, i) => [gradientOf(name), gradients[i]] as const);
  return { outputs: { loss, ...(Object.fromEntries(named) as Outputs) }, parameters };
}

/** The name of a parameter's gradient among the outputs. */
export function gradientOf(parameter: string): string {
  return `gradient of ${parameter}`;
}
