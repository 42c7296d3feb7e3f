import { measure, measurePeer } from "./measure.ts";

/** One of those that are compared, with its figures from each round; a peer that cannot run has the reason. */
export interface System<Figures> {
  readonly name: string;
  readonly figures: Figures[];
  missing?: string;
}

/** PyTorch in both of its memory formats, of which now one, now the other is faster. */
const peers = { PyTorch: false, "PyTorch, channels last": true } as const;

/**
 * Runs a bench's two scripts in turns, each time as new processes: frabbit, PyTorch, PyTorch, frabbit, ...
 * @param toldPeer what the peer is told, which may depend on our figures.
 */
export function inTurns<Figures extends object>(
  scripts: { readonly ours: string; readonly peer: string },
  rounds: number,
  told: object,
  toldPeer: (ours: Figures) => object,
): readonly [System<Figures>, ...System<Figures>[]] {
  const own: System<Figures> = { name: "frabbit", figures: [] };
  const others = Object.entries(peers).map(([name, channelsLast]) => ({
    channelsLast,
    system: { name, figures: [] } as System<Figures>,
  }));
  for (let round = 0; round < rounds; round++) {
    const ours = measure<Figures>(scripts.ours, told);
    own.figures.push(ours);
    for (const { channelsLast, system } of others) {
      const figures = measurePeer<Figures>(scripts.peer, { ...toldPeer(ours), channelsLast });
      if ("missing" in figures) system.missing = figures.missing;
      else system.figures.push(figures);
    }
  }
  return [own, ...others.map(({ system }) => system)];
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, i) => (i === 0 ? "---" : "---:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** A row for each system; `cells` makes it from the figures of all rounds. */
export function systemsTable<Figures>(
  head: readonly string[],
  systems: readonly System<Figures>[],
  cells: (figures: readonly Figures[]) => readonly string[],
): string {
  const rows = systems.map(({ name, figures, missing }) =>
    missing === undefined
      ? [name, ...cells(figures)]
      : [name, `not measured: ${missing}`, ...head.slice(2).map(() => "")],
  );
  return table(head, rows);
}
