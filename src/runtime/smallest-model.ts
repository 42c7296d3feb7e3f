import { encodeModel } from "../onnx/index.ts";
import type { SessionRequest } from "./backend.ts";

const [x, y] = ["x", "y"].map((name) => ({ name, elementType: "float32", shape: [1] }) as const);

/** The smallest model: where it cannot be loaded, none can. */
export const smallestModel: SessionRequest = {
  model: encodeModel({
    nodes: [{ opType: "Identity", inputs: ["x"], outputs: ["y"] }],
    inputs: [x!],
    outputs: [y!],
    initializers: [],
  }),
  files: {},
  frugal: false,
  inputs: [],
  outputs: [],
  threads: 1,
};
