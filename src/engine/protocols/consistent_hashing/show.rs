//! What the parts of the store show of themselves.

use super::map::Keeper;
use super::msg::{Key, percent};
use super::ring::Arc;
use super::router::Router;
use super::server::Server;
use super::view::View;
use super::{Cx, Node, balance};
use crate::ids::NodeId;
use crate::show::{Exhibit, Ring, Showcase, Table, Walk};

/// Keys drawn on the ring, spread over those a node has.
const DRAWN: usize = 48;

pub fn exhibit(cx: &Cx, node: &Node, to: &mut Showcase) {
    match node {
        Node::Client(_) => {}
        Node::Router(router) => of_router(cx, router, to),
        Node::Map(keeper) => of_keeper(cx, keeper, to),
        Node::Server(server) => of_server(cx, server, to),
    }
}

fn of_router(cx: &Cx, router: &Router, to: &mut Showcase) {
    let mut ring = tokens(&router.view);
    // Of a single holder there is nothing to tell.
    let last = router.last.as_ref().filter(|_| router.view.replicas > 1);
    ring.walk = last.map(|(at, key)| (*at, walk(&router.view, key)));
    to.add("ring", Exhibit::Ring(ring));
    let racks = cx.params.racks_given();
    let name = |n: &NodeId| match cx.params.rack_word(cx.cast, *n) {
        Some(rack) => [cx.cast.name(*n), "·", rack].concat(),
        None => cx.cast.name(*n).to_string(),
    };
    let names = |nodes: &[NodeId]| nodes.iter().map(name).collect::<Vec<_>>().join(" → ");
    let row = |key: &Key| {
        let list = router.view.preference(key);
        let (homes, rest) = list.split_at(router.view.replicas.min(list.len()));
        vec![key.to_string(), names(homes), names(rest)]
    };
    let head = ["key", if racks { "lives on·rack" } else { "lives on" }, "then, for hints"];
    let columns = if router.view.replicas > 1 { 3 } else { 2 };
    let short = |mut row: Vec<String>| {
        row.truncate(columns);
        row
    };
    let rows = router.latest.iter().map(row).map(short).collect();
    to.add("lists", Exhibit::Table(table(&head[..columns], rows)));
}

fn of_keeper(cx: &Cx, keeper: &Keeper, to: &mut Showcase) {
    let mut ring = tokens(&keeper.view);
    if let Some(change) = &keeper.change {
        ring.moving = moving(&keeper.view, &change.view);
    }
    to.add("ring", Exhibit::Ring(ring));
    to.add("shares", Exhibit::Table(table(&["node", "tokens", "share"], shares(cx, &keeper.view))));
    to.add(
        "theory",
        Exhibit::Table(table(&["", "this ring", "expected"], theory(cx, &keeper.view))),
    );
    let (n, v) = (keeper.view.members.len() as u64, cx.params.placing.vnodes);
    to.expect("variation", balance::expected_variation(n, v.into()) as i64);
}

fn of_server(cx: &Cx, server: &Server, to: &mut Showcase) {
    let mut ring = tokens(&server.view);
    let (count, every) = (server.items.len(), server.items.len().div_ceil(DRAWN).max(1));
    let place = |key: &Key| turn(&server.view, key.place);
    let some = server.items.iter().step_by(every);
    ring.keys = some.map(|(key, _)| (place(key), key.to_string(), cx.me)).collect();
    to.add("ring", Exhibit::Ring(ring));
    let share = server.view.ring.share_ppm(cx.me);
    to.add("share", Exhibit::Gauge { value: share, max: 1_000_000, unit: "ppm" });
    let hints = server.hints.iter().map(|(n, shelf)| (*n, shelf.len()));
    let kept =
        |(n, keys): (NodeId, usize)| vec![format!("for {}", cx.cast.name(n)), keys.to_string()];
    let mut rows = vec![vec!["its own".to_string(), count.to_string()]];
    let incoming: usize = server.incoming.values().map(|shelf| shelf.len()).sum();
    rows.push(vec!["incoming".to_string(), incoming.to_string()]);
    rows.extend(hints.map(kept));
    to.add("keys", Exhibit::Table(table(&["keys", "count"], rows)));
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { head: head.iter().map(|h| h.to_string()).collect(), rows }
}

/// A place on the ring in 2⁻³² turns.
fn turn(view: &View, place: u64) -> u32 {
    (place >> (view.ring.scheme.bits() - 32)) as u32
}

fn tokens(view: &View) -> Ring {
    let tokens = view.ring.tokens.iter().map(|t| (turn(view, t.at.0), t.node)).collect();
    Ring { tokens, ..Ring::default() }
}

/// The tokens met from a key to the last of its homes.
fn walk(view: &View, key: &Key) -> Walk {
    let homes = view.homes(key);
    let mut left: Vec<NodeId> = homes.clone();
    let mut met = vec![];
    for node in view.ring.met(key.place) {
        if left.is_empty() {
            break;
        }
        let gets = left.iter().position(|n| *n == node);
        if let Some(i) = gets {
            left.remove(i);
        }
        met.push((node, gets.is_some()));
    }
    Walk { key: key.to_string(), met }
}

/// Arcs on their way: giver and taker of each.
fn moving(old: &View, new: &View) -> Vec<(u32, u32, NodeId, NodeId)> {
    let arcs = old.handovers(new);
    let mut moving = vec![];
    for ((from, to), arcs) in arcs.iter() {
        let one = |a: &Arc| (turn(old, a.after.0), turn(old, a.upto.0), *from, *to);
        moving.extend(arcs.iter().map(one));
    }
    moving
}

fn shares(cx: &Cx, view: &View) -> Vec<Vec<String>> {
    let row = |n: &NodeId| {
        let share = percent(view.ring.share_ppm(*n));
        vec![cx.cast.name(*n).to_string(), view.ring.tokens_of(*n).to_string(), share]
    };
    view.members.iter().map(row).collect()
}

/// The ring's numbers beside the closed forms.
fn theory(cx: &Cx, view: &View) -> Vec<Vec<String>> {
    let (n, v) = (view.members.len() as u64, cx.params.placing.vnodes);
    let parts: Vec<u128> = view.members.iter().map(|m| view.ring.points_of(*m)).collect();
    let row = |name: &str, have: u64, want: u64| {
        vec![name.to_string(), percent(have as i64), percent(want as i64)]
    };
    let mut rows = vec![row(
        "variation of the shares",
        balance::variation(&parts),
        balance::expected_variation(n, v.into()),
    )];
    if v == 1 {
        let size = view.ring.scheme.size();
        let ppm = |points: Option<&u128>| (points.copied().unwrap_or(0) * 1_000_000 / size) as u64;
        rows.push(row("largest arc", ppm(parts.iter().max()), balance::expected_largest_arc(n)));
        rows.push(row("smallest arc", ppm(parts.iter().min()), balance::expected_smallest_arc(n)));
    }
    rows
}
