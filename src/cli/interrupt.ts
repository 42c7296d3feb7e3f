/** From here on Ctrl-C ends the program with exit code 130. Files are written at once, so none is left half-written. */
export function exitOnInterrupt(): void {
  process.once("SIGINT", () => process.exit(130));
}
