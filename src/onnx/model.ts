import protobuf from "protobufjs/light.js";
import schema from "./onnx-schema.json" with { type: "json" };

/** ONNX element types used here (TensorProto.DataType). */
export const elementTypes = { float32: 1, int32: 6, int64: 7, float16: 10, bfloat16: 16 } as const;
export type ElementType = keyof typeof elementTypes;

/** Versions that every graph declares: ONNX's own ops, and ONNX Runtime's contributed ones. */
const opsets = [
  { domain: "", version: 20 },
  { domain: "com.microsoft", version: 1 },
];
const irVersion = 9;

export type Attribute = number | readonly number[] | { readonly float: number };

export interface Node {
  readonly opType: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integers, lists of integers, or `{ float }`. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface ValueInfo {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
}

/** A constant of the graph: its bytes, or where they lie in an external file. */
export interface Initializer extends ValueInfo {
  readonly content:
    | { readonly bytes: Uint8Array }
    | { readonly location: string; readonly offset: number; readonly length: number };
}

export interface Model {
  readonly nodes: readonly Node[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: readonly Initializer[];
}

const modelProto = protobuf.Root.fromJSON(schema).lookupType("onnx.ModelProto");

function attributeProto(name: string, value: Attribute): object {
  if (typeof value === "number") return { name, type: 2, i: value };
  return "float" in value ? { name, type: 1, f: value.float } : { name, type: 7, ints: [...value] };
}

function valueInfoProto({ name, elementType, shape }: ValueInfo): object {
  const dim = shape.map((size) => ({ dim_value: size }));
  return { name, type: { tensor_type: { elem_type: elementTypes[elementType], shape: { dim } } } };
}

function tensorProto({ name, elementType, shape, content }: Initializer): object {
  const tensor = { name, data_type: elementTypes[elementType], dims: [...shape] };
  if ("bytes" in content) return { ...tensor, raw_data: content.bytes };
  const external_data = Object.entries(content).map(([key, value]) => ({
    key,
    value: String(value),
  }));
  return { ...tensor, data_location: 1, external_data };
}

/** The bytes of an `.onnx` file. */
export function encodeModel({ nodes, inputs, outputs, initializers }: Model): Uint8Array {
  const graph = {
    name: "frabbit",
    node: nodes.map(({ opType, domain = "", inputs: input, outputs: output, attributes = {} }) => ({
      op_type: opType,
      domain,
      input: [...input],
      output: [...output],
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    })),
    input: inputs.map(valueInfoProto),
    output: outputs.map(valueInfoProto),
    initializer: initializers.map(tensorProto),
  };
  const model = { ir_version: irVersion, opset_import: opsets, producer_name: "frabbit", graph };
  return modelProto.encode(modelProto.fromObject(model)).finish();
}
