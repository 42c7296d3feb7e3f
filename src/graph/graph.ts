import { GraphError, shapeText, type Tensor } from "./tensor.ts";

/** What is computed: named outputs and everything they reach. */
export type Outputs = Readonly<Record<string, Tensor>>;

/** All tensors that the outputs are made from, each once, inputs before what uses them. */
export function topological(outputs: Iterable<Tensor>): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { tensor: Tensor; expanded: boolean }[] = [...outputs]
    .reverse()
    .map((tensor) => ({ tensor, expanded: false }));
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.expanded) order.push(top.tensor);
    else if (!seen.has(top.tensor)) {
      seen.add(top.tensor);
      stack.push({ tensor: top.tensor, expanded: true });
      for (const source of [...top.tensor.inputs].reverse())
        if (!seen.has(source)) stack.push({ tensor: source, expanded: false });
    }
  }
  return order;
}

/** The leaves of one kind by name, in order of first use; a name stands for one tensor only. */
function leavesOf<O extends "Input" | "Parameter">(
  outputs: Iterable<Tensor>,
  op: O,
): Map<string, Tensor<O>> {
  const leaves = new Map<string, Tensor<O>>();
  for (const tensor of topological(outputs)) {
    if (tensor.op !== op) continue;
    const leaf = tensor as Tensor<O>;
    const { name } = leaf.attributes;
    if (leaves.has(name)) throw new GraphError(`expected one ${op} named ${name}, got several`);
    leaves.set(name, leaf);
  }
  return leaves;
}

/** The weights that the outputs depend on, by name, in order of first use. */
export function parametersOf(outputs: Iterable<Tensor>): Map<string, Tensor<"Parameter">> {
  return leavesOf(outputs, "Parameter");
}

/** The inputs that the outputs depend on, by name. */
export function inputsOf(outputs: Iterable<Tensor>): Map<string, Tensor<"Input">> {
  return leavesOf(outputs, "Input");
}

function attributeText(tensor: Tensor): string {
  if (tensor.op === "Constant")
    return tensor.attributes.data.length === 1 ? ` ${tensor.attributes.data[0]}` : "";
  if (tensor.op === "Input" || tensor.op === "Parameter") return ` ${tensor.attributes.name}`;
  const entries = Object.entries(tensor.attributes).filter(([key]) => key !== "shape");
  return entries.length === 0
    ? ""
    : ` ${JSON.stringify(Object.fromEntries(entries)).replaceAll('"', "")}`;
}

/** The graph as text, one tensor a line: `t2 [2, 8] = MatMul {transA:false,transB:true} t0 t1`. */
export function print(outputs: Outputs): string {
  const names = new Map<Tensor, string>();
  const lines = topological(Object.values(outputs)).map((tensor, i) => {
    names.set(tensor, `t${i}`);
    const sources = tensor.inputs.map((source) => ` ${names.get(source)}`).join("");
    return `t${i} ${shapeText(tensor.shape)} = ${tensor.op}${attributeText(tensor)}${sources}`;
  });
  return [
    ...lines,
    ...Object.entries(outputs).map(([name, tensor]) => `${name} = ${names.get(tensor)}`),
  ].join("\n");
}
