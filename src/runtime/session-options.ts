import type { InferenceSession } from "onnxruntime-common";

/**
 * Settings that training steps were measured with: sequential execution, memory arena without patterns, and no
 * spinning, which costs nothing alone and keeps two thirds of the rate beside another busy process.
 */
export const sessionOptions: InferenceSession.SessionOptions = {
  executionMode: "sequential",
  enableCpuMemArena: true,
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: "0" } } },
};
