import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { SessionRequest } from "./backend.ts";
import type { PortValue } from "./checked-session.ts";
import { sessionOptions } from "./session-options.ts";

/** An execution provider by onnxruntime-web's name. */
export type WebProvider = "wasm" | "webgpu";

/** What a page asks of its worker, about the session that it gave a number. */
export type Call =
  | { readonly method: "create"; readonly session: number; readonly request: SessionRequest }
  | { readonly method: "run"; readonly session: number; readonly feeds: readonly PortValue[] }
  | { readonly method: "dispose"; readonly session: number };

/** What a run gives, by the outputs' names; nothing for other calls. */
export type Results = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** How a call with a number ended. */
export type Answer =
  | { readonly number: number; readonly results: Results }
  | { readonly number: number; readonly error: string };

/** The worker's name. ONNX Runtime's threads may load the same script under names of their own. */
export const workerName = "frabbit";

/** A build of onnxruntime-web. */
type OnnxRuntimeWeb = Pick<typeof import("onnxruntime-web"), "InferenceSession" | "Tensor" | "env">;

/** Answers a page's calls, in a worker: one after the other, because ONNX Runtime's sessions there share what they load. */
export function answerCalls(ort: OnnxRuntimeWeb, provider: WebProvider): void {
  if (self.name !== workerName) return;
  const sessions = new Map<number, InferenceSession>();
  let last = Promise.resolve();
  self.addEventListener("message", ({ data }: MessageEvent<Call & { readonly number: number }>) => {
    last = last.then(() => answer(data.number, perform(ort, provider, sessions, data)));
  });
}

async function answer(number: number, performing: Promise<Results>): Promise<void> {
  try {
    const results = await performing;
    const transfer = Object.values(results).map(({ buffer }) => buffer);
    self.postMessage({ number, results } satisfies Answer, { transfer });
  } catch (fault) {
    const error = fault instanceof Error ? fault.message : String(fault);
    self.postMessage({ number, error } satisfies Answer);
  }
}

async function perform(
  ort: OnnxRuntimeWeb,
  provider: WebProvider,
  sessions: Map<number, InferenceSession>,
  call: Call,
): Promise<Results> {
  if (call.method === "create") {
    sessions.set(call.session, await create(ort, provider, call.request));
    return {};
  }
  const session = sessions.get(call.session)!;
  if (call.method === "run") return run(session, tensors(ort, call.feeds));
  sessions.delete(call.session);
  await session.release();
  return {};
}

function create(
  { InferenceSession, env }: OnnxRuntimeWeb,
  provider: WebProvider,
  { model, files, threads }: SessionRequest,
): Promise<InferenceSession> {
  env.logLevel = "error";
  env.wasm.numThreads = self.crossOriginIsolated ? (threads ?? navigator.hardwareConcurrency) : 1;
  return InferenceSession.create(model, {
    ...sessionOptions(),
    executionProviders: [provider],
    externalData: Object.entries(files).map(([path, data]) => ({ path, data })),
  });
}

/** Into arrays of its own: onnxruntime-web does not write to an array on the CPU that it is given for an output. */
async function run(session: InferenceSession, feeds: Record<string, Tensor>): Promise<Results> {
  const outputs = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array<ArrayBuffer>]),
  );
}

function tensors({ Tensor }: OnnxRuntimeWeb, values: readonly PortValue[]): Record<string, Tensor> {
  return Object.fromEntries(
    values.map(({ port: { name, dtype, shape }, data }) => [name, new Tensor(dtype, data, shape)]),
  );
}
