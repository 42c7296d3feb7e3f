import { expect, test } from "vitest";
import {
  add,
  gather,
  input,
  inputsOf,
  matmul,
  mul,
  parameter,
  parametersOf,
  print,
  quickGelu,
  topological,
} from "./index.ts";

test("prints one tensor a line, with what it is made from", () => {
  const x = input("x", [2, 8]);
  const hidden = quickGelu(matmul(x, parameter("fc.weight", [4, 8]), { transB: true }), 1);
  const y = add(mul(hidden, 0.5), gather(parameter("bias", [3, 4]), input("row", [], "int32")));
  expect(print({ hidden, y })).toMatchInlineSnapshot(`
    "t0 [2, 8] = Input x
    t1 [4, 8] = Parameter fc.weight
    t2 [2, 4] = MatMul {transA:false,transB:true} t0 t1
    t3 [2, 4] = QuickGelu {alpha:1} t2
    t4 [] = Constant 0.5
    t5 [2, 4] = Mul t3 t4
    t6 [3, 4] = Parameter bias
    t7 [] = Input row
    t8 [4] = Gather t6 t7
    t9 [2, 4] = Add t5 t8
    hidden = t3
    y = t9"
  `);
});

test("a tensor comes once, after what it is made from, however deep the graph is", () => {
  const x = input("x", [1]);
  let y = x;
  for (let i = 0; i < 20_000; i++) y = add(y, y);
  const order = topological([y, x]);
  expect(order).toHaveLength(20_001);
  expect(order[0]).toBe(x);
  expect(order.at(-1)).toBe(y);
});

test("finds the inputs and the parameters that the outputs depend on", () => {
  const [x, unused] = [input("x", [2]), input("unused", [2])];
  const [a, b] = [parameter("a", [2]), parameter("b", [2])];
  const y = add(mul(x, b), a);
  expect(add(y, unused).shape).toEqual([2]);
  expect([...parametersOf([y])]).toEqual([
    ["b", b],
    ["a", a],
  ]);
  expect([...inputsOf([y])]).toEqual([["x", x]]);
});

test("a name stands for one tensor", () => {
  const twins = add(input("x", [2]), input("x", [1]));
  expect(() => inputsOf([twins])).toThrow("expected one Input named x, got several");
  const weights = add(parameter("w", [2]), parameter("w", [2]));
  expect(() => parametersOf([weights])).toThrow("expected one Parameter named w, got several");
});
