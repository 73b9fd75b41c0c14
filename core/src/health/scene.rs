//! What the expressions of a check see: the server, our connection to it, and what it answered.

use std::sync::Arc;

use super::judge::body_of;
use crate::base::address::Address;
use crate::base::priority::Priority;
use crate::base::time::{Now, Time};
use crate::http::ResponseHead;
use crate::model;
use crate::sample::{CheckScope, Ending, Scope, StreamTimes, Variables};

/// What HAProxy names as the frontend of its checks.
const FRONTEND: &str = "CHECKS-FE";

/// Names and addresses of one checked server.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    backend: Arc<str>,
    server: Arc<str>,
    http: bool,
    /// Process id and host name.
    process: (u32, Arc<str>),
    /// In the place of a client: nobody.
    nobody: Address,
}

/// This moment of a check.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub(super) now: Now,
    /// The ends of the connection, as far as there is one.
    pub(super) to: Option<&'a Address>,
    pub(super) from: Option<&'a Address>,
    pub(super) received: &'a [u8],
    /// Whether the answer is HTTP.
    pub(super) http: bool,
    /// The response, once its head is there, and where its body begins.
    pub(super) response: Option<(&'a ResponseHead, usize)>,
    pub(super) variables: &'a Variables,
}

impl Scene {
    pub(super) fn new(backend: &model::Backend, server: &model::Server) -> Scene {
        Scene {
            backend: backend.name.clone(),
            server: server.name.clone(),
            http: backend.mode == model::Mode::Http,
            process: (0, Arc::from("")),
            nobody: Address::Unix(Arc::from("")),
        }
    }

    pub(super) fn set_process(&mut self, pid: u32, hostname: Arc<str>) {
        self.process = (pid, hostname);
    }

    /// The process's host name.
    pub(super) fn node(&self) -> &str {
        &self.process.1
    }

    /// `BACKEND/SERVER`.
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.backend, self.server)
    }

    /// Shows the scene as it is at this moment.
    pub(super) fn show<R>(&self, moment: Moment<'_>, look: impl FnOnce(&Scope<'_>) -> R) -> R {
        let times = StreamTimes {
            accepted: moment.now.time,
            accepted_wall: moment.now.wall,
            handshaken: moment.now.time,
            first_byte: Time::NEVER,
            head: Time::NEVER,
            dequeued: Time::NEVER,
            connected: Time::NEVER,
            response: Time::NEVER,
            ended: moment.now.time,
        };
        let body = moment
            .response
            .map(|(head, body)| body_of(moment.received.get(body..).unwrap_or_default(), head));
        let payload = if moment.http { &[] } else { moment.received };
        let check =
            CheckScope { payload, body: body.as_deref().unwrap_or_default(), variables: moment.variables };
        look(&Scope {
            client: &self.nobody,
            local: &self.nobody,
            source: moment.from,
            server_address: moment.to,
            frontend: FRONTEND,
            http: self.http,
            backend: &self.backend,
            server: Some(&self.server),
            farm: None,
            times: &times,
            request: None,
            response: moment.response.map(|(head, _)| head),
            status: 0,
            bytes_out: 0,
            bytes_in: 0,
            ending: Ending { letters: *b"PR--" },
            counts: [0; 4],
            cookie_captures: [b""; 2],
            priority: Priority::default(),
            retries: 0,
            redispatched: false,
            server_queue: 0,
            backend_queue: 0,
            request_captures: &[],
            response_captures: &[],
            request_counter: 0,
            log_counter: 0,
            listener: 0,
            log_asap: false,
            content: &[],
            content_grows: false,
            check: Some(&check),
            process: (self.process.0, &self.process.1),
        })
    }
}
