//! `track`: finds the servers that others track (configuration manual 5.2).

use std::sync::Arc;

use super::draft::ProxyDraft;
use super::problem::Place;
use super::server_option::ServerDraft;
use crate::base::ids::{BackendId, ServerId};
use crate::base::map::Map;
use crate::keyword::closest;
use crate::model::Track;

/// A server, by the positions of its proxy and of itself among drafts.
type At = (usize, usize);

/// What tracks what, by tracker.
pub(super) type Tracks = Map<At, Track>;

/// A `track` that leads nowhere.
pub(super) struct Astray {
    pub(super) place: Option<Place>,
    pub(super) message: String,
    pub(super) help: String,
}

/// Finds what each server tracks, in their order. A chain must end at a server that is checked.
pub(super) fn find_tracks(
    proxies: &[ProxyDraft],
    backends: &Map<Arc<str>, (BackendId, usize)>,
) -> (Tracks, Vec<Astray>) {
    let mut found = Found { proxies, backends, links: Map::new() };
    let mut tracks = Tracks::new();
    let mut astray = Vec::new();
    for (proxy, draft) in proxies.iter().enumerate().filter(|(_, draft)| draft.kind.has_back()) {
        for (position, server) in draft.servers.iter().enumerate() {
            let Some(wanted) = &server.track else { continue };
            match found.find((proxy, position), wanted) {
                Ok(track) => {
                    tracks.insert((proxy, position), track);
                }
                Err((message, help)) => {
                    let subject = format!("'server {}/{}'", draft.name, server.name);
                    let message = format!("{subject} : {message}");
                    astray.push(Astray { place: server.place.clone(), message, help });
                }
            }
        }
    }
    (tracks, astray)
}

struct Found<'a> {
    proxies: &'a [ProxyDraft],
    backends: &'a Map<Arc<str>, (BackendId, usize)>,
    /// What is known so far: from tracker to tracked.
    links: Map<At, At>,
}

impl Found<'_> {
    fn server(&self, (proxy, position): At) -> &ServerDraft {
        &self.proxies[proxy].servers[position]
    }

    /// `PROXY/SERVER`, the first slash from the right being the one between them.
    fn find(&mut self, tracker: At, wanted: &str) -> Result<Track, (String, String)> {
        let (proxy, server) = wanted.rsplit_once('/').unwrap_or((&self.proxies[tracker.0].name, wanted));
        let Some(&(backend, at)) = self.backends.get(proxy) else {
            let names = self.backends.keys().map(|name| &**name);
            let help = meant(proxy, names).unwrap_or_else(|| format!("add a section `backend {proxy}`"));
            return Err((format!("unable to find required proxy '{proxy}' for tracking."), help));
        };
        let servers = &self.proxies[at].servers;
        let Some(position) = servers.iter().position(|other| other.name == server) else {
            let names = servers.iter().map(|server| &*server.name);
            let help = meant(server, names).unwrap_or_else(|| format!("add a line `server {server} ..`"));
            return Err((format!("unable to find required server '{server}' for tracking."), help));
        };
        let (tracked, name) = ((at, position), format!("{proxy}/{server}"));
        let target = self.server(tracked);
        if !target.check && !target.agent && target.track.is_none() {
            let message =
                format!("unable to use {name} for tracking as it does not have any check nor agent enabled.");
            return Err((message, "add `check` to that server".to_owned()));
        }
        if self.leads(tracked, tracker) {
            let own = format!("{}/{}", self.proxies[tracker.0].name, self.server(tracker).name);
            let message =
                format!("unable to track {name} as it belongs to a tracking chain looping back to {own}.");
            return Err((message, "a chain must end at a server with `check`".to_owned()));
        }
        let stops = |at: At| self.proxies[at.0].settings.check.disables_on_404();
        if stops(tracked) != stops(tracker) {
            // The words run together in HAProxy as well.
            let message = format!("unable to use {name} fortracking: disable-on-404 option inconsistency.");
            return Err((message, "both sections need `http-check disable-on-404`, or none".to_owned()));
        }
        self.links.insert(tracker, tracked);
        Ok(Track { backend, server: ServerId(position as u32), name: Arc::from(name) })
    }

    /// Whether a chain as far as it is known leads to `goal`.
    fn leads(&self, from: At, goal: At) -> bool {
        let chain = std::iter::successors(Some(from), |at| self.links.get(at).copied());
        // No loop was let in, so that the chain ends.
        chain.into_iter().any(|at| at == goal)
    }
}

fn meant<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    closest(name, names).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use crate::config::environment::Tables;
    use crate::config::{Source, load};

    const TIMES: &str = "defaults\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n";

    /// What is wrong with servers of a backend `b`; `c` has one that is not checked.
    fn problems(servers: &str) -> Vec<String> {
        let text = format!("{TIMES}backend c\n server x 127.0.0.1:80\nbackend b\n{servers}");
        let loaded =
            load(&[Source { name: "t.cfg".to_owned(), bytes: text.into_bytes() }], &Tables::default());
        loaded.problems.into_iter().map(|problem| problem.message).collect()
    }

    /// What is wrong with a server beside one that is checked.
    fn of(options: &str) -> String {
        let servers = format!(" server s1 127.0.0.1:80 check\n server s2 127.0.0.1:80 {options}\n");
        problems(&servers).join("|").replace("'server b/s2' : ", "")
    }

    #[test]
    fn what_leads_nowhere_is_told_in_the_words_of_haproxy() {
        assert_eq!(of("track s1"), "");
        assert_eq!(of("track b/s1"), "");
        assert_eq!(of("track b/"), "unable to find required server '' for tracking.");
        assert_eq!(of("track /s1"), "unable to find required proxy '' for tracking.");
        assert_eq!(of("track a/b/c"), "unable to find required proxy 'a/b' for tracking.");
        assert_eq!(of("track b/no"), "unable to find required server 'no' for tracking.");
        let unchecked = "unable to use c/x for tracking as it does not have any check nor agent enabled.";
        assert_eq!(of("track c/x"), unchecked);
        let both = "unable to enable checks and tracking at the same time!";
        assert_eq!(of("check track s1"), both);
        assert_eq!(of("track"), "'track' expects [<proxy>/]<server> as argument.");
    }

    #[test]
    fn both_sections_stop_on_404_or_none() {
        let tracked =
            "backend a\n option httpchk\n http-check disable-on-404\n server s1 127.0.0.1:80 check\n";
        let of = |line: &str| {
            problems(&format!(
                "{tracked}backend d\n option httpchk\n{line} server t1 127.0.0.1:80 track a/s1\n"
            ))
        };

        assert_eq!(of(" http-check disable-on-404\n"), [""; 0]);
        let message = "'server d/t1' : unable to use a/s1 fortracking: disable-on-404 option inconsistency.";
        assert_eq!(of(""), [message]);
    }

    #[test]
    fn a_chain_ends_at_a_server_that_is_checked_and_has_no_loop() {
        let line = |name: &str, wanted: &str| format!(" server {name} 127.0.0.1:80 {wanted}\n");
        let chain = line("s1", "track s2") + &line("s2", "track s3") + &line("s3", "check");
        let open = line("s1", "track s2") + &line("s2", "track s3") + &line("s3", "");
        let loops = line("s1", "track s2") + &line("s2", "track s3") + &line("s3", "track s2");

        assert_eq!(problems(&chain), [""; 0]);
        let asked = line("s1", "track s2") + &line("s2", "agent-check agent-port 81");
        assert_eq!(problems(&asked), [""; 0]);
        assert_eq!(problems(&line("s1", "track s1")).len(), 1);
        let unchecked = "'server b/s2' : unable to use b/s3 for tracking as it does not have any check nor agent \
                         enabled.";
        assert_eq!(problems(&open), [unchecked]);
        let looping =
            "'server b/s3' : unable to track b/s2 as it belongs to a tracking chain looping back to b/s3.";
        assert_eq!(problems(&loops), [looping]);
    }
}
