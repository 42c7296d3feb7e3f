import { expect, test } from "vitest";
import { add, input, module, ones, Scope, type Tensor, zeros } from "./index.ts";

test("a path is the path of calls; nothing is added for the root", () => {
  const scope = new Scope().at("down_blocks", 0, "resnets", 1).at("conv1");
  expect(scope.parameter("weight", [2], zeros).attributes).toMatchObject({
    name: "down_blocks.0.resnets.1.conv1.weight",
  });
  expect(new Scope().parameter("weight", [2], zeros).attributes).toMatchObject({ name: "weight" });
});

test("asking twice for a parameter gives the same one", () => {
  const scope = new Scope("unet");
  const first = scope.at("conv_in").parameter("bias", [4], ones);
  expect(scope.at("conv_in").parameter("bias", [4], ones)).toBe(first);
  expect(scope.at("conv_out").parameter("bias", [4], ones)).not.toBe(first);
});

test("an error carries the path of the innermost module, once", () => {
  const inner = module((scope: Scope, x: Tensor) => add(x, scope.parameter("bias", [3], zeros)));
  const outer = module((scope: Scope, x: Tensor) => inner(scope.at("attentions", 0), x));
  const build = () => outer(new Scope("unet.down_blocks.1"), input("x", [2, 4]));
  expect(build).toThrow(
    /^unet\.down_blocks\.1\.attentions\.0: Add: expected shapes that broadcast, got \[2, 4\] and \[3\]$/,
  );
});

test("other errors pass unchanged", () => {
  const broken = module((_: Scope): never => {
    throw new RangeError("not the network's fault");
  });
  expect(() => broken(new Scope("unet"))).toThrow(/^not the network's fault$/);
});
