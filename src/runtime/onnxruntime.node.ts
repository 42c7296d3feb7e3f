import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Backend, Port } from "./backend.ts";

/**
 * Settings that training steps were measured with: sequential execution, memory arena without patterns, and no
 * spinning, which costs nothing alone and keeps two thirds of the rate beside another busy process.
 */
const settings: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  executionMode: "sequential",
  enableCpuMemArena: true,
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: "0" } } },
};

function tensor({ dtype, shape }: Port, data: Float32Array | Int32Array): Tensor {
  return data instanceof Int32Array
    ? new Tensor("int32", data, shape)
    : new Tensor(dtype, data, shape);
}

/** onnxruntime-node on the CPU. */
export const onnxruntimeNode: Backend = {
  async createSession({ model, files, inputs, outputs, threads }) {
    const session = await InferenceSession.create(model, {
      ...settings,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      externalData: Object.entries(files).map(([path, data]) => ({ path, data })),
    });
    const named = (
      ports: readonly Port[],
      values: Readonly<Record<string, Float32Array | Int32Array>>,
    ) =>
      Object.fromEntries(
        ports.map((port) => {
          const data = values[port.name];
          if (!data) throw new Error(`session: expected a value for ${port.name}`);
          return [port.name, tensor(port, data)];
        }),
      );
    return {
      async run(feeds, results) {
        await session.run(named(inputs, feeds), named(outputs, results));
      },
      dispose: () => session.release(),
    };
  },
};
