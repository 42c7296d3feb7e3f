import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { styleFields } from "./corpus.ts";

const root = new URL("../../../", import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), "utf8");

const Pinned = z.object({ dependencies: z.record(z.string(), z.string()) });
const Lock = z.object({ packages: z.record(z.string(), z.object({ license: z.string() })) });

/** What draws the art, without any of its own. */
const tools = { "@dicebear/core": "9.4.3" };

it.each([
  ["emoji", {}],
  ["faces", tools],
  ["scenes", {}],
] as const)(
  "the corpus %s installs exactly its styles' packages, none share-alike or GPL, and NOTICE names each",
  (corpus, others) => {
    const json = (name: string): unknown => JSON.parse(text(`data/${corpus}/${name}`));
    const styles = z.array(z.looseObject(styleFields)).parse(json("styles.json"));
    const expected = Object.fromEntries(styles.map((style) => [style.package, style.version]));
    expect(Pinned.parse(json("package.json")).dependencies).toEqual({ ...expected, ...others });
    const licences = Object.values(Lock.parse(json("package-lock.json")).packages);
    for (const { license } of licences)
      expect(["MIT", "Apache-2.0", "CC-BY-4.0", "(MIT AND CC-BY-4.0)"]).toContain(license);
    const notice = text("NOTICE");
    for (const style of styles) {
      expect(notice).toContain(`${style.package} ${style.version}`);
      for (const words of [style.set, style.licence, style.url]) expect(notice).toContain(words);
    }
  },
);
