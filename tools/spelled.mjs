// Reads the names of Rust's symbols (https://doc.rust-lang.org/rustc/symbol-mangling/v0.html).

/**
 * Spells out a v0 symbol: paths and the types of generics, without the crates' hashes; anything else as it is. A method has the name of its
 * type, whatever module its `impl` stands in. wasm-bindgen names a shim by what it takes, and by a number that every change of the code moves.
 */
export const spelled = (symbol) => {
  if (!symbol.startsWith("_R")) return symbol.replace(/shim_idx: \d+, /, "");
  const s = symbol.slice(2);
  const basic = { a: "i8", b: "bool", c: "char", d: "f64", e: "str", f: "f32", h: "u8", i: "isize", j: "usize", l: "i32", m: "u32", n: "i128", o: "u128", p: "_", s: "i16", t: "u16", u: "()", v: "...", x: "i64", y: "u64", z: "!" };
  let at = 0;
  let depth = 0;
  const next = () => s[at++];
  const is = (c) => s[at] === c && (at++, true);
  const number = () => {
    if (is("_")) return 0;
    let n = 0;
    while (!is("_")) n = n * 62 + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(next());
    return n + 1;
  };
  const optional = (tag) => (is(tag) ? number() + 1 : 0);
  const ident = () => {
    const which = optional("s");
    is("u");
    const [digits] = s.slice(at).match(/^(0|[1-9]\d*)/);
    at += digits.length;
    is("_");
    at += Number(digits);
    return { name: s.slice(at - Number(digits), at), which };
  };
  const back = (one) => {
    const to = number();
    if (++depth > 200) throw new Error("too deep");
    const here = at;
    at = to;
    const out = one();
    at = here;
    depth--;
    return out;
  };
  const many = (one) => {
    const out = [];
    while (!is("E")) out.push(one());
    return out;
  };
  const argument = () => (is("L") ? `'${number()}` : is("K") ? constant() : type());
  const path = () => {
    const tag = next();
    if (tag === "C") return ident().name;
    if (tag === "M" || tag === "X") {
      optional("s");
      path();
      const self = type();
      return tag === "M" ? `<${self}>` : `<${self} as ${path()}>`;
    }
    if (tag === "Y") return `<${type()} as ${path()}>`;
    if (tag === "N") {
      const kind = next();
      const of = path();
      const { name, which } = ident();
      if (/[a-z]/.test(kind)) return `${of}::${name}`;
      return `${of}::{${{ C: "closure", S: "shim" }[kind] ?? kind}${name && `:${name}`}#${which}}`;
    }
    if (tag === "I") return `${path()}::<${many(argument).join(", ")}>`;
    if (tag === "B") return back(path);
    throw new Error(`a path that begins with ${tag}`);
  };
  const bounds = () => {
    optional("G");
    const all = many(() => {
      let out = path();
      while (is("p")) out += `, ${ident().name} = ${type()}`;
      return out;
    });
    return all.join(" + ");
  };
  const type = () => {
    const tag = s[at];
    if (tag in basic) return at++, basic[tag];
    if (is("A")) return `[${type()}; ${constant()}]`;
    if (is("S")) return `[${type()}]`;
    if (is("T")) return `(${many(type).join(", ")})`;
    if (is("R") || is("Q")) return is("L") && number(), `&${tag === "Q" ? "mut " : ""}${type()}`;
    if (is("P")) return `*const ${type()}`;
    if (is("O")) return `*mut ${type()}`;
    if (is("F")) {
      optional("G");
      is("U");
      if (is("K") && !is("C")) ident();
      const from = many(type);
      return `fn(${from.join(", ")}) -> ${type()}`;
    }
    if (is("D")) {
      const out = `dyn ${bounds()}`;
      if (is("L")) number();
      return out;
    }
    if (is("B")) return back(type);
    return path();
  };
  const constant = () => {
    if (is("p")) return "_";
    if (is("B")) return back(constant);
    const kind = next();
    if (!"abhijlmnostxyc".includes(kind)) throw new Error(`a constant of ${kind}`);
    const [value] = s.slice(at).match(/^n?[0-9a-f]*_/);
    at += value.length;
    return value.slice(0, -1);
  };
  try {
    return path();
  } catch {
    return symbol;
  }
};
