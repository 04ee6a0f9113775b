//! A scenario as read: one node of the tree per line, each with its place in the text.

use crate::ids::Us;
use crate::value::Value;

/// A stretch of a line, in characters from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line of the text, from 1.
    pub line: u32,
    /// First column, from 1, in characters.
    pub col: u32,
    pub len: u32,
}

/// A scenario that has been read and checked against the entry it runs.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Scenario {
    pub title: String,
    pub about: String,
    /// Rows of the subject: `3.2`.
    pub rows: Vec<String>,
    pub shows: Option<Shows>,
    pub run: RunLine,
    /// Runs of the same text beside the first. They share its seed.
    pub beside: Vec<RunLine>,
    pub net: Vec<(String, NetValue)>,
    /// In text order; later ones win. `NODE` as the text names it.
    pub links: Vec<LinkLine>,
    pub nodes: Vec<NodeLine>,
    pub givens: Vec<GivenLine>,
    pub bugs: Vec<String>,
    pub loads: Vec<LoadLine>,
    pub sweep: Option<Sweep>,
    pub pace: Option<Us>,
    pub until: Until,
    pub steps: Vec<Step>,
    pub expects: Vec<Expect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    Happy,
    Survived,
    Fails,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct RunLine {
    pub entry: String,
    pub name: Option<String>,
    pub seed: u64,
    /// Every parameter of the entry in the entry's order, defaults filled in; checked against its unit.
    pub params: Vec<(String, Value)>,
    /// The parameters the text itself gave, in its order (for printing).
    pub given: Vec<String>,
    /// Where the values of parameters stand that the text gave.
    pub places: Vec<(&'static str, Place)>,
    pub place: Place,
}

/// `sweep vnodes=1..161 by 40`: the text, once for each of these values.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// A parameter of every run; its bounds and its step are in its unit.
    pub param: String,
    pub from: Value,
    pub to: Value,
    pub by: Value,
    pub place: Place,
}

/// A length of time, or a law it is drawn from. All in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    Constant(Us),
    Uniform(Us, Us),
    /// `base + exp(mean)`
    Exp {
        base: Us,
        mean: Us,
    },
    /// `base + pareto(scale, shape)`; shape in thousandths (1.5 is 1500).
    Pareto {
        base: Us,
        scale: Us,
        shape: u32,
    },
    /// `base + normal(mean, sd)`, cut off at 0 and at four deviations.
    Normal {
        base: Us,
        mean: Us,
        sd: Us,
    },
}

/// The value of a key of `net`, `link` and `set`.
#[derive(Clone, Debug, PartialEq)]
pub enum NetValue {
    Law(Law),
    /// Parts per million.
    Share(u32),
    Flag(bool),
    /// `inflight=drop` is false, `deliver` true.
    Deliver(bool),
    /// Bytes a second; 0 is without limit.
    Bandwidth(u64),
}

#[derive(Clone, Debug, PartialEq)]
pub struct LinkLine {
    pub from: String,
    pub to: String,
    pub both: bool,
    pub set: Vec<(String, NetValue)>,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeLine {
    pub node: String,
    pub label: Option<String>,
    pub absent: bool,
    pub set: NodeSet,
    pub place: Place,
}

/// `offset=-50ms drift=200ppm disk=2ms`: keys of `node` and `set node`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NodeSet {
    pub offset: Option<i64>,
    /// Parts per million.
    pub drift: Option<i64>,
    pub disk: Option<Us>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GivenLine {
    pub node: String,
    pub fields: Vec<(String, Value)>,
    /// Where each field's value stands.
    pub places: Vec<Place>,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LoadLine {
    pub node: String,
    pub call: Call,
    /// Thousandths of an operation a second.
    pub rate_milli: u64,
    pub even: bool,
    pub from: Us,
    /// Defaults to the end of the run.
    pub to: Option<Us>,
    pub place: Place,
}

/// A client operation: verb and arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub op: String,
    pub args: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    Time(Us),
    Quiet { by: Us },
    Fact { fact: Fact, delay: Us, by: Us },
}

impl Default for Until {
    fn default() -> Self {
        Until::Time(10_000_000)
    }
}

/// A place in simulated time: before everything at `at` (`k` = 0), or after its `k`-th queue step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    pub at: Us,
    pub k: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The run it is of, where it is not of every one. A `then` is of the run of its chain.
    pub within: Option<String>,
    pub trigger: Trigger,
    pub act: Act,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    At {
        at: Instant,
        every: Option<Every>,
    },
    When {
        fact: Fact,
        delay: Us,
    },
    /// After the line above has fired.
    Then {
        fact: Option<Fact>,
        delay: Us,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Every {
    pub period: Us,
    /// None: for ever.
    pub times: Option<u32>,
}

/// A node's name, or a role or state word resolved when the line fires.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    Node(String),
    Role(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Crash(Vec<Who>),
    Pause(Vec<Who>),
    Resume(Vec<Who>),
    /// Starts a node declared `absent`.
    Start(Vec<Who>),
    Restart {
        who: Vec<Who>,
        amnesia: bool,
    },
    Isolate(Who),
    Partition(Vec<Vec<Who>>),
    Cut {
        from: Who,
        to: Who,
        both: bool,
    },
    /// Everything, or one link.
    Heal(Option<(Who, Who, bool)>),
    Drop(Msg),
    Hold(Msg),
    Release(Msg),
    /// Ends a rule made with `every`.
    Pass(Msg),
    Delay {
        msg: Msg,
        by: Us,
    },
    Duplicate {
        msg: Msg,
        by: Option<Us>,
    },
    Skew {
        who: Who,
        by: i64,
    },
    Drift {
        who: Who,
        ppm: i64,
    },
    Turn {
        who: Who,
        lie: String,
        args: Vec<(String, Value)>,
    },
    Fire {
        who: Who,
        timer: String,
    },
    SetNet(Vec<(String, NetValue)>),
    SetLink {
        from: Who,
        to: Who,
        both: bool,
        set: Vec<(String, NetValue)>,
    },
    SetNode {
        who: Who,
        set: NodeSet,
    },
    Say(String),
    Mark(String),
    Call {
        who: Who,
        call: Call,
    },
}

impl Act {
    /// Every place that names who is meant.
    pub fn whos_mut(&mut self) -> Vec<&mut Who> {
        match self {
            Act::Crash(w) | Act::Pause(w) | Act::Resume(w) | Act::Start(w) => {
                w.iter_mut().collect()
            }
            Act::Restart { who, .. } => who.iter_mut().collect(),
            Act::Partition(groups) => groups.iter_mut().flatten().collect(),
            Act::Cut { from, to, .. }
            | Act::Heal(Some((from, to, _)))
            | Act::SetLink { from, to, .. } => vec![from, to],
            Act::Drop(m) | Act::Hold(m) | Act::Release(m) | Act::Pass(m) => m.whos_mut(),
            Act::Delay { msg, .. } | Act::Duplicate { msg, .. } => msg.whos_mut(),
            Act::Isolate(who)
            | Act::Skew { who, .. }
            | Act::Drift { who, .. }
            | Act::Turn { who, .. }
            | Act::Fire { who, .. }
            | Act::SetNode { who, .. }
            | Act::Call { who, .. } => vec![who],
            Act::Heal(None) | Act::SetNet(_) | Act::Say(_) | Act::Mark(_) => vec![],
        }
    }
}

impl Msg {
    fn whos_mut(&mut self) -> Vec<&mut Who> {
        let path = match self {
            Msg::It => None,
            Msg::Named { path, .. } => Some(path),
            Msg::Next { path, .. } | Msg::Every { path, .. } => path.as_mut(),
        };
        path.map_or(vec![], |p| p.from.iter_mut().chain(p.to.iter_mut()).collect())
    }
}

/// Which message, or messages, a fault takes hold of.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The message of the fact that fired this line.
    It,
    /// `AppendEntries n1 -> n2 #7`: that one, now in flight or still to be sent.
    Named { kind: Pattern, path: Path, ord: u32 },
    /// The next one sent that fits.
    Next { kind: Pattern, path: Option<Path> },
    /// A rule: every one that fits, until `pass`, `heal`, or the given time has gone by.
    Every { kind: Pattern, path: Option<Path>, span: Option<Us> },
}

/// A kind of message with fields it must have.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub kind: String,
    pub fields: Vec<(String, Value)>,
}

/// `None` is `*`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub from: Option<Who>,
    pub to: Option<Who>,
    pub both: bool,
}

/// True once all its parts are.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Fact(pub Vec<Basic>);

#[derive(Clone, Debug, PartialEq)]
pub enum Basic {
    Is {
        who: Who,
        state: String,
        fields: Vec<(String, Value)>,
    },
    Why {
        who: Option<Who>,
        slug: String,
        fields: Vec<(String, Value)>,
        ord: Option<u32>,
    },
    Message {
        fate: Fate,
        kind: Pattern,
        path: Option<Path>,
        ord: Option<u32>,
    },
    Life {
        who: Who,
        change: Life,
        ord: Option<u32>,
    },
    /// An operation of `who` came back.
    Answer {
        who: Who,
        out: Out,
        call: Call,
        ord: Option<u32>,
    },
    Broken(String),
    Quiet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Sent,
    Delivered,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Crashed,
    Restarted,
    Paused,
    Resumed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Out {
    Ok,
    Failed,
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// The run it judges, where it does not judge every one.
    pub within: Option<String>,
    pub what: What,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Always(String),
    Broken {
        claim: String,
        by: Option<Instant>,
    },
    Never(Fact),
    Sometimes {
        fact: Fact,
        by: Option<Instant>,
        times: Option<u32>,
    },
    Count {
        fate: Fate,
        kind: Pattern,
        path: Option<Path>,
        window: Window,
        cmp: Cmp,
        n: i64,
    },
    Measure {
        agg: Option<Agg>,
        name: String,
        args: Vec<Value>,
        window: Window,
        cmp: Cmp,
        want: Value,
        tol: Option<Value>,
    },
    State {
        node: String,
        field: String,
        at: Option<Instant>,
        cmp: Cmp,
        want: Value,
    },
    Answer {
        node: String,
        ord: u32,
        out: Out,
        value: Option<Value>,
    },
    History {
        not: bool,
        model: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Window {
    #[default]
    Whole,
    FromTo(Us, Us),
    At(Instant),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    Eq,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agg {
    Mean,
    P50,
    P95,
    P99,
    Max,
    Sum,
    Last,
}
