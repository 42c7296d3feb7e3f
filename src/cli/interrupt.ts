/** From here on Ctrl-C ends the program with exit code 130. Files are written at once, so none is left half-written. */
export function exitOnInterrupt(): void {
  process.off("SIGINT", leave);
  process.once("SIGINT", leave);
}

/** From here on Ctrl-C calls `act`, and the program goes on. Returns the function that ends this. */
export function onInterrupt(act: () => void): () => void {
  process.off("SIGINT", leave);
  process.on("SIGINT", act);
  return () => process.off("SIGINT", act);
}

function leave(): void {
  if (process.stderr.isTTY) process.stderr.write("\n");
  process.exit(130);
}
