import { expect, test } from "vitest";
import { fuzzFiles } from "../scripts/fuzz-files.ts";

test("mutated files of a model are read or refused by a UserError, in little time and memory", async () => {
  expect(await fuzzFiles(400, 7)).toEqual([]);
});
