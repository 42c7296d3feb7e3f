// What `npm start` and `npm test` do first: install and build what is missing. Plain JavaScript without dependencies,
// because it runs before there are any. Tells the person on stderr; quiet and fast when there is nothing to do.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const builtFile = join(root, "dist", "cli", "main.js");
/** Dated when the last build that succeeded was begun. */
const stamp = join(root, "node_modules", ".cache", "frabbit", "built");
const json = (...path) => JSON.parse(readFileSync(join(root, ...path), "utf8"));

requireNode(json("package.json").engines.node.replace(">=", ""));
if (!isInstalled()) install();
if (!isBuilt()) build();

function requireNode(least) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [leastMajor, leastMinor] = least.split(".").map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  fail(
    `expected Node.js ${least} or later, this is ${process.versions.node}: see https://nodejs.org`,
  );
}

/** Whether the versions of package-lock.json are those that npm says it installed; optional packages may be left out. */
function isInstalled() {
  if (!existsSync(join(root, "node_modules", ".package-lock.json"))) return false;
  const installed = json("node_modules", ".package-lock.json").packages;
  return Object.entries(json("package-lock.json").packages).every(
    ([path, { version, optional }]) =>
      path === "" || (installed[path] ? installed[path].version === version : optional),
  );
}

function install() {
  tell("installing packages (once, about a minute) ...");
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith("js") ? [process.execPath, [npm]] : ["npm", []];
  run(command, [...first, "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    shell: command === "npm" && process.platform === "win32",
    // Without it onnxruntime-node's installation downloads CUDA libraries, which are not used.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
    advice: "installing failed, the reason is above; the first time it needs the network",
  });
}

/** Whether the build was begun after the last change of what it is made from. */
function isBuilt() {
  if (!existsSync(builtFile) || !existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const made = ["package.json", "package-lock.json", "tsconfig.json", "tsdown.config.ts"];
  return (
    !made.some((name) => changed(join(root, name), built)) && !changed(join(root, "src"), built)
  );
}

/** Whether a file, or a folder or anything in it, is newer; tests are not built. */
function changed(path, time) {
  if (path.endsWith(".test.ts")) return false;
  const stat = statSync(path);
  if (stat.mtimeMs > time) return true;
  return stat.isDirectory() && readdirSync(path).some((name) => changed(join(path, name), time));
}

function build() {
  tell("building ...");
  const begun = new Date();
  rmSync(stamp, { force: true });
  const { bin } = json("node_modules", "tsdown", "package.json");
  run(process.execPath, [join(root, "node_modules", "tsdown", bin.tsdown)], {
    advice: "building failed, the reason is above",
  });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, "");
  utimesSync(stamp, begun, begun);
}

/** Runs a command and shows what it says, on stderr, only if it fails. */
function run(command, commandArguments, { advice, ...options }) {
  const { status, error, stdout, stderr } = spawnSync(command, commandArguments, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: Number.POSITIVE_INFINITY,
    ...options,
  });
  if (error !== undefined) fail(`cannot run ${command}: ${error.message}`);
  if (status === 0) return;
  process.stderr.write(stdout + stderr);
  fail(advice);
}

function tell(message) {
  process.stderr.write(`frabbit: ${message}\n`);
}

function fail(message) {
  tell(message);
  process.exit(1);
}
