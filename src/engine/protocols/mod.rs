//! The entries of the catalogue, a folder each.
//!
//! Adding a protocol is a folder and one line of [`CATALOGUE`]. Nothing outside this folder names one.

pub mod cap_register;
pub mod consistency;
pub mod consistent_hashing;
pub mod eventual_cache;
pub mod lamport_clocks;
pub mod multi_master;
pub mod ntp;
pub mod paxos;
pub mod pbft;
pub mod raft;
pub mod vector_clocks;

use std::rc::Rc;

use crate::card::Entry;
use crate::protocol::{Cast, Named, ParamSet, Protocol, Refusal};
use crate::run::Run;
use crate::scenario::Scenario;
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

/// A protocol as the rest of the house holds it.
#[derive(Clone, Copy)]
pub struct Bill {
    pub entry: &'static Entry,
    pub names: Names,
    open: Open,
}

impl Bill {
    pub const fn of<P: Protocol>() -> Bill {
        let names = Names { kinds: P::Msg::NAMES, reasons: P::Why::NAMES, timers: P::Timer::NAMES };
        Bill { entry: P::ENTRY, names, open: Play::<P>::open }
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
        pub const CATALOGUE: &[Bill] = &[$(Bill::of::<$path>()),*];
    };
}

catalogue! {
    cap_register::CapRegister,
    consistency::Consistency,
    consistent_hashing::ConsistentHashing,
    eventual_cache::EventualCache,
    lamport_clocks::LamportClocks,
    multi_master::MultiMaster,
    ntp::Ntp,
    paxos::Paxos,
    pbft::Pbft,
    raft::Raft,
    vector_clocks::VectorClocks,
}

/// What a first visit opens: an entry and one of its scenarios.
pub const FIRST: (&str, &str) = ("raft", "leader-crash");

/// The entries alone: all the parser needs.
pub fn entries() -> Vec<&'static Entry> {
    CATALOGUE.iter().map(|b| b.entry).collect()
}

/// The bill of an entry, among these.
pub fn bill(bills: &[Bill], entry: &str) -> Result<Bill, Refusal> {
    let found = bills.iter().find(|b| b.entry.id == entry).copied();
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
