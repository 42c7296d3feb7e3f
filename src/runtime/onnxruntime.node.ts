import { InferenceSession, Tensor } from "onnxruntime-node";
import { diskRoot } from "../tensor/index.node.ts";
import { UserError } from "../tensor/index.ts";
import type { Backend, Session, SessionRequest } from "./backend.ts";
import { checkedSession, type PortValue } from "./checked-session.ts";
import { sessionOptions } from "./session-options.ts";
import { smallestModel } from "./smallest-model.ts";

/** An execution provider by onnxruntime-node's name. All but the CPU's are passed through by name, and untested. */
export type NodeProvider = "cpu" | "webgpu" | "cuda" | "coreml" | "dml";

/** onnxruntime-node on the CPU. */
export const onnxruntimeNode: Backend = { createSession: (request) => create(request, "cpu") };

/**
 * onnxruntime-node on an execution provider: WebGPU, CUDA, CoreML or DirectML, where the machine has it. Ops that the
 * provider lacks run on the CPU.
 *
 * @throws UserError at the first session when the provider cannot be used on this machine.
 */
export function onnxruntimeNodeOn(provider: NodeProvider): Backend {
  let proven: Promise<void> | undefined;
  return {
    async createSession(request) {
      proven ??= prove(provider);
      await proven;
      return create(request, provider);
    },
  };
}

async function prove(provider: NodeProvider): Promise<void> {
  try {
    const session = await create(smallestModel, provider);
    await session.dispose();
  } catch (cause) {
    const [reason] = (cause as Error).message.split("\n");
    throw new UserError(
      `provider: expected one that onnxruntime-node can use on this machine, got ${provider} (${reason})`,
      { cause },
    );
  }
}

async function create(request: SessionRequest, provider: NodeProvider): Promise<Session> {
  const { model, files, threads, frugal } = request;
  const session = await InferenceSession.create(model, {
    ...sessionOptions({ model_external_initializers_file_folder_path: diskRoot }),
    // "all" is "extended" and blocked layouts (NCHWc) for convolutions, for which their weights are copied.
    graphOptimizationLevel: frugal ? "extended" : "all",
    executionProviders: [provider],
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    externalData: Object.entries(files).map(([path, data]) => ({ path, data })),
  });
  return checkedSession(request, {
    async run(feeds, results) {
      await session.run(tensors(feeds), tensors(results));
    },
    dispose: () => session.release(),
  });
}

function tensors(values: readonly PortValue[]): Record<string, Tensor> {
  const tensor = ({ port: { shape }, data }: PortValue) =>
    data instanceof Int32Array
      ? new Tensor("int32", data, shape)
      : new Tensor("float32", data, shape);
  return Object.fromEntries(values.map((value) => [value.port.name, tensor(value)]));
}
