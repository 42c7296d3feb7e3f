/** A bar of steps taken, shown only in a terminal and only for work of over a second. */
export interface StepProgress {
  advance(): void;
  end(): void;
}

const patience = 1000; // milliseconds

export async function stepProgress(total: number): Promise<StepProgress> {
  if (!process.stderr.isTTY) return { advance() {}, end() {} };
  const { SingleBar } = await import("cli-progress");
  const bar = new SingleBar({
    format: "{bar} step {value}/{total}, {eta_formatted} left",
    stream: process.stderr,
    clearOnComplete: true,
    linewrap: true, // leaves the terminal as it is, also when Ctrl-C ends the program
  });
  const begun = performance.now();
  let taken = 0;
  return {
    advance() {
      taken++;
      if (bar.isActive) bar.update(taken);
      else if (performance.now() - begun > patience) bar.start(total, taken);
    },
    end() {
      if (bar.isActive) bar.stop();
    },
  };
}
