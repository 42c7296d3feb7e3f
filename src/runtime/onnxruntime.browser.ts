import { UserError } from "../tensor/index.ts";
import { type WebProvider, workerName } from "./answer-calls.browser.ts";
import type { Backend, Session, SessionRequest } from "./backend.ts";
import { checkedSession, type PortValue } from "./checked-session.ts";
import { SessionWorker } from "./session-worker.browser.ts";

export type { WebProvider } from "./answer-calls.browser.ts";

/** Written out, because bundlers look for these words. */
const startWorker: Readonly<Record<WebProvider, () => Worker>> = {
  wasm: () =>
    new Worker(new URL("./session-worker-wasm.browser.ts", import.meta.url), {
      type: "module",
      name: workerName,
    }),
  webgpu: () =>
    new Worker(new URL("./session-worker-webgpu.browser.ts", import.meta.url), {
      type: "module",
      name: workerName,
    }),
};

/** A worker, and how many sessions live in it. */
interface Host {
  readonly worker: SessionWorker;
  sessions: number;
}

/**
 * onnxruntime-web in a worker, so that the page stays responsive: as WebAssembly with SIMD, and with threads where the
 * page is cross-origin isolated; or on WebGPU, with WebAssembly for the ops that it lacks.
 * A worker lives as long as a session in it; sessions that ask for different numbers of threads have their own.
 *
 * @throws UserError at the first session when the provider is WebGPU and the browser has no adapter.
 */
export function onnxruntimeWebOn(provider: WebProvider): Backend {
  const hosts = new Map<number | undefined, Host>();
  let created = 0;
  return {
    async createSession(request) {
      await requireAdapter(provider);
      const { threads } = request;
      const host = hosts.get(threads) ?? {
        worker: new SessionWorker(startWorker[provider]()),
        sessions: 0,
      };
      hosts.set(threads, host);
      host.sessions++;
      return sessionIn(host.worker, created++, request, () => {
        host.sessions--;
        if (host.sessions > 0) return;
        hosts.delete(threads);
        host.worker.terminate();
      });
    },
  };
}

/** onnxruntime-web as WebAssembly, in a worker. */
export const onnxruntimeWeb: Backend = onnxruntimeWebOn("wasm");

async function requireAdapter(provider: WebProvider): Promise<void> {
  if (provider !== "webgpu" || (await navigator.gpu?.requestAdapter())) return;
  throw new UserError(
    "provider: expected one that this browser can use, got webgpu (it has no adapter)",
  );
}

async function sessionIn(
  worker: SessionWorker,
  session: number,
  request: SessionRequest,
  leave: () => void,
): Promise<Session> {
  try {
    await worker.call({ method: "create", session, request });
  } catch (error) {
    leave();
    throw error;
  }
  return checkedSession(request, {
    async run(feeds, results) {
      const copies = feeds.map(copied);
      const transfer = copies.map(({ data }) => data.buffer);
      const values = await worker.call({ method: "run", session, feeds: copies }, transfer);
      for (const { port, data } of results) data.set(values[port.name]!);
    },
    async dispose() {
      try {
        await worker.call({ method: "dispose", session });
      } finally {
        leave();
      }
    },
  });
}

/** Without the rest of the buffer that the value may be a part of. */
function copied({
  port,
  data,
}: PortValue): PortValue<Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>> {
  return { port, data: data.slice() };
}
