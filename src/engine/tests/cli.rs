//! The headless example: what it prints, and how it ends.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Built beside the tests, by the same call of cargo or by this one.
fn example() -> PathBuf {
    let mut dir = std::env::current_exe().expect("this test is a file");
    dir.pop();
    dir.pop();
    let path = dir.join("examples").join(format!("trace{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        let cargo = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--profile", "dev", "-p", "lamplight-engine"])
            .args(["--example", "trace"])
            .status();
        assert!(cargo.is_ok_and(|s| s.success()), "the example builds");
    }
    path
}

fn trace(args: &[&str], text: &str) -> Output {
    let mut child = Command::new(example())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // Who refuses its arguments reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn says(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const HOLDS: &str = "lamplight 1\nrun raft nodes=3 clients=1 seed=1\nnet latency=10ms\nat 0ms fire n1 election\n\
     expect sometimes n1 elected\nuntil 200ms\n";

#[test]
fn it_ends_with_0_where_all_holds_and_says_the_verdict_last() {
    let out = trace(&["-"], HOLDS);
    let (stdout, last) = (says(&out.stdout), |s: &str| s.lines().last().map(str::to_string));
    assert_eq!(out.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("expect line 5 ok"), "{stdout}");
    assert!(last(&stdout).is_some_and(|l| l.starts_with("claims: ")), "{stdout}");
}

#[test]
fn it_ends_with_1_where_something_does_not_hold() {
    let out = trace(&["-"], &HOLDS.replace("sometimes", "never"));
    assert_eq!(out.status.code(), Some(1));
    assert!(says(&out.stdout).contains("expect line 5 FAILED"));
    // The same text up to a time before it: nothing has happened yet.
    let early = trace(&["-", "--until", "1ms"], &HOLDS.replace("sometimes", "never"));
    assert_eq!(early.status.code(), Some(0));
}

#[test]
fn it_ends_with_2_and_the_places_where_the_text_is_wrong() {
    let out =
        trace(&["-"], &HOLDS.replace("net latency", "net latncy").replace("fire n1", "fier n1"));
    let stderr = says(&out.stderr);
    assert_eq!(out.status.code(), Some(2));
    assert!(stderr.contains(":3:") && stderr.contains(":4:"), "all errors, by line: {stderr}");
    let refused = HOLDS.replace("net latency", "given n1 term=x voted=n9\nnet latency");
    let out = trace(&["-"], &refused);
    let stderr = says(&out.stderr);
    assert_eq!((out.status.code(), stderr.lines().count()), (Some(2), 2), "{stderr}");
    assert!(stderr.contains(":3:15: ") && stderr.contains(":3:23: "), "what is refused: {stderr}");
    let nothing = HOLDS.replace("expect sometimes n1 elected\n", "");
    assert_eq!(trace(&["-"], &nothing).status.code(), Some(2), "it asserts nothing");
    for args in [&["--loud", "-"][..], &[][..], &["-", "--seed", "x"][..], &["no-such.lamp"][..]] {
        let out = trace(args, HOLDS);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(!out.stderr.is_empty() && out.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn json_is_a_line_each_from_header_to_verdict() {
    let out = trace(&["-", "--json", "--seed", "7"], HOLDS);
    assert_eq!(out.status.code(), Some(0));
    let all: Vec<serde_json::Value> = says(&out.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}")))
        .collect();
    let (first, last) = (&all[0], &all[all.len() - 1]);
    assert_eq!((&first["lamplight"], &first["seed"]), (&1.into(), &7.into()));
    assert_eq!(first["nodes"].as_array().map(Vec::len), Some(4));
    assert_eq!(last["hash"].as_str().map(str::len), Some(16));
    assert_eq!(last["expect"][0]["ok"], 1);
    let numbered = all[1..all.len() - 1].iter().filter(|e| e["i"].is_u64()).count();
    assert_eq!(last["events"].as_u64(), Some(numbered as u64));
}
