//! The ACLs of one proxy section, as its lines declare them.

use std::sync::Arc;

use super::keyword::PREDEFINED;
use super::{AclError, AclProblem, Outside, Test};
use crate::base::map::Map;
use crate::keyword::{Kind, closest, is_known};
use crate::sample::{Names, Needs};

/// ACLs by name. Lines of one name are alternatives.
#[derive(Clone, Debug, Default)]
pub struct Acls {
    named: Map<String, usize>,
    /// What tests ask about backends and servers.
    asked: Vec<Asked>,
    tests: Vec<Vec<Arc<Test>>>,
}

/// A test asks about backends or servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The fetch.
    pub fetch: &'static str,
    /// The backend or server that it names; otherwise it asks about the exchange's own backend.
    pub named: Option<(Names, String)>,
}

/// What of a condition can never hold where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The ACL; `None` for one without a name.
    pub acl: Option<String>,
    /// The keyword that cannot be had.
    pub keyword: String,
    /// No other test of the ACL can hold either.
    pub never: bool,
}

/// An ACL of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AclId(usize);

impl Acls {
    /// Reads a test and adds it to the ACL of this name. Tells whether the test has no pattern that it could
    /// match, and no sign that this is meant.
    pub fn declare(&mut self, name: &str, words: &[&str], outside: Outside<'_>) -> Result<bool, AclError> {
        let test = Test::compile(words, outside)?;
        let is_bare = test.is_bare;
        self.note(&test);
        let id = self.open(name);
        self.tests[id.0].push(Arc::new(test));
        Ok(is_bare)
    }

    /// Keeps what a test asks about backends and servers, so that their names can be looked up.
    pub(super) fn note(&mut self, test: &Test) {
        if test.needs().covers(Needs::FARM) {
            let named = test.sample().named();
            let named = named.map(|(names, text)| (names, text.to_owned()));
            self.asked.push(Asked { fetch: test.sample().name(), named });
        }
    }

    /// What all tests ask about backends and servers.
    pub fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// The ACL of this name, or the one that is always there.
    pub(super) fn find(&mut self, name: &str, outside: Outside<'_>) -> Result<AclId, AclProblem> {
        if let Some(id) = self.named.get(name) {
            return Ok(AclId(*id));
        }
        if let Some(known) = PREDEFINED.iter().find(|known| known.name == name) {
            let test = Test::compile(known.words, outside).map_err(|error| error.problem)?;
            let id = self.open(name);
            self.tests[id.0].push(Arc::new(test));
            return Ok(id);
        }
        if is_known(Kind::PredefinedAcl, name) {
            return Err(AclProblem::PlannedAcl(name.to_owned()));
        }
        let declared = self.named.keys().map(String::as_str);
        let meant = closest(name, declared.chain(PREDEFINED.iter().map(|known| known.name)));
        Err(AclProblem::NoSuchAcl { name: name.to_owned(), meant: meant.map(str::to_owned) })
    }

    /// Its tests.
    pub(super) fn tests(&self, id: AclId) -> &[Arc<Test>] {
        &self.tests[id.0]
    }

    /// What of an ACL cannot hold where only this much is known.
    pub(super) fn conflict(&self, id: AclId, offers: Needs) -> Option<Conflict> {
        let tests = self.tests(id);
        let lost = |test: &&Arc<Test>| !offers.covers(test.needs());
        let first = tests.iter().find(lost)?;
        let name = self.named.iter().find(|(_, own)| **own == id.0).map(|(name, _)| name.clone());
        let never = tests.iter().all(|test| lost(&test));
        Some(Conflict { acl: name, keyword: first.keyword().to_owned(), never })
    }

    fn open(&mut self, name: &str) -> AclId {
        let next = self.tests.len();
        let id = *self.named.entry(name.to_owned()).or_insert(next);
        if id == next {
            self.tests.push(Vec::new());
        }
        AclId(id)
    }
}
