import { UserError } from "./user-error.ts";

/** What a file system's faults that a person can mend mean, by code. */
const causes: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  ENOTDIR: "its folder is a file",
  EISDIR: "it is a folder",
  EEXIST: "it is a file",
  ENOTEMPTY: "it is a folder",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is larger than allowed",
  ENAMETOOLONG: "the name is too long",
};

/** The fault of a reading or writing call on `path` as a UserError; a fault of another kind is returned as it is. */
export function fileFault(action: "read" | "write", path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const missing = action === "read" ? "no such file" : "its folder does not exist";
  const cause = code === "ENOENT" ? missing : causes[code];
  return cause === undefined
    ? error
    : new UserError(`cannot ${action} ${path}: ${cause}`, { cause: error });
}
