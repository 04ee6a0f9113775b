//! One description of anything a protocol holds: fields, in order, with the paper's names.
//!
//! The inspector, the trace's JSON, the hash and the matching of `key=value` all read this and nothing
//! else, so a field is spelled once: where the protocol declares it.

use std::fmt::Write;

use serde::ser::{self, Serialize};

use crate::ids::NodeId;
use crate::value::print_time;

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    None,
    Bool(bool),
    Int(i64),
    Str(String),
    Node(NodeId),
    /// Microseconds.
    Time(i64),
    Hex(u64),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
    /// A variant of an enum with its fields; a bare variant is a `Str`.
    Variant(&'static str, Box<Tree>),
}

impl Tree {
    /// Describe a value.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Tree {
        value.serialize(Describe).unwrap_or(Tree::None)
    }

    /// The fields of a struct or of a variant's body.
    pub fn fields(&self) -> &[(String, Tree)] {
        match self {
            Tree::Map(m) => m,
            Tree::Variant(_, body) => body.fields(),
            _ => &[],
        }
    }

    /// A field by name; `log.3.term` walks inwards, a list by place from 1 or `last`, `len` counts.
    pub fn get(&self, path: &str) -> Option<&Tree> {
        if let Some((_, t)) = self.fields().iter().find(|(k, _)| k == path) {
            return Some(t);
        }
        let (head, rest) = path.split_once('.').unwrap_or((path, ""));
        let inner = match self {
            Tree::List(l) if head == "last" => l.last()?,
            Tree::List(l) => l.get(head.parse::<usize>().ok()?.checked_sub(1)?)?,
            Tree::Variant(_, body) => return body.get(path),
            _ => self.fields().iter().find(|(k, _)| k == head).map(|(_, t)| t)?,
        };
        if rest.is_empty() { Some(inner) } else { inner.get(rest) }
    }

    /// The text of a leaf, as a scenario would write it.
    pub fn plain(&self, name: &dyn Fn(NodeId) -> String) -> String {
        match self {
            Tree::None => "none".into(),
            Tree::Bool(true) => "on".into(),
            Tree::Bool(false) => "off".into(),
            Tree::Int(i) => i.to_string(),
            Tree::Str(s) => s.clone(),
            Tree::Node(n) => name(*n),
            Tree::Time(t) => print_time(*t),
            Tree::Hex(h) => format!("{h:016x}"),
            Tree::List(l) => l.iter().map(|t| t.plain(name)).collect::<Vec<_>>().join(","),
            Tree::Map(m) => m
                .iter()
                .map(|(k, t)| {
                    let (k, inner) = (key_name(k, name), t.plain(name));
                    if matches!(t, Tree::List(_) | Tree::Map(_)) {
                        format!("{k}=[{inner}]")
                    } else {
                        format!("{k}={inner}")
                    }
                })
                .collect::<Vec<_>>()
                .join(" "),
            Tree::Variant(v, body) => match &**body {
                Tree::Map(m) if m.is_empty() => (*v).to_string(),
                body => format!("{v} {}", body.plain(name)),
            },
        }
    }

    /// JSON with integers and strings only (`CONTRACTS` 2.5), appended to `out`.
    pub fn json(&self, name: &dyn Fn(NodeId) -> String, out: &mut String) {
        match self {
            Tree::None => out.push_str("\"none\""),
            Tree::Int(i) | Tree::Time(i) => {
                let _ = write!(out, "{i}");
            }
            Tree::List(l) => {
                out.push('[');
                for (i, t) in l.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    t.json(name, out);
                }
                out.push(']');
            }
            Tree::Map(m) => {
                out.push('{');
                for (i, (k, t)) in m.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    json_string(&key_name(k, name), out);
                    out.push(':');
                    t.json(name, out);
                }
                out.push('}');
            }
            Tree::Variant(v, body) => {
                out.push('{');
                json_string(v, out);
                out.push(':');
                body.json(name, out);
                out.push('}');
            }
            leaf => json_string(&leaf.plain(name), out),
        }
    }
}

/// A key of a map; one that is a node is kept as `#3` until somebody knows the node's name.
pub fn key_name(key: &str, name: &dyn Fn(NodeId) -> String) -> String {
    match key.strip_prefix('#').and_then(|n| n.parse().ok()) {
        Some(n) => name(NodeId(n)),
        None => key.to_string(),
    }
}

/// A JSON string with its quotes.
pub fn json_string(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The name of an enum's variant as a scenario writes it: `StoredStale` is `stored-stale`.
pub fn kebab(variant: &str) -> String {
    let mut out = String::with_capacity(variant.len() + 4);
    for (i, c) in variant.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[derive(Debug)]
pub struct Never;

impl std::fmt::Display for Never {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot describe")
    }
}
impl std::error::Error for Never {}
impl ser::Error for Never {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Never
    }
}

struct Describe;

struct Items(Vec<Tree>, Option<&'static str>);
struct Pairs(Vec<(String, Tree)>, Option<&'static str>, Option<String>);

fn variant(name: Option<&'static str>, body: Tree) -> Tree {
    match name {
        Some(v) => Tree::Variant(v, Box::new(body)),
        None => body,
    }
}

impl ser::Serializer for Describe {
    type Ok = Tree;
    type Error = Never;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Pairs;
    type SerializeStruct = Pairs;
    type SerializeStructVariant = Pairs;

    fn serialize_bool(self, v: bool) -> Result<Tree, Never> {
        Ok(Tree::Bool(v))
    }
    fn serialize_i8(self, v: i8) -> Result<Tree, Never> {
        Ok(Tree::Int(v.into()))
    }
    fn serialize_i16(self, v: i16) -> Result<Tree, Never> {
        Ok(Tree::Int(v.into()))
    }
    fn serialize_i32(self, v: i32) -> Result<Tree, Never> {
        Ok(Tree::Int(v.into()))
    }
    fn serialize_i64(self, v: i64) -> Result<Tree, Never> {
        Ok(Tree::Int(v))
    }
    fn serialize_u8(self, v: u8) -> Result<Tree, Never> {
        Ok(Tree::Int(v.into()))
    }
    fn serialize_u16(self, v: u16) -> Result<Tree, Never> {
        Ok(Tree::Int(v.into()))
    }
    fn serialize_u32(self, v: u32) -> Result<Tree, Never> {
        Ok(Tree::Int(v.into()))
    }
    fn serialize_u64(self, v: u64) -> Result<Tree, Never> {
        Ok(i64::try_from(v).map_or(Tree::Hex(v), Tree::Int))
    }
    fn serialize_f32(self, _: f32) -> Result<Tree, Never> {
        Err(Never)
    }
    fn serialize_f64(self, _: f64) -> Result<Tree, Never> {
        Err(Never)
    }
    fn serialize_char(self, v: char) -> Result<Tree, Never> {
        Ok(Tree::Str(v.to_string()))
    }
    fn serialize_str(self, v: &str) -> Result<Tree, Never> {
        Ok(Tree::Str(v.to_string()))
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<Tree, Never> {
        Ok(Tree::Str(v.iter().map(|b| format!("{b:02x}")).collect()))
    }
    fn serialize_none(self) -> Result<Tree, Never> {
        Ok(Tree::None)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, v: &T) -> Result<Tree, Never> {
        v.serialize(self)
    }
    fn serialize_unit(self) -> Result<Tree, Never> {
        Ok(Tree::None)
    }
    fn serialize_unit_struct(self, name: &'static str) -> Result<Tree, Never> {
        Ok(Tree::Str(name.into()))
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        v: &'static str,
    ) -> Result<Tree, Never> {
        Ok(Tree::Str(v.into()))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        v: &T,
    ) -> Result<Tree, Never> {
        let inner = v.serialize(self)?;
        Ok(match (name, inner) {
            ("NodeId", Tree::Int(n)) => Tree::Node(NodeId(n as u16)),
            ("Span", Tree::Int(t)) => Tree::Time(t),
            ("Hex", Tree::Int(h)) => Tree::Hex(h as u64),
            (_, inner) => inner,
        })
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        v: &'static str,
        value: &T,
    ) -> Result<Tree, Never> {
        Ok(variant(Some(v), value.serialize(Describe)?))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Never> {
        Ok(Items(vec![], None))
    }
    fn serialize_tuple(self, _: usize) -> Result<Items, Never> {
        Ok(Items(vec![], None))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Never> {
        Ok(Items(vec![], None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        v: &'static str,
        _: usize,
    ) -> Result<Items, Never> {
        Ok(Items(vec![], Some(v)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Pairs, Never> {
        Ok(Pairs(vec![], None, None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Pairs, Never> {
        Ok(Pairs(vec![], None, None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        v: &'static str,
        _: usize,
    ) -> Result<Pairs, Never> {
        Ok(Pairs(vec![], Some(v), None))
    }
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Never> {
        self.0.push(v.serialize(Describe)?);
        Ok(())
    }
    fn done(self) -> Result<Tree, Never> {
        Ok(variant(self.1, Tree::List(self.0)))
    }
}

macro_rules! items {
    ($($trait:ident :: $method:ident),*) => {$(
        impl ser::$trait for Items {
            type Ok = Tree;
            type Error = Never;
            fn $method<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Never> { self.push(v) }
            fn end(self) -> Result<Tree, Never> { self.done() }
        }
    )*};
}
items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! pairs {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Pairs {
            type Ok = Tree;
            type Error = Never;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, k: &'static str, v: &T) -> Result<(), Never> {
                self.0.push((k.to_string(), v.serialize(Describe)?));
                Ok(())
            }
            fn end(self) -> Result<Tree, Never> { Ok(variant(self.1, Tree::Map(self.0))) }
        }
    )*};
}
pairs!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Pairs {
    type Ok = Tree;
    type Error = Never;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, k: &T) -> Result<(), Never> {
        self.2 = Some(k.serialize(Describe)?.plain(&|n| format!("#{}", n.0)));
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Never> {
        let key = self.2.take().unwrap_or_default();
        self.0.push((key, v.serialize(Describe)?));
        Ok(())
    }
    fn end(self) -> Result<Tree, Never> {
        Ok(Tree::Map(self.0))
    }
}
