//! Single keys from the terminal, without waiting for a line end.

use std::io::{self, IsTerminal, Read};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// The terminal in key mode; it becomes as it was when this is dropped.
#[derive(Debug)]
pub(crate) struct KeyMode {
    before: Option<Termios>,
}

impl KeyMode {
    /// Has keys delivered one by one, if standard input is a terminal.
    pub(crate) fn start() -> KeyMode {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return KeyMode { before: None };
        }
        let Ok(before) = tcgetattr(&stdin) else { return KeyMode { before: None } };
        let mut keys = before.clone();
        // Ctrl-C stays a signal.
        keys.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
        let changed = tcsetattr(&stdin, SetArg::TCSANOW, &keys).is_ok();
        KeyMode { before: changed.then_some(before) }
    }
}

impl Drop for KeyMode {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, before);
        }
    }
}

/// Calls `pressed` for each key until there are no more.
pub(crate) fn each(mut pressed: impl FnMut(char)) {
    for byte in io::stdin().lock().bytes() {
        let Ok(byte) = byte else { return };
        pressed(char::from(byte));
    }
}
