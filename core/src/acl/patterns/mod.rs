//! Patterns of one test: read one by one, then built into what finds them fast.

mod networks;
mod numbers;
mod texts;
mod words;

pub(super) use numbers::Operator;

use std::net::IpAddr;

use networks::{Networks, NetworksDraft};
use numbers::{Ranges, range};
use regex::bytes::{RegexSet, RegexSetBuilder};
use texts::{Place, Texts};
use words::Words;

use super::{AclProblem, Method, Outside};
use crate::sample::{Type, Value};

/// What delimits directories.
const DIRECTORY: &[u8] = b"/?";

/// What delimits parts of a domain.
const DOMAIN: &[u8] = b"/?.:";

/// Most bytes that compiled regular expressions of one test may take.
const REGEX_SIZE_MAX: usize = 64 * 1024 * 1024;

/// Methods that HAProxy knows by number: patterns of these names look at case, whatever the flags.
const VERBS: [&[u8]; 8] = [b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT", b"TRACE"];

/// Patterns while they are read.
pub(super) struct PatternsDraft {
    method: Method,
    numbers: Vec<(i64, i64)>,
    networks: NetworksDraft,
    plain: Vec<Box<[u8]>>,
    folded: Vec<Box<[u8]>>,
    regexes: Vec<String>,
}

/// How a pattern is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) operator: Operator,
    /// `-i`
    pub(super) ignore_case: bool,
    /// Not `-n`: host names are addresses.
    pub(super) resolve: bool,
    pub(super) outside: Outside<'a>,
}

impl PatternsDraft {
    pub(super) fn new(method: Method) -> PatternsDraft {
        PatternsDraft {
            method,
            numbers: Vec::new(),
            networks: NetworksDraft::default(),
            plain: Vec::new(),
            folded: Vec::new(),
            regexes: Vec::new(),
        }
    }

    /// Reads one pattern.
    pub(super) fn add(&mut self, text: &str, reading: Reading<'_>) -> Result<(), AclProblem> {
        match self.method {
            Method::Boolean | Method::Found => {}
            Method::Integer | Method::Length => self.numbers.push(range(text, reading.operator)?),
            Method::Network => {
                let resolve: &dyn Fn(&str) -> Vec<IpAddr> = reading.outside.resolve;
                if !self.networks.add(text, reading.resolve.then_some(resolve)) {
                    return Err(AclProblem::BadAddress(text.to_owned()));
                }
            }
            Method::Binary => self.plain.push(bytes_of(text).ok_or(AclProblem::BadHex)?),
            Method::Regex => {
                let flag = if reading.ignore_case { "(?i)" } else { "" };
                let pattern = format!("{flag}{text}");
                compile(std::slice::from_ref(&pattern))
                    .map_err(|why| AclProblem::BadRegex { text: text.to_owned(), why })?;
                self.regexes.push(pattern);
            }
            Method::Substring => {
                let flag = if reading.ignore_case { "(?i)" } else { "" };
                self.regexes.push(format!("{flag}{}", regex::escape(text)));
            }
            Method::Verb if VERBS.contains(&text.as_bytes()) => self.plain.push(text.as_bytes().into()),
            Method::Begins
            | Method::Directory
            | Method::Domain
            | Method::Ends
            | Method::Exact
            | Method::Verb => {
                let list = if reading.ignore_case { &mut self.folded } else { &mut self.plain };
                list.push(text.as_bytes().into());
            }
        }
        Ok(())
    }

    pub(super) fn build(self) -> Result<Patterns, AclProblem> {
        let (plain, folded) = (self.plain, self.folded);
        Ok(match self.method {
            Method::Begins => Patterns::Begin(Texts::new(plain, folded, Place::Beginning)),
            Method::Binary => Patterns::Binary(Texts::new(plain, folded, Place::Whole)),
            Method::Boolean => Patterns::True,
            Method::Directory => Patterns::Words(Words::new(plain, folded, DIRECTORY)),
            Method::Domain => Patterns::Words(Words::new(plain, folded, DOMAIN)),
            Method::Ends => Patterns::End(Texts::new(plain, folded, Place::End)),
            Method::Exact => Patterns::Are(Texts::new(plain, folded, Place::Whole)),
            Method::Found => Patterns::Any,
            Method::Integer => Patterns::Numbers(Ranges::new(self.numbers)),
            Method::Length => Patterns::Lengths(Ranges::new(self.numbers)),
            Method::Network => Patterns::Networks(self.networks.build()),
            Method::Regex | Method::Substring => Patterns::Regexes(
                compile(&self.regexes)
                    .map_err(|why| AclProblem::BadRegex { text: self.regexes.join(" "), why })?,
            ),
            Method::Verb => Patterns::Verbs(Texts::new(plain, folded, Place::Whole)),
        })
    }
}

/// Compiles expressions over bytes, as HAProxy's are; gives the reason in one line where that fails.
fn compile(patterns: &[String]) -> Result<RegexSet, String> {
    let built = RegexSetBuilder::new(patterns).unicode(false).size_limit(REGEX_SIZE_MAX).build();
    built.map_err(|error| {
        let told = error.to_string();
        let last = told.lines().last().unwrap_or_default();
        last.trim_start_matches("error: ").to_owned()
    })
}

/// The bytes that pairs of hexadecimal digits tell.
fn bytes_of(text: &str) -> Option<Box<[u8]>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    });
    pairs.collect()
}

/// Patterns of one test.
#[derive(Clone)]
pub(super) enum Patterns {
    /// Any value.
    Any,
    Are(Texts),
    Begin(Texts),
    Binary(Texts),
    End(Texts),
    Lengths(Ranges<i64>),
    Networks(Networks),
    Numbers(Ranges<i64>),
    Regexes(RegexSet),
    /// A value that is true.
    True,
    Verbs(Texts),
    Words(Words),
}

impl Patterns {
    /// The type in which values are to come.
    pub(super) fn wanted(&self) -> Option<Type> {
        match self {
            Patterns::Any => None,
            Patterns::Are(_)
            | Patterns::Begin(_)
            | Patterns::End(_)
            | Patterns::Lengths(_)
            | Patterns::Regexes(_)
            | Patterns::Verbs(_)
            | Patterns::Words(_) => Some(Type::Text),
            Patterns::Binary(_) => Some(Type::Binary),
            Patterns::Networks(_) => Some(Type::Address),
            Patterns::Numbers(_) | Patterns::True => Some(Type::Integer),
        }
    }

    /// Whether one of them fits the value; `text` is its text or its bytes.
    pub(super) fn fit(&self, value: Value, text: &[u8]) -> bool {
        match self {
            Patterns::Any => true,
            Patterns::Are(texts) | Patterns::Binary(texts) => texts.is(text),
            Patterns::Begin(texts) => texts.begin(text),
            Patterns::End(texts) => texts.end(text),
            Patterns::Lengths(ranges) => ranges.contains(text.len() as i64),
            Patterns::Networks(networks) => {
                matches!(value, Value::Address(address) if networks.contain(address))
            }
            Patterns::Numbers(ranges) => matches!(value, Value::Integer(number) if ranges.contains(number)),
            Patterns::Regexes(set) => set.is_match(text),
            Patterns::True => matches!(value, Value::Integer(number) if number != 0),
            Patterns::Verbs(texts) if VERBS.contains(&text) => texts.is_plain(text),
            Patterns::Verbs(texts) => texts.is(text),
            Patterns::Words(words) => words.find(text),
        }
    }
}
