//! What SIGHUP shows: every server's state, in HAProxy's words.

use evenkeel_core::backend::{Backend, Status};
use evenkeel_core::base::ids::{BackendId, ServerId};
use evenkeel_core::model::Config;
use evenkeel_core::proxy::Shared;

/// One line per server and per backend.
pub(crate) fn states(config: &Config, shared: &Shared) -> Vec<String> {
    let mut lines = vec!["SIGHUP received, dumping servers states.".to_string()];
    for index in 0..config.backends.len() {
        let id = BackendId(index as u32);
        lines.extend(shared.backend(id).with(|backend| of_backend(backend)));
    }
    lines
}

fn of_backend(backend: &Backend) -> Vec<String> {
    let settings = backend.settings();
    let proxy = &settings.name;
    let mut lines = Vec::new();
    for (index, server) in settings.servers.iter().enumerate() {
        let id = ServerId(index as u32);
        let state = backend.server(id);
        let status = match state.status() {
            Status::Up => "UP",
            Status::Stopping => "NOLB",
            Status::Down => "DOWN",
            Status::Maintenance => "MAINT",
        };
        let (active, queued) = (state.connections(), backend.queued(Some(id)));
        let name = &server.name;
        lines.push(format!("SIGHUP: Server {proxy}/{name} is {status}. Conn: {active} act, {queued} pend."));
    }
    let conn = format!("Conn: act(FE+BE): 0+{}, {} unass.", backend.streams(), backend.queued(None));
    let (active, backup) = backend.usable();
    lines.push(match active + backup {
        _ if settings.servers.is_empty() => format!("SIGHUP: Proxy {proxy} has no servers. {conn}"),
        0 => format!("SIGHUP: Proxy {proxy} has no server available ! {conn}"),
        _ => format!(
            "SIGHUP: Proxy {proxy} has {active} active servers and {backup} backup servers available. {conn}"
        ),
    });
    lines
}
