/** Where a weight's values lie: in a file outside of the graph, at an offset in bytes. */
export interface WeightLocation {
  readonly location: string;
  readonly offset: number;
  /** How it holds them; networks compute with float32. */
  readonly elementType: "float32" | "float16" | "bfloat16";
}
