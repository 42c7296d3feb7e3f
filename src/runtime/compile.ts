import {
  inputsOf,
  type Outputs,
  parametersOf,
  type Tensor,
  toOnnx,
  type WeightLocation,
} from "../graph/index.ts";
import { encodeModel } from "../onnx/index.ts";
import { sizeOf } from "../tensor/index.ts";
import type { Backend, Port, Values } from "./backend.ts";

/** Float32 weights, and where each parameter's values lie in them (offset in bytes). */
export interface Weights {
  readonly bytes: Uint8Array;
  offsetOf(parameter: string): number;
}

export interface CompileOptions {
  readonly backend: Backend;
  /** Fixed weights; parameters become inputs if absent, which is how training runs. */
  readonly weights?: Weights;
  /** Threads of one operator; the machine's cores if absent. */
  readonly threads?: number;
}

/** A compiled graph. Its results are arrays that the next run overwrites, or the ones that the caller gave. */
export interface Executable extends AsyncDisposable {
  run(feeds: Values): Promise<Readonly<Record<string, Float32Array>>>;
  dispose(): Promise<void>;
}

/** Compiles a graph; `into` holds the arrays that some outputs are to be written to. */
export async function compile(
  outputs: Outputs,
  { backend, weights, threads }: CompileOptions,
  into: Readonly<Record<string, Float32Array>> = {},
): Promise<Executable> {
  const location = "weights";
  const locate = weights
    ? (parameter: string): WeightLocation => ({ location, offset: weights.offsetOf(parameter) })
    : undefined;
  const tensors = Object.values(outputs);
  const port = ([name, { dtype, shape }]: [string, Tensor]): Port => ({ name, dtype, shape });
  const inputs = [...inputsOf(tensors)].map(port);
  const session = await backend.createSession({
    model: encodeModel(toOnnx(outputs, locate)),
    files: weights ? { [location]: weights.bytes } : {},
    inputs: weights ? inputs : [...inputs, ...[...parametersOf(tensors)].map(port)],
    outputs: Object.entries(outputs).map(port),
    threads,
  });
  const results = Object.fromEntries(
    Object.entries(outputs).map(([name, { shape }]) => [
      name,
      into[name] ?? new Float32Array(sizeOf(shape)),
    ]),
  );
  const dispose = () => session.dispose();
  return {
    async run(feeds) {
      await session.run(feeds, results);
      return results;
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
