/**
 * Reads mutated model files: headers of safetensors files, configurations, vocabularies and merges. Each must be read or
 * be refused by a UserError, in little time and memory.
 *
 *     npx tsx scripts/fuzz-files.ts [cases, default 100000] [seed, default 1]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { describeCheckpoint } from "../src/checkpoints/index.ts";
import { writeModelFolder } from "../src/pipelines/index.node.ts";
import { modelFromBytes } from "../src/pipelines/index.ts";
import { headerLength, parseHeader, prefixBytes } from "../src/safetensors/index.ts";
import { UserError } from "../src/tensor/index.ts";
import { tinyLatentModel } from "../test/tiny-model.ts";

type Files = Readonly<Record<string, Uint8Array>>;

/** Whole numbers from 0 to below `limit`. */
type Draw = (limit: number) => number;

/** A generator of 32 bits (mulberry32): the cases of a seed are the same everywhere. */
function drawFrom(seed: number): Draw {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % limit;
  };
}

const odd = [
  ...["0", "-1", "1", "2", "7", "1.5", "1e9", "2147483648", "1e308", "1e999", "9007199254740993"],
  ...["null", "true", "false", '""', '"a"', "[]", "{}", "[1]", "[[]]", '{"a":1}', '"__proto__"'],
  ...["NaN", "Infinity", "[1,2,3,4,5,6,7,8,9]", '"\\ud800"', '"../../x"', "F32", '"F32"', "[0,0]"],
];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A text with a number, a word or a list in it replaced, or a stretch of it moved, doubled or left out. */
function mutateText(text: string, draw: Draw): string {
  const values = [...text.matchAll(/-?\d[\d.e+-]*|"[^"\\]*"|\[[^[\]]*\]|true|false|null/g)];
  const value = values[draw(Math.max(1, values.length))];
  const kind = draw(5);
  if (value && kind < 3) {
    const end = value.index + value[0].length;
    return text.slice(0, value.index) + odd[draw(odd.length)] + text.slice(end);
  }
  const [from, length] = [draw(text.length + 1), draw(40)];
  const stretch = text.slice(from, from + length);
  return kind === 3
    ? text.slice(0, from) + text.slice(from + length)
    : text.slice(0, from) + stretch + text.slice(from);
}

/** Bytes with some of them changed, left out or doubled. */
function mutateBytes(bytes: Uint8Array, draw: Draw): Uint8Array {
  const copy = [...bytes];
  for (let times = 1 + draw(4); times > 0; times--) {
    const at = draw(copy.length + 1);
    if (draw(3) === 0) copy.splice(at, draw(20));
    else if (draw(2) === 0) copy.splice(at, 0, ...copy.slice(at, at + draw(20)));
    else copy[at] = draw(256);
  }
  return Uint8Array.from(copy);
}

const mutated = (bytes: Uint8Array, draw: Draw): Uint8Array =>
  draw(2) === 0
    ? mutateBytes(bytes, draw)
    : encoder.encode(mutateText(decoder.decode(bytes), draw));

/** Some tensors' places as a header of a checkpoint has them, with the bytes that it promises. */
function checkpointHeader(): Uint8Array {
  const shapes: Record<string, readonly number[]> = {
    "model.diffusion_model.input_blocks.0.0.weight": [2, 4, 3, 3],
    "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [2, 1024],
    "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias": [4],
    "cond_stage_model.model.ln_final.weight": [2],
    "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight": [7, 2],
  };
  let end = 0;
  const entries = Object.entries(shapes).map(([key, shape]) => {
    const begin = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    return [key, { dtype: "F32", shape, data_offsets: [begin, end] }];
  });
  const json = encoder.encode(JSON.stringify(Object.fromEntries(entries)));
  const bytes = new Uint8Array(prefixBytes + json.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, prefixBytes);
  return bytes;
}

/** A safetensors file with another header in front of its data. */
function mutateHeader(bytes: Uint8Array, draw: Draw): Uint8Array {
  const end =
    prefixBytes + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (draw(8) === 0) return mutateBytes(bytes.slice(0, end), draw);
  const json = mutated(bytes.subarray(prefixBytes, end), draw);
  const result = new Uint8Array(prefixBytes + json.length + bytes.length - end);
  new DataView(result.buffer).setBigUint64(0, BigInt(json.length), true);
  result.set(json, prefixBytes);
  result.set(bytes.subarray(end), prefixBytes + json.length);
  return result;
}

async function readCheckpoint(bytes: Uint8Array): Promise<void> {
  const end = prefixBytes + headerLength(bytes.subarray(0, prefixBytes), bytes.length, "f");
  const header = parseHeader(bytes.subarray(prefixBytes, end), bytes.length, "f");
  const read = async ({ shape }: { shape: readonly number[] }) => ({
    shape,
    data: new Float32Array(4),
  });
  await describeCheckpoint({ ...header, read }, "f");
}

/** The files of a small model of latents. */
async function modelFiles(): Promise<Files> {
  const folder = mkdtempSync(join(tmpdir(), "frabbit-fuzz-"));
  try {
    await writeModelFolder(folder, await tinyLatentModel(), { dtype: "F16" });
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return Object.fromEntries(
      paths.toSorted().map((path) => [relative(folder, path), readFileSync(path)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What was found: a case, and what is wrong with it. */
export interface Finding {
  readonly what: string;
  readonly problem: string;
}

/** Milliseconds and bytes above which a case of a few hundred kilobytes is a finding. */
const limits = { milliseconds: 20_000, bytes: 256 * 2 ** 20 };

async function tried(what: string, read: () => Promise<unknown>): Promise<Finding | undefined> {
  const began = performance.now();
  const before = process.memoryUsage().arrayBuffers;
  try {
    await read();
  } catch (error) {
    if (!(error instanceof UserError))
      return { what, problem: (error as Error).stack ?? String(error) };
    if (error.message.includes("\n") || error.message.length > 2000)
      return { what, problem: `a message of ${error.message.length} characters` };
  }
  const milliseconds = performance.now() - began;
  if (milliseconds > limits.milliseconds) return { what, problem: `${milliseconds} ms` };
  const bytes = process.memoryUsage().arrayBuffers - before;
  return bytes > limits.bytes ? { what, problem: `${bytes} bytes` } : undefined;
}

/**
 * Tries so many cases: of a hundred, three are a whole folder with one file of it mutated, the rest a checkpoint's header.
 */
export async function fuzzFiles(cases: number, seed: number): Promise<readonly Finding[]> {
  const draw = drawFrom(seed);
  const files: Files = await modelFiles();
  const names = Object.keys(files);
  const checkpoint = checkpointHeader();
  const findings: Finding[] = [];
  for (let i = 0; i < cases; i++) {
    let found: Finding | undefined;
    if (i % 100 < 3) {
      const name = names[draw(names.length)]!;
      const mutate = name.endsWith(".safetensors") ? mutateHeader : mutated;
      const bytes = mutate(files[name]!, draw);
      const what = `${name}: ${decoder.decode(bytes.subarray(0, 3000))}`;
      found = await tried(what, () => modelFromBytes({ ...files, [name]: bytes }));
    } else {
      const bytes = mutateHeader(checkpoint, draw);
      found = await tried(decoder.decode(bytes), () => readCheckpoint(bytes));
    }
    if (found) findings.push(found);
  }
  return findings;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [cases = 100_000, seed = 1] = process.argv.slice(2).map(Number);
  const findings = await fuzzFiles(cases, seed);
  for (const { what, problem } of findings) console.error(`${problem}\n${what}\n`);
  console.error(`${cases} cases of seed ${seed}: ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
