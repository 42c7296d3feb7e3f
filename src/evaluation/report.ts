import type { RowResult, Tally } from "./table.ts";

/** What is measured of all pictures together, at one scale of guidance. */
export interface SetFigures {
  /** Squared maximum mean discrepancy to real scenes of the same prompts, in the recogniser's features. */
  readonly kid: number;
  readonly precision: number;
  readonly recall: number;
  /** The share of pictures nearer to a searched training scene than all but 1 % of fresh scenes are; absent where none is known. */
  readonly nearCopies?: number;
  /** Vendi scores over seeds of one prompt, the mean over prompts, and the same of real scenes that the prompt tells of; NaN where no prompt was for several things. */
  readonly vendi: number;
  readonly vendiOfReal: number;
  readonly frogsOnStilts: Tally;
}

export interface GuidanceResult {
  readonly guidance: number;
  readonly rows: readonly RowResult[];
  readonly figures: SetFigures;
}

export interface Evaluation {
  readonly model: string;
  readonly prompts: number;
  readonly steps: number;
  /** Training scenes that were searched for near-copies, and how many there are; absent where none is known. */
  readonly searched?: { readonly scenes: number; readonly of: number } | undefined;
  /** Seeds of each prompt whose pictures the Vendi scores compare. */
  readonly seeds: number;
  readonly results: readonly GuidanceResult[];
}

/** An evaluation as a page in Markdown. */
export function evaluationPage({
  model,
  prompts,
  steps,
  searched,
  seeds,
  results,
}: Evaluation): string {
  const sections = results.map(({ guidance, rows }) => [
    `## Guidance ${guidance}`,
    "",
    ...table(
      [
        "",
        "aim",
        "measured",
        "ceiling",
        "through the autoencoder",
        "share of the ceiling",
        "95 %",
        "reached",
      ],
      rows.map(rowCells),
    ),
    "",
  ]);
  const heads = [
    "guidance",
    "KID",
    "precision",
    "recall",
    "near-copies",
    `Vendi of ${seeds} seeds`,
    "of real scenes",
    "frogs on stilts",
  ];
  return [
    `# Evaluation of ${model}`,
    "",
    `${prompts} prompts, ${steps} steps. The ceiling is the recogniser's accuracy on real scenes of the same prompts.`,
    "",
    ...sections.flat(),
    "## All pictures",
    "",
    ...table(heads, results.map(figureCells)),
    "",
    ...(searched
      ? [`Near-copies were searched in ${searched.scenes} of ${searched.of} training scenes.`, ""]
      : []),
  ].join("\n");
}

function table(heads: readonly string[], lines: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map((_, i) => (i === 0 ? "---" : "---:"))), ...lines.map(line)];
}

function rowCells({
  name,
  aim,
  measured,
  ceiling,
  returned,
  share,
  interval,
}: RowResult): string[] {
  return [
    name,
    percent(aim),
    percent(measured.right / measured.of),
    percent(ceiling.right / ceiling.of),
    returned === undefined ? "" : percent(returned.right / returned.of),
    percent(share),
    `${percent(interval[0])} to ${percent(interval[1])}`,
    share >= aim ? "yes" : "no",
  ];
}

function figureCells({ guidance, figures }: GuidanceResult): string[] {
  const { kid, precision, recall, nearCopies, vendi, vendiOfReal, frogsOnStilts } = figures;
  return [
    String(guidance),
    kid.toPrecision(3),
    percent(precision),
    percent(recall),
    percent(nearCopies ?? Number.NaN),
    score(vendi),
    score(vendiOfReal),
    `${frogsOnStilts.right} of ${frogsOnStilts.of}`,
  ];
}

/** "1.26"; "-" for what is not a finite number. */
function score(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "-";
}

/** "87.5 %"; "-" for what is not a finite number. */
function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "-";
}
