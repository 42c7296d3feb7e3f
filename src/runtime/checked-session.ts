import { sizeOf } from "../tensor/index.ts";
import type { Port, Session, SessionRequest, Values } from "./backend.ts";

/** A value, and the port that it is for. */
export interface PortValue<Data = Float32Array | Int32Array> {
  readonly port: Port;
  readonly data: Data;
}

/** What an engine does for a session; it may rely on values that fit, and on not being called after its end. */
export interface Engine {
  run(feeds: readonly PortValue[], results: readonly PortValue<Float32Array>[]): Promise<void>;
  dispose(): Promise<void>;
}

/** The session of an engine: refuses values that do not fit, and calls after its end; may be disposed twice. */
export function checkedSession({ inputs, outputs }: SessionRequest, engine: Engine): Session {
  let ended: Promise<void> | undefined;
  return {
    async run(feeds, results) {
      if (ended) throw new Error("session: expected one that is not disposed");
      await engine.run(fitting(inputs, feeds), fitting(outputs, results));
    },
    dispose() {
      ended ??= engine.dispose();
      return ended;
    },
  };
}

function fitting<Data extends Values[string]>(
  ports: readonly Port[],
  values: Readonly<Record<string, Data>>,
): readonly PortValue<Data>[] {
  return ports.map((port) => {
    const { name, dtype, shape } = port;
    const data = values[name];
    const expected = `session: ${name}: expected ${dtype} [${shape.join(", ")}]`;
    if (data === undefined) throw new Error(`${expected}, got nothing`);
    const actual = data instanceof Int32Array ? "int32" : "float32";
    if (actual !== dtype) throw new Error(`${expected}, got ${actual}`);
    if (data.length !== sizeOf(shape)) throw new Error(`${expected}, got ${data.length} values`);
    return { port, data };
  });
}
