//! What the tests of the catalogue share: finding shipped scenarios, and running texts.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use engine::check::verdict::Verdicts;
use engine::protocols::{self, Bill, CATALOGUE};
use engine::run::Run;
use engine::scenario::{self, Scenario};
use engine::sweep::{self, Row};
use engine::together::Together;

/// A scenario that ships with its entry.
pub struct Shipped {
    pub bill: Bill,
    pub slug: String,
    pub path: PathBuf,
    pub text: String,
}

impl Shipped {
    /// `entry/slug`
    pub fn name(&self) -> String {
        format!("{}/{}", self.bill.entry().id, self.slug)
    }
    pub fn read(&self) -> Scenario {
        read(&self.text).unwrap_or_else(|e| panic!("{}:\n{e}", self.name()))
    }
    /// The run; of a comparison the first.
    pub fn run(&self) -> Run {
        finished(self.read())
    }
    /// All its runs, and the rows of its sweep.
    pub fn all(&self) -> (Together, Vec<Row>) {
        let all = together(self.read());
        let rows =
            sweep::rows(CATALOGUE, all.scenario()).unwrap_or_else(|r| panic!("{}", r.message));
        (all, rows)
    }
}

pub fn folder(bill: &Bill) -> PathBuf {
    let folder = bill.entry().id.replace('-', "_");
    // An entry whose id begins with a digit lives in a folder that is a Rust name.
    let folder = if folder.starts_with(|c: char| c.is_ascii_digit()) {
        format!("p{folder}")
    } else {
        folder
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("protocols").join(folder)
}

/// The entries a test looks at: all, or while one is being written the one that `ENTRY=raft` names.
pub fn bills() -> impl Iterator<Item = &'static Bill> {
    let only = std::env::var("ENTRY").ok();
    CATALOGUE.iter().filter(move |b| only.as_deref().is_none_or(|o| b.entry().id == o))
}

/// Every shipped scenario, in order of name.
pub fn shipped() -> Vec<Shipped> {
    bills().flat_map(of_entry).collect()
}

pub fn of_entry(bill: &Bill) -> Vec<Shipped> {
    let dir = folder(bill).join("scenarios");
    let Ok(files) = fs::read_dir(&dir) else { return vec![] };
    let mut paths: Vec<PathBuf> = files.filter_map(|f| Some(f.ok()?.path())).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "lamp"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| Shipped {
            bill: *bill,
            slug: path.file_stem().unwrap().to_string_lossy().into_owned(),
            text: fs::read_to_string(&path).unwrap(),
            path,
        })
        .collect()
}

pub fn read(text: &str) -> Result<Scenario, String> {
    scenario::parse(text, &protocols::entries())
        .map_err(|faults| faults.iter().map(|f| format!("{f}\n")).collect::<String>())
}

pub fn finished(s: Scenario) -> Run {
    let mut run = protocols::open(s).unwrap_or_else(|r| panic!("{}", r.message));
    run.finish();
    run
}

/// The run of a text, finished.
pub fn run_text(text: &str) -> Run {
    finished(read(text).unwrap_or_else(|e| panic!("{text}\n{e}")))
}

/// Everything the text expects comes true, and no claim breaks that it does not expect to.
pub fn holds(text: &str) {
    let run = run_text(text);
    let v = verdicts(&run);
    assert!(v.ok(), "{text}\n{}", engine::trace::text::verdicts(v));
}

/// All runs of a text, finished.
pub fn together(s: Scenario) -> Together {
    let mut all = protocols::open_all(s).unwrap_or_else(|r| panic!("{}", r.message));
    all.finish();
    all
}

pub fn verdicts(run: &Run) -> &Verdicts {
    run.verdicts().expect("the run is finished")
}

/// The text with a deliberate mistake switched on.
pub fn with_bug(text: &str, bug: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        out += line;
        out += "\n";
        if line.split_whitespace().next() == Some("run") {
            out += &format!("bug {bug}\n");
        }
    }
    out
}
