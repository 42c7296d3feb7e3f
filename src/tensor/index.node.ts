export { atomicWrite } from "./atomic-write.node.ts";
export { diskRoot } from "./disk-root.node.ts";
export { fileFault } from "./file-fault.node.ts";
export { makeFolder } from "./make-folder.node.ts";
