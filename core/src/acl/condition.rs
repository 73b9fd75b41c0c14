//! Conditions: what stands behind `if` and `unless` (configuration manual 7.2).
//!
//! A condition is read where it stands, and finished when its section is: a later line may still add to an
//! ACL. The finished form is flat: each step is a test and where to go when it holds and when it does not.

use std::sync::Arc;

use super::list::AclId;
use super::{AclError, AclProblem, Acls, Conflict, Outside, Test};
use crate::sample::{Needs, Scope};

/// A condition whose ACLs may still grow.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Alternatives; all terms of one must hold.
    clauses: Vec<Vec<Term>>,
    unless: bool,
    offers: Needs,
}

#[derive(Clone, Debug)]
struct Term {
    acl: Acl,
    negated: bool,
}

#[derive(Clone, Debug)]
enum Acl {
    Anonymous(Arc<Test>),
    Named(AclId),
}

impl Draft {
    /// Reads the words behind `if`, or `unless`. `offers` is what is known where the condition stands.
    pub fn compile(
        words: &[&str],
        unless: bool,
        offers: Needs,
        acls: &mut Acls,
        outside: Outside<'_>,
    ) -> Result<Draft, AclError> {
        let mut clauses = vec![Vec::new()];
        let mut negated = false;
        let mut at = 0;
        while let Some(&word) = words.get(at) {
            let bare = word.trim_start_matches('!');
            negated ^= (word.len() - bare.len()) % 2 == 1;
            let start = at;
            at += 1;
            let acl = match bare {
                "" => continue,
                "or" | "||" => {
                    clauses.push(Vec::new());
                    negated = false;
                    continue;
                }
                "{" => {
                    let length = words[at..].iter().position(|word| *word == "}");
                    let Some(length) = length else {
                        return Err(AclError { word: start, problem: AclProblem::Unclosed });
                    };
                    let test = Test::compile(&words[at..at + length], outside)
                        .map_err(|error| AclError { word: at + error.word, ..error })?;
                    acls.note(&test);
                    at += length + 1;
                    Acl::Anonymous(Arc::new(test))
                }
                name => {
                    let found = acls.find(name, outside);
                    Acl::Named(found.map_err(|problem| AclError { word: start, problem })?)
                }
            };
            if let Some(clause) = clauses.last_mut() {
                clause.push(Term { acl, negated });
            }
            negated = false;
        }
        clauses.retain(|clause| !clause.is_empty());
        // Who runs a condition knows all backends.
        Ok(Draft { clauses, unless, offers: offers | Needs::FARM })
    }

    /// The first of its tests that cannot hold where the condition stands.
    pub fn conflict(&self, acls: &Acls) -> Option<Conflict> {
        self.clauses.iter().flatten().find_map(|term| match &term.acl {
            Acl::Named(id) => acls.conflict(*id, self.offers),
            Acl::Anonymous(test) if !self.offers.covers(test.needs()) => {
                Some(Conflict { acl: None, keyword: test.keyword().to_owned(), never: true })
            }
            Acl::Anonymous(_) => None,
        })
    }

    /// Keywords of anonymous tests that have no pattern, and no sign that this is meant.
    pub fn bare(&self) -> impl Iterator<Item = &str> {
        self.clauses.iter().flatten().filter_map(|term| match &term.acl {
            Acl::Anonymous(test) if test.is_bare => Some(test.keyword()),
            Acl::Anonymous(_) | Acl::Named(_) => None,
        })
    }

    /// The condition, with all that its ACLs came to hold.
    pub fn finish(&self, acls: &Acls) -> Condition {
        let (yes, no) = if self.unless { (FALSE, TRUE) } else { (TRUE, FALSE) };
        let mut program = Vec::new();
        for (number, clause) in self.clauses.iter().enumerate() {
            let length: usize = clause.iter().map(|term| term.tests(acls).len()).sum();
            let last = number + 1 == self.clauses.len();
            let next_clause = if last { no } else { place(program.len() + length) };
            for (at, term) in clause.iter().enumerate() {
                let tests = term.tests(acls);
                let next_term = match at + 1 == clause.len() {
                    true => yes,
                    false => place(program.len() + tests.len()),
                };
                let (hit, miss) =
                    if term.negated { (next_clause, next_term) } else { (next_term, next_clause) };
                for (at, test) in tests.iter().enumerate() {
                    let next_test = place(program.len() + 1);
                    let miss = if at + 1 == tests.len() { miss } else { next_test };
                    // A test of what is not known here never holds.
                    let hit = if self.offers.covers(test.needs()) { hit } else { miss };
                    program.push(Step { test: Arc::clone(test), hit, miss });
                }
            }
        }
        let start = if program.is_empty() { no } else { place(0) };
        Condition { program: program.into(), start }
    }
}

impl Term {
    fn tests<'a>(&'a self, acls: &'a Acls) -> &'a [Arc<Test>] {
        match &self.acl {
            Acl::Anonymous(test) => std::slice::from_ref(test),
            Acl::Named(id) => acls.tests(*id),
        }
    }
}

/// Where a program ends: the condition holds, or not.
const TRUE: u32 = u32::MAX;
const FALSE: u32 = u32::MAX - 1;

fn place(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(FALSE)
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    program: Arc<[Step]>,
    start: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    test: Arc<Test>,
    hit: u32,
    miss: u32,
}

/// What a condition says while more bytes may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It does not hold, whatever comes.
    Fails,
    /// It holds, whatever comes.
    Holds,
    /// It depends on what comes.
    Open,
}

impl Condition {
    /// Whether it holds. `scratch` is as long after as before.
    pub fn holds(&self, scope: &Scope<'_>, scratch: &mut Vec<u8>) -> bool {
        let mut at = self.start;
        while let Some(step) = self.program.get(at as usize) {
            let next =
                if step.hit == step.miss || !step.test.holds(scope, scratch) { step.miss } else { step.hit };
            debug_assert!(next > at, "programs only go forward");
            at = next;
        }
        at == TRUE
    }

    /// Whether it holds, where that may still depend on bytes to come: a test that does goes both ways, and the
    /// condition is open if the ways end differently.
    pub fn judge(&self, scope: &Scope<'_>, scratch: &mut Vec<u8>) -> Judgement {
        let mut ahead = vec![false; self.program.len()];
        let (mut holds, mut fails) = (false, false);
        let mut go = |to: u32, ahead: &mut Vec<bool>| match to {
            TRUE => holds = true,
            FALSE => fails = true,
            place => ahead[place as usize] = true,
        };
        go(self.start, &mut ahead);
        for (at, step) in self.program.iter().enumerate() {
            if !ahead[at] {
                continue;
            }
            if step.hit == step.miss {
                go(step.miss, &mut ahead);
            } else if step.test.undecided(scope) {
                go(step.hit, &mut ahead);
                go(step.miss, &mut ahead);
            } else {
                let hit = step.test.holds(scope, scratch);
                go(if hit { step.hit } else { step.miss }, &mut ahead);
            }
        }
        match (holds, fails) {
            (true, true) => Judgement::Open,
            (true, false) => Judgement::Holds,
            (false, _) => Judgement::Fails,
        }
    }
}
