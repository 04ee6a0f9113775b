// Cuts the wasm into what the first frame needs and what can come later. Trunk runs it after a release build.
//
// The module keeps its name and becomes the main part: what is called on a visit without a link until its first frames stand. Beside it
// appear two parts for each entry of the catalogue, and one for the rest of the page. An entry's part holds whatever else the first
// frames of its links call: what was compiled for that protocol, and copies of what all share. The `late` parts hold the rest, and
// `late` itself all that is in no protocol's name and not in the main part. So an entry's first load does not know of other entries.
// boot.js fetches the parts.
//
// Constants come with the functions that speak of them, by what the linker has written down (see below).
//
// How. All parts have one index space: function 1234 is function 1234 in each. Where it does not live, a function is a stub that calls
// through a slot of the shared table; a part fills its slots when it is instantiated. A stub looks first whether its slot is filled, and
// asks for the part if not: a call that comes early waits, it never fails. The numbers are dealt out anew by who has what, so that what
// has no body in a part stands together there and packs to almost nothing.
//
// What belongs to `late` is what tools/first-frame.txt says of it (`make first-frame` records it anew from page loads of a build with
// LAMPLIGHT_MARK=1, in which each function leaves a mark). A function that the record does not know is newer, and taken for one that the
// first frames call: that costs bytes, which the test of the budget counts, until the record is made anew. If one that it has as late
// is called early all the same, the first frame asks for `late`, which works, costs a moment, and fails a test.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { minify } from "terser";
import { spelled } from "./spelled.mjs";

const dir = process.argv[2] ?? process.env.TRUNK_STAGING_DIR ?? "dist";
const mark = process.env.LAMPLIGHT_MARK === "1";
const root = new URL("..", import.meta.url);

// ---- bytes

const leb = (n) => {
  const out = [];
  do {
    const rest = Math.floor(n / 128);
    out.push((n % 128) | (rest > 0 ? 128 : 0));
    n = rest;
  } while (n > 0);
  return out;
};
const sleb = (n) => {
  const out = [];
  for (;;) {
    const byte = n & 127;
    n >>= 7;
    const last = (n === 0 && !(byte & 64)) || (n === -1 && byte & 64);
    out.push(byte | (last ? 0 : 128));
    if (last) return out;
  }
};
const text = (bytes) => [...leb(bytes.length), ...bytes];
const ascii = (s) => text([...new TextEncoder().encode(s)]);
const list = (items) => [...leb(items.length), ...items.flat()];

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  u() {
    let n = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      n += (byte & 127) * factor;
      if (byte < 128) return n;
    }
  }
  /** A signed number of up to 64 bits. */
  s() {
    let [n, shift, byte] = [0n, 0n, 0];
    do {
      byte = this.byte();
      n |= BigInt(byte & 127) << shift;
      shift += 7n;
    } while (byte >= 128);
    return byte & 64 ? n - (1n << shift) : n;
  }
  skip(n) {
    this.at += n;
  }
  take(n) {
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }
  name() {
    return new TextDecoder().decode(this.take(this.u()));
  }
  many(one) {
    return Array.from({ length: this.u() }, () => one());
  }
}

// ---- reading a module

const SECTION = { type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8, element: 9, code: 10, data: 11, count: 12 };

const read = (bytes) => {
  const r = new Reader(bytes, 8);
  const m = { raw: {}, custom: {}, order: [] };
  while (r.at < bytes.length) {
    const id = r.byte();
    const body = r.take(r.u());
    if (id === 0) {
      const c = new Reader(body);
      m.custom[c.name()] = body.subarray(c.at);
    } else {
      m.raw[id] = body;
      m.order.push(id);
    }
  }
  const section = (id) => new Reader(m.raw[id] ?? new Uint8Array([0]));
  const limits = (x) => {
    const flags = x.byte();
    const min = x.u();
    return { min, max: flags & 1 ? x.u() : undefined };
  };
  const types = section(SECTION.type);
  m.types = types.many(() => {
    if (types.byte() !== 0x60) throw new Error("a type that is no function");
    return { params: [...types.take(types.u())], results: [...types.take(types.u())] };
  });
  const imports = section(SECTION.import);
  m.imports = imports.many(() => {
    const i = { module: imports.name(), name: imports.name(), kind: imports.byte() };
    if (i.kind !== 0) throw new Error(`an import that is no function: ${i.name}`);
    return { ...i, type: imports.u() };
  });
  const functions = section(SECTION.function);
  m.functions = functions.many(() => functions.u());
  const tables = section(SECTION.table);
  m.tables = tables.many(() => ({ of: tables.byte(), ...limits(tables) }));
  const memories = section(SECTION.memory);
  m.memories = memories.many(() => limits(memories));
  const globals = section(SECTION.global);
  m.globals = globals.many(() => {
    const g = { type: globals.byte(), mutable: globals.byte() };
    const from = globals.at;
    constant(globals);
    return { ...g, init: [...globals.bytes.subarray(from, globals.at)] };
  });
  const exports = section(SECTION.export);
  m.exports = exports.many(() => ({ name: exports.name(), kind: exports.byte(), index: exports.u() }));
  // Only the kind that linkers write: functions at a constant place of the first table. By place: the function.
  const elements = section(SECTION.element);
  m.elements = new Map();
  elements.many(() => {
    const flags = elements.u();
    if (flags === 2) elements.u();
    else if (flags !== 0) throw new Error(`an element segment with flags ${flags}`);
    let at = place(elements);
    if (flags === 2) elements.byte();
    elements.many(() => m.elements.set(at++, elements.u()));
  });
  const code = section(SECTION.code);
  m.starts = [];
  m.bodies = code.many(() => {
    const size = code.u();
    m.starts.push(code.at);
    return code.take(size);
  });
  const data = section(SECTION.data);
  m.data = data.many(() => {
    if (data.u() !== 0) throw new Error("a data segment that is not at a constant place");
    const at = place(data);
    const size = data.u();
    return { at, start: data.at, bytes: data.take(size) };
  });
  m.names = names(m.custom.name);
  return m;
};

const place = (r) => {
  if (r.byte() !== 0x41) throw new Error("a segment that is not at a constant place");
  const at = Number(r.s());
  if (r.byte() !== 0x0b) throw new Error("a segment that is not at a constant place");
  return at;
};

const constant = (r) => {
  while (r.byte() !== 0x0b) operand(r, r.bytes[r.at - 1]);
};

const names = (section) => {
  const out = new Map();
  if (!section) throw new Error("the module has no names: build with strip = \"debuginfo\" and wasm-opt -g");
  const r = new Reader(section);
  while (r.at < section.length) {
    const id = r.byte();
    const size = r.u();
    if (id !== 1) {
      r.skip(size);
      continue;
    }
    r.many(() => out.set(r.u(), r.name()));
  }
  return out;
};

/** Skips what stands behind an instruction; gives the function it names, if it names one. */
const operand = (r, op) => {
  if (op === 0x10 || op === 0xd2) return r.u();
  if ([0x02, 0x03, 0x04, 0x0c, 0x0d, 0xd0].includes(op) || (op >= 0x20 && op <= 0x26) || op === 0x41 || op === 0x42) leaf(r);
  else if (op === 0x11 || (op >= 0x28 && op <= 0x3e)) {
    leaf(r);
    leaf(r);
  } else if (op === 0x0e) {
    r.many(() => r.u());
    r.u();
  } else if (op === 0x1c) r.many(() => r.byte());
  else if (op === 0x3f || op === 0x40) leaf(r);
  else if (op === 0x43) r.skip(4);
  else if (op === 0x44) r.skip(8);
  else if (op === 0xfc) {
    const sub = r.u();
    if (sub === 8 || sub === 10 || sub === 12 || sub === 14) {
      leaf(r);
      leaf(r);
    } else if (sub > 7 && sub < 18) leaf(r);
    else if (sub >= 18) throw new Error(`instruction fc ${sub}`);
  } else if (op > 0xc4 && op !== 0xd1) throw new Error(`instruction ${op.toString(16)}`);
  return undefined;
};

const leaf = (r) => {
  while (r.byte() >= 128);
};

/** A reader of a body's instructions: behind its locals. */
const instructions = (body) => {
  const r = new Reader(body);
  r.many(() => {
    r.u();
    r.byte();
  });
  return r;
};

const called = (body) => {
  const r = instructions(body);
  const out = new Set();
  while (r.at < body.length) {
    const target = operand(r, r.byte());
    if (target !== undefined) out.add(target);
  }
  return out;
};

/** What in a body may be an address: constants, the offsets of loads and stores, and both together. What a store has before it is no address. */
const addresses = (body) => {
  const r = instructions(body);
  const out = [];
  let last = 0;
  while (r.at < body.length) {
    const op = r.byte();
    let constant = 0;
    if (op === 0x41) out.push((constant = Number(BigInt.asUintN(32, r.s()))));
    else if (op === 0x42) {
      const n = BigInt.asUintN(64, r.s());
      out.push(Number(n & 0xffffffffn), Number(n >> 32n));
    } else if (op >= 0x28 && op <= 0x3e) {
      leaf(r);
      const offset = r.u();
      out.push(offset);
      if (op < 0x36) out.push(last + offset);
    } else operand(r, op);
    last = constant;
  }
  return out;
};

// ---- writing a module

const assemble = (sections) => {
  const out = [Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])];
  for (const id of [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]) {
    const body = sections[id];
    if (body) out.push(Buffer.from([id, ...leb(body.length)]), Buffer.from(body));
  }
  return Buffer.concat(out);
};

const bodies = (all) => Buffer.concat([Buffer.from(leb(all.length)), ...all.flatMap((b) => [Buffer.from(leb(b.length)), Buffer.from(b)])]);
const limitBytes = ({ min, max }) => (max === undefined ? [0, ...leb(min)] : [1, ...leb(min), ...leb(max)]);

/** A section with more of the same behind what it has. */
const joined = (raw, more) => {
  const r = new Reader(raw ?? new Uint8Array([0]));
  const count = r.u();
  return [...leb(count + more.length), ...r.bytes.subarray(r.at), ...more.flat()];
};

// ---- the cut

const file = (await readdir(dir)).find((f) => f.endsWith("_bg.wasm"));
const m = read(await readFile(join(dir, file)));
const before = m.imports.length;
const total = before + m.functions.length;
const typeOf = (f) => m.functions[f - before];
const fetcher = m.imports.findIndex((i) => /lamplight_?part/i.test(i.name));
if (fetcher < 0) throw new Error("the module does not import lamplightPart");
const table = m.tables.findIndex((t) => t.of === 0x70);

const spelt = new Map([...m.names].map(([f, symbol]) => [f, spelled(symbol)]));
const key = (name) => {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, 0x01000193) >>> 0;
  return h.toString(36);
};

if (mark) {
  // Each function begins by setting a global of its own, and gives it away by its number; the names stand beside the page.
  const marked = m.bodies.map((body, i) => {
    const r = instructions(body);
    return [...body.subarray(0, r.at), 0x41, 1, 0x24, ...leb(m.globals.length + i), ...body.subarray(r.at)];
  });
  const flags = m.bodies.map((_, i) => ({ name: `called${before + i}`, kind: 3, index: m.globals.length + i }));
  await writeFile(
    join(dir, file),
    assemble({
      ...m.raw,
      [SECTION.global]: joined(m.raw[SECTION.global], flags.map(() => [0x7f, 1, 0x41, 0, 0x0b])),
      [SECTION.export]: joined(m.raw[SECTION.export], flags.map((x) => [...ascii(x.name), x.kind, ...leb(x.index)])),
      [SECTION.code]: bodies(marked),
    }),
  );
  await writeFile(join(dir, "names.json"), JSON.stringify(Array.from({ length: total }, (_, f) => (spelt.has(f) ? key(spelt.get(f)) : ""))));
  process.exit();
}

const catalogue = await readFile(new URL("src/engine/protocols/mod.rs", root), "utf8");
const entries = [...catalogue.match(/^catalogue! \{([^}]*)\}/m)[1].matchAll(/^\s*(\w+)::/gm)].map((f) => f[1]);
const visit = catalogue.match(/FIRST: \(&str, &str\) = \("([\w-]+)"/)[1];
const parts = ["late", ...entries.flatMap((e) => [e, `${e}_late`])];

/** By name of a function: the entries whose first frames call it; `main` if those of every entry do; none of what is late. */
const soon = new Map();
for (const group of (await readFile(new URL("first-frame.txt", import.meta.url), "utf8").catch(() => "")).split("\n\n")) {
  const [who, names] = group.split(":\n");
  for (const name of names?.split(/\s/) ?? []) soon.set(name, new Set(who === "late" ? [] : who.split(" ")));
}
const [nobody, everybody] = [new Set(), new Set(["main"])];
const soonFor = (f) => (spelt.has(f) ? soon.get(key(spelt.get(f))) ?? everybody : nobody);
const newer = new Set([...spelt.values()].filter((name) => !soon.has(key(name))));
if (newer.size > 0) console.log(`${newer.size} functions are newer than tools/first-frame.txt, and come with the first frames`);

// ---- what the linker knew: which function and which constant speaks of which

// The linked file, as it was before wasm-bindgen and wasm-opt, holds a relocation (--emit-relocs) wherever a function or a constant
// speaks of a constant, or of a place of the table: by its symbol, even where the address itself was moved by some offset. Functions are
// known by their symbols still, as wasm-opt is told to inline none. So a part has all that its functions may reach, and all that this
// reaches; it is never guessed from the bodies. What nobody may write to can stand in several parts.
const profile = process.env.TRUNK_PROFILE ?? "release";
const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("target", root));
const linked = read(await readFile(join(target, "wasm32-unknown-unknown", profile, file.replace(/(-[0-9a-f]+)?_bg\.wasm$/, ".wasm"))));
if (!linked.custom["reloc.CODE"]?.equals(m.custom["reloc.CODE"] ?? Buffer.alloc(0))) throw new Error("the linker's file is of another module, or was linked without --emit-relocs");

/** By number of the symbol: the address of what it names, if that is data. */
const symbols = [];
/** What nobody writes to, in the order of the addresses: constants, as the linker laid them out. */
const objects = [];
{
  const r = new Reader(linked.custom.linking, 1);
  const names = [];
  while (r.at < r.bytes.length) {
    const id = r.byte();
    const s = new Reader(r.take(r.u()));
    if (id === 5) s.many(() => names.push([s.name(), s.u(), s.u()][0]));
    if (id !== 8) continue;
    s.many(() => {
      const kind = s.byte();
      const absent = s.u() & 0x50;
      if (kind !== 1) {
        symbols.push({});
        s.u();
        if (kind !== 3 && absent !== 0x10) s.name();
        return;
      }
      s.name();
      if (absent & 0x10) return symbols.push({});
      const segment = s.u();
      const at = linked.data[segment].at + s.u();
      symbols.push({ segment, at, end: at + s.u() });
    });
  }
  const readOnly = names.indexOf(".rodata");
  for (const { at, end } of symbols.filter((s) => s.segment === readOnly && s.end > s.at).sort((a, b) => a.at - b.at)) {
    const last = objects.at(-1);
    if (last && at < last.end) last.end = Math.max(last.end, end);
    else objects.push({ at, end });
  }
}
/** The number of the object an address lies in; -1 for none. */
const objectAt = (address) => {
  let [lo, hi] = [0, objects.length];
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (objects[mid].at <= address) lo = mid + 1;
    else hi = mid;
  }
  return lo > 0 && address < objects[lo - 1].end ? lo - 1 : -1;
};

/** All that a section speaks of: `{ at, object }` or `{ at, place }`, where `at` is inside the section. */
const references = (name, id) => {
  const r = new Reader(linked.custom[name]);
  r.u();
  const out = [];
  r.many(() => {
    const type = r.byte();
    const at = r.u();
    const symbol = symbols[r.u()];
    if ([3, 4, 5, 8, 9].includes(type)) r.s();
    else if (![0, 1, 2, 6, 7, 20].includes(type)) throw new Error(`a relocation of type ${type}`);
    const there = new Reader(linked.raw[id], at);
    if (type === 1) out.push({ at, place: Number(there.s()) });
    else if (type === 2) out.push({ at, place: Buffer.from(there.take(4)).readUInt32LE() });
    else if (type >= 3 && type <= 5 && symbol.end > symbol.at) out.push({ at, object: objectAt(symbol.at) });
  });
  return out;
};

const speaks = () => ({ objects: new Set(), places: new Set() });
const speak = (who, { object, place }) => (place === undefined ? object >= 0 && who.objects.add(object) : who.places.add(place));
const ofObject = objects.map(speaks);
/** What is spoken of where somebody may write. */
const written = speaks();
for (const said of references("reloc.DATA", SECTION.data)) {
  const d = linked.data.find(({ start, bytes }) => said.at >= start && said.at < start + bytes.length);
  speak(ofObject[objectAt(d.at + said.at - d.start)] ?? written, said);
}
const ofSymbol = new Map();
{
  let i = 0;
  for (const said of references("reloc.CODE", SECTION.code)) {
    while (said.at >= linked.starts[i] + linked.bodies[i].length) i++;
    const symbol = linked.names.get(linked.imports.length + i);
    if (!ofSymbol.has(symbol)) ofSymbol.set(symbol, speaks());
    speak(ofSymbol.get(symbol), said);
  }
}
// What has another name now, or is one with its equal, could be anywhere: what it speaks of is at the beginning.
const kept = new Set(m.names.values());
for (const [symbol, all] of ofSymbol) {
  if (kept.has(symbol)) continue;
  for (const object of all.objects) speak(written, { object });
  for (const place of all.places) speak(written, { place });
}
const ofFunction = m.bodies.map((body, i) => {
  const all = ofSymbol.get(m.names.get(before + i)) ?? speaks();
  // Whatever looks like the address of an object counts, too, whoever has written the function.
  for (const address of addresses(body)) speak(all, { object: objectAt(address) });
  return all;
});

/** Where in the source a panic is: nobody asks for it before there is one, and who does is late. */
const image = Buffer.alloc(Math.max(...m.data.map((d) => d.at + d.bytes.length)));
for (const d of m.data) image.set(d.bytes, d.at);
const source = objects.map(({ at, end }, i) => {
  if (end - at !== 16 || ofObject[i].objects.size !== 1 || ofObject[i].places.size > 0) return false;
  const [file, length] = [image.readUInt32LE(at), image.readUInt32LE(at + 4)];
  return objectAt(file) >= 0 && image.subarray(file + length - 3, file + length).toString() === ".rs";
});

/** All that some speak of, and what that speaks of in turn. */
const reached = (roots, sources) => {
  const all = speaks();
  const todo = [];
  const take = (who) => {
    for (const p of who.places) all.places.add(p);
    for (const o of who.objects) {
      if (all.objects.has(o) || (source[o] && !sources)) continue;
      all.objects.add(o);
      todo.push(o);
    }
  };
  roots.forEach(take);
  while (todo.length > 0) take(ofObject[todo.pop()]);
  return all;
};
// ---- who has what

/** The part a function lives in; 0 is the main one. What several protocols use belongs to none of them. */
const home = Array.from({ length: total }, (_, f) => {
  if (f < before) return 0;
  const name = spelt.get(f) ?? "";
  const protocols = new Set([...name.matchAll(/engine::protocols::(\w+)/g)].map((p) => p[1]).filter((p) => entries.includes(p)));
  if (protocols.size !== 1) return soonFor(f).has("main") || !m.names.has(f) ? 0 : 1;
  const [own] = protocols;
  return 1 + parts.indexOf(soonFor(f).size > 0 ? own : `${own}_late`);
});

// Equal functions of several protocols are one, under the name of any of them. So what another protocol's functions call, or may find
// in the table, is nobody's own.
const everybodys = (f) => (home[f] = soonFor(f).has("main") ? 0 : 1);
const calls = m.bodies.map(called);
const owner = (f) => Math.floor(home[f] / 2);
// The catalogue asks every entry for its sign: that is not worth a part. It asks for no card before the part is there.
const asked = (f) => m.bodies[f - before].length <= 16 && calls[f - before].size === 0 && !/^engine::protocols::card::</.test(spelt.get(f));
for (const f of m.elements.values()) if (f >= before && home[f] > 1 && asked(f)) everybodys(f);
for (let again = true; again; ) {
  again = false;
  for (const [i] of entries.entries()) {
    const mine = (f) => owner(f) === i + 1;
    const known = new Set(calls.flatMap((targets, at) => (mine(before + at) ? [...targets] : [])));
    for (const place of reached(ofFunction.filter((_, at) => mine(before + at))).places) known.add(m.elements.get(place));
    for (const f of known) {
      if (!(f >= before) || home[f] < 2 || mine(f)) continue;
      everybodys(f);
      again = true;
    }
  }
  calls.forEach((targets, at) => {
    if (home[before + at] > 1) return;
    for (const f of targets) {
      if (f < before || home[f] < 2) continue;
      everybodys(f);
      again = true;
    }
  });
}

const late = 1;
/** By part: what it has, too, of what lives in `late`: the first frames of that entry's links call it. */
const copies = ["main", ...parts].map((name) => new Set([...home.keys()].filter((f) => home[f] === late && soonFor(f).has(name))));
const has = (part, f) => home[f] === part || copies[part].has(f);

/** What stands where, largest first, and who calls it there: where to look when the budget is tight. And what each entry adds, packed. */
const report = async (to) => {
  const callers = new Map();
  calls.forEach((targets, i) => targets.forEach((t) => callers.set(t, [...(callers.get(t) ?? []), before + i])));
  const row = (part, f, mark) => {
    const by = (callers.get(f) ?? []).filter((c) => has(part, c)).slice(0, 6);
    return [m.bodies[f - before].length, `${["main", ...parts][part]}${mark}`, spelt.get(f), f, by.map((c) => spelt.get(c)).join(" | ")];
  };
  const rows = m.bodies.map((_, i) => row(home[before + i], before + i, ""));
  copies.forEach((all, part) => all.forEach((f) => rows.push(row(part, f, "+"))));
  await writeFile(to, rows.sort((a, b) => b[0] - a[0]).map((r) => r.join("\t")).join("\n"));
  for (const [i, entry] of entries.entries()) {
    const own = m.bodies.filter((_, f) => /engine::protocols::(\w+)/.test(spelt.get(before + f)) && owner(before + f) === i + 1);
    console.log(`${entry}: ${own.length} functions, ${(await promisify(gzip)(Buffer.concat(own), { level: 9 })).length} bytes gzipped`);
  }
};

/** What the functions of a part may reach. */
const reachOf = (part) => {
  const roots = ofFunction.filter((_, i) => has(part, before + i));
  if (part === 0) roots.push(written);
  return reached(roots, part === late);
};

// What is no longer than its stub stands wherever it is known and all is that it calls: dropping a closure that holds nothing, say. Nobody
// waits for it then, whether or not it was called while the first frames were recorded.
const STUB = 24;
for (const [part, copied] of copies.entries()) {
  if (part === late) continue;
  const known = new Set(calls.flatMap((targets, i) => (has(part, before + i) ? [...targets] : [])));
  const { places } = reachOf(part);
  for (const [place, f] of m.elements) if (places.has(place)) known.add(f);
  for (const f of known) {
    if (f < before || home[f] !== late || m.bodies[f - before].length > STUB) continue;
    if ([...calls[f - before]].every((t) => t < before || has(part, t))) copied.add(f);
  }
}
if (process.env.LAMPLIGHT_REPORT) await report(process.env.LAMPLIGHT_REPORT);

/** By part: what its functions may reach. */
const reach = ["main", ...parts].map((_, part) => reachOf(part));
// What nobody speaks of but panics is late.
const inMain = reach[0].objects;
const elsewhere = new Set(reach.slice(1).flatMap((r) => [...r.objects]));
for (const o of reached([{ objects: [...objects.keys()].filter((o) => source[o] || !(inMain.has(o) || elsewhere.has(o))), places: [] }], true).objects) reach[late].objects.add(o);

/** The data of a part, neighbours in one. */
const segments = (part) => {
  const runs = [];
  const put = (at, end) => {
    const last = runs.at(-1);
    if (last && at - last.end < 8) last.end = end;
    else runs.push({ at, end });
  };
  if (part > 0) {
    for (const o of [...reach[part].objects].filter((o) => !inMain.has(o)).sort((a, b) => a - b)) put(objects[o].at, objects[o].end);
    return runs;
  }
  // The main part has whatever is no object, too.
  for (const d of m.data) {
    let at = d.at;
    const until = d.at + d.bytes.length;
    for (const [i, o] of objects.entries()) {
      if (inMain.has(i) || o.end <= at || o.at >= until) continue;
      if (o.at > at) put(at, o.at);
      at = o.end;
    }
    if (at < until) put(at, until);
  }
  return runs;
};
const dataSection = (part) => {
  const all = segments(part).map(({ at, end }) => [Buffer.from([0, 0x41, ...sleb(at), 0x0b, ...leb(end - at)]), image.subarray(at, end)]);
  return Buffer.concat([Buffer.from(leb(all.length)), ...all.flat()]);
};

// ---- who is called how

// A function that is not here is called through a slot of the table, which each part fills that has it; what is late has its slot to itself,
// which is empty for so long. Other functions that stand in the table have a slot already, unless another part than the main one may
// fill that place with its stub.
const slots = new Map();
const placesOf = new Map();
for (const [place, f] of m.elements) placesOf.set(f, [...(placesOf.get(f) ?? []), place]);
let next = m.tables[table].min;
const slot = (f) => {
  if (!slots.has(f)) {
    const own = home[f] === late ? undefined : (placesOf.get(f) ?? []).find((p) => home[f] === 0 || reach.every((r, part) => part === 0 || part === home[f] || !r.places.has(p)));
    slots.set(f, own ?? next++);
  }
  return slots.get(f);
};
/** By part: functions that it calls and has not. */
const foreign = reach.map(() => new Set());
/** By part: what it puts into the table. */
const filled = reach.map(() => new Map());
for (const [part, all] of foreign.entries()) {
  calls.forEach((targets, i) => {
    if (has(part, before + i)) for (const f of targets) if (f >= before && !has(part, f)) all.add(f);
  });
  if (part === 0) for (const e of m.exports) if (e.kind === 0 && home[e.index] !== 0) all.add(e.index);
  for (const [place, f] of m.elements) {
    const mine = f < before ? part === 0 : has(part, f);
    if (!mine && (f < before || home[f] === 0 || !reach[part].places.has(place))) continue;
    filled[part].set(place, f);
    if (!mine) all.add(f);
  }
}
for (const f of new Set(foreign.flatMap((all) => [...all]))) for (const [part, all] of filled.entries()) if (has(part, f)) all.set(slot(f), f);
const size = next;

// What several parts have stands together, then what many of them call elsewhere; and among these, equal types and lengths: so it packs
// best. Everything above speaks of functions by the numbers they came with; from here on they are written by their new ones.
const count = (sets, f) => sets.filter((all) => all.has(f)).length;
const ranks = m.functions.map((type, i) => {
  const f = before + i;
  const shared = count(copies, f);
  const rank = home[f] === 0 ? -parts.length - 1 : home[f] === late ? -shared : home[f];
  return [rank, home[f] === 0 || shared > 0 ? 0 : -count(foreign, f), type, m.bodies[i].length, f];
});
const order = ranks.sort((a, b) => a.map((x, i) => x - b[i]).find((d) => d !== 0)).map((r) => r.at(-1));
const number = new Map(order.map((f, i) => [f, before + i]));
const numbered = (f) => leb(number.get(f) ?? f);
/** A body, with what it calls by the new numbers. */
const renumbered = (body) => {
  const r = instructions(body);
  const out = [];
  let done = 0;
  while (r.at < body.length) {
    const at = r.at + 1;
    const target = operand(r, r.byte());
    if (target === undefined) continue;
    out.push(body.subarray(done, at), Buffer.from(numbered(target)));
    done = r.at;
  }
  return Buffer.concat([...out, body.subarray(done)]);
};
const anew = m.bodies.map(renumbered);

const nothing = [0, 0x00, 0x0b];
const there = (part) => m.globals.length + part - 1;
/** Calls what lives elsewhere; asks for the part first if it is not there yet. */
const stub = (f) => {
  const { params } = m.types[typeOf(f)];
  const ask = home[f] <= late ? [] : [0x23, ...leb(there(home[f])), 0x45, 0x04, 0x40, 0x41, ...sleb(home[f] - 1), 0x41, 1, 0x10, ...leb(fetcher), 0x0b];
  const call = [0x41, ...sleb(slot(f)), ...(home[f] === late ? [0x10, ...leb(total)] : []), 0x11, ...leb(typeOf(f)), ...leb(table), 0x0b];
  return [0, ...ask, ...params.flatMap((_, i) => [0x20, ...leb(i)]), ...call];
};
/** The last function of each part: gives a slot of what is late back, and sees to it that it is filled. */
const filling = [0, 0x20, 0, 0x25, ...leb(table), 0xd1, 0x04, 0x40, 0x41, ...sleb(late - 1), 0x41, 1, 0x10, ...leb(fetcher), 0x0b, 0x20, 0, 0x0b];
const fillingType = m.types.findIndex(({ params, results }) => `${params} ${results}` === `${0x7f} ${0x7f}`);
if (fillingType < 0) throw new Error("no function takes a number and gives one");

const elements = (part) => {
  const runs = [];
  for (const [at, f] of [...filled[part]].sort((a, b) => a[0] - b[0])) {
    const last = runs.at(-1);
    if (last && last.at + last.of.length === at) last.of.push(f);
    else runs.push({ at, of: [f] });
  }
  return list(runs.map(({ at, of }) => [...(table === 0 ? [0] : [2, ...leb(table)]), 0x41, ...sleb(at), 0x0b, ...(table === 0 ? [] : [0]), ...list(of.map(numbered))]));
};

const shared = [
  ...m.memories.map((x, i) => ({ name: `m${i}`, kind: 2, index: i, as: limitBytes(x) })),
  ...m.tables.map((x, i) => ({ name: `t${i}`, kind: 1, index: i, as: [x.of, ...limitBytes(i === table ? { min: size, max: x.max && size } : x)] })),
  ...m.globals.map((x, i) => ({ name: `g${i}`, kind: 3, index: i, as: [x.type, x.mutable] })),
  ...parts.map((_, i) => ({ name: `there${i}`, kind: 3, index: there(i + 1), as: [0x7f, 1] })),
];

// What wasm-bindgen and its glue call each other by is long, and holds a hash.
const short = new Map();
const shorten = (name) => {
  if (/^_/.test(name) && !short.has(name)) short.set(name, `_${short.size.toString(36)}`);
  return short.get(name) ?? name;
};
for (const x of [...m.imports, ...m.exports]) x.name = shorten(x.name);
const imported = (x) => [...ascii(x.module), ...ascii(x.name), 0, ...leb(x.type)];

for (const [part, name] of ["main", ...parts].entries()) {
  const mine = (f) => has(part, f);
  const known = (f) => mine(f) || foreign[part].has(f);
  // An import that nobody here calls keeps its place under a short name.
  const needed = new Set(calls.flatMap((targets, i) => (mine(before + i) ? [...targets] : [])));
  needed.add(fetcher);
  const own = {
    [SECTION.type]: m.raw[SECTION.type],
    [SECTION.element]: elements(part),
    // What has no body here may be of any type: always the same one packs best.
    [SECTION.function]: list([...order.map((f) => leb(known(f) ? typeOf(f) : 0)), leb(fillingType)]),
    [SECTION.code]: bodies([...order.map((f) => (mine(f) ? anew[f - before] : known(f) ? stub(f) : nothing)), filling]),
    [SECTION.data]: dataSection(part),
  };
  const module =
    part === 0
      ? assemble({
          ...m.raw,
          ...own,
          ...(m.raw[SECTION.count] && { [SECTION.count]: leb(segments(0).length) }),
          [SECTION.table]: list(m.tables.map((x, i) => [x.of, ...limitBytes(i === table ? { min: size, max: x.max && size } : x)])),
          [SECTION.global]: joined(m.raw[SECTION.global], parts.map(() => [0x7f, 1, 0x41, 0, 0x0b])),
          [SECTION.import]: list(m.imports.map(imported)),
          [SECTION.export]: list([...m.exports, ...shared].map((s) => [...ascii(s.name), s.kind, ...(s.kind === 0 ? numbered(s.index) : leb(s.index))])),
        })
      : assemble({
          ...own,
          [SECTION.import]: list([
            ...m.imports.map((x, f) => (needed.has(f) ? imported(x) : [...ascii("main"), ...ascii("none"), 0, 0])),
            ...shared.map((s) => [...ascii("main"), ...ascii(s.name), s.kind, ...s.as]),
          ]),
        });
  await writeFile(join(dir, part === 0 ? file : file.replace("_bg.wasm", `_${name}.wasm`)), module);
}

// boot.js fetches the parts by these names, hands them the imports of the whole, and starts it.
const page = join(dir, "index.html");
await writeFile(page, (await readFile(page, "utf8")).replace(/(data-wasm=)/, `data-parts="${parts.join(" ")}" data-first="${visit}" $1`));
const glue = join(dir, file.replace("_bg.wasm", ".js"));
const begin = "wasm.__wbindgen_start();";
const calling = `${(await readFile(glue, "utf8")).replace(begin, "")}\nexport const start = () => ${begin}\n`.replace(/(?<=\n\s+|\bwasm\.)_\w+/g, (name) => short.get(name) ?? name);
await writeFile(glue, calling.replace(/export \{ initSync/, "export const main = () => wasm;\nexport { __wbg_get_imports as imports, initSync"));

// Trunk's own minifier does not take what wasm-bindgen writes.
for (const script of (await readdir(dir, { recursive: true })).filter((f) => f.endsWith(".js"))) {
  const { code } = await minify(await readFile(join(dir, script), "utf8"), { module: true, ecma: 2022, compress: { passes: 2 } });
  await writeFile(join(dir, script), code);
}

// Packed once, here: brotli at its best takes seconds, and a server may serve these as they are.
for (const name of (await readdir(dir, { recursive: true })).filter((f) => /\.(js|css|wasm|html)$/.test(f))) {
  const body = await readFile(join(dir, name));
  const hints = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  await writeFile(join(dir, `${name}.br`), await promisify(brotliCompress)(body, { params: hints }));
  await writeFile(join(dir, `${name}.gz`), await promisify(gzip)(body, { level: 9 }));
}
