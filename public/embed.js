// <lamp-light>: a run of Lamplight in somebody else's page. One module, no dependency, no style attribute, nothing evaluated.
//
//   <script type="module" src="https://HOST/embed.js"></script>
//   <lamp-light src="raft/leader-crash" seed="7" t="1.2s" theme="dark">
//     <a href="https://HOST/#raft/leader-crash">The leader crashes in the middle of a write</a>
//   </lamp-light>
//
// What stands inside stays until the run is there (and on paper, and without scripts). The frame is made when it comes near the
// window, or on a click with loading="click". `src` is what stands behind the # of a link; `seed`, `t` and any other attribute that is
// neither the element's own nor one that HTML has for all are added to it as parameters. Methods give promises: play() pause() toggle() step(n) seek(µs)
// getState(). Events: lamp-ready, lamp-error. The frame's height follows its content unless `height` is given.
const home = new URL("./", import.meta.url);
const OWN = new Set(["src", "theme", "autoplay", "height", "loading", "label"]);
// What any element may carry is the host's, and no parameter.
const HOSTS = new Set(
  `accesskey autocapitalize autocorrect autofocus class contenteditable dir draggable enterkeyhint exportparts hidden id inert inputmode is itemid
  itemprop itemref itemscope itemtype lang nonce part popover role slot spellcheck style tabindex title translate virtualkeyboardpolicy
  writingsuggestions`.split(/\s+/),
);
const isParameter = ({ name }) => !OWN.has(name) && !HOSTS.has(name) && !/^(aria|data|xml)[-:]|^on/.test(name);
const TIMEOUT_MS = 10_000;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; position: relative; min-height: 12rem; }
  iframe { display: block; width: 100%; height: 30rem; border: 0; }
  .waiting iframe { position: absolute; opacity: 0; pointer-events: none; }
  button { font: inherit; padding: 0.5rem 1rem; min-height: 2.75rem; cursor: pointer; }
  @media print { iframe { display: none; } .waiting slot, slot { display: block !important; } }
`);

class LampLight extends HTMLElement {
  static observedAttributes = ["src"];
  #frame;
  #waiting = new Map();
  /** What is asked before the frame hears anybody. Nothing once it does. */
  #held = [];
  #count = 0;
  #seen;

  connectedCallback() {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      this.box = document.createElement("div");
      this.box.className = "waiting";
      this.box.append(document.createElement("slot"));
      root.append(this.box);
    }
    addEventListener("message", this.#hear);
    if (this.getAttribute("loading") === "click") {
      this.#offer();
      return;
    }
    this.#seen = new IntersectionObserver((all) => all.some((e) => e.isIntersecting) && this.#open(), { rootMargin: "200px" });
    this.#seen.observe(this);
  }

  #offer() {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Run it here";
    button.addEventListener("click", () => {
      button.remove();
      this.#open();
    });
    this.box.append(button);
  }

  /** As before it was put in: it may be put in again. */
  disconnectedCallback() {
    removeEventListener("message", this.#hear);
    this.#seen?.disconnect();
    this.#frame = undefined;
    this.#held = [];
    this.box.className = "waiting";
    this.box.replaceChildren(document.createElement("slot"));
    for (const { fail, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      fail(new Error("the element was taken out of the page"));
    }
    this.#waiting.clear();
  }

  attributeChangedCallback() {
    if (this.#frame) this.#frame.src = this.#address();
  }

  #address() {
    const page = new URL(home);
    page.searchParams.set("embed", "1");
    // A sandboxed page has an address, but no origin; then whoever speaks first is heard.
    if (globalThis.origin !== "null") page.searchParams.set("origin", globalThis.origin);
    for (const name of ["theme", "autoplay"]) if (this.hasAttribute(name)) page.searchParams.set(name, this.getAttribute(name) || "1");
    const more = [...this.attributes].filter(isParameter).map((a) => `&${a.name}=${encodeURIComponent(a.value)}`);
    page.hash = (this.getAttribute("src") ?? "").replace(/^#/, "") + more.join("");
    return page.href;
  }

  #open() {
    this.#seen?.disconnect();
    if (this.#frame) return;
    const frame = document.createElement("iframe");
    frame.title = this.getAttribute("label") ?? `Lamplight: ${this.textContent.trim() || "a distributed system, running"}`;
    frame.allow = "fullscreen; clipboard-write";
    if (this.hasAttribute("height")) frame.style.height = /^\d+$/.test(this.getAttribute("height")) ? `${this.getAttribute("height")}px` : this.getAttribute("height");
    frame.src = this.#address();
    this.#frame = frame;
    this.box.append(frame);
  }

  #hear = (e) => {
    const m = e.data;
    if (!this.#frame || e.source !== this.#frame.contentWindow || m?.ns !== "lamplight" || m.v !== 1) return;
    if (m.kind === "res") {
      const asked = this.#waiting.get(m.id);
      this.#waiting.delete(m.id);
      clearTimeout(asked?.timer);
      if (m.ok) asked?.done(m.data);
      else asked?.fail(new Error(m.data?.code ?? "refused"));
      return;
    }
    if (m.kind !== "evt") return;
    if (m.name === "ready" || m.name === "error") {
      this.#held?.forEach((send) => send());
      this.#held = undefined;
      this.box.className = "";
      this.box.querySelector("slot").style.display = "none";
    }
    if (m.name === "resize" && !this.hasAttribute("height") && m.data?.height > 160) this.#frame.style.height = `${Math.min(m.data.height, 4000)}px`;
    this.dispatchEvent(new CustomEvent(`lamp-${m.name}`, { detail: m.data, bubbles: true }));
  };

  #ask(name, data) {
    const frame = this.#frame;
    if (!frame) return Promise.reject(new Error("the run is not there yet: wait for lamp-ready"));
    const id = `${name}-${(this.#count += 1)}`;
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        fail(new Error(`no answer to ${name}`));
      }, TIMEOUT_MS);
      this.#waiting.set(id, { done, fail, timer });
      // A frame in a sandboxed page has no origin either.
      const nobody = home.origin === "null" || globalThis.origin === "null";
      const send = () => frame.contentWindow.postMessage({ ns: "lamplight", v: 1, kind: "cmd", name, id, data }, nobody ? "*" : home.origin);
      if (this.#held) this.#held.push(send);
      else send();
    });
  }

  play() {
    return this.#ask("play");
  }
  pause() {
    return this.#ask("pause");
  }
  toggle() {
    return this.#ask("toggle");
  }
  step(by = 1) {
    return this.#ask("step", { by });
  }
  seek(t) {
    return this.#ask("seek", { t });
  }
  getState() {
    return this.#ask("getState");
  }
}

if (!customElements.get("lamp-light")) customElements.define("lamp-light", LampLight);
