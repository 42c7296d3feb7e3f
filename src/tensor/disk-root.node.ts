import { parse } from "node:path";

/** The folder that the locations of weights on disk count from, because ONNX Runtime takes them from one folder only. */
export const diskRoot: string = parse(process.cwd()).root;
