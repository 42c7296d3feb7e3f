/** What a caught value says, to be put into a message. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
