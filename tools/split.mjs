// Cuts the wasm into what the first frame needs and what can come later. Trunk runs it after a release build.
//
// The module keeps its name and becomes the main part; beside it appear two parts for each entry of the
// catalogue (what was compiled for that protocol) and one for the rest of the page: `late` parts hold what no first frame has ever
// called. boot.js fetches them.
//
// How. All parts keep the index space of the whole: function 1234 is function 1234 in each, so no body is rewritten. Where it does not
// live, a function is a stub that calls through a slot at the end of the shared table; a part fills its slots when it is instantiated.
// The main part's stubs look first whether the part is there, and ask for it if not: a call that comes early waits, it never fails.
//
// What belongs to `late` is everything whose name is not on the list of tools/first-frame.txt (`make first-frame` records it anew from
// page loads of a build with LAMPLIGHT_MARK=1, in which each function tells its number). The list may be stale: then the first frame asks for `late`,
// which works, costs a moment, and fails the test of the budget.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { minify } from "terser";

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
  // Only the kind that linkers write: functions at a constant place of the first table.
  const elements = section(SECTION.element);
  m.elements = elements.many(() => {
    const flags = elements.u();
    if (flags === 2) elements.u();
    else if (flags !== 0) throw new Error(`an element segment with flags ${flags}`);
    constant(elements);
    if (flags === 2) elements.byte();
    return elements.many(() => elements.u());
  }).flat();
  const code = section(SECTION.code);
  m.bodies = code.many(() => code.take(code.u()));
  m.names = names(m.custom.name);
  return m;
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
    r.many(() => out.set(r.u(), r.name().replace(/\[[0-9a-f]{8,}\]/g, "")));
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

const called = (body) => {
  const r = new Reader(body);
  r.many(() => {
    r.u();
    r.byte();
  });
  const out = new Set();
  while (r.at < body.length) {
    const target = operand(r, r.byte());
    if (target !== undefined) out.add(target);
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

// ---- the cut

const file = (await readdir(dir)).find((f) => f.endsWith("_bg.wasm"));
const m = read(await readFile(join(dir, file)));
const before = m.imports.length;
const total = before + m.functions.length;
const typeOf = (f) => m.functions[f - before];
const fetcher = m.imports.findIndex((i) => /lamplight_?part/i.test(i.name));
if (fetcher < 0) throw new Error("the module does not import lamplightPart");
const table = m.tables.findIndex((t) => t.of === 0x70);

const key = (name) => {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, 0x01000193) >>> 0;
  return h.toString(36);
};

if (mark) {
  // Each function begins by telling its number; the names stand beside the page.
  const marked = m.bodies.map((body, i) => {
    const r = new Reader(body);
    r.many(() => {
      r.u();
      r.byte();
    });
    return [...body.subarray(0, r.at), 0x41, ...sleb(before + i), 0x41, 2, 0x10, ...leb(fetcher), ...body.subarray(r.at)];
  });
  await writeFile(join(dir, file), assemble({ ...m.raw, [SECTION.code]: bodies(marked) }));
  await writeFile(join(dir, "names.json"), JSON.stringify(Array.from({ length: total }, (_, f) => (m.names.has(f) ? key(m.names.get(f)) : ""))));
  process.exit();
}

const catalogue = await readFile(new URL("src/engine/protocols/mod.rs", root), "utf8");
const entries = [...catalogue.match(/^catalogue! \{([^}]*)\}/m)[1].matchAll(/^\s*(\w+)::/gm)].map((f) => f[1]);
const visit = catalogue.match(/FIRST: \(&str, &str\) = \("([\w-]+)"/)[1];
const parts = ["late", ...entries.flatMap((e) => [e, `${e}_late`])];
const first = new Set((await readFile(new URL("first-frame.txt", import.meta.url), "utf8").catch(() => "")).split(/\s+/));

/** The part a function lives in; 0 is the main one. What several protocols use belongs to none of them. */
const home = Array.from({ length: total }, (_, f) => {
  if (f < before) return 0;
  const name = m.names.get(f) ?? "";
  const protocols = new Set([...name.matchAll(/engine::protocols::(\w+)/g)].map((p) => p[1]).filter((p) => entries.includes(p)));
  const soon = first.has(key(name)) || !m.names.has(f);
  if (protocols.size !== 1) return soon ? 0 : 1;
  const [own] = protocols;
  return 1 + parts.indexOf(soon ? own : `${own}_late`);
});
for (const e of m.exports) if (e.kind === 0) home[e.index] = 0;

// Equal functions of several protocols are one, under the name of any of them: what others call, or what is small and stands in the
// table, is nobody's own.
const everybodys = (f) => (home[f] = first.has(key(m.names.get(f) ?? "")) ? 0 : 1);
for (const f of m.elements) if (f >= before && home[f] > 1 && m.bodies[f - before].length < 300) everybodys(f);

if (process.env.LAMPLIGHT_REPORT) {
  // What stands where, largest first: where to look when the budget is tight.
  const rows = m.bodies.map((b, i) => [b.length, ["main", ...parts][home[before + i]], m.names.get(before + i)]);
  await writeFile(process.env.LAMPLIGHT_REPORT, rows.sort((a, b) => b[0] - a[0]).map((r) => r.join("\t")).join("\n"));
}

const calls = m.bodies.map(called);
const owner = (f) => Math.floor(home[f] / 2);
for (let again = true; again; ) {
  again = false;
  calls.forEach((targets, i) => {
    for (const f of targets) {
      if (f < before || home[f] < 2 || owner(f) === owner(before + i)) continue;
      everybodys(f);
      again = true;
    }
  });
}
const slots = new Map();
const slot = (f) => {
  if (!slots.has(f)) slots.set(f, m.tables[table].min + slots.size);
  return slots.get(f);
};
// A function that is called from another part, or stands in the table, has a slot. The others are called by their own part alone.
for (const f of m.elements) if (home[f] !== 0) slot(f);
calls.forEach((targets, i) => {
  const here = home[before + i];
  for (const f of targets) if (f >= before && home[f] !== here) slot(f);
});
const nothing = [0, 0x00, 0x0b];
/** The types of the functions. What has no body here may be of any type: always the same one packs best. */
const typesWhere = (real) => list(m.functions.map((type, i) => leb(real(before + i) ? type : 0)));
const size = m.tables[table].min + slots.size;

const through = (f) => {
  const { params } = m.types[typeOf(f)];
  return [...params.flatMap((_, i) => [0x20, ...leb(i)]), 0x41, ...sleb(slot(f)), 0x11, ...leb(typeOf(f)), ...leb(table), 0x0b];
};
const there = (part) => m.globals.length + part - 1;
const guarded = (f) => {
  const ask = [0x23, ...leb(there(home[f])), 0x45, 0x04, 0x40, 0x41, ...sleb(home[f] - 1), 0x41, 1, 0x10, ...leb(fetcher), 0x0b];
  return [0, ...ask, ...through(f)];
};

const elements = (filled) => {
  const runs = [];
  for (const [f, at] of filled) {
    const last = runs.at(-1);
    if (last && last.at + last.of.length === at) last.of.push(f);
    else runs.push({ at, of: [f] });
  }
  return runs.map(({ at, of }) => [...(table === 0 ? [0] : [2, ...leb(table)]), 0x41, ...sleb(at), 0x0b, ...(table === 0 ? [] : [0]), ...list(of.map(leb))]);
};
const joined = (raw, more) => {
  const r = new Reader(raw ?? new Uint8Array([0]));
  const count = r.u();
  return [...leb(count + more.length), ...r.bytes.subarray(r.at), ...more.flat()];
};

const shared = [
  ...m.memories.map((x, i) => ({ name: `m${i}`, kind: 2, index: i, as: limitBytes(x) })),
  ...m.tables.map((x, i) => ({ name: `t${i}`, kind: 1, index: i, as: [x.of, ...limitBytes(i === table ? { min: size, max: x.max && size } : x)] })),
  ...m.globals.map((x, i) => ({ name: `g${i}`, kind: 3, index: i, as: [x.type, x.mutable] })),
];

const main = assemble({
  ...m.raw,
  [SECTION.table]: list(m.tables.map((x, i) => [x.of, ...limitBytes(i === table ? { min: size, max: x.max && size } : x)])),
  [SECTION.global]: joined(m.raw[SECTION.global], parts.map(() => [0x7f, 1, 0x41, 0, 0x0b])),
  [SECTION.export]: joined(m.raw[SECTION.export], [
    ...shared.map((s) => [...ascii(s.name), s.kind, ...leb(s.index)]),
    ...parts.map((p, i) => [...ascii(`there${i}`), 3, ...leb(there(i + 1))]),
  ]),
  [SECTION.element]: joined(m.raw[SECTION.element], elements(slots)),
  [SECTION.function]: typesWhere((f) => home[f] === 0 || slots.has(f)),
  [SECTION.code]: bodies(m.bodies.map((body, i) => (home[before + i] === 0 ? body : slots.has(before + i) ? guarded(before + i) : nothing))),
});
await writeFile(join(dir, file), main);

for (const [i, part] of parts.entries()) {
  const mine = (f) => home[f] === i + 1;
  const needed = new Set(calls.flatMap((targets, j) => (mine(before + j) ? [...targets] : [])));
  const own = [...slots].filter(([f]) => mine(f));
  const module = assemble({
    [SECTION.type]: m.raw[SECTION.type],
    [SECTION.import]: list([
      // An import that nobody here calls keeps its place under a short name.
      ...m.imports.map((x, f) => (needed.has(f) ? [...ascii(x.module), ...ascii(x.name), 0, ...leb(x.type)] : [...ascii("main"), ...ascii("none"), 0, 0])),
      ...shared.map((s) => [...ascii("main"), ...ascii(s.name), s.kind, ...s.as]),
    ]),
    [SECTION.function]: typesWhere((f) => mine(f) || needed.has(f)),
    [SECTION.element]: list(elements(own)),
    [SECTION.code]: bodies(
      m.bodies.map((body, j) => {
        const f = before + j;
        if (mine(f)) return body;
        return needed.has(f) ? [0, ...through(f)] : nothing;
      }),
    ),
  });
  await writeFile(join(dir, file.replace("_bg.wasm", `_${part}.wasm`)), module);
}

// boot.js fetches the parts by these names, and hands them the imports of the whole.
const page = join(dir, "index.html");
await writeFile(page, (await readFile(page, "utf8")).replace(/(data-wasm=)/, `data-parts="${parts.join(" ")}" data-first="${visit}" $1`));
const glue = join(dir, file.replace("_bg.wasm", ".js"));
await writeFile(glue, (await readFile(glue, "utf8")).replace(/export \{ initSync/, "export const main = () => wasm;\nexport { __wbg_get_imports as imports, initSync"));

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
