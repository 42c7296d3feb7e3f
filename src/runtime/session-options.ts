import type { InferenceSession } from "onnxruntime-common";

/** No spinning: it costs nothing alone, and keeps two thirds of the rate beside another busy process. */
const withoutSpinning = { intra_op: { allow_spinning: "0" } };

/**
 * Settings that training steps were measured with: sequential execution, and a memory arena without patterns.
 * @param entries further ones of `session`, by their names in onnxruntime_session_options_config_keys.h.
 */
export function sessionOptions(
  entries: Readonly<Record<string, string>> = {},
): InferenceSession.SessionOptions {
  return {
    executionMode: "sequential",
    enableCpuMemArena: true,
    enableMemPattern: false,
    logSeverityLevel: 4, // what fails throws, and need not be told twice
    extra: { session: { ...withoutSpinning, ...entries } },
  };
}
