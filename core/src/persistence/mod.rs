//! Cookie persistence (configuration manual 4.2, `cookie`): which server a request's cookie names, and what
//! the answer tells the client about it. Decides and edits heads; asks nobody and owns no server.

mod date;
mod request;
mod response;

pub use date::{Dates, Slot};
pub use request::affinity;
pub use response::{Answer, settle};

use crate::base::ids::ServerId;
use crate::model::Persistence;

/// Which servers a cookie's value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// One or more, and none of them is up. The first of them, if `option persist` wants it all the same.
    Down(Option<ServerId>),
    /// No server.
    Nobody,
    /// This one, which is up.
    Up(ServerId),
}

/// What the request brought: the third letter of the termination state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presented {
    /// No cookie.
    Absent,
    /// A cookie that names a server which is down.
    Down,
    /// A cookie that was last seen too long ago.
    Expired,
    /// A cookie that names no server.
    Invalid,
    /// A cookie that was first given too long ago.
    TooOld,
    /// No cookie is looked for.
    #[default]
    Unasked,
    /// A cookie that nobody looks at: a rule has decided.
    Unused,
    /// A cookie that names the server which is asked.
    Valid,
}

/// What the answer tells the client: the fourth letter of the termination state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returned {
    /// The server's cookie was removed.
    Deleted,
    /// A cookie was inserted.
    Inserted,
    /// Nothing.
    Nothing,
    /// The server's own cookie, untouched.
    Provided,
    /// The server's cookie, changed.
    Rewritten,
    /// No cookie is looked for.
    #[default]
    Unasked,
    /// The client's cookie with a new date.
    Updated,
}

/// What ties one exchange to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Affinity {
    /// The server that the request is to go to.
    pub server: Option<ServerId>,
    /// That server is to be asked although it is down.
    pub forced: bool,
    /// What the request brought.
    pub presented: Presented,
    /// What the answer brings.
    pub returned: Returned,
    /// What a rule makes of persistence.
    pub rule: Option<Persistence>,
    /// The dates of a valid cookie.
    pub dates: Dates,
}

impl Affinity {
    /// The server named cannot be had: the request goes elsewhere.
    pub fn lose(&mut self) {
        self.server = None;
        self.forced = false;
        if self.presented == Presented::Valid {
            self.presented = Presented::Down;
        }
    }

    /// The last two letters of the termination state (configuration manual 8.5).
    pub fn letters(&self) -> [u8; 2] {
        let presented = match self.presented {
            Presented::Absent => b'N',
            Presented::Down => b'D',
            Presented::Expired => b'E',
            Presented::Invalid => b'I',
            Presented::TooOld => b'O',
            Presented::Unasked => b'-',
            Presented::Unused => b'U',
            Presented::Valid => b'V',
        };
        let returned = match self.returned {
            Returned::Deleted => b'D',
            Returned::Inserted => b'I',
            Returned::Nothing => b'N',
            Returned::Provided => b'P',
            Returned::Rewritten => b'R',
            Returned::Unasked => b'-',
            Returned::Updated => b'U',
        };
        [presented, returned]
    }
}

#[cfg(test)]
mod tests;
