// Puts the entries' scenarios and lessons beside the page, with an index of them. Trunk runs it before every build:
//
//   src/engine/protocols/<entry>/{lesson.md,scenarios/*.lamp}  →  .build/entries/<entry>/…  and  .build/entries/index.json
//
// Only what the reader asks for is fetched; nothing of it is in the wasm.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const from = join(root, "src/engine/protocols");
const to = join(root, ".build/entries");

/** The value of a setting, such as `title  A leader is cut off`. A comment begins with `#` and a blank. */
const setting = (text, key) => {
  const line = text.split("\n").find((l) => l.startsWith(`${key} `));
  return (line ?? "").slice(key.length).replace(/\s#\s.*$/, "").trim().replace(/^"(.*)"$/, "$1");
};

const list = async (dir, suffix) => (await readdir(dir).catch(() => [])).filter((f) => f.endsWith(suffix)).sort();

await rm(to, { recursive: true, force: true });
await mkdir(to, { recursive: true });
const index = [];
for (const folder of (await readdir(from, { withFileTypes: true })).filter((f) => f.isDirectory())) {
  const entry = folder.name.replaceAll("_", "-");
  const dir = join(from, folder.name);
  const files = await list(join(dir, "scenarios"), ".lamp");
  if (files.length === 0) continue;
  await mkdir(join(to, entry), { recursive: true });
  const scenarios = [];
  for (const file of files) {
    const text = await readFile(join(dir, "scenarios", file), "utf8");
    scenarios.push({ slug: file.slice(0, -".lamp".length), title: setting(text, "title"), shows: setting(text, "shows"), row: setting(text, "row").split(" ")[0] });
    await cp(join(dir, "scenarios", file), join(to, entry, file));
  }
  const lesson = await readFile(join(dir, "lesson.md"), "utf8").catch(() => "");
  if (lesson !== "") await writeFile(join(to, entry, "lesson.md"), lesson);
  // In the order in which the lesson tells of them; what it does not tell of comes behind, good news first.
  const told = ({ slug }) => lesson.search(new RegExp(`#${entry}/${slug}\\b(?!-)`));
  const place = (s) => (told(s) < 0 ? lesson.length + ["happy", "survived", "fails"].indexOf(s.shows) : told(s));
  index.push({ entry, scenarios: scenarios.sort((a, b) => place(a) - place(b)) });
}
await writeFile(join(to, "index.json"), JSON.stringify(index));
// The scene draws the catalogue's pictures here, so that the page need not run every entry to show them.
execFileSync("cargo", ["run", "--quiet", "--locked", "--package", "lamplight-engine", "--example", "thumbnails", "--", to], { cwd: root, stdio: "inherit" });
