//! Programs that the core wants run. Each has a task of its own that waits for its end, or ends it.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};

use evenkeel_core::base::program::{Exit, Program, RunId};
use evenkeel_core::proxy::Input;
use tokio::process::Command;
use tokio::sync::oneshot;

use crate::ready::Mailbox;

/// A run as it goes on: gives its end.
pub type Running = Pin<Box<dyn Future<Output = Exit> + Send>>;

/// The programs of one worker that have not ended.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    runs: BTreeMap<RunId, oneshot::Sender<()>>,
}

impl Programs {
    /// Waits for the end of `running`, which `stop` ends, and leaves it in the mailbox.
    pub(crate) fn watch(
        &mut self,
        run: RunId,
        stop: oneshot::Sender<()>,
        running: Running,
        mailbox: &Mailbox,
    ) {
        let mailbox = mailbox.clone();
        self.runs.insert(run, stop);
        tokio::spawn(async move {
            let exit = running.await;
            mailbox.send(Input::Exited { run, exit });
        });
    }

    /// Ends a run, if it goes on. Its end is told all the same.
    pub(crate) fn kill(&mut self, run: RunId) {
        if let Some(stop) = self.runs.remove(&run) {
            // Nobody listens where it has ended meanwhile.
            let _ = stop.send(());
        }
    }

    /// A run has ended.
    pub(crate) fn forget(&mut self, run: RunId) {
        self.runs.remove(&run);
    }
}

/// Runs a program of the system until it ends, or until `stopped`: then it is killed, not asked.
pub(crate) fn run(program: &Program, stopped: oneshot::Receiver<()>) -> Running {
    let mut command = Command::new(&program.command);
    command.args(&program.arguments).stdin(Stdio::null()).kill_on_drop(true);
    if !program.inherits {
        command.env_clear();
    }
    command.envs(program.environment.iter().map(|(name, value)| (name, value)));
    let child = command.spawn();
    Box::pin(async move {
        let mut child = match child {
            Ok(child) => child,
            Err(error) => return Exit::NotStarted(reason(&error)),
        };
        tokio::select! {
            status = child.wait() => ended(status),
            _ = stopped => {
                // It may have ended at this very moment.
                let _ = child.start_kill();
                ended(child.wait().await)
            }
        }
    })
}

fn ended(status: io::Result<ExitStatus>) -> Exit {
    match status.map(|status| status.code()) {
        Ok(Some(code)) => Exit::Code(code as u8),
        Ok(None) => Exit::Signal,
        Err(error) => Exit::NotStarted(reason(&error)),
    }
}

/// The system's words, without Rust's number behind them.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Program {
        Program {
            command: "/bin/sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            environment: vec![("HAPROXY_SERVER_NAME", "s1".to_owned()), ("PATH", "/usr/bin:/bin".to_owned())],
            inherits: false,
        }
    }

    fn exit(program: &Program) -> Exit {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (_stop, stopped) = oneshot::channel();
        let _guard = runtime.enter();
        let running = run(program, stopped);
        runtime.block_on(running)
    }

    #[test]
    fn a_program_tells_its_code() {
        assert_eq!(exit(&sh("exit 0")), Exit::Code(0));
        assert_eq!(exit(&sh("exit 77")), Exit::Code(77));
        assert_eq!(exit(&sh("kill -9 $$")), Exit::Signal);
        let missing = Program { command: "/nonexistent".to_owned(), ..sh("") };
        assert_eq!(exit(&missing), Exit::NotStarted("No such file or directory".to_owned()));
    }

    #[test]
    fn it_sees_its_variables_and_no_others_unless_it_inherits() {
        let own = "test \"$HAPROXY_SERVER_NAME\" = s1 && test -z \"$CARGO_PKG_NAME\"";
        assert_eq!(exit(&sh(own)), Exit::Code(0));
        let all = Program { inherits: true, ..sh("test -n \"$CARGO_PKG_NAME$CARGO_MANIFEST_DIR\"") };
        assert_eq!(exit(&all), Exit::Code(0));
    }

    #[test]
    fn a_name_is_looked_up_along_its_own_path() {
        assert_eq!(exit(&Program { command: "true".to_owned(), ..sh("") }), Exit::Code(0));
        let nowhere = vec![("PATH", "/nonexistent".to_owned())];
        let lost = Program { command: "true".to_owned(), environment: nowhere, ..sh("") };
        assert!(matches!(exit(&lost), Exit::NotStarted(_)));
    }

    #[test]
    fn a_program_that_listens_to_nothing_is_ended() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _guard = runtime.enter();
        let (stop, stopped) = oneshot::channel();
        let running = run(&sh("trap '' TERM INT HUP; while :; do sleep 1; done"), stopped);

        stop.send(()).unwrap();

        assert_eq!(runtime.block_on(running), Exit::Signal);
    }
}
