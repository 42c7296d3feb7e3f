/** One line of a chart: its name and its points [x, y] in order of x. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A chart's size in pixels and its heading. */
export interface ChartOptions {
  readonly width: number;
  readonly height: number;
  readonly title: string;
}

const colours = [
  "#1f6feb",
  "#d1480f",
  "#2b8a3e",
  "#7048a8",
  "#b8860b",
  "#c2255c",
  "#0b7285",
  "#495057",
];
const margin = { top: 36, right: 16, bottom: 28, left: 64 };

/** A line chart as SVG, with linear axes that fit the points; points that are not finite are left out. */
export function lineChartSvg(
  series: readonly Series[],
  { width, height, title }: ChartOptions,
): string {
  const lines = series.map(({ name, points }) => ({
    name,
    points: points.filter((point) => point.every(Number.isFinite)),
  }));
  const x = axis(
    lines.flatMap(({ points }) => points.map(([value]) => value)),
    margin.left,
    width - margin.right,
  );
  const y = axis(
    lines.flatMap(({ points }) => points.map(([, value]) => value)),
    height - margin.bottom,
    margin.top,
  );
  const gridLines = [
    ...x.ticks.map((tick) => {
      const at = x.place(tick);
      return `<path class="rule" d="M${at} ${margin.top}V${height - margin.bottom}"/><text x="${at}" y="${height - 10}" text-anchor="middle">${label(tick)}</text>`;
    }),
    ...y.ticks.map((tick) => {
      const at = y.place(tick);
      return `<path class="rule" d="M${margin.left} ${at}H${width - margin.right}"/><text x="${margin.left - 6}" y="${at}" dy="4" text-anchor="end">${label(tick)}</text>`;
    }),
  ];
  const drawn = lines.map(({ name, points }, index) => {
    const colour = colours[index % colours.length];
    const path = points.map(([px, py]) => `${x.place(px)} ${y.place(py)}`).join("L");
    return `<path d="M${path || "0 0"}" fill="none" stroke="${colour}" stroke-width="1.5"/><text x="${width - margin.right}" y="${margin.top + 14 * (index + 1)}" text-anchor="end" style="fill:${colour}">${escapeXml(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><style>text{font:11px sans-serif;fill:#444}.rule{stroke:#ddd}</style><rect width="100%" height="100%" fill="white"/>${gridLines.join("")}${drawn.join("")}<text x="${margin.left}" y="22" style="font-size:14px">${escapeXml(title)}</text></svg>`;
}

/** Places values between two pixels, with ticks at round values. */
function axis(
  values: readonly number[],
  from: number,
  to: number,
): { place: (value: number) => number; ticks: number[] } {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const low = Number.isFinite(least) ? least : 0;
  const high = most > low ? most : low + 1;
  const place = (value: number) =>
    Number((from + ((value - low) / (high - low)) * (to - from)).toFixed(2));
  const step = roundStep((high - low) / 5);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return { place, ticks: Array.from({ length: count }, (_, index) => (first + index) * step) };
}

/** The smallest of 1, 2, 5, 10 times a power of ten that is at least the step. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= step * 0.9999)!;
}

function label(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
