// A small static server: node tools/serve.mjs [--dir dist] [--port 8080] [--host 127.0.0.1]
//
// Serves one folder at the root and again under any number of sub-paths, compressed on the wire, with the headers that the
// README asks of a real host. The browser tests start it in their own process, each on a free port.
import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".lamp": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};
const suffix = { br: ".br", gzip: ".gz" };
const codecs = { br: promisify(brotliCompress), gzip: promisify(gzip) };
const quick = { br: { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }, gzip: {} };

/** The path below the mount that claims the address, or nothing. The longest mount wins. */
const below = (mounts, path) => {
  const mount = mounts.find((m) => path.startsWith(m));
  return mount === undefined ? undefined : path.slice(mount.length);
};

/**
 * Starts the server. `mounts` are the paths under which `dir` appears; `pages` adds or replaces documents:
 * an address to its HTML, or to `{ type, body }`; `encodings` are those it may use. Port 0 takes a free one. Gives `{ origin, close }`.
 */
export const serve = async ({ dir = "dist", mounts = ["/"], port = 0, host = "127.0.0.1", pages = {}, encodings = ["br", "gzip"] } = {}) => {
  const root = resolve(dir);
  const longestFirst = [...mounts].sort((a, b) => b.length - a.length);

  const find = async (url) => {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const page = pages[path];
    if (page !== undefined) return typeof page === "string" ? { type: types[".html"], body: page } : page;
    const rest = below(longestFirst, path);
    if (rest === undefined) return undefined;
    let file = normalize(join(root, rest));
    if (file !== root && !file.startsWith(root + sep)) return undefined;
    let is = await stat(file);
    if (is.isDirectory()) {
      file = join(file, "index.html");
      is = await stat(file);
    }
    return { type: types[extname(file)] ?? "application/octet-stream", body: await readFile(file), file };
  };

  // What the build has packed is served as it is; the rest, scenarios and lessons, is small.
  const zipped = async (codec, { file, body }) => (file && (await readFile(file + suffix[codec]).catch(() => undefined))) ?? codecs[codec](body, quick[codec]);

  const server = createServer(async (request, response) => {
    const found = await find(request.url).catch(() => undefined);
    const headers = { "access-control-allow-origin": "*", "cache-control": "no-cache", "x-content-type-options": "nosniff" };
    if (!found || !["GET", "HEAD"].includes(request.method)) {
      response.writeHead(found ? 405 : 404, { ...headers, "content-type": "text/plain" });
      response.end(found ? "Only GET here.\n" : "Nothing here.\n");
      return;
    }
    const accepted = request.headers["accept-encoding"] ?? "";
    const codec = /^image\/png/.test(found.type) ? undefined : ["br", "gzip"].find((c) => encodings.includes(c) && new RegExp(`\\b${c}\\b`).test(accepted));
    const body = codec ? await zipped(codec, found) : found.body;
    response.writeHead(200, {
      ...headers,
      "content-type": found.type,
      "content-length": Buffer.byteLength(body),
      vary: "accept-encoding",
      ...(codec && { "content-encoding": codec }),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  });

  await new Promise((ready, failed) => {
    server.once("error", failed);
    server.listen(port, host, ready);
  });
  return {
    origin: `http://${host}:${server.address().port}`,
    close: () =>
      new Promise((done) => {
        server.close(done);
        server.closeAllConnections();
      }),
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      dir: { type: "string", default: "dist" },
      port: { type: "string", default: process.env.PORT ?? "8080" },
      host: { type: "string", default: process.env.HOST ?? "127.0.0.1" },
    },
  });
  // A taken port is no reason to fail: the next free one is printed.
  for (let port = Number(values.port); ; port += 1) {
    try {
      const { origin } = await serve({ dir: values.dir, host: values.host, port });
      console.log(`\nLamplight is at ${origin.replace("127.0.0.1", "localhost")}/   (Ctrl-C ends it)\n`);
      break;
    } catch (error) {
      if (error.code !== "EADDRINUSE" || port >= Number(values.port) + 20) throw error;
    }
  }
}
