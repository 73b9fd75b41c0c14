//! Names and numbers of a backend's servers: each only once.

use super::draft::ServerDraft;
use crate::base::map::Map;
use crate::config::finding::Findings;

/// The names and ids of a backend's servers so far, each with the line that gives it.
#[derive(Clone, Debug, Default)]
pub struct ServerNames {
    names: Map<String, LinePlace>,
    ids: Map<u32, (LinePlace, String)>,
}

/// Where a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePlace {
    /// The file, as it was given.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

impl ServerNames {
    /// Adds `server`, whose line is at `place` with these `words`. Reports a name or an id that is taken.
    pub fn add(
        &mut self,
        backend: &str,
        server: &ServerDraft,
        words: &[&str],
        place: &LinePlace,
        findings: &mut Findings,
    ) {
        let name = &server.name;
        match self.names.get(name) {
            Some(first) => {
                let message = format!(
                    "backend '{backend}', another server named '{name}' was already defined at line {}, please \
                     use distinct names.",
                    first.line
                );
                findings.alert(1, message, format!("the first one is at {}:{}", first.file, first.line));
            }
            None => {
                self.names.insert(name.clone(), place.clone());
            }
        }
        let Some(id) = server.id else { return };
        match self.ids.get(&id) {
            Some((first, other)) => {
                let message = format!(
                    "'server {backend}/{name}' : 'id' : custom id {id} already used at {}:{} ('server {other}')",
                    first.file, first.line
                );
                let word = words.iter().rposition(|word| *word == "id").map_or(0, |at| at + 1);
                findings.alert(word, message, "choose another number, or leave it out");
            }
            None => {
                self.ids.insert(id, (place.clone(), name.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(names: &mut ServerNames, line: usize, name: &str, id: Option<u32>) -> Vec<String> {
        let mut findings = Findings::default();
        let server = ServerDraft { name: name.to_owned(), id, ..ServerDraft::default() };
        let place = LinePlace { file: "web.cfg".to_owned(), line };
        names.add("web", &server, &["server", name, "127.0.0.1:80", "id", "5"], &place, &mut findings);
        findings
            .list
            .into_iter()
            .map(|finding| format!("word {}: {}", finding.word, finding.message))
            .collect()
    }

    #[test]
    fn a_name_or_an_id_is_taken_once() {
        let mut names = ServerNames::default();

        assert!(add(&mut names, 3, "s1", Some(5)).is_empty());
        assert!(add(&mut names, 4, "s2", None).is_empty());
        assert_eq!(
            add(&mut names, 5, "s2", Some(5)),
            [
                "word 1: backend 'web', another server named 's2' was already defined at line 4, please use \
                 distinct names.",
                "word 4: 'server web/s2' : 'id' : custom id 5 already used at web.cfg:3 ('server s1')",
            ]
        );
    }
}
