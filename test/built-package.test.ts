import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const built = fileURLToPath(new URL("../dist", import.meta.url)); // by `npm test`, else `npm run build`

/** Every module that a built file asks for by a path. */
function asked(file: string): readonly string[] {
  const imports = /\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g;
  return Array.from(readFileSync(file, "utf8").matchAll(imports), ([, path]) =>
    join(dirname(file), path!),
  );
}

test("the built package has every module that it asks for", () => {
  const files = readdirSync(built, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js"))
    .map((file) => join(built, file));
  const paths = files.flatMap(asked);
  expect(paths.length).toBeGreaterThan(100);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});
