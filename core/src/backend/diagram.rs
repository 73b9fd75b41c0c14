//! docs/servers.md shows the transition table: as a diagram of each region, and row by row.

use std::fmt::Write;

use super::states::{Cause, State, TRANSITIONS};

const START: &str = "<!-- The table begins. -->\n";
const END: &str = "<!-- The table ends. -->\n";

const REGIONS: [(&str, &[State]); 3] = [
    ("What the operator wants", &[State::Ready, State::Drain, State::Maint]),
    (
        "What checks say",
        &[State::Starting, State::Up, State::GoingDown, State::Stopping, State::Down, State::GoingUp],
    ),
    ("What an agent says", &[State::AgentUp, State::AgentDown]),
];

/// How the page names a cause.
fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::SetReady => "`ready`",
        Cause::SetDrain => "`drain`",
        Cause::SetMaint => "`maint`",
        Cause::Pass => "a check passes",
        Cause::LastPass => "`rise` checks in a row have passed",
        Cause::Fail => "a check fails",
        Cause::LastFail => "`fall` checks in a row have failed",
        Cause::AskedToStop => "the check passes on condition (404)",
        Cause::Condemn => "`on-error sudden-death`",
        Cause::ForceUp => "`health up`",
        Cause::ForceStop => "`health stopping`",
        Cause::ForceDown => "`health down`, or `on-error mark-down`",
        Cause::StartUp => "start, or end of maintenance",
        Cause::StartFullyUp => "the same with `init-state fully-up`",
        Cause::StartDown => "the same with `init-state down`",
        Cause::StartFullyDown => "the same with `init-state fully-down`",
        Cause::AgentSaysUp => "the agent says `up`",
        Cause::AgentSaysDown => "the agent says `down`, `stopped` or `fail`",
    }
}

/// Whether a transition is possible everywhere: the diagram would drown in those.
fn is_everywhere(from: &[State]) -> bool {
    from.len() == REGIONS[1].1.len()
}

/// The generated part of the page.
fn drawn() -> String {
    let mut text = String::from(START);
    for (title, states) in REGIONS {
        let here = || TRANSITIONS.iter().filter(|(.., to)| states.contains(to));
        let _ = writeln!(text, "\n### {title}\n\n```mermaid\nstateDiagram-v2");
        for (from, on, to) in here().filter(|(from, ..)| !is_everywhere(from)) {
            for from in *from {
                let _ = writeln!(text, "    {from:?} --> {to:?}: {}", words(*on).replace('`', ""));
            }
        }
        let _ = writeln!(text, "```\n\n| From | when | to |\n|---|---|---|");
        for (from, on, to) in here() {
            let names: Vec<String> = from.iter().map(|state| format!("{state:?}")).collect();
            let from = if is_everywhere(from) { "any".to_owned() } else { names.join(", ") };
            let _ = writeln!(text, "| {from} | {} | {to:?} |", words(*on));
        }
    }
    text + "\n" + END
}

/// The page with the table as it is.
pub fn renewed(page: &str) -> Option<String> {
    let (before, rest) = page.split_once(START)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{}{after}", drawn()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_the_table_as_it_is() {
        let page = include_str!("../../../docs/servers.md");

        assert!(
            renewed(page).as_deref() == Some(page),
            "docs/servers.md is stale: cargo run -p evenkeel-core --example servers > new && mv new docs/servers.md"
        );
    }

    #[test]
    fn the_table_as_people_read_it() {
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/machines"),
            prepend_module_to_snapshot => false,
        }, { insta::assert_snapshot!("server_life", drawn()) });
    }
}
