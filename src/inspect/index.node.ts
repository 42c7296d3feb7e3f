export { readRecording, writeRecording } from "./recording-folder.node.ts";
