//! Running lists of rules such as sites have, on browsers' heads. Rules edit a head, so each operation parses
//! its own; `heads/request-long` and `heads/response-long` say how much of it that is.

use evenkeel_core::acl::{Acls, Outside};
use evenkeel_core::base::address::Address;
use evenkeel_core::base::priority::Priority;
use evenkeel_core::base::time::{Time, Wall};
use evenkeel_core::h1::{parse_request, parse_response};
use evenkeel_core::http::{RequestHead, ResponseHead};
use evenkeel_core::rules::{
    CaptureSlots, Context, Draft, Remarks, Rule, RuleSet, Verdict, compile, run_request, run_response,
};
use evenkeel_core::sample::{Ending, Scope, StreamTimes};

use super::Workload;
use super::heads::{LIMITS, LONG_REQUEST, LONG_RESPONSE};

const REQUEST_RULES: &[&str] = &[
    "capture req.hdr(Host) len 64",
    "set-header X-Forwarded-Proto http",
    "set-header X-Client %[src]",
    "del-header Upgrade-Insecure-Requests",
    "set-path /site%[path]",
];

const RESPONSE_RULES: &[&str] = &[
    "set-header X-Content-Type-Options nosniff",
    "set-header X-Frame-Options SAMEORIGIN",
    "del-header Server",
    "add-header Via %[res.ver]",
];

pub(super) fn workloads() -> Vec<Workload> {
    vec![Workload::new("rules", "request", on_requests), Workload::new("rules", "response", on_responses)]
}

fn on_requests() -> impl FnMut() {
    let (rules, mut slots) = compiled(RuleSet::HttpRequest, REQUEST_RULES);
    let (mut head, mut scratch) = (RequestHead::default(), Vec::new());
    let (client, times) = (Address::Ip(([192, 0, 2, 7], 40_001).into()), times());
    move || {
        let parsed = parse_request(LONG_REQUEST, &mut head, &LIMITS);
        let (scope, remarks) = (scope(&client, &times), &mut Remarks::default());
        let verdict = run_request(&rules, &scope, &mut head, &mut slots, remarks, &mut scratch);
        assert_eq!((parsed.is_ok(), verdict), (true, Verdict::Continue));
    }
}

fn on_responses() -> impl FnMut() {
    let (rules, mut slots) = compiled(RuleSet::HttpResponse, RESPONSE_RULES);
    let (mut head, mut scratch) = (ResponseHead::default(), Vec::new());
    let (client, times) = (Address::Ip(([192, 0, 2, 7], 40_001).into()), times());
    move || {
        let parsed = parse_response(LONG_RESPONSE, &mut head, &LIMITS);
        let verdict = run_response(&rules, &scope(&client, &times), &mut head, &mut slots, &mut scratch);
        assert_eq!((parsed.is_ok(), verdict), (true, Verdict::Continue));
    }
}

/// The rules, and the slots that they capture into.
fn compiled(set: RuleSet, texts: &[&str]) -> (Vec<Rule>, Vec<Option<Vec<u8>>>) {
    let (mut slots, mut acls) = (CaptureSlots::default(), Acls::default());
    let mut context = Context { slots: &mut slots, acls: &mut acls, outside: Outside::NOTHING };
    let drafts = texts.iter().map(|text| {
        let words: Vec<&str> = text.split(' ').collect();
        compile(set, &words, &mut context).unwrap_or_else(|error| panic!("{text}: {error:?}"))
    });
    let drafts: Vec<Draft> = drafts.collect();
    let rules = drafts.iter().map(|draft| draft.finish(&acls)).collect();
    (rules, vec![None; slots.request.len() + slots.response.len()])
}

/// An exchange of which a request has come.
pub fn times() -> StreamTimes {
    StreamTimes {
        accepted: Time::ZERO,
        accepted_wall: Wall::default(),
        handshaken: Time::ZERO,
        first_byte: Time::ZERO,
        head: Time::ZERO,
        dequeued: Time::NEVER,
        connected: Time::NEVER,
        response: Time::NEVER,
        ended: Time::NEVER,
    }
}

/// What rules may see of a client that has just come.
pub fn scope<'a>(client: &'a Address, times: &'a StreamTimes) -> Scope<'a> {
    Scope {
        client,
        local: client,
        source: None,
        server_address: None,
        frontend: "in",
        http: true,
        backend: "out",
        server: Some("s1"),
        times,
        request: None,
        response: None,
        status: 0,
        bytes_out: 0,
        bytes_in: 0,
        ending: Ending { letters: *b"----" },
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
        farm: None,
        content: b"",
        content_grows: false,
        listener: 1,
        log_asap: false,
        check: None,
        process: (1, "here"),
    }
}
