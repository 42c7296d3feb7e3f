import { expect, it } from "vitest";
import { input, mul, parametersOf, Scope } from "../graph/index.ts";
import { Random } from "../tensor/index.ts";
import { initialise, slotsOf } from "./flat-parameters.ts";

it("fills what is fresh, a row of it with zeros where that is asked for", () => {
  const fresh = (zeroRow: number | undefined) => {
    const init = { kind: "normal", std: 2, ...(zeroRow !== undefined && { zeroRow }) } as const;
    const weight = new Scope().parameter("weight", [3, 4], init);
    const slots = slotsOf(parametersOf([mul(weight, input("x", [3, 4]))]));
    return [...initialise(slots, new Random(5))];
  };
  const drawn = [...new Random(5).normal(12)].map((x) => Math.fround(2 * x));
  expect(fresh(undefined)).toEqual(drawn);
  expect(fresh(1)).toEqual([...drawn.slice(0, 4), 0, 0, 0, 0, ...drawn.slice(8)]);
});
