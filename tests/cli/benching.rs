//! `bench`: what it says, and in which form.

use serde_json::Value;

use crate::bench::{Bench, photo};

const WORKS: [&str; 5] =
    ["forward", "forward-all", "grad-cam", "guided-backprop", "inversion-step"];

/// Every field of one kind of work.
fn check(report: &Value, work: &str) {
    let fields: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["gflops", "median_ms", "min_ms", "peak_bytes", "work"]);
    assert_eq!(report["work"], work);
    let number = |field: &str| report[field].as_f64().unwrap();
    assert!(number("min_ms") > 0.0 && number("min_ms") <= number("median_ms"), "{report}");
    assert!(number("gflops") > 0.0 && number("gflops").is_finite(), "{report}");
    assert_eq!(report["peak_bytes"].is_u64(), cfg!(target_os = "linux"), "{report}");
}

#[test]
fn every_work_that_was_asked_for_has_a_run() {
    let (bench, photo) = (Bench::new(), photo());
    let run = |line: &[&str]| {
        let line = [&["bench", photo.as_str(), "--runs", "2", "--json"][..], line].concat();
        let ran = bench.on("basic", &line);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        report["runs"].as_array().unwrap().clone()
    };
    for work in WORKS {
        let one = run(&["--work", work, "--threads", "2"]);
        assert_eq!(one.len(), 1);
        check(&one[0], work);
    }
    for line in [&[][..], &["--work", "all"]] {
        let all = run(line);
        assert_eq!(all.len(), WORKS.len());
        all.iter().zip(WORKS).for_each(|(report, work)| check(report, work));
    }
}

#[test]
fn a_table_has_a_row_for_each_work() {
    let ran = Bench::new().on("basic", &["bench", &photo(), "--runs", "1"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("ResNet-14, width 6 · 3x33x41 · cpu "), "{}", ran.out);
    for work in WORKS {
        let row = ran.out.lines().find(|line| line.split(' ').next() == Some(work));
        assert!(row.is_some_and(|row| row.split_whitespace().count() >= 4), "{}", ran.out);
    }
}

#[test]
fn what_cannot_be_timed_is_refused_in_a_sentence() {
    let (bench, photo) = (Bench::new(), photo());
    bench.run(&["bench", &photo, "--work", "sleep"]).refused(2, "sleep");
    bench.run(&["bench", &photo, "--runs", "0"]).refused(2, "expected a number from 1 to 100000");
    bench
        .run(&["bench", &photo, "--knock-out", "layer1:0"])
        .refused(2, "--knock-out is for predict");
    bench.run(&["bench", "none.png"]).refused(1, "none.png: no such file");
    let environment = [("CONVSCOPE_ISA", "mmx")];
    let ran = bench.run_with(&["bench", &photo, "--runs", "1"], &environment);
    ran.refused(1, "CONVSCOPE_ISA=mmx: not available; this machine supports");
}
