// Which browser the tests drive: $CHROMIUM, or the Chromium or Chrome of the system. Never a download.
// As a program it prints the path, or fails.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const runnable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

export const chromium = () => {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = [process.env.CHROMIUM, ...names.flatMap((name) => folders.map((folder) => join(folder, name)))];
  return candidates.find((path) => path && runnable(path));
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = chromium();
  if (!path) process.exit(1);
  console.log(path);
}
