// Starts the page without an inline script, and stays behind for the day the application cannot speak for itself.
//
//   <script type="module" src="./boot.js" data-js="./app.js" data-wasm="./app_bg.wasm"></script>
//
// It keeps its name from one release to the next, so it knows nothing about a release but those two addresses.
// The application calls `lamplightPanic(reason)` from its panic hook. It may keep `data-link` on <html> up to date with
// the link of the run in view (an embed never rewrites its own address); the card hands that link back to the reader.

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

try {
  const app = await import(scripts);
  await app.default({ module_or_path: address("wasm") });
  started = true;
} catch (error) {
  lamplightPanic(
    navigator.onLine === false || error instanceof TypeError
      ? `The page could not be fetched: ${error.message}`
      : error.message || error,
  );
}
