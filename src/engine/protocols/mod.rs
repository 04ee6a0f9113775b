//! The entries of the catalogue, a folder each.
//!
//! Adding a protocol is a folder and one line of [`CATALOGUE`]. Nothing outside this folder names one.

pub mod abd;
pub mod cap_register;
pub mod causal_store;
pub mod consistency;
pub mod consistent_hashing;
pub mod eventual_cache;
pub mod eventual_store;
pub mod lamport_clocks;
pub mod multi_master;
pub mod ntp;
pub mod paxos;
pub mod pbft;
pub mod raft;
pub mod sequential_store;
pub mod vector_clocks;

use std::rc::Rc;

use crate::card::Entry;
use crate::protocol::{Cast, Named, ParamSet, Protocol, Refusal};
use crate::run::Run;
use crate::scenario::{self, Fault, Scenario, Shelf};
use crate::stage::{Play, Stage};
use crate::together::Together;

/// Opens a protocol's stage from the run's parameters, its cast, its seed and the mistakes that are on.
type Open = fn(&ParamSet, Rc<Cast>, u64, u64) -> Result<Box<dyn Stage>, Refusal>;

/// Names of the types' variants: a test holds the card against them.
#[derive(Clone, Copy)]
pub struct Names {
    pub kinds: &'static [&'static str],
    pub reasons: &'static [&'static str],
    pub timers: &'static [&'static str],
}

/// What a list of the entries shows of one.
#[derive(Debug)]
pub struct Sign {
    pub id: &'static str,
    pub title: &'static str,
    pub rows: &'static [&'static str],
    pub first: &'static str,
}

/// A protocol as the rest of the house holds it. The page has all of these at once and each protocol's code and card only when
/// it is opened, so what is not in here comes from a function of the protocol's.
#[derive(Clone, Copy)]
pub struct Bill {
    pub id: &'static str,
    /// The scenario a first visit to the entry opens.
    pub first: &'static str,
    card: fn() -> &'static Entry,
    sign: fn() -> &'static Sign,
    names: fn() -> Names,
    open: Open,
}

fn card<P: Protocol>() -> &'static Entry {
    P::ENTRY
}

fn sign<P: Protocol>() -> &'static Sign {
    const {
        let Entry { id, title, rows, first, .. } = *P::ENTRY;
        &Sign { id, title, rows, first }
    }
}

fn names<P: Protocol>() -> Names {
    Names { kinds: P::Msg::NAMES, reasons: P::Why::NAMES, timers: P::Timer::NAMES }
}

impl Bill {
    pub const fn of<P: Protocol>() -> Bill {
        let (id, first) = (P::ENTRY.id, P::ENTRY.first);
        Bill {
            id,
            first,
            card: card::<P>,
            sign: sign::<P>,
            names: names::<P>,
            open: Play::<P>::open,
        }
    }
    pub fn entry(&self) -> &'static Entry {
        (self.card)()
    }
    pub fn sign(&self) -> &'static Sign {
        (self.sign)()
    }
    pub fn names(&self) -> Names {
        (self.names)()
    }
    pub fn open(
        &self,
        params: &ParamSet,
        cast: Rc<Cast>,
        seed: u64,
        bugs: u64,
    ) -> Result<Box<dyn Stage>, Refusal> {
        (self.open)(params, cast, seed, bugs)
    }
}

macro_rules! catalogue {
    ($($path:path),* $(,)?) => {
        pub static CATALOGUE: &[Bill] = &[$(Bill::of::<$path>()),*];
    };
}

catalogue! {
    abd::Abd,
    cap_register::CapRegister,
    causal_store::CausalStore,
    consistency::Consistency,
    consistent_hashing::ConsistentHashing,
    eventual_cache::EventualCache,
    eventual_store::EventualStore,
    lamport_clocks::LamportClocks,
    multi_master::MultiMaster,
    ntp::Ntp,
    paxos::Paxos,
    pbft::Pbft,
    raft::Raft,
    sequential_store::SequentialStore,
    vector_clocks::VectorClocks,
}

/// What a first visit opens: an entry and one of its scenarios.
pub const FIRST: (&str, &str) = ("raft", "leader-crash");

/// The cards of all.
pub fn entries() -> Vec<&'static Entry> {
    CATALOGUE.iter().map(Bill::entry).collect()
}

/// Read a text, taking up no other cards than those of the protocols it runs.
pub fn parse(text: &str) -> Result<Scenario, Vec<Fault>> {
    scenario::parse_among(text, &CATALOGUE)
}

/// The words that may stand at the caret of a text.
pub fn complete(text: &str, row: u32, column: u32) -> Vec<scenario::Completion> {
    scenario::complete(text, row, column, &CATALOGUE)
}

impl Shelf for &[Bill] {
    fn ids(&self) -> Vec<&'static str> {
        self.iter().map(|b| b.id).collect()
    }
    fn find(&self, id: &str) -> Option<&'static Entry> {
        self.iter().find(|b| b.id == id).map(Bill::entry)
    }
}

/// The bill of an entry, among these.
pub fn bill(bills: &[Bill], entry: &str) -> Result<Bill, Refusal> {
    let found = bills.iter().find(|b| b.id == entry).copied();
    found.ok_or_else(|| Refusal::new(format!("{entry} is not in the catalogue")))
}

/// Open the run a scenario asks for; of a comparison, its first.
pub fn open(scenario: Scenario) -> Result<Run, Refusal> {
    Run::open(bill(CATALOGUE, &scenario.run.entry)?, scenario)
}

/// Open all runs a scenario asks for, under one clock.
pub fn open_all(scenario: Scenario) -> Result<Together, Refusal> {
    Together::open(CATALOGUE, scenario)
}
