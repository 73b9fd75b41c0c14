//! Drafts to the model: names are resolved, what goes without saying is filled in, and what does not fit
//! together is told.

use std::sync::Arc;

use super::draft::{
    ContentDraft, ExternalDraft, LogStyle, PersistDraft, ProxyDraft, ProxyKind, ServerRuleDraft, StickDraft,
    SwitchDraft,
};
use super::finding::{Findings, Weight};
use super::logging::{LogLine, LogTargets};
use super::problem::{Place, Problem};
use super::reader::Reader;
use super::track::{Tracks, find_tracks};
use crate::acl::Asked;
use crate::base::address::Address;
use crate::base::ids::{BackendId, FrontendId, LogTargetId, ServerId, TableId};
use crate::base::map::{Map, Set};
use crate::keyword::closest;
use crate::log::Format;
use crate::model::{
    Backend, Balance, BindAddress, Choice, Config, ContentRule, ExternalCheck, Frontend, Inspection, Layer,
    Listener, LogTarget, LogWire, Mode, PersistRule, RetryOn, Server, ServerRule, StickRule, SwitchRule,
    dynamic_cookie,
};
use crate::rules::{self, Rule};
use crate::sample::Names;

/// Builds the configuration. It may only be used if no problem is an alert.
pub(super) fn assemble(mut reader: Reader<'_>) -> (Config, Vec<Problem>) {
    warn_of_stats(&mut reader);
    check_ids(&mut reader);
    let proxies = std::mem::take(&mut reader.proxies);
    let backends = proxies.iter().enumerate().filter(|(_, draft)| draft.kind.has_back());
    let backend_ids: Map<Arc<str>, (BackendId, usize)> = backends
        .enumerate()
        .map(|(id, (at, draft))| (Arc::clone(&draft.name), (BackendId(index(id)), at)))
        .collect();
    let tables = proxies.iter().filter_map(|draft| draft.stick_table.as_ref());
    let table_ids = tables.enumerate().map(|(id, table)| (table.name.as_str(), TableId(index(id)))).collect();
    let (tracks, astray) = find_tracks(&proxies, &backend_ids);
    for fault in astray {
        let place = fault.place.unwrap_or_else(|| proxies[0].place.clone());
        reader.add(Weight::Alert, place, fault.message, fault.help);
    }
    let targets = LogTargets::default();
    let proxy_ids = proxy_ids(&proxies);
    let mut builder =
        Builder { targets, backend_ids, table_ids, proxies: &proxies, proxy_ids, tracks, reader };
    let global_log = std::mem::take(&mut builder.reader.global.log);
    let mut config = Config {
        global: builder.reader.global.model.clone(),
        frontends: Vec::new(),
        backends: Vec::new(),
        listeners: Vec::new(),
        log_targets: Vec::new(),
        tables: proxies.iter().filter_map(|draft| draft.stick_table.clone()).collect(),
        asks_about_servers: proxies.iter().any(|draft| !draft.acls.asked().is_empty()),
    };
    config.global.log = global_log.iter().map(|target| builder.targets.id(target.clone())).collect();
    for (at, draft) in proxies.iter().enumerate() {
        builder.check(draft);
        let log = builder.log(draft, &global_log);
        if draft.kind.has_front() {
            let id = FrontendId(index(config.frontends.len()));
            config.listeners.extend(listeners(draft, id));
            let frontend = builder.frontend(draft, &log);
            config.frontends.push(Arc::new(frontend));
        } else {
            builder.switch_rules(draft);
        }
        if draft.kind.has_back() {
            let external_check = builder.external_check(draft, at);
            let backend = Backend { external_check, ..builder.backend(at, draft, log) };
            config.backends.push(Arc::new(backend));
        } else {
            builder.server_rules(draft);
        }
    }
    config.log_targets = builder.targets.list;
    if config.global.log_send_hostname.is_some() {
        // `local` is RFC 3164 without the host's name, and now that is wanted.
        let local = config.log_targets.iter_mut().filter(|target| target.wire == LogWire::Local);
        local.for_each(|target| target.wire = LogWire::Rfc3164);
    }
    (config, builder.reader.problems)
}

fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// One warning for the first line about the statistics page.
fn warn_of_stats(reader: &mut Reader<'_>) {
    let defaults = reader.defaults.iter().map(|defaults| &defaults.draft);
    if let Some(place) = defaults.chain(&reader.proxies).find_map(|draft| draft.stats_at.clone()) {
        let message = "the statistics page is not served yet; its keywords are only checked.";
        reader.add(Weight::Warning, place, message.to_owned(), "everything else works without it".to_owned());
    }
}

/// Each `id` only once.
fn check_ids(reader: &mut Reader<'_>) {
    let mut seen: Map<u32, (Arc<str>, Place)> = Map::new();
    let mut clashes = Vec::new();
    for draft in &reader.proxies {
        let Some((id, place)) = &draft.id else { continue };
        if let Some((name, first)) = seen.get(id) {
            let message = format!(
                "proxy {} reuses same custom id as proxy {name} (declared at {}:{}).",
                draft.name, first.file, first.line
            );
            clashes.push((place.clone(), message));
        } else {
            seen.insert(*id, (Arc::clone(&draft.name), place.clone()));
        }
    }
    for (place, message) in clashes {
        reader.add(Weight::Alert, place, message, "choose another number, or leave it out".to_owned());
    }
}

/// The sockets of a proxy.
fn listeners(draft: &ProxyDraft, frontend: FrontendId) -> impl Iterator<Item = Listener> {
    draft.binds.iter().flat_map(move |(bind, place)| {
        bind.addresses.iter().map(move |address| {
            let mut options = bind.options.clone();
            options.backlog = options.backlog.or(draft.settings.backlog);
            options.smart_accept = draft.settings.mode == Mode::Http;
            Listener {
                frontend,
                name: bind.name.as_deref().map(Arc::from),
                address: address.clone(),
                maxconn: bind.maxconn,
                options,
                at: format!("{}:{}", place.file, place.line),
            }
        })
    })
}

/// The servers of a proxy. One without an `id` gets the number of its place, or the next that is free: none
/// that a server has, and none below one that was given so.
fn servers(draft: &ProxyDraft, at: usize, tracks: &Tracks) -> Vec<Arc<Server>> {
    let taken: Set<u32> = draft.servers.iter().filter_map(|server| server.id).collect();
    let http = draft.settings.mode == Mode::Http;
    let mut next = 1;
    let mut servers = Vec::new();
    for (position, server) in draft.servers.iter().enumerate() {
        if server.id.is_none() {
            while taken.contains(&next) {
                next += 1;
            }
        }
        let id = server.id.unwrap_or(next);
        servers.extend(server.build().map(|server| {
            let cookie = server.cookie.clone().or_else(|| own_cookie(draft, &server));
            let track = tracks.get(&(at, position)).cloned();
            let observe = server.observe.filter(|observe| http || observe.layer == Layer::Four);
            Arc::new(Server { id, cookie, track, observe, ..server })
        }));
        next += 1;
    }
    servers
}

/// The cookie of a server that is given none, if it is made of its address.
fn own_cookie(draft: &ProxyDraft, server: &Server) -> Option<Arc<str>> {
    let dynamic = draft.settings.cookie.as_ref().is_some_and(|cookie| cookie.dynamic);
    let secret = draft.settings.dynamic_cookie_key.as_deref().filter(|_| dynamic)?;
    dynamic_cookie(secret, &server.address).map(Arc::from)
}

/// Rules whose conditions are finished.
fn finished(rules: &[rules::Draft], draft: &ProxyDraft) -> Vec<Rule> {
    rules.iter().map(|rule| rule.finish(&draft.acls)).collect()
}

/// The `tcp-request` lines of a proxy.
fn inspection(draft: &ProxyDraft) -> Inspection {
    let finish = |rule: &ContentDraft| ContentRule {
        ruling: rule.ruling,
        condition: rule.condition.as_ref().map(|condition| condition.finish(&draft.acls)),
    };
    Inspection { delay: draft.inspect_delay, rules: draft.content_rules.iter().map(finish).collect() }
}

/// The numbers of all proxies: their own, or the next that is free.
fn proxy_ids(proxies: &[ProxyDraft]) -> Vec<u32> {
    let taken: Set<u32> = proxies.iter().filter_map(|draft| draft.id.as_ref().map(|(id, _)| *id)).collect();
    let mut next = 1;
    let number = |draft: &ProxyDraft| {
        if let Some((id, _)) = &draft.id {
            return *id;
        }
        while taken.contains(&next) {
            next += 1;
        }
        next += 1;
        next - 1
    };
    proxies.iter().map(number).collect()
}

/// Where a proxy listens first, if on addresses that have a name.
fn listens_at(draft: &ProxyDraft) -> Option<Address> {
    draft.binds.iter().flat_map(|(bind, _)| &bind.addresses).find_map(|address| match address {
        BindAddress::Ip(socket) => Some(Address::Ip(*socket)),
        BindAddress::Unix(path) => Some(Address::Unix(path.as_str().into())),
        BindAddress::Fd(_) => None,
    })
}

struct Builder<'p, 'e> {
    targets: LogTargets,
    /// Backends by name: their ids, and their positions among all proxies.
    backend_ids: Map<Arc<str>, (BackendId, usize)>,
    /// Stick tables by name.
    table_ids: Map<&'p str, TableId>,
    proxies: &'p [ProxyDraft],
    tracks: Tracks,
    proxy_ids: Vec<u32>,
    reader: Reader<'e>,
}

impl Builder<'_, '_> {
    fn warn(&mut self, place: &Place, message: String, help: &str) {
        self.reader.add(Weight::Warning, place.clone(), message, help.to_owned());
    }

    /// What is odd about a proxy as a whole.
    fn check(&mut self, draft: &ProxyDraft) {
        let title = draft.title();
        let settings = &draft.settings;
        if settings.disabled {
            return;
        }
        if draft.kind.has_front() && draft.binds.is_empty() {
            let message = format!(
                "{title} has no 'bind' directive. Please declare it as a backend if this was intended."
            );
            self.warn(&draft.place, message, "add a line such as `bind :8080`");
        }
        let front_missing = draft.kind.has_front() && settings.client.client.is_none();
        let back_missing = draft.kind.has_back()
            && !draft.servers.is_empty()
            && (settings.server.connect.is_none() || settings.server.server.is_none());
        if front_missing || back_missing {
            let help = "without them a silent peer holds its connection for ever: set `timeout client`, `timeout \
                        connect` and `timeout server`";
            self.warn(&draft.place, format!("missing timeouts for {title}."), help);
        }
        self.check_external(draft, &title);
        self.check_asked(draft);
        if settings.mode == Mode::Tcp {
            self.check_tcp(draft, &title);
        } else if let Some(rule) = draft.content_rules.first() {
            let message =
                format!("'tcp-request content' in {title}, which is in HTTP mode, is not supported yet.");
            let help = "`http-request` rules see what HTTP clients send".to_owned();
            self.reader.add(Weight::Alert, rule.place.clone(), message, help);
        }
    }

    /// Backends and servers that conditions ask about.
    fn check_asked(&mut self, draft: &ProxyDraft) {
        for Asked { fetch, named } in draft.acls.asked() {
            let (backend, server) = match named {
                Some((Names::Server, name)) => {
                    let (backend, server) = name.split_once('/').unwrap_or((&draft.name, name));
                    (backend, Some(server))
                }
                Some((Names::Backend | Names::Nothing, name)) => (name.as_str(), None),
                None => (&*draft.name, None),
            };
            let found = self.proxies.iter().find(|other| &*other.name == backend);
            let missing = match (found, server) {
                (None, None) => format!("unable to find backend '{backend}'"),
                (None, Some(_)) => format!("unable to find proxy '{backend}'"),
                (Some(found), None) if found.kind.has_back() => continue,
                (Some(_), None) => format!("proxy '{backend}',"),
                (Some(found), Some(server)) if found.servers.iter().any(|own| own.name == server) => continue,
                (Some(_), Some(server)) => format!("unable to find server '{server}' in proxy '{backend}',"),
            };
            let end = if found.is_some() && server.is_none() { ", has not backend capability" } else { "" };
            let message = format!(
                "{missing} referenced in arg 1 of ACL keyword '{fetch}' in proxy '{}'{end}.",
                draft.name
            );
            let help = match closest(backend, self.backend_ids.keys().map(|name| &**name)) {
                Some(meant) if meant != backend => format!("did you mean `{meant}`?"),
                _ => format!("for example: {fetch}(web{})", if server.is_some() { "/www1" } else { "" }),
            };
            self.reader.add(Weight::Alert, draft.place.clone(), message, help);
        }
    }

    /// What checks by programs ask for.
    fn check_external(&mut self, draft: &ProxyDraft, title: &str) {
        let ExternalDraft { wanted, command, path } = &draft.settings.external_check;
        if let Some(place) = wanted {
            self.check_external_needs(draft, place, command.is_some());
        } else {
            for (what, line) in [("command", command), ("path", path)] {
                if let Some((_, place)) = line {
                    let message = format!(
                        "'external-check {what}' will be ignored for {title} (requires 'option external-check')."
                    );
                    self.warn(place, message, "add `option external-check`");
                }
            }
        }
        if let (Some((command, place)), None) = (command, path)
            && !command.starts_with('/')
        {
            let message = format!(
                "Proxy '{}': 'external-check command' does not have a leading '/' and 'external-check path' is not set.",
                draft.name
            );
            let help = "write the whole path, or add `external-check path /usr/bin:/bin`".to_owned();
            self.reader.add(Weight::Alert, place.clone(), message, help);
        }
    }

    /// What `option external-check` does not work without.
    fn check_external_needs(&mut self, draft: &ProxyDraft, place: &Place, has_command: bool) {
        let global = &self.reader.global.model;
        let (allowed, fork_wanted) = (global.external_check.allowed, global.fork_wanted);
        let needs = [
            (allowed, "global.external-check", "add `external-check` to section global"),
            (has_command, "external-check command", "for example: external-check command /bin/true"),
        ];
        for (there, what, help) in needs {
            if !there {
                let message = format!(
                    "Proxy '{}' : 'option external-check' unable to find required '{what}'.",
                    draft.name
                );
                self.reader.add(Weight::Alert, place.clone(), message, help.to_owned());
            }
        }
        if !fork_wanted {
            let message = format!(
                "Proxy '{}' : 'insecure-fork-wanted' not enabled in the global section, 'option external-check' \
                 will likely fail.",
                draft.name
            );
            self.warn(place, message, "add it; HAProxy starts no program without, unless it runs as root");
        }
    }

    /// How a program checks the servers of a proxy, if one does.
    fn external_check(&mut self, draft: &ProxyDraft, at: usize) -> Option<ExternalCheck> {
        let ExternalDraft { wanted, command, path } = &draft.settings.external_check;
        wanted.as_ref()?;
        Some(ExternalCheck {
            command: command.as_ref()?.0.clone(),
            path: path.as_ref().map(|(path, _)| path.clone()),
            preserve_env: self.reader.global.model.external_check.preserve_env,
            proxy_id: self.proxy_ids.get(at).copied().unwrap_or_default(),
            listens_at: listens_at(draft),
        })
    }

    /// What only works in `mode http`.
    fn check_tcp(&mut self, draft: &ProxyDraft, title: &str) {
        let help = "add `mode http`";
        for server in draft.servers.iter().filter(|server| server.observe == Some(Layer::Seven)) {
            let (proxy, name) = (&draft.name, &server.name);
            let message = format!("'server {proxy}/{name}' : 'layer7' can only be used in http proxies.");
            self.warn(server.place.as_ref().unwrap_or(&draft.place), message, "write `observe layer4`");
        }
        if let Some(place) = &draft.http_rules_at {
            let keyword = if draft.request_rules.is_empty() { "http-response" } else { "http-request" };
            let message = format!("'{keyword}' rules ignored for {title} as they require HTTP mode.");
            self.warn(place, message, help);
        }
        if draft.settings.forward_for.is_some() {
            let message = format!("'option forwardfor' ignored for {title} as it requires HTTP mode.");
            self.warn(&draft.place, message, help);
        }
    }

    /// Log destinations, `log global` resolved.
    fn log(&mut self, draft: &ProxyDraft, global: &[LogTarget]) -> Vec<LogTargetId> {
        let mut ids = Vec::new();
        for line in &draft.settings.log {
            match line {
                LogLine::Global => ids.extend(global.iter().map(|target| self.targets.id(target.clone()))),
                LogLine::Target(target) => ids.push(self.targets.id(target.clone())),
            }
        }
        ids
    }

    fn frontend(&mut self, draft: &ProxyDraft, log: &[LogTargetId]) -> Frontend {
        let settings = &draft.settings;
        let http = settings.mode == Mode::Http;
        let default_backend = self.default_backend(draft);
        let switch_rules = self.switch_rules(draft);
        let backend_names = self.backend_names(&switch_rules, settings.mode);
        let log_format = self.log_format(draft, log);
        Frontend {
            name: Arc::clone(&draft.name),
            mode: settings.mode,
            disabled: settings.disabled,
            maxconn: settings.maxconn,
            default_backend,
            timeouts: settings.client,
            connection_mode: settings.connection_mode,
            forward_for: settings.forward_for.clone().filter(|_| http),
            switch_rules,
            backend_names,
            inspection: inspection(draft),
            monitor_rules: draft.monitor_rules.iter().map(|rule| rule.finish(&draft.acls)).collect(),
            request_rules: finished(&draft.request_rules, draft),
            response_rules: finished(&draft.response_rules, draft),
            request_captures: draft.captures.request.clone(),
            response_captures: draft.captures.response.clone(),
            cookie_capture: draft.cookie_capture.clone().filter(|_| http),
            error_pages: settings.error_pages.clone(),
            log: log.to_vec(),
            log_format,
            dont_log_null: settings.dont_log_null,
            dont_log_normal: settings.dont_log_normal,
            log_asap: false,
            log_separate_errors: settings.log_separate_errors,
            ignore_probes: settings.ignore_probes,
            accept_invalid: settings.accept_invalid,
            monitor_uri: settings.monitor_uri.clone().filter(|_| http),
            log_tag: settings.log_tag.clone(),
        }
    }

    fn log_format(&mut self, draft: &ProxyDraft, log: &[LogTargetId]) -> Format {
        let http = draft.settings.mode == Mode::Http;
        let place = draft.log_style_at.as_ref().unwrap_or(&draft.place);
        let title = draft.title();
        let styled = !matches!(draft.settings.log_style, LogStyle::Short);
        let format = match &draft.settings.log_style {
            LogStyle::Http | LogStyle::HttpClf if !http => {
                let message = format!(
                    "'option httplog' not usable with {title} (needs 'mode http'). Falling back to 'option tcplog'."
                );
                self.warn(place, message, "write `option tcplog`, or add `mode http`");
                Format::tcp()
            }
            LogStyle::Custom(format) => format.clone(),
            LogStyle::Http => Format::http(),
            LogStyle::HttpClf => Format::http_clf(),
            LogStyle::Short => Format::short(http),
            LogStyle::Tcp => Format::tcp(),
        };
        if styled && log.is_empty() && !draft.settings.disabled {
            let message = format!("log format ignored for {title} since it has no log address.");
            self.warn(place, message, "add `log global`, or a `log` line of its own");
        }
        format
    }

    /// Where traffic of a frontend goes: its `default_backend`, or the other half of a `listen`.
    fn default_backend(&mut self, draft: &ProxyDraft) -> Option<BackendId> {
        let Some((name, place)) = &draft.settings.default_backend else {
            let own = self.backend_ids.get(&draft.name).filter(|_| draft.kind == ProxyKind::Listen);
            return own.map(|(id, _)| *id);
        };
        let Some(&(id, at)) = self.backend_ids.get(name.as_str()) else {
            let message =
                format!("Proxy '{}': unable to find required default_backend: '{name}'.", draft.name);
            let help = match closest(name, self.backend_ids.keys().map(|name| &**name)) {
                Some(meant) => format!("did you mean `default_backend {meant}`?"),
                None => format!("add a section `backend {name}`"),
            };
            self.reader.add(Weight::Alert, place.clone(), message, help);
            return None;
        };
        self.check_mode(draft, at, place, "as its default backend");
        Some(id)
    }

    /// Tells if a proxy and the one it sends traffic to speak differently.
    fn check_mode(&mut self, draft: &ProxyDraft, at: usize, place: &Place, role: &str) {
        let target = &self.proxies[at];
        if target.settings.mode == draft.settings.mode {
            return;
        }
        let word = |mode| if mode == Mode::Http { "http" } else { "tcp" };
        let at = |draft: &ProxyDraft| format!("{}:{}", draft.place.file, draft.place.line);
        let message = format!(
            "{} {} ({}) tries to use incompatible {} {} ({}) {role} (see 'mode').",
            word(draft.settings.mode),
            draft.title(),
            at(draft),
            word(target.settings.mode),
            target.title(),
            at(target),
        );
        self.reader.add(Weight::Alert, place.clone(), message, "give both the same `mode`".to_owned());
    }

    /// The `use_backend` rules of a proxy, their backends found.
    fn switch_rules(&mut self, draft: &ProxyDraft) -> Vec<SwitchRule> {
        let mut rules = Vec::new();
        for SwitchDraft { name, format, condition, place } in &draft.switch_rules {
            let condition = condition.as_ref().map(|condition| condition.finish(&draft.acls));
            if let Some(format) = format {
                rules.push(SwitchRule { backend: Choice::Named(format.clone()), condition });
                continue;
            }
            let Some(&(id, at)) = self.backend_ids.get(name.as_str()) else {
                let message =
                    format!("Proxy '{}': unable to find required use_backend: '{name}'.", draft.name);
                let help = match closest(name, self.backend_ids.keys().map(|name| &**name)) {
                    Some(meant) => format!("did you mean `use_backend {meant}`?"),
                    None => format!("add a section `backend {name}`"),
                };
                self.reader.add(Weight::Alert, place.clone(), message, help);
                continue;
            };
            self.check_mode(draft, at, place, "in a 'use_backend' rule");
            rules.push(SwitchRule { backend: Choice::Fixed(id), condition });
        }
        rules
    }

    /// All backends that names of the moment can lead to; none where no rule asks.
    fn backend_names(&self, rules: &[SwitchRule], mode: Mode) -> Arc<Map<Arc<str>, BackendId>> {
        if !rules.iter().any(|rule| matches!(rule.backend, Choice::Named(_))) {
            return Arc::default();
        }
        let fits = |at: &usize| self.proxies[*at].settings.mode == mode;
        let ids = self.backend_ids.iter().filter(|(_, (_, at))| fits(at));
        Arc::new(ids.map(|(name, (id, _))| (Arc::clone(name), *id)).collect())
    }

    /// The `use-server` rules of a proxy, their servers found.
    fn server_rules(&mut self, draft: &ProxyDraft) -> Vec<ServerRule> {
        let names: Vec<Arc<str>> = draft.servers.iter().map(|server| server.name.as_str().into()).collect();
        let mut rules = Vec::new();
        for ServerRuleDraft { name, format, condition, place } in &draft.server_rules {
            let condition = condition.finish(&draft.acls);
            let found = names.iter().position(|own| **own == **name);
            let server = match (format, found) {
                (Some(format), _) => Choice::Named(format.clone()),
                (None, Some(at)) => Choice::Fixed(ServerId(index(at))),
                (None, None) => {
                    let title = draft.title();
                    let message = format!(
                        "{title} : unable to find server '{name}' referenced in a 'use-server' rule."
                    );
                    let help = match closest(name, names.iter().map(|name| &**name)) {
                        Some(meant) => format!("did you mean `use-server {meant}`?"),
                        None => format!("add a line `server {name} ..`"),
                    };
                    self.reader.add(Weight::Alert, place.clone(), message, help);
                    continue;
                }
            };
            rules.push(ServerRule { server, condition });
        }
        rules
    }

    /// The stick rules of a proxy, their tables found.
    fn stick_rules(&mut self, draft: &ProxyDraft) -> Vec<StickRule> {
        let mut rules = Vec::new();
        for StickDraft { action, key, table, condition, place } in &draft.stick_rules {
            if let Some(&id) = self.table_ids.get(table.as_str()) {
                let condition = condition.as_ref().map(|condition| condition.finish(&draft.acls));
                rules.push(StickRule { action: *action, key: key.clone(), table: id, condition });
                continue;
            }
            let message = format!("Proxy '{}': unable to find stick-table '{table}'.", draft.name);
            let help = "add `stick-table type .. size ..` to the section of this name".to_owned();
            self.reader.add(Weight::Alert, place.clone(), message, help);
        }
        rules
    }

    fn backend(&mut self, at: usize, draft: &ProxyDraft, log: Vec<LogTargetId>) -> Backend {
        let settings = &draft.settings;
        let persist_rule = |rule: &PersistDraft| PersistRule {
            persistence: rule.persistence,
            condition: rule.condition.finish(&draft.acls),
        };
        let mut findings = Findings::default();
        let check = settings.check.build(&draft.title(), &mut findings);
        for finding in findings.list {
            self.reader.add(finding.weight, draft.place.clone(), finding.message, finding.help);
        }
        Backend {
            name: Arc::clone(&draft.name),
            listen: draft.kind == ProxyKind::Listen,
            mode: settings.mode,
            disabled: settings.disabled,
            balance: match settings.balance {
                Balance::Hash(_) => Balance::Hash(settings.mapping),
                other => other,
            },
            hashing: settings.hashing.clone(),
            servers: servers(draft, at, &self.tracks),
            timeouts: settings.server,
            retries: settings.retries,
            // Only requests can be told apart from their answers.
            retry_on: if settings.mode == Mode::Http { settings.retry_on } else { RetryOn::default() },
            redispatch: settings.redispatch,
            reuse: settings.reuse,
            fullconn: settings.fullconn,
            connection_mode: settings.connection_mode,
            forward_for: settings.forward_for.clone().filter(|_| settings.mode == Mode::Http),
            all_backups: settings.all_backups,
            cookie: settings.cookie.clone().filter(|_| settings.mode == Mode::Http),
            inspection: if draft.kind.has_front() { Inspection::default() } else { inspection(draft) },
            rdp_persistence: settings.rdp_persistence.clone(),
            persist: settings.persist,
            persist_rules: draft.persist_rules.iter().map(persist_rule).collect(),
            server_rules: self.server_rules(draft),
            stick_rules: self.stick_rules(draft),
            abort_on_close: settings.abort_on_close,
            request_rules: finished(&draft.request_rules, draft),
            response_rules: finished(&draft.response_rules, draft),
            error_pages: settings.error_pages.clone(),
            log,
            external_check: None,
            log_health_checks: settings.log_health_checks,
            check,
        }
    }
}
