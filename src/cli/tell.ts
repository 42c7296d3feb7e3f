/** A line for the person, on stderr: stdout belongs to `--json`. */
export function tell(message: string): void {
  console.error(`frabbit: ${message}`);
}
