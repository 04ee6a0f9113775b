// Moves the marks of a drawing. Each frame wasm hands over arrays of numbers, and nothing else crosses the border:
//
//   flights  9 each: message, x, y, the way it goes as a unit vector (two), length of tail, hue, state (0 flying, 1 lost,
//            2 held, 3 waiting), copy
//   labels   4 each: message, word (of the list; of `own`), x, y of the baseline
//   rings    2 each: node, what is left of its timer, from 1 to 0
//
// A pool of elements is kept by message and by node; an element is written to only where its number has changed.
//
// While the run plays, what flies is a swarm: all that look alike are three paths, written anew each frame. Two hundred elements that
// each move cost a browser three times as much, in style, layout and paint. A message is an element of its own, which can be
// touched and named, where it is selected, lost, held or a copy, and wherever nothing moves.

const ns = "http://www.w3.org/2000/svg";
const make = (tag, attributes, ...children) => {
  const e = document.createElementNS(ns, tag);
  for (const name in attributes) e.setAttribute(name, attributes[name]);
  e.append(...children);
  return e;
};

/** A group that is put somewhere, and turned, by numbers. */
const place = (g) => {
  g.setAttribute("transform", "translate(0 0) rotate(0)");
  const [to, turn] = [0, 1].map((i) => g.transform.baseVal.getItem(i));
  return { to, turn };
};

const head = "M0 0L-12 -5L-9 0L-12 5Z";
const behind = "M-7 0L-19 -5L-16 0L-19 5Z";
/** A way by so much, turned into the direction `f` flies. */
const turned = (f, x, y) => `l${(x * f.dx - y * f.dy).toFixed(1)} ${(x * f.dy + y * f.dx).toFixed(1)}`;
const round = (x) => Math.round(x * 10) / 10;
const parts = ["halo", "tail", "head"];
const states = ["flight", "flight is-lost", "flight is-held", "flight is-held"];

export class Motion {
  /** `layer` is an SVG group, `hues` the classes of the colours, `words` what a label may say; negative words are losses. */
  constructor(layer, hues, words) {
    this.layer = layer;
    this.hues = hues;
    this.words = words;
    this.flights = new Map();
    this.wings = new Map();
    this.swarms = new Map();
    this.swarmed = make("g", { "aria-hidden": "true" });
    layer.append(this.swarmed);
    this.labels = [];
    this.rings = new Map();
    this.kins = new Map();
    /** How often that was told: a message keeps what it was told last. */
    this.told = 0;
    this.said = new Map();
    this.turn = 0;
  }

  /** How messages stand to the selected event: a class each. */
  kin(ids, classes) {
    this.told += 1;
    this.kins.clear();
    ids.forEach((id, i) => this.kins.set(id, classes[i]));
    for (const f of this.flights.values()) f.key = -1;
  }

  /** What labels say that are not of a kind. */
  own(codes, words) {
    this.said = new Map(words.map((word, i) => [codes[i], word]));
  }

  frame(flights, labels, rings, selected, playing) {
    this.turn += 1;
    for (let i = 0; i < flights.length; i += 9) {
      const alike = playing && flights[i + 7] === 0 && flights[i + 8] === 0 && flights[i] !== selected;
      if (alike) this.join(flights, i);
      else this.fly(flights, i, selected);
    }
    for (const pool of [this.flights, this.wings]) {
      for (const [id, f] of pool) {
        if (f.seen === this.turn) continue;
        f.g?.remove();
        pool.delete(id);
      }
    }
    for (const swarm of this.swarms.values()) this.draw(swarm);
    this.write(labels);
    for (let i = 0; i < rings.length; i += 2) this.drain(rings[i], rings[i + 1]);
  }

  /** One more of a swarm: where it is, and from there its own shape. */
  join(a, i) {
    const id = a[i];
    let f = this.wings.get(id);
    if (!f) this.wings.set(id, (f = {}));
    f.seen = this.turn;
    const [dx, dy, tail] = [a[i + 3], a[i + 4], a[i + 5]];
    if (dx !== f.dx || dy !== f.dy || tail !== f.tail) {
      Object.assign(f, { dx, dy, tail });
      f.line = turned(f, -tail, 0);
      f.head = `${turned(f, -12, -5)}${turned(f, 3, 5)}${turned(f, -3, 5)}z`;
    }
    const hue = a[i + 6];
    if (hue !== f.hue || this.told !== f.told) {
      Object.assign(f, { hue, told: this.told, kin: this.kins.get(id) ?? "" });
      const look = `${this.hues[hue]} ${f.kin}`;
      f.swarm = this.swarms.get(look);
      if (!f.swarm) this.swarms.set(look, (f.swarm = this.gather(look)));
    }
    const { swarm, kin } = f;
    const at = `M${round(a[i + 1])} ${round(a[i + 2])}`;
    if (kin) swarm.d[0] += `M${round(a[i + 1] - 5 * dx - 15)} ${round(a[i + 2] - 5 * dy)}a15 15 0 1 0 30 0a15 15 0 1 0-30 0`;
    swarm.d[1] += at + f.line;
    swarm.d[2] += at + f.head;
  }

  gather(look) {
    const paths = parts.map((name) => make("path", { class: name }));
    this.swarmed.append(make("g", { class: `swarm ${look}` }, ...paths));
    return { paths, d: parts.map(() => ""), was: parts.map(() => "") };
  }

  draw({ paths, d, was }) {
    paths.forEach((path, i) => {
      if (d[i] !== was[i]) path.setAttribute("d", (was[i] = d[i]));
      d[i] = "";
    });
  }

  fly(a, i, selected) {
    const id = a[i];
    let f = this.flights.get(id);
    if (!f) this.flights.set(id, (f = this.launch(id)));
    f.seen = this.turn;
    const key = a[i + 6] * 16 + a[i + 7] * 4 + a[i + 8] * 2 + (id === selected ? 1 : 0);
    if (key !== f.key) {
      f.key = key;
      f.g.setAttribute("class", `${states[a[i + 7]]} ${this.hues[a[i + 6]]}${a[i + 8] ? " is-copy" : ""}${id === selected ? " selected" : ""} ${this.kins.get(id) ?? ""}`);
    }
    // Most ways are straight: they turn it once.
    if (a[i + 3] !== f.dx || a[i + 4] !== f.dy) {
      f.dx = a[i + 3];
      f.dy = a[i + 4];
      f.turn.setRotate((Math.atan2(f.dy, f.dx) * 180) / Math.PI, 0, 0);
    }
    // Tenths of a pixel: what has not gone so far stands still.
    const [x, y] = [Math.round(a[i + 1] * 10), Math.round(a[i + 2] * 10)];
    if (x !== f.x || y !== f.y) f.to.setTranslate((f.x = x) / 10, (f.y = y) / 10);
    if (a[i + 5] !== f.tail) {
      f.tail = a[i + 5];
      f.line.setAttribute("x1", -f.tail);
    }
  }

  launch(id) {
    const line = make("line", { class: "tail", x1: 0, x2: 0 });
    const g = make(
      "g",
      { "data-pick": `m${id}` },
      make("circle", { class: "halo", cx: -5, r: 15 }),
      line,
      make("path", { class: "head second", d: behind }),
      make("path", { class: "head first", d: head }),
      make("path", { class: "cross", d: "M-5 -5L5 5M-5 5L5 -5" }),
      make("circle", { class: "held", cx: -5, r: 12 }),
      make("circle", { class: "hit", cx: -5, r: 14 }),
    );
    this.layer.append(g);
    return { g, line, tail: 0, key: -1, seen: 0, ...place(g) };
  }

  write(a) {
    let n = 0;
    for (let i = 0; i < a.length; i += 4, n += 1) {
      let l = this.labels[n];
      if (!l) this.layer.append((l = this.labels[n] = make("text", { class: "message-word" })));
      const word = a[i + 1];
      if (l.word !== word) {
        l.word = word;
        l.textContent = this.said.get(word) ?? this.words.at(word);
        l.setAttribute("class", word < 0 ? "fault-word" : "message-word");
      }
      l.setAttribute("x", a[i + 2].toFixed(1));
      l.setAttribute("y", a[i + 3].toFixed(1));
      if (l.off) l.removeAttribute("display");
      l.off = false;
    }
    for (; n < this.labels.length; n += 1) {
      const l = this.labels[n];
      if (!l.off) l.setAttribute("display", "none");
      l.off = true;
    }
  }

  /** The rings of the timers, made anew when something has happened: 5 numbers each: node, x, y, radius, hue. */
  ring(a) {
    for (const r of this.rings.values()) r.keep = false;
    for (let i = 0; i < a.length; i += 5) {
      let r = this.rings.get(a[i]);
      if (!r) {
        this.rings.set(a[i], (r = make("path", { pathLength: 1, "stroke-dasharray": "1 1" })));
        this.layer.prepend(r);
      }
      r.keep = true;
      r.setAttribute("class", `timer ${this.hues[a[i + 4]]}`);
      // From the top, clockwise. A circle would have to be turned, and what is turned parts a drawing into layers.
      const [x, y, radius] = [a[i + 1], a[i + 2], a[i + 3]];
      const half = (way) => `a${radius} ${radius} 0 0 1 0 ${2 * way * radius}`;
      r.setAttribute("d", `M${x} ${y - radius}${half(1)}${half(-1)}`);
    }
    for (const [id, r] of this.rings) {
      if (r.keep) continue;
      r.remove();
      this.rings.delete(id);
    }
  }

  drain(node, left) {
    const r = this.rings.get(node);
    if (!r) return;
    const off = (1 - left).toFixed(3);
    if (r.off !== off) r.setAttribute("stroke-dashoffset", (r.off = off));
  }

  /** While nothing moves, what stands in the air can be reached by keyboard and has a name. */
  name(ids, names) {
    for (const f of this.flights.values()) f.named = false;
    ids.forEach((id, i) => {
      const f = this.flights.get(id);
      if (!f) return;
      f.named = true;
      f.g.setAttribute("role", "button");
      f.g.setAttribute("aria-label", names[i]);
      if (!f.g.hasAttribute("tabindex")) f.g.setAttribute("tabindex", "-1");
    });
    for (const f of this.flights.values()) {
      if (f.named || !f.g.hasAttribute("role")) continue;
      for (const a of ["role", "aria-label", "tabindex"]) f.g.removeAttribute(a);
    }
  }
}

/**
 * Puts each element at its number, sideways, to half a pixel. Each move makes a browser put its layers together anew, which in a
 * dense diagram is half the work of a frame; the diagram of a long run moves by less than that, and most frames need no move.
 */
export const slide = (elements, xs) => {
  for (let i = 0; i < xs.length; i += 1) {
    const e = elements[i];
    const x = Math.round(xs[i] * 2) / 2;
    if (e.x === x) continue;
    e.x = x;
    e.setAttribute("transform", `translate(${x} 0)`);
  }
};
