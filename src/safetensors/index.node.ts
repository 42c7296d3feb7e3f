export {
  loadTensors,
  readSafetensors,
  type SafetensorsFile,
  writeSafetensors,
} from "./file.node.ts";
