//! Matching methods: what `-m` takes, and which fetches each fits (configuration manual 7.1, the matrix).

use crate::sample::Type;

/// How a value is compared with patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `beg`: begins with a pattern.
    Begins,
    /// `bin`: is the bytes that hexadecimal digits tell.
    Binary,
    /// `bool`: is true; there are no patterns.
    Boolean,
    /// `dir`: a pattern between slashes or question marks.
    Directory,
    /// `dom`: a pattern between dots, colons, slashes or question marks.
    Domain,
    /// `end`: ends with a pattern.
    Ends,
    /// `str`: is a pattern.
    Exact,
    /// `found`: there is a value; patterns do not count.
    Found,
    /// `int`: is a number, or in a range.
    Integer,
    /// `len`: its length is a number, or in a range.
    Length,
    /// `ip`: is an address, or in a network.
    Network,
    /// `reg`: a regular expression finds something.
    Regex,
    /// `sub`: contains a pattern.
    Substring,
    /// What the fetch `method` has where no `-m` is given: no name leads here.
    Verb,
}

/// Names behind `-m`.
const NAMES: [(&str, Method); 13] = [
    ("beg", Method::Begins),
    ("bin", Method::Binary),
    ("bool", Method::Boolean),
    ("dir", Method::Directory),
    ("dom", Method::Domain),
    ("end", Method::Ends),
    ("found", Method::Found),
    ("int", Method::Integer),
    ("ip", Method::Network),
    ("len", Method::Length),
    ("reg", Method::Regex),
    ("str", Method::Exact),
    ("sub", Method::Substring),
];

impl Method {
    /// The method of this name.
    pub fn of_name(name: &str) -> Option<Method> {
        NAMES.iter().find(|(own, _)| *own == name).map(|(_, method)| *method)
    }

    /// Its name behind `-m`.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, method)| *method == self).map_or("method", |(name, _)| *name)
    }

    /// What is meant where no method is given; bytes have none.
    pub(super) fn default_of(values: Type) -> Option<Method> {
        match values {
            Type::Address => Some(Method::Network),
            Type::Binary => None,
            Type::Boolean => Some(Method::Boolean),
            Type::Integer => Some(Method::Integer),
            Type::Text => Some(Method::Exact),
        }
    }

    /// Whether values of this type can be compared so.
    pub(super) fn takes(self, values: Type) -> bool {
        match self {
            Method::Boolean | Method::Integer => values != Type::Binary,
            Method::Network => matches!(values, Type::Address | Type::Integer | Type::Text),
            Method::Begins
            | Method::Binary
            | Method::Directory
            | Method::Domain
            | Method::Ends
            | Method::Exact
            | Method::Found
            | Method::Length
            | Method::Regex
            | Method::Substring
            | Method::Verb => true,
        }
    }

    /// Whether its patterns are numbers, before which an operator may stand.
    pub(super) fn is_numeric(self) -> bool {
        matches!(self, Method::Integer | Method::Length)
    }

    /// Whether it looks at no pattern.
    pub(super) fn is_bare(self) -> bool {
        matches!(self, Method::Boolean | Method::Found)
    }
}
