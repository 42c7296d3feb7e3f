import { inputsOf, type Outputs, parametersOf, type Tensor, toOnnx } from "../graph/index.ts";
import { encodeModel } from "../onnx/index.ts";
import { sizeOf, type WeightLocation } from "../tensor/index.ts";
import type { Backend, Port, SessionRequest, Values } from "./backend.ts";

/** The values of each parameter by its name; they may be views into one array. */
export type Weights = Readonly<Record<string, Float32Array>>;

/** As `Weights`, but of what lies on this machine's disk the place, from which the session maps it into memory. */
export type PlacedWeights = Readonly<Record<string, Float32Array | WeightLocation>>;

export interface CompileOptions {
  readonly backend: Backend;
  /**
   * Fixed weights, which are read while the graph is compiled and not kept; parameters become inputs if absent, which is
   * how training runs.
   */
  readonly weights?: PlacedWeights;
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
  const session = await backend.createSession(request(outputs, weights, threads));
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

/** The session of a graph. A function of its own, so that what compiling makes does not hold on to the weights. */
function request(
  outputs: Outputs,
  weights: PlacedWeights | undefined,
  threads: number | undefined,
): SessionRequest {
  const tensors = Object.values(outputs);
  const port = ([name, { dtype, shape }]: [string, Tensor]): Port => ({ name, dtype, shape });
  const inputs = [...inputsOf(tensors)].map(port);
  const parameters = [...parametersOf(tensors)].map(port);
  const described = { outputs: Object.entries(outputs).map(port), threads, frugal: false };
  if (!weights) {
    const model = encodeModel(toOnnx(outputs));
    return { ...described, model, files: {}, inputs: [...inputs, ...parameters] };
  }
  const files: Record<string, Uint8Array> = {};
  for (const { name } of parameters) {
    const weight = weights[name];
    if (weight === undefined) throw new Error(`weights: expected values of ${name}`);
    if (weight instanceof Float32Array)
      files[name] = new Uint8Array(weight.buffer, weight.byteOffset, weight.byteLength);
  }
  const locate = (name: string) => {
    const weight = weights[name]!;
    return weight instanceof Float32Array ? ownFile(name) : weight;
  };
  const widened = parameters
    .filter(({ name }) => locate(name).elementType !== "float32")
    .reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const frugal = widened >= muchWidened;
  return { ...described, model: encodeModel(toOnnx(outputs, locate)), files, inputs, frugal };
}

/** From so many bytes on, weights of 16 bits are not laid out anew after they were widened, which would hold them twice. */
const muchWidened = 2 ** 30;

/** To ONNX Runtime each array is a file of its own, in memory, because one buffer cannot hold every model. */
function ownFile(parameter: string): WeightLocation {
  return { location: parameter, offset: 0, elementType: "float32" };
}
