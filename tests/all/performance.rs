//! The page about performance shows what the data beside it says, and the data's ratios follow from its samples.

use std::fs;

use evenkeel_tests::figures::statistics::{Middle, Verdict};
use evenkeel_tests::figures::{Figures, Quantity, Ratio, page};

use crate::tidy::root;

fn published() -> Figures {
    let text =
        fs::read_to_string(root().join("docs/performance.json")).expect("docs/performance.json is there");
    serde_json::from_str(&text).expect("docs/performance.json is the bench's")
}

#[test]
fn the_page_shows_what_the_data_says() {
    let shown = fs::read_to_string(root().join("docs/performance.md")).expect("docs/performance.md is there");

    let fresh = page::refresh(&shown, &published()).expect("the page has its marks");

    assert!(shown == fresh, "run: cargo run --release -p evenkeel-tests --bin bench -- --render");
}

#[test]
fn ratios_follow_from_the_samples() {
    for scenario in published().scenarios {
        let ours = &scenario.runs[0];
        for ratio in &scenario.ratios {
            let theirs = scenario.runs.iter().find(|runs| runs.program == ratio.against);
            let theirs = theirs.expect("whoever is compared was measured");
            let (ours, theirs) = match ratio.what {
                Quantity::Cpu | Quantity::Rate => (&ours.full, &theirs.full),
                Quantity::PartLoadP99 => (&ours.part, &theirs.part),
            };

            let again = Ratio::new(ratio.what, &ratio.against, ratio.bar, ours, theirs);

            let off = (again.middle.median - ratio.middle.median).abs();
            assert!(off < 1e-9, "{}: {:?} against {}", scenario.name, ratio.what, ratio.against);
        }
    }
}

#[test]
fn the_interval_leaves_out_what_rarely_misses_the_median() {
    let ordered = |count: u32| (1..=count).map(f64::from).collect::<Vec<_>>();

    let (few, six, many) = (Middle::of(&ordered(5)), Middle::of(&ordered(6)), Middle::of(&ordered(15)));

    assert_eq!(few, Middle { median: 3.0, low: 1.0, high: 5.0 });
    assert_eq!(six, Middle { median: 3.5, low: 1.0, high: 6.0 });
    assert_eq!(many, Middle { median: 8.0, low: 4.0, high: 12.0 });
}

#[test]
fn verdicts_say_when_the_noise_decides() {
    let middle = Middle { median: 0.8, low: 0.7, high: 0.9 };

    let verdicts = [0.95, 0.85, 0.75, 0.65].map(|bar| middle.against(bar));

    let wanted = [Verdict::Within, Verdict::BarelyWithin, Verdict::BarelyAbove, Verdict::Above];
    assert_eq!(verdicts, wanted);
}
