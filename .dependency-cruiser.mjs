/**
 * The arrows of ARCHITECTURE.md: what each room of src/ may import besides itself.
 * The ground floor holds plain data; `diffusion` is numbers only, so that every sampler is read and tested without a
 * network; `models` do not know `pipelines`, so that training and generating share them.
 */
const rooms = {
  tensor: [],
  text: [],
  onnx: [],
  safetensors: ["tensor"],
  checkpoints: ["tensor", "safetensors"],
  hub: ["tensor"],
  image: ["tensor"],
  graph: ["tensor", "onnx"],
  autodiff: ["graph"],
  nn: ["tensor", "graph"],
  models: ["tensor", "graph", "nn"],
  runtime: ["tensor", "onnx", "graph"],
  diffusion: ["tensor"],
  inspect: ["tensor", "safetensors", "diffusion"],
  pipelines: [
    "tensor",
    "text",
    "safetensors",
    "checkpoints",
    "hub",
    "image",
    "graph",
    "models",
    "runtime",
    "diffusion",
  ],
  training: [
    "tensor",
    "text",
    "safetensors",
    "image",
    "graph",
    "autodiff",
    "models",
    "runtime",
    "diffusion",
    "pipelines",
  ],
  evaluation: ["tensor", "safetensors", "image", "graph", "nn", "runtime", "pipelines", "training"],
  cli: ["tensor", "text", "image", "diffusion", "pipelines", "training"],
};

const test = "\\.test\\.ts$";
/** `index.ts` for every platform, `index.node.ts` for what needs Node, `index.browser.ts` for what needs a page. */
const door = "/index(\\.(node|browser))?\\.ts$";

const arrows = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-may-import-${allowed.join("+") || "nothing"}`,
  severity: "error",
  from: { path: `^src/${room}/`, pathNot: test },
  to: { path: "^src/", pathNot: `^src/(${[room, ...allowed].join("|")})/` },
}));

export default {
  forbidden: [
    ...arrows,
    {
      name: "every-room-is-in-the-table",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: `^src/(${Object.keys(rooms).join("|")})/` },
      to: {},
    },
    {
      name: "enter-a-room-by-its-front-door",
      comment:
        "but evaluation, which trains and composes scenes by parts of training that users do not get",
      severity: "error",
      from: { path: "^src/([^/]+)/", pathNot: [test, "^src/evaluation/"] },
      to: { path: "^src/[^/]+/", pathNot: ["^src/$1/", door] },
    },
    {
      name: "evaluation-looks-behind-the-door-of-training-only",
      severity: "error",
      from: { path: "^src/evaluation/", pathNot: test },
      to: { path: "^src/[^/]+/", pathNot: ["^src/(evaluation|training)/", door] },
    },
    {
      name: "enter-the-house-by-a-front-door",
      comment:
        "what lies outside the rooms; scripts, and the bench of the networks by themselves, may look behind the doors",
      severity: "error",
      from: {
        path: "^(src/[^/]+\\.ts$|test/|bench/)",
        pathNot: "^(test/golden/make/|bench/full-size-run)",
      },
      to: { path: "^src/[^/]+/", pathNot: door },
    },
    {
      name: "examples-import-what-users-import",
      severity: "error",
      from: { path: "^examples/" },
      to: { path: "^(src|test)/", pathNot: "^src/([^/]+|training/index\\.node)\\.ts$" },
    },
    {
      name: "no-cycles",
      comment: "types may be mutually recursive, as Tensor and Ops are",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "only-runtime-imports-onnxruntime",
      severity: "error",
      from: { pathNot: ["^src/runtime/", test, "^bench/"] },
      to: { path: "(^|/)onnxruntime-(common|node|web)(/|$)" },
    },
    {
      name: "node-modules-of-node-in-node-files-only",
      severity: "error",
      from: { path: "^src/", pathNot: ["\\.node\\.ts$", "^src/cli/", test] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "only-node-files-import-node-files",
      comment: "so that the rest runs in a browser; src/index.ts is Node's front door",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: ["\\.node\\.ts$", "^src/cli/", test] },
      to: { path: "\\.node\\.ts$" },
    },
    {
      name: "only-browser-files-import-browser-files",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: ["\\.browser\\.ts$", test] },
      to: { path: "\\.browser\\.ts$" },
    },
    {
      name: "every-import-is-found",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node"] },
  },
};
