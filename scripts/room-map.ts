/**
 * Draws the rooms of src/ and the imports between them, as dependency-cruiser finds them, into ARCHITECTURE.md.
 * With --check it draws nothing and exits 1 when the map there is not the code's.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import readConfig from "dependency-cruiser/config-utl/extract-depcruise-config";

const page = "ARCHITECTURE.md";
const begin = "<!-- room map: npx tsx scripts/room-map.ts -->\n";
const end = "<!-- end of the room map -->";
/** Nearly every room imports it: its arrows would hide the others. */
const ground = "tensor";

/** The rooms that each room imports. */
async function importsOfRooms(): Promise<Map<string, string[]>> {
  const { options } = await readConfig("./.dependency-cruiser.mjs");
  const { output } = await cruise(["src"], {
    ...options,
    includeOnly: { path: "^src/[^/]+/" },
    exclude: { path: "\\.test\\.ts$" },
    collapse: "^src/[^/]+",
  });
  const name = (path: string) => path.replace("src/", "");
  const rooms = (output as ICruiseResult).modules.map(
    ({ source, dependencies }) =>
      [name(source), dependencies.map(({ resolved }) => name(resolved)).sort()] as const,
  );
  return new Map(rooms.sort().map(([room, imports]) => [room, [...new Set(imports)]]));
}

function draw(rooms: ReadonlyMap<string, readonly string[]>): string {
  const arrows = [...rooms].flatMap(([room, imports]) => {
    const drawn = imports.filter((other) => other !== ground);
    return drawn.length === 0 ? [] : [`  ${room} --> ${drawn.join(" & ")}`];
  });
  const above = [...rooms].filter(([, imports]) => imports.includes(ground));
  return [
    "```mermaid",
    "flowchart TD",
    ...[...rooms.keys()].map((room) => `  ${room}`),
    ...arrows,
    "```",
    "",
    `Not drawn: the arrows to \`${ground}\`, from ${above.map(([room]) => `\`${room}\``).join(", ")}.`,
    "",
  ].join("\n");
}

const text = readFileSync(page, "utf8");
const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
if (from < begin.length || to < from) throw new Error(`${page}: expected the map's two markers`);
const current = `${text.slice(0, from)}\n${draw(await importsOfRooms())}\n${text.slice(to)}`;
if (current === text) console.log(`${page}: the room map is the code's`);
else if (!process.argv.includes("--check")) writeFileSync(page, current);
else {
  console.error(`${page}: the room map is not the code's; draw it: npx tsx scripts/room-map.ts`);
  process.exitCode = 1;
}
