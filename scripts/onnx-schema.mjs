// Writes src/onnx/onnx-schema.json from ONNX's own onnx.proto (Apache-2.0, onnx 1.22), without its comments:
//   node scripts/onnx-schema.mjs path/to/onnx.proto
import { readFileSync, writeFileSync } from "node:fs";
import protobuf from "protobufjs";

const { root } = protobuf.parse(readFileSync(process.argv[2] ?? "onnx.proto", "utf8"), {
  keepCase: true,
});
writeFileSync("src/onnx/onnx-schema.json", `${JSON.stringify(root.toJSON(), null, 1)}\n`);
