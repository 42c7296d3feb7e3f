export { type Checkpoint, describeCheckpoint, partOf } from "./checkpoint.ts";
export { configFiles } from "./config-files.ts";
export { type Family, type FamilyName, families } from "./families.ts";
export type { KeyPair, Part } from "./key-pairs.ts";
