//! A slow, obviously right backend: plain lists of who waits and who has what. It says what may happen, and of what
//! must happen who comes next; it does not balance.

use std::time::Duration;

use evenkeel_core::backend::Status;
use evenkeel_core::base::ids::ServerId;
use evenkeel_core::base::time::Time;
use evenkeel_core::model;

use super::life::Life;

/// One request that waits. Its class, its time and its place in the list say where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waits {
    /// Which.
    pub(super) stream: u32,
    /// The server it insists on.
    pub(super) insist: Option<usize>,
    /// Lower classes go first.
    pub(super) class: i16,
    /// When it came, moved by its offset.
    pub(super) due: i64,
}

/// A message that a worker has not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// To whom.
    pub(super) stream: u32,
    /// The server whose slot it has; `None` when it must ask again.
    pub(super) server: Option<usize>,
    /// It gave up meanwhile.
    pub(super) gone: bool,
}

/// A server's part.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// Its settings at the start.
    pub(super) settings: std::sync::Arc<model::Server>,
    /// Where it stands.
    pub(super) life: Life,
    /// Its weight now.
    pub(super) weight: u32,
    /// Its limit now.
    pub(super) maxconn: Option<u32>,
    /// Since when it has been starting slowly, and when its limit rises next.
    pub(super) warming: Option<(Time, Time)>,
    /// As much of its limit as it may use while it starts.
    pub(super) cap: u32,
    /// Whether the limit was moved while requests were there, so that there may be more than it allows.
    pub(super) limit_moved: bool,
}

impl Seat {
    /// What follows for `slowstart` when its status was another: who comes up begins with one connection.
    pub(super) fn after(&mut self, before: Status, now: Time) {
        let after = self.life.status();
        match (before == Status::Up, after == Status::Up) {
            (false, true) if self.settings.slow_start.is_some() => self.step(now, now),
            (true, false) => (self.warming, self.cap) = (None, u32::MAX),
            _ => {}
        }
    }

    /// `slowstart`: the limit grows by time, in steps of a twentieth or of one second.
    fn step(&mut self, since: Time, now: Time) {
        let span = self.settings.slow_start.unwrap_or_default();
        let gone = now.since(since);
        if gone >= span {
            (self.warming, self.cap) = (None, u32::MAX);
            return;
        }
        let room = self.maxconn.map(|most| u128::from(most) * gone.as_millis() / span.as_millis());
        self.cap = room.map_or(u32::MAX, |room| (room as u32).max(1));
        let next = now + Duration::from_secs(1).max(span / 20);
        self.warming = Some((since, next.min(since + span)));
    }

    /// Time has come this far.
    pub(super) fn pass(&mut self, now: Time) {
        if let Some((since, next)) = self.warming
            && next <= now
        {
            self.step(since, now);
        }
    }
}

/// Everything that is so.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// By number.
    pub(super) seats: Vec<Seat>,
    all_backups: bool,
    fullconn: u32,
    /// In the order of arrival.
    pub(super) waiting: Vec<Waits>,
    /// Requests and the servers that they are at.
    pub(super) holding: Vec<(u32, usize)>,
    /// What is on its way.
    pub(super) letters: Vec<Letter>,
    /// Requests that came and are not done.
    pub(super) live: u32,
}

impl Reference {
    /// Nobody has come.
    pub(super) fn new(backend: &model::Backend) -> Reference {
        let seat = |settings: &std::sync::Arc<model::Server>| Seat {
            life: Life::new(settings),
            weight: settings.weight,
            maxconn: settings.maxconn,
            warming: None,
            cap: u32::MAX,
            limit_moved: false,
            settings: settings.clone(),
        };
        Reference {
            seats: backend.servers.iter().map(seat).collect(),
            all_backups: backend.all_backups,
            fullconn: backend.fullconn.unwrap_or(1),
            waiting: Vec::new(),
            holding: Vec::new(),
            letters: Vec::new(),
            live: 0,
        }
    }

    /// Slots that are taken, those included whose grant is on its way.
    pub(super) fn taken(&self, server: usize) -> usize {
        let held = self.holding.iter().filter(|(_, held)| *held == server).count();
        held + self.letters.iter().filter(|letter| letter.server == Some(server)).count()
    }

    /// By the words of the manual: on the ramp from `minconn` to `maxconn` until `fullconn` streams are there.
    pub(super) fn limit(&self, server: usize) -> Option<u32> {
        let seat = &self.seats[server];
        let most = seat.maxconn?;
        let limit = match seat.settings.minconn.filter(|least| *least < most) {
            Some(least) if self.live < self.fullconn => least.max(most * self.live / self.fullconn),
            _ => most,
        };
        Some(limit.min(seat.cap))
    }

    /// Whether it may have one more.
    pub(super) fn has_room(&self, server: usize) -> bool {
        self.limit(server).is_none_or(|most| self.taken(server) < most as usize)
    }

    /// Whether those that are tied to it may use it.
    pub(super) fn is_reachable(&self, server: usize) -> bool {
        self.seats[server].life.is_reachable()
    }

    /// Whether it would get new requests if there were no other.
    pub(super) fn is_usable(&self, server: usize) -> bool {
        let seat = &self.seats[server];
        seat.life.takes_new() && seat.weight > 0
    }

    /// How many active servers and backups are usable.
    pub(super) fn usable(&self) -> (u32, u32) {
        let count = |backup| {
            let fits = |at: &usize| self.is_usable(*at) && self.seats[*at].settings.backup == backup;
            (0..self.seats.len()).filter(fits).count() as u32
        };
        (count(false), count(true))
    }

    /// Whether requests without a wish may get it: an active one, or without any of those the first backup,
    /// or all of them with `option allbackups`.
    pub(super) fn is_member(&self, server: usize) -> bool {
        let backup = |at: &usize| self.seats[*at].settings.backup;
        let mut usable = (0..self.seats.len()).filter(|at| self.is_usable(*at));
        if !self.is_usable(server) {
            return false;
        }
        if !backup(&server) {
            return true;
        }
        let mut before = usable.clone().take_while(|at| *at < server);
        usable.all(|at| backup(&at)) && (self.all_backups || before.all(|at| !backup(&at)))
    }

    /// Whether there is any server for requests without a wish.
    pub(super) fn has_member(&self) -> bool {
        (0..self.seats.len()).any(|at| self.is_member(at))
    }

    /// Whether a request without a wish could go to a server at once, other than this one.
    pub(super) fn has_free_member_but(&self, server: Option<usize>) -> bool {
        (0..self.seats.len()).any(|at| Some(at) != server && self.is_member(at) && self.has_room(at))
    }

    /// The place in the list of whom this server is to serve first.
    pub(super) fn first_for(&self, server: usize) -> Option<usize> {
        let member = self.is_member(server);
        let fits = |waits: &Waits| waits.insist.map_or(member, |wanted| wanted == server);
        let fitting = self.waiting.iter().enumerate().filter(|(_, waits)| fits(waits));
        fitting.min_by_key(|(at, waits)| (waits.class, waits.due, *at)).map(|(at, _)| at)
    }

    /// How many wait for this server, or for any.
    pub(super) fn count_waiting(&self, server: Option<usize>) -> usize {
        self.waiting.iter().filter(|waits| waits.insist == server).count()
    }

    /// Where the server stands in the cookie's list.
    pub(super) fn id(server: usize) -> ServerId {
        ServerId(server as u32)
    }
}
