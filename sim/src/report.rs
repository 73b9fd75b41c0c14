//! Runs for people: a timeline, a line per sight.

use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::{Input, Output};

use crate::oracle::Sight;

/// Most bytes shown of what passes.
const BYTES_SHOWN: usize = 60;

/// One line of a timeline.
pub fn line(at: Time, sight: &Sight<'_>) -> String {
    match sight {
        Sight::Input { worker, input } => format!("{at:?} w{} <- {}", worker.0, input_text(input)),
        Sight::Output { worker, output } => format!("{at:?} w{} -> {}", worker.0, output_text(output)),
        Sight::AnswerBody { id, offset, bytes } => {
            format!("{at:?} client: {} bytes of answer {id} at {offset}", bytes.len())
        }
        Sight::RequestBody { id, offset, bytes } => {
            format!("{at:?} server: {} bytes of request {id} at {offset}", bytes.len())
        }
        other => format!("{at:?} {other:?}"),
    }
}

fn input_text(input: &Input) -> String {
    match input {
        Input::Received { conn, bytes } => format!("Received {conn:?} {}", shown(bytes)),
        other => format!("{other:?}"),
    }
}

fn output_text(output: &Output) -> String {
    match output {
        Output::Send { conn, bytes, last } => {
            format!("Send {conn:?}{} {}", if *last { " last" } else { "" }, shown(bytes))
        }
        Output::Log { line, .. } => format!("Log {}", String::from_utf8_lossy(line)),
        other => format!("{other:?}"),
    }
}

fn shown(bytes: &[u8]) -> String {
    let some = &bytes[..bytes.len().min(BYTES_SHOWN)];
    format!("{} bytes \"{}\"", bytes.len(), some.escape_ascii())
}
