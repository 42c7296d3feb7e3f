import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A file at the hub: its bytes, as LFS (with a SHA-256) or as a blob of git's (with its SHA-1). */
export interface HubFile {
  readonly bytes: Uint8Array;
  readonly lfs: boolean;
  /** Sends other bytes than those of the hash. */
  readonly sent?: Uint8Array;
  /** Sends nothing more after so many bytes, and waits for `breakOff`. */
  readonly stopsAfter?: number;
}

/** A hub with one model, `owner/tiny`, on 127.0.0.1: the endpoints and answers of huggingface.co that are used. */
export interface HubServer {
  readonly address: string;
  readonly commit: string;
  files: Readonly<Record<string, HubFile>>;
  /** An answer to all requests in place of the hub's. */
  instead: { readonly status: number; readonly body: string } | undefined;
  /** Path of each file asked for, with the range, and the authorization of every request. */
  readonly asked: string[];
  readonly authorizations: (string | undefined)[];
  /** Breaks all connections. */
  breakOff(): void;
  close(): Promise<void>;
}

const commit = "0123456789abcdef0123456789abcdef01234567";

export async function startHub(files: HubServer["files"]): Promise<HubServer> {
  const hub: Hub = { commit, files, instead: undefined, asked: [], authorizations: [] };
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(hub, {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakOff: () => server.closeAllConnections(),
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

type Hub = Omit<HubServer, "address" | "breakOff" | "close">;

function answer(hub: Hub, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url!, "http://hub");
  hub.authorizations.push(request.headers.authorization);
  const [, file] = /^\/(?:owner\/tiny\/resolve\/[0-9a-f]{40}|cdn)\/(.*)$/.exec(pathname) ?? [];
  if (hub.instead) response.writeHead(hub.instead.status).end(hub.instead.body);
  else if (/^\/api\/models\/owner\/tiny\/revision\/(main|v1)$/.test(pathname))
    response.end(JSON.stringify({ _id: "1", id: "owner/tiny", sha: commit }));
  else if (pathname === `/api/models/owner/tiny/tree/${commit}`)
    list(hub, searchParams.get("cursor"), request, response);
  else if (file === undefined || !hub.files[file]) response.writeHead(404).end("none");
  else if (pathname.startsWith("/cdn/")) send(hub, file, request, response);
  else response.writeHead(302, { location: `/cdn/${file}` }).end();
}

/** The files in two pages. */
function list(
  { files }: Hub,
  cursor: string | null,
  { headers, url }: IncomingMessage,
  response: ServerResponse,
): void {
  const entries = Object.entries(files).map(([path, { bytes, lfs }]) => {
    const { length: size } = bytes;
    const blob = createHash("sha1").update(`blob ${size}\0`).update(bytes).digest("hex");
    if (!lfs) return { type: "file", path, size, oid: blob };
    const oid = createHash("sha256").update(bytes).digest("hex");
    return { type: "file", path, size, oid: "0".repeat(40), lfs: { oid, size, pointerSize: 130 } };
  });
  const half = entries.length >> 1;
  const page = cursor === null ? entries.slice(0, half) : entries.slice(half);
  const next = `<http://${headers.host}${url}&cursor=2>; rel="next"`;
  response.writeHead(200, { ...(cursor === null && { link: next }) }).end(JSON.stringify(page));
}

function send(hub: Hub, path: string, request: IncomingMessage, response: ServerResponse): void {
  const { range } = request.headers;
  hub.asked.push(range ? `${path} ${range}` : path);
  const { bytes, sent = bytes, stopsAfter } = hub.files[path]!;
  const from = range ? Number(/^bytes=(\d+)-$/.exec(range)![1]) : 0;
  const rest = sent.subarray(from);
  response.writeHead(range ? 206 : 200, {
    "content-length": rest.length,
    ...(range && { "content-range": `bytes ${from}-${sent.length - 1}/${sent.length}` }),
  });
  if (stopsAfter === undefined) response.end(rest);
  else response.write(rest.subarray(0, stopsAfter));
}
