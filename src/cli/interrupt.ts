/** From here on Ctrl-C ends the program with exit code 130. Files are written at once, so none is left half-written. */
export function exitOnInterrupt(): void {
  process.off("SIGINT", leave);
  process.once("SIGINT", leave);
}

function leave(): void {
  if (process.stderr.isTTY) process.stderr.write("\n");
  process.exit(130);
}
