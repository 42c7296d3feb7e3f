import { tell } from "./tell.ts";

/** What is told of a picture that was drawn; `--json` prints its other fields too. */
interface Drawn {
  readonly files: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly seed: number;
}

/** Tells people of the files on stderr, and with `json` programs on stdout, in one line. */
export function report(
  drawn: readonly Drawn[],
  { begun, json = false }: { readonly begun: number; readonly json: boolean | undefined },
): void {
  const seconds = (performance.now() - begun) / 1000;
  for (const { files, width, height, seed } of drawn) {
    tell(`${files.join(" and ")} (${width} x ${height}, seed ${seed})`);
  }
  tell(`${seconds.toFixed(1)} s`);
  if (!json) return;
  const line = {
    ...drawn[0],
    files: drawn.flatMap(({ files }) => files),
    seconds: Number(seconds.toFixed(3)),
  };
  console.log(JSON.stringify(line));
}
