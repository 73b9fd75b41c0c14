//! Where log lines go.

use evenkeel_core::base::ids::LogTargetId;

/// Takes finished lines. Never blocks: what cannot be delivered is dropped and counted.
pub trait LogSink {
    /// Takes one line, without a line end.
    fn write(&mut self, target: LogTargetId, line: &[u8]);

    /// Sends what was taken; called once per turn.
    fn flush(&mut self);
}
