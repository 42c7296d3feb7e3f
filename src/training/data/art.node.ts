import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, copyFile, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { UserError } from "../../tensor/index.ts";
import { type Concept, iconOf, type Style } from "./corpus.ts";
import { reason } from "./reason.ts";

/** Pixels a side that SVG is drawn at before it is shrunk. */
const drawnSize = 256;

const lists = ["package.json", "package-lock.json"] as const;

/** A corpus's folder in `data` of this package, found upwards from this file (in `src` or bundled in `dist`). */
export async function dataFolderOf(corpus: string): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (folder !== dirname(folder)) {
    const candidate = join(folder, "data", corpus);
    if (await readable(join(candidate, "styles.json"))) return candidate;
    folder = dirname(folder);
  }
  throw new Error(`data/${corpus}/styles.json is missing from this copy of frabbit`);
}

/** Where art and sprites are kept: the data folder in a clone, the person's cache folder for an installed package. */
export async function workFolderOf(dataFolder: string): Promise<string> {
  const installed = dataFolder.split(sep).includes("node_modules");
  const writable = await access(dataFolder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (writable && !installed) return dataFolder;
  const caches = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(caches, "frabbit", basename(dataFolder));
}

/** A corpus's art: where its lists are, where the art is kept, how much of it there is. */
export interface Art {
  /** The corpus. */
  readonly name: string;
  readonly dataFolder: string;
  readonly workFolder: string;
  readonly styles: readonly Style[];
  /** What a person is told before it is downloaded: "25 MB, 80 MB on disk". */
  readonly amount: string;
}

const HiddenLock = z.object({ packages: z.record(z.string(), z.object({ version: z.string() })) });

/**
 * Makes sure that the pinned art packages are in `workFolder/node_modules`, downloading them if they are not.
 * @throws {UserError} if the folder cannot be written or the download fails.
 */
export async function installArt(
  { name, dataFolder, workFolder, styles, amount }: Art,
  log: (message: string) => void,
): Promise<void> {
  if (await isInstalled(workFolder, styles)) return;
  log(
    `Downloading the ${name} corpus: ${styles.length} art packages from npm (${amount}), ` +
      `once, into ${workFolder}`,
  );
  if (workFolder !== dataFolder) {
    try {
      await mkdir(workFolder, { recursive: true });
      for (const list of lists) await copyFile(join(dataFolder, list), join(workFolder, list));
    } catch (error) {
      throw new UserError(`the ${name} art cannot be kept in ${workFolder}: ${reason(error)}`);
    }
  }
  await npmCi(name, workFolder);
}

/** npm writes its hidden lock file last, so the versions in it are really there. */
async function isInstalled(workFolder: string, styles: readonly Style[]): Promise<boolean> {
  const path = join(workFolder, "node_modules", ".package-lock.json");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return false;
  const { packages } = HiddenLock.parse(JSON.parse(text));
  return styles.every((style) => {
    return packages[`node_modules/${style.package}`]?.version === style.version;
  });
}

async function npmCi(name: string, folder: string): Promise<void> {
  const failure = await new Promise<string | undefined>((resolve) => {
    const args = [
      "ci",
      "--omit=dev",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ];
    args.push("--fetch-retries=1", "--fetch-retry-mintimeout=1000"); // offline is told in seconds
    const shell = process.platform === "win32"; // npm is a .cmd file there
    const npm = spawn("npm", args, { cwd: folder, shell, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    npm.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    npm.on("error", (error) => resolve(reason(error)));
    npm.on("close", (code) => resolve(code === 0 ? undefined : firstError(errors)));
  });
  if (failure !== undefined) {
    throw new UserError(
      `the ${name} art could not be downloaded into ${folder} (npm ci: ${failure}); ` +
        "the first start needs the npm registry, later ones need no network",
    );
  }
}

/** The first line of npm's errors that is a sentence, without the fields of the error object. */
function firstError(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/^npm (error|ERR!)\s*/, "").trim());
  const sentence = lines.find((line) => line !== "" && !/^(code|errno|syscall)\b/.test(line));
  return sentence ?? "it stopped without a message";
}

const IconSet = z.object({
  width: z.number().default(16),
  height: z.number().default(16),
  icons: z.record(
    z.string(),
    z.object({
      body: z.string(),
      width: z.number().optional(),
      height: z.number().optional(),
    }),
  ),
  aliases: z.record(z.string(), z.object({ parent: z.string() })).default({}),
});

/** Pixels a side of a sprite, and of the longer side of the object in the middle of it. */
export interface SpriteShape {
  readonly spriteSize: number;
  readonly objectSize: number;
}

/** A function that draws one concept in this style: RGBA bytes, [spriteSize, spriteSize, 4], not premultiplied. */
export async function artist(
  workFolder: string,
  style: Style,
  { spriteSize, objectSize }: SpriteShape,
): Promise<(concept: Concept) => Promise<Uint8Array>> {
  const { default: sharp } = await import("sharp");
  const source = await pictureSource(join(workFolder, "node_modules", style.package), style);
  const clear = { r: 0, g: 0, b: 0, alpha: 0 };
  const margin = (spriteSize - objectSize) / 2;
  return async (concept) => {
    const { bytes, density } = await source(concept);
    return sharp(bytes, { density })
      .ensureAlpha()
      .trim({ background: clear, threshold: 10 })
      .resize(objectSize, objectSize, { fit: "contain", background: clear })
      .extend({ top: margin, bottom: margin, left: margin, right: margin, background: clear })
      .raw()
      .toBuffer();
  };
}

interface Picture {
  readonly bytes: Uint8Array;
  /** Dots per inch at which an SVG is drawn; a bitmap ignores it. */
  readonly density: number;
}

/** The pictures of one package: Iconify's JSON of SVG bodies by name, or a folder of WebP files by code point. */
async function pictureSource(
  folder: string,
  style: Style,
): Promise<(concept: Concept) => Promise<Picture>> {
  const json = await readFile(join(folder, "icons.json"), "utf8").catch(() => undefined);
  if (json === undefined) {
    return async ({ hexcode }) => ({
      bytes: await readFile(join(folder, "assets", `${hexcode}.webp`)),
      density: 72,
    });
  }
  const set = IconSet.parse(JSON.parse(json));
  return async (concept) => {
    const icon = iconOf(concept, style);
    const found = set.icons[icon] ?? set.icons[set.aliases[icon]?.parent ?? ""];
    if (found === undefined) throw new Error(`${folder}: no icon named ${icon}`);
    const { body, width = set.width, height = set.height } = found;
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${size}>${body}</svg>`;
    const density = (72 * drawnSize) / Math.max(width, height);
    return { bytes: Buffer.from(svg), density };
  };
}

function readable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
