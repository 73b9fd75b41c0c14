//! Which section a line opens (configuration manual 2.3 and 4).

use std::sync::Arc;

use super::draft::{ProxyDraft, ProxyKind, Settings};
use super::finding::Weight;
use super::problem::Place;
use super::reader::{Defaults, Reader, Split};
use crate::keyword::{Kind, closest, is_known, names};

/// Where lines belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// The `defaults` section read last.
    Defaults,
    /// `global`.
    Global,
    /// Before the first section of a file.
    None,
    /// The proxy read last.
    Proxy,
    /// A section that could not be opened; it was reported, its lines are passed over.
    Skipped,
}

/// Something was wrong and has been reported.
struct Reported;

impl Reader<'_> {
    /// Opens the section that this line starts, if it starts one.
    pub(super) fn take_section(&mut self, split: &Split<'_>) -> bool {
        let word = split.words[0].text.as_str();
        match word {
            "global" => {
                self.section = Section::Global;
                if split.words.len() > 1 {
                    self.report(
                        split,
                        1,
                        "'global' takes no argument.",
                        "there is one process, without a name",
                    );
                }
            }
            "defaults" => self.open_proxy(split, ProxyKind::Defaults),
            "frontend" => self.open_proxy(split, ProxyKind::Frontend),
            "backend" => self.open_proxy(split, ProxyKind::Backend),
            "listen" => self.open_proxy(split, ProxyKind::Listen),
            _ if is_known(Kind::Section, word) && self.opens_other(split) => {
                self.section = Section::Skipped;
                let message = format!("section '{word}' is known, not supported yet.");
                let help = "remove the section if you can do without; it is refused because leaving it out in \
                            silence would change what happens";
                self.report(split, 0, &message, help);
            }
            _ if self.section == Section::None => {
                self.section = Section::Skipped;
                let message = format!("unknown keyword '{word}' out of section.");
                let help = match closest(word, names(Kind::Section)) {
                    Some(meant) => format!("did you mean section `{meant}`?"),
                    None => {
                        "a configuration starts with a section: global, defaults, frontend, backend or listen"
                            .to_owned()
                    }
                };
                self.report(split, 0, &message, &help);
            }
            _ => return false,
        }
        true
    }

    /// Whether a known section's name opens that section: some are keywords of other sections as well.
    fn opens_other(&self, split: &Split<'_>) -> bool {
        let word = split.words[0].text.as_str();
        match self.section {
            Section::None | Section::Skipped => true,
            Section::Global => !is_known(Kind::Global, word),
            Section::Defaults | Section::Proxy => !is_known(Kind::Proxy, word),
        }
    }

    /// Opens a proxy or a `defaults` section: `KIND NAME [from DEFAULTS]`.
    fn open_proxy(&mut self, split: &Split<'_>, kind: ProxyKind) {
        self.section = Section::Skipped;
        let keyword = kind.keyword();
        let words: Vec<&str> = split.words.iter().map(|word| word.text.as_str()).collect();
        let is_defaults = kind == ProxyKind::Defaults;
        let (name, tail) = match words.get(1) {
            None if is_defaults => ("", 1),
            // `defaults from base` has no name of its own.
            Some(&"from") if is_defaults && words.len() == 3 => ("", 1),
            Some(name) => (*name, 2),
            None => {
                let message = format!("'{keyword}' expects an <id> argument");
                return self.report(split, 1, &message, &format!("for example: {keyword} web"));
            }
        };
        let permitted = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if let Some(character) = name.chars().find(|&character| !permitted(character)) {
            let message = format!("character '{character}' is not permitted in '{keyword}' name '{name}'.");
            self.report(split, 1, &message, "use letters, digits, and any of - _ . :");
        }
        let Ok(from) = self.read_from(split, kind, words.get(tail..).unwrap_or_default(), tail) else {
            return;
        };
        let Some(settings) = self.inherit(split, kind, name, from, tail + 1) else { return };
        let draft = ProxyDraft::new(kind, name, split.whole(), settings);
        if is_defaults {
            self.section = Section::Defaults;
            self.defaults.push(Defaults { draft, named: false, implied: false });
        } else {
            self.section = Section::Proxy;
            self.check_name(&draft, split.place(1));
            self.names.entry(Arc::clone(&draft.name)).or_default().push(self.proxies.len());
            self.proxies.push(draft);
        }
    }

    /// The name behind `from`, if the line has one; nothing else may stand there. `at` is the first word's place.
    fn read_from<'w>(
        &mut self,
        split: &Split<'_>,
        kind: ProxyKind,
        words: &[&'w str],
        at: usize,
    ) -> Result<Option<&'w str>, Reported> {
        let shape = "a section's line is: KIND NAME from DEFAULTS";
        let unexpected =
            |extra: &str| format!("'{}' cannot handle unexpected argument '{extra}'.", kind.keyword());
        match *words {
            [] => return Ok(None),
            ["from", from] => return Ok(Some(from)),
            ["from"] => {
                let message = "'from' expects the name of a defaults section.";
                self.report(split, at + 1, message, shape);
            }
            ["from", _, extra, ..] => self.report(split, at + 2, &unexpected(extra), shape),
            [extra, ..] if kind.has_front() => {
                let message = "please use the 'bind' keyword for listening addresses.";
                let help = format!("write `bind {extra}` on a line of its own");
                self.report(split, at, message, &help);
            }
            [extra, ..] => self.report(split, at, &unexpected(extra), shape),
        }
        Err(Reported)
    }

    /// The settings that a section starts with.
    fn inherit(
        &mut self,
        split: &Split<'_>,
        kind: ProxyKind,
        name: &str,
        from: Option<&str>,
        word: usize,
    ) -> Option<Settings> {
        let is_defaults = kind == ProxyKind::Defaults;
        let found = match from {
            None if is_defaults => return Some(Settings::default()),
            None => self.defaults.len().checked_sub(1),
            Some(from) => Some(self.find_defaults(split, kind, name, from, word)?),
        };
        let Some(found) = found else { return Some(Settings::default()) };
        let defaults = &mut self.defaults[found];
        *(if from.is_some() { &mut defaults.named } else { &mut defaults.implied }) = true;
        let mixed = from.is_none() && defaults.named && !defaults.draft.name.is_empty();
        let mut settings = defaults.draft.settings.clone();
        settings.check = settings.check.inherit();
        if mixed {
            let message = format!(
                "defaults section '{}' (declared at {}:{}) is explicitly referenced by another proxy and implicitly \
                 used here. To avoid any ambiguity don't mix both usage. Add a last defaults section not \
                 explicitly used or always use explicit references.",
                defaults.draft.name, defaults.draft.place.file, defaults.draft.place.line
            );
            self.add(
                Weight::Warning,
                split.place(1),
                message,
                format!("add `from {}` here", { self.defaults[found].draft.name.clone() }),
            );
        }
        Some(settings)
    }

    fn find_defaults(
        &mut self,
        split: &Split<'_>,
        kind: ProxyKind,
        name: &str,
        from: &str,
        word: usize,
    ) -> Option<usize> {
        let user = if kind == ProxyKind::Defaults { "defaults" } else { "proxy" };
        let all: Vec<usize> =
            (0..self.defaults.len()).filter(|&at| &*self.defaults[at].draft.name == from).collect();
        match all[..] {
            [only] => return Some(only),
            [] => {
                let message = format!("defaults section '{from}' not found for {user} '{name}'.");
                let known = self.defaults.iter().map(|defaults| &*defaults.draft.name);
                let help = match closest(from, known) {
                    Some(meant) => format!("did you mean `from {meant}`?"),
                    None => "a defaults section must stand before those that use it".to_owned(),
                };
                self.report(split, word, &message, &help);
            }
            [first, second, ..] => {
                let at = |place: &Place| format!("{}:{}", place.file, place.line);
                let message = format!(
                    "ambiguous defaults section name '{from}' referenced by {user} '{name}' exists at least at {} \
                     and {}.",
                    at(&self.defaults[first].draft.place),
                    at(&self.defaults[second].draft.place)
                );
                self.report(split, word, &message, "give each defaults section a name of its own");
            }
        }
        None
    }

    /// Reports a name that another proxy of the same kind has.
    fn check_name(&mut self, draft: &ProxyDraft, place: Place) {
        let clash = |other: &&ProxyDraft| {
            (other.kind.has_front() && draft.kind.has_front())
                || (other.kind.has_back() && draft.kind.has_back())
        };
        let same = self.names.get(&draft.name).map_or(&[][..], Vec::as_slice);
        if let Some(other) = same.iter().map(|at| &self.proxies[*at]).find(clash) {
            let message = format!(
                "{} has the same name as {} declared at {}:{}.",
                draft.title(),
                other.title(),
                other.place.file,
                other.place.line
            );
            self.add(Weight::Alert, place, message, "give each proxy a name of its own".to_owned());
        }
    }
}
