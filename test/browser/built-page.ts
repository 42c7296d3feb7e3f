import { fileURLToPath } from "node:url";
import { build, type InlineConfig } from "vite";

const page = fileURLToPath(new URL("page", import.meta.url));

/** The names of the files that a page of frabbit is bundled to, and of all modules that went into them. */
export interface BuiltPage {
  readonly files: readonly string[];
  readonly modules: readonly string[];
}

/** Bundles a page that imports the built package by its name, as Vite does without a word of configuration. */
export async function buildPage(options: InlineConfig["build"] = {}): Promise<BuiltPage> {
  const files: string[] = [];
  const modules: string[] = [];
  const note = {
    name: "note",
    moduleParsed: ({ id }: { readonly id: string }) => void modules.push(id),
  };
  await build({
    root: page,
    configFile: false,
    logLevel: "error",
    publicDir: fileURLToPath(new URL("../../models", import.meta.url)),
    worker: { plugins: () => [note] },
    plugins: [
      note,
      { name: "files", generateBundle: (_, bundle) => void files.push(...Object.keys(bundle)) },
    ],
    build: { chunkSizeWarningLimit: 2000, ...options },
  });
  return { files, modules };
}
