//! Consistent hashing: which server has a key, so that a server may come or go and few keys move.
//!
//! ```text
//!     c1 ──Put──▶ r1 ──Put, epoch 1──▶ n1          a router's map says: n1
//!     c1 ◀─Reply─ r1 ◀─────Reply────── n1
//!
//!     n4 ──Join──▶ map ──Plan──▶ n1 n2 n3          old owners copy, and go on serving
//!                   │       n1 ──TransferRange──▶ n4
//!                   ◀─Copied─ n1 n2 n3
//!                   └──View, epoch 2──▶ all        the flip: committed first, then told
//!                           n1 ──TransferRange, last──▶ n4   n1 has let go; n4 serves
//! ```
//!
//! *Promises.* At every epoch each key has one owner, the first token at or after its hash ([`ring`]). A
//! change of members moves the keys of the arcs that change hands and no others, about K/(N+1) of them.
//! Nothing acknowledged is lost or served twice on the way: the old owner serves until its arcs are copied
//! and committed, the new one begins when the old one's last word has arrived (`server`). A request
//! carries the epoch of the map it was routed by, so an old map costs a detour and not an answer
//! (`router`). With RF copies a key lives on the first RF distinct nodes clockwise, on distinct racks
//! while there are any; a home that is down gets its writes later, by hints (`replicas`).
//!
//! *Sources.* Karger et al. 1997 and 1999 (the ring); libketama and Envoy's `ring_hash` (its layouts);
//! Stoica et al. 2001; DeCandia et al. 2007 §4.2–§4.6, §6.2 (virtual nodes, preference lists, sloppy
//! quorums, hinted handoff). Epochs, and that keys move before the map flips, are this entry's own.
//!
//! *Left out.* The map is one keeper with a disk, not a replicated log: while it is down nothing changes,
//! and everything is served. A change waits for a participant that is down; nothing removes it by force. No
//! Merkle trees, so a copy whose hint died with its coordinator stays old until the next write; no read
//! repair; no deletes. A write may run twice: a late copy of it at a router that
//! restarts, or at the next coordinator a router asks when the first is only slow.

pub mod balance;
mod card;
mod client;
mod judge;
mod map;
mod msg;
mod params;
mod replicas;
pub mod ring;
mod router;
mod server;
mod show;
mod view;

#[cfg(test)]
mod ring_tests;

use serde::Serialize;

use crate::card::Entry;
use crate::protocol::{self, Court, Face, Input, Protocol, Refusal, Step};
use crate::show::Showcase;
use crate::value::Value;

use client::Client;
use map::{Keeper, mistakes};
use router::Router;
use server::Server;

/// Places of the roles on the card.
const ROUTER: u8 = 1;
const MAP: u8 = 2;
const NODE: u8 = 3;

pub struct ConsistentHashing;

type Cx<'a> = protocol::Cx<'a, ConsistentHashing>;
type Fx<'a> = protocol::Fx<'a, ConsistentHashing>;

#[derive(Clone, Debug, Serialize)]
pub enum Node {
    Client(Client),
    Router(Router),
    Map(Keeper),
    Server(Server),
}

impl Protocol for ConsistentHashing {
    type Params = params::Params;
    type Node = Node;
    type Msg = msg::Msg;
    type Timer = msg::Timer;
    type Record = msg::Record;
    type Disk = msg::Disk;
    type Why = msg::Why;
    type Ghost = judge::Ledger;
    const ENTRY: &'static Entry = &card::ENTRY;

    fn boot(cx: &Cx, disk: &msg::Disk) -> Node {
        let genesis = cx.params.genesis(cx.cast, mistakes(cx));
        match cx.cast.role(cx.me) {
            ROUTER => Node::Router(Router::boot(cx, genesis)),
            MAP => Node::Map(Keeper::boot(cx, genesis, disk)),
            NODE => Node::Server(Server::boot(cx, genesis, disk)),
            _ => Node::Client(Client::boot(cx)),
        }
    }

    fn given(
        cx: &Cx,
        node: &mut Node,
        _: &mut msg::Disk,
        field: &str,
        value: &Value,
    ) -> Result<(), Refusal> {
        match node {
            Node::Client(client) if field == "keys" => client.given(cx, value),
            _ => Err(Refusal::new(format!("{} takes no `given {field}`", cx.cast.name(cx.me)))),
        }
    }

    fn step(cx: &Cx, node: &mut Node, input: Input<'_, Self>, fx: &mut Fx) {
        match node {
            Node::Client(client) => client.step(cx, input, fx),
            Node::Router(router) => router.step(cx, input, fx),
            Node::Map(keeper) => keeper.step(cx, input, fx),
            Node::Server(server) => server.step(cx, input, fx),
        }
    }

    fn write(disk: &mut msg::Disk, record: &msg::Record) {
        disk.write(record);
    }

    fn face(node: &Node) -> Face {
        let face = |state, epoch| Face { state, leads: false, epoch };
        match node {
            Node::Client(client) => face(if client.waits() { "waiting" } else { "idle" }, 0),
            Node::Router(router) => face("routing", router.view.epoch),
            Node::Map(keeper) => face(keeper.state(), keeper.view.epoch),
            Node::Server(server) => face(server.state(), server.view.epoch),
        }
    }

    fn line(node: &Node) -> String {
        match node {
            Node::Client(client) => format!("{} open", client.open.len()),
            Node::Router(router) => format!("epoch {}", router.view.epoch),
            Node::Map(keeper) => {
                let (epoch, members) = (keeper.view.epoch, keeper.view.members.len());
                format!("epoch {epoch}, {members} member{}", if members == 1 { "" } else { "s" })
            }
            Node::Server(server) => msg::count(server.items.len() as u32),
        }
    }

    fn exhibit(cx: &Cx, node: &Node, to: &mut Showcase) {
        show::exhibit(cx, node, to);
    }

    fn judge(ledger: &mut judge::Ledger, step: &Step<'_, Self>, court: &mut Court) {
        judge::judge(ledger, step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Client(client) => !client.waits(),
            Node::Router(router) => router.pending.is_empty(),
            Node::Map(keeper) => keeper.change.is_none(),
            Node::Server(server) => server.at_rest(),
        }
    }
}
