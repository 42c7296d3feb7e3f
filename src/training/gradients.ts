import { gradient } from "../autodiff/index.ts";
import { type Outputs, parametersOf, type Tensor } from "../graph/index.ts";

/** What one training step computes. */
export interface TrainingGraph {
  /** `loss`, the gradient of every trained parameter under `gradientOf` its name, and `told`; all else are scalars. */
  readonly outputs: Outputs;
  /** The parameters that are trained. */
  readonly parameters: ReadonlyMap<string, Tensor<"Parameter">>;
  /** Names of further outputs, each [], that a step tells. */
  readonly told: readonly string[];
}

/**
 * A loss, [], with its gradients by the parameters that it depends on, or by those of them that are `trained`.
 * @param told further scalars that a step tells.
 */
export function withGradients(
  loss: Tensor,
  {
    trained = () => true,
    told = {},
  }: { trained?: (parameter: string) => boolean; told?: Outputs } = {},
): TrainingGraph {
  const parameters = new Map([...parametersOf([loss])].filter(([name]) => trained(name)));
  const gradients = gradient(loss, [...parameters.values()]);
  const named = [...parameters.keys()].map((name, i) => [gradientOf(name), gradients[i]] as const);
  const outputs = { loss, ...told, ...(Object.fromEntries(named) as Outputs) };
  return { outputs, parameters, told: Object.keys(told) };
}

/** The name of a parameter's gradient among the outputs. */
export function gradientOf(parameter: string): string {
  return `gradient of ${parameter}`;
}
