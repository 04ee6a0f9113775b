// Starts the page without an inline script, and stays behind for the day the application cannot speak for itself.
//
//   <script type="module" src="./boot.js" data-js="./app.js" data-wasm="./app_bg.wasm"></script>
//
// It keeps its name from one release to the next, so it knows nothing about a release but those two addresses.
// The application calls `lamplightPanic(reason)` from its panic hook. It may keep `data-link` on <html> up to date with
// the link of the run in view (an embed never rewrites its own address); the card hands that link back to the reader.
//
// The wasm comes in parts (tools/split.mjs): the main one, one for each protocol's first frames, and `late` ones for what no first frame
// needs.
// `lamplightFetch(name)` brings a protocol's part and gives a promise. `lamplightPart(n, 1)` is what the wasm calls when it needs a
// part that is not there yet: it does not return before it is; with 0 it says that the first frames stand, so that the late parts
// may come, and `lamplightLate()` is the promise of them.

const self_ = document.querySelector("script[data-wasm]");
const address = (name) => new URL(self_.dataset[name], document.baseURI).href;
const scripts = address("js");
let started = false;
let shown = false;

const element = (tag, properties, ...children) => {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
};

globalThis.lamplightPanic = (reason) => {
  if (shown) return;
  shown = true;
  const link = document.documentElement.dataset.link || location.href;
  const field = element("input", { className: "mono", readOnly: true, value: link });
  field.setAttribute("aria-label", "Link to this run");
  field.addEventListener("focus", () => field.select());
  const said = element("p", { className: "said" });
  said.setAttribute("role", "status");
  const copy = element("button", { type: "button", textContent: "Copy the link" });
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = "Copied.";
    } catch {
      field.focus();
      said.textContent = "The browser does not allow it here: the link is selected, copy it by hand.";
    }
  });
  const reload = element("button", { type: "button", className: "primary", textContent: "Reload" });
  reload.addEventListener("click", () => location.reload());
  const home = new URL("./", location.href);
  home.search = location.search;
  home.searchParams.delete("panic");
  const heading = element("h1", { textContent: "Lamplight has stopped" });
  heading.tabIndex = -1;
  const card = element(
    "main",
    { className: "panic" },
    heading,
    element("p", { textContent: "Something in the page itself went wrong. Your run is not lost: it is in this link." }),
    element("p", { className: "link" }, field, copy),
    said,
    element("pre", { className: "mono", textContent: String(reason) }),
    element("p", { className: "actions" }, reload, element("a", { className: "button", href: home.href, textContent: "Start without this run" })),
  );
  document.body.replaceChildren(card);
  document.title = "Lamplight has stopped";
  heading.focus();
  tellHost();
};

// An embedding page hears that the frame has died; it hears nothing of what was in it.
const tellHost = () => {
  if (parent === window) return;
  const origin = new URLSearchParams(location.search).get("origin") || "*";
  const message = { ns: "lamplight", v: 1, kind: "evt", name: "error", data: { code: "panic" } };
  try {
    parent.postMessage(message, origin);
  } catch {
    // An origin that is not one: nobody to tell.
  }
};

// Until the application runs, every error is ours. Afterwards only what left our own scripts or the wasm is: an extension's
// mistake, or an observer's complaint, is no reason to take the page away.
const ours = (error) =>
  !started || error instanceof WebAssembly.RuntimeError || String(error?.stack ?? "").includes(scripts);
addEventListener("error", (e) => {
  if (e.error && ours(e.error)) lamplightPanic(e.message);
});
addEventListener("unhandledrejection", (e) => {
  if (ours(e.reason)) lamplightPanic(e.reason?.message ?? e.reason);
});

// The parts of the wasm. Each fills its slots of the shared table when it is instantiated.
const parts = (self_.dataset.parts ?? "").split(" ").filter(Boolean);
const partAddress = (name) => address("wasm").replace("_bg.wasm", `_${name}.wasm`);
const there = (name) => app.main()[`there${parts.indexOf(name)}`];
const imports = () => ({ ...app.imports(), main: { ...app.main(), none() {} } });
const coming = new Map();
const protocols = new Set();
let framesStand = false;
let whole;
const late = new Promise((done) => (whole = done));
let app;

// What a page that is left was still waiting for is taken back by the browser. Nobody is to go on without it, or to ask for it again.
let left = false;
const never = new Promise(() => {});
addEventListener("pagehide", () => (left = true));
addEventListener("pageshow", () => {
  left = false;
  bringLate();
});

const compile = (name) => {
  if (!coming.has(name)) {
    const module = WebAssembly.compileStreaming(fetch(partAddress(name))).catch((error) => {
      coming.delete(name);
      if (left) return never;
      throw error;
    });
    coming.set(name, module);
  }
  return coming.get(name);
};
const bring = async (name) => {
  if (!parts.includes(name)) return;
  const module = await compile(name);
  // Somebody may have come this far meanwhile and waited for it by `lamplightPart`.
  if (there(name).value) return;
  await WebAssembly.instantiate(module, imports());
  there(name).value = 1;
};
// The style of what no first frame shows. Its name is the same in every release, so the release is said behind it.
let style;
const bringStyle = () =>
  (style ??= new Promise((done) => {
    const href = `late.css?${address("wasm").split("/").pop()}`;
    const sheet = element("link", { rel: "stylesheet", href, onload: done, onerror: done });
    document.head.append(sheet);
  }));
// What is late comes behind the first frames: the page's own, and that of each protocol in use.
const bringLate = () => {
  if (!framesStand) return;
  // An error is told by the call that needs the part.
  const wasm = ["late", ...[...protocols].map((p) => `${p}_late`)].map(bring);
  Promise.allSettled([...wasm, bringStyle()]).then(whole);
};

globalThis.lamplightLate = () => late;

globalThis.lamplightFetch = (name) => {
  protocols.add(name);
  return framesStand ? Promise.all([bring(name), bring(`${name}_late`)]) : bring(name);
};

globalThis.lamplightPart ??= (n, now) => {
  if (!now) {
    framesStand = true;
    bringLate();
    return;
  }
  const name = parts[n];
  const request = new XMLHttpRequest();
  request.open("GET", partAddress(name), false);
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  const bytes = Uint8Array.from(request.responseText, (c) => c.charCodeAt(0));
  new WebAssembly.Instance(new WebAssembly.Module(bytes), imports());
  there(name).value = 1;
};

// The protocol that the address names is fetched beside the page, not after it.
const link = location.hash.length > 1 ? location.hash.match(/^#(?:s1\.)?([\w-]+)(?:\/|&|$)/)?.[1] : self_.dataset.first;
const named = (link ?? "").replaceAll("-", "_");
const early = parts.find((p) => p === named || p === `p${named}`);
// A text in the link, or what is no link, needs everything at once.
const beside = early ?? (parts.length > 0 ? "late" : undefined);
if (beside) compile(beside).catch(() => {});

try {
  app = await import(scripts);
  await app.default({ module_or_path: address("wasm") });
  // What the first frame of a link calls, and no other, is in that part. An error is told by the call that needs it.
  if (beside) await bring(beside).catch(() => {});
  app.start?.();
  started = true;
} catch (error) {
  lamplightPanic(
    navigator.onLine === false || error instanceof TypeError
      ? `The page could not be fetched: ${error.message}`
      : error.message || error,
  );
}
