/** How a fresh parameter is filled before training; `zeroRow` is a row of a matrix that begins as zeros. */
export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly std: number; readonly zeroRow?: number }
  | { readonly kind: "uniform"; readonly bound: number };

export const zeros: Initializer = { kind: "constant", value: 0 };
export const ones: Initializer = { kind: "constant", value: 1 };

/** Torch's default for Linear and Conv2d: uniform within 1 / sqrt(fan in). */
export function fanIn(inputs: number): Initializer {
  return { kind: "uniform", bound: 1 / Math.sqrt(inputs) };
}
