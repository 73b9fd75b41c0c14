//! `log-format` strings, compiled (configuration manual 8.2.6). Header values of rules are made of the same.

use super::line::{Flags, Line};
use super::tag::{self, Tag};
use crate::keyword::{Kind, is_known};
use crate::sample::{Needs, Sample, SampleProblem, Scope};

/// What is allowed in a format, and how spaces and absent values show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// What is known when the format is rendered.
    pub offers: Needs,
    /// Log lines: runs of spaces merge, and an absent value shows as `-`.
    pub log: bool,
}

impl Options {
    /// `log-format` and its like.
    pub const LOG: Options = Options { offers: Needs::AT_LOG, log: true };
    /// Values in `http-request` rules.
    pub const REQUEST_RULE: Options = Options { offers: Needs::AT_REQUEST, log: false };
    /// Values in the steps of a check.
    pub const CHECK: Options = Options { offers: Needs::AT_CHECK, log: false };
    /// Values in `http-response` and `http-after-response` rules.
    pub const RESPONSE_RULE: Options = Options { offers: Needs::AT_RESPONSE, log: false };
}

/// A compiled format.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Format {
    pieces: Vec<Piece>,
    /// See [`Options::log`].
    log: bool,
}

/// What is wrong with a format, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong.
    pub problem: FormatProblem,
}

/// What can be wrong with a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatProblem {
    /// A per cent sign with neither a tag nor another one behind it.
    MissingTag,
    /// HAProxy knows this tag, evenkeel does not yet.
    PlannedTag(String),
    /// The expression in brackets is wrong.
    Sample(SampleProblem),
    /// The expression looks at something that is not known here.
    Unavailable {
        /// The fetch.
        fetch: &'static str,
        /// What it needs, in words.
        missing: &'static str,
    },
    /// A brace or bracket stays open.
    Unclosed,
    /// Flags are a sign and one of Q, X, E.
    UnknownFlag(String),
    /// Nobody knows this tag.
    UnknownTag(String),
}

#[derive(Clone, Debug)]
enum Piece {
    Sample(Box<Sample>, Flags),
    Space,
    Tag(&'static Tag, Flags),
    Text(Box<str>),
}

impl PartialEq for Piece {
    fn eq(&self, other: &Piece) -> bool {
        match (self, other) {
            (Piece::Sample(left, flags), Piece::Sample(right, others)) => left == right && flags == others,
            (Piece::Space, Piece::Space) => true,
            (Piece::Tag(left, flags), Piece::Tag(right, others)) => {
                left.name == right.name && flags == others
            }
            (Piece::Text(left), Piece::Text(right)) => left == right,
            (Piece::Sample(..) | Piece::Space | Piece::Tag(..) | Piece::Text(_), _) => false,
        }
    }
}

impl Eq for Piece {}

/// `option httplog`, as manual 8.2.3 spells it.
const HTTP: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
/// `option httplog clf`.
const HTTP_CLF: &str = "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";
/// `option tcplog`, as manual 8.2.2 spells it.
const TCP: &str = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
/// The default, manual 8.2.1.
const SHORT_HTTP: &str = "Connect from %ci:%cp to %fi:%fp (%f/HTTP)";
const SHORT_TCP: &str = "Connect from %ci:%cp to %fi:%fp (%f/TCP)";

impl Format {
    /// Compiles a text.
    pub fn compile(text: &str, options: Options) -> Result<Format, FormatError> {
        let mut compiler = Compiler { text, at: 0, options, base: Flags::default(), pieces: Vec::new() };
        while compiler.at < text.len() {
            compiler.step()?;
        }
        Ok(Format { pieces: compiler.pieces, log: options.log })
    }

    /// `option httplog`.
    pub fn http() -> Format {
        Format::ours(HTTP)
    }

    /// `option httplog clf`.
    pub fn http_clf() -> Format {
        Format::ours(HTTP_CLF)
    }

    /// `option tcplog`.
    pub fn tcp() -> Format {
        Format::ours(TCP)
    }

    /// What a frontend without any of these logs, as soon as it accepts.
    pub fn short(http: bool) -> Format {
        Format::ours(if http { SHORT_HTTP } else { SHORT_TCP })
    }

    fn ours(text: &str) -> Format {
        let compiled = Format::compile(text, Options::LOG);
        debug_assert!(compiled.is_ok(), "the documented formats compile");
        compiled.unwrap_or_default()
    }

    /// Appends the text for one exchange.
    pub fn render(&self, scope: &Scope<'_>, out: &mut Vec<u8>) {
        let mut after_space = true;
        for piece in &self.pieces {
            let before = out.len();
            match piece {
                Piece::Space if after_space => {}
                Piece::Space => {
                    out.push(b' ');
                    after_space = true;
                    continue;
                }
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Tag(tag, flags) => {
                    (tag.write)(&mut Line { out, flags: *flags, dash: self.log }, scope);
                }
                Piece::Sample(sample, flags) => self.render_sample(sample, *flags, scope, out),
            }
            after_space = after_space && out.len() == before;
        }
    }

    fn render_sample(&self, sample: &Sample, flags: Flags, scope: &Scope<'_>, out: &mut Vec<u8>) {
        let mut line = Line { out, flags, dash: self.log };
        line.quote();
        let start = line.out.len();
        sample.eval(scope, line.out);
        // HAProxy takes the value for a text that ends at a NUL.
        let end = memchr::memchr(0, &line.out[start..]).map_or(line.out.len(), |len| start + len);
        line.out.truncate(end);
        if line.out.len() == start && self.log && !flags.quote {
            line.out.push(b'-');
        }
        if flags.escape {
            escape_from(line.out, start);
        }
        line.quote();
    }
}

/// Puts a backslash before each byte of `out[start..]` that `%{+E}` escapes, from the back in place.
fn escape_from(out: &mut Vec<u8>, start: usize) {
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b']');
    let mut from = out.len();
    out.resize(from + out[start..].iter().filter(|byte| special(byte)).count(), 0);
    let mut to = out.len();
    while from < to {
        from -= 1;
        to -= 1;
        out[to] = out[from];
        if special(&out[to]) {
            to -= 1;
            out[to] = b'\\';
        }
    }
}

struct Compiler<'t> {
    text: &'t str,
    at: usize,
    options: Options,
    base: Flags,
    pieces: Vec<Piece>,
}

impl<'t> Compiler<'t> {
    fn step(&mut self) -> Result<(), FormatError> {
        let rest = &self.text[self.at..];
        if self.options.log && rest.starts_with(' ') {
            self.at += 1;
            if self.pieces.last() != Some(&Piece::Space) {
                self.pieces.push(Piece::Space);
            }
            return Ok(());
        }
        if rest.starts_with("%%") {
            self.at += 2;
            self.push_text("%");
            return Ok(());
        }
        if rest.starts_with('%') {
            return self.percent();
        }
        let stops = |character: char| character == '%' || (self.options.log && character == ' ');
        let len = rest.find(stops).unwrap_or(rest.len());
        self.at += len;
        self.push_text(&rest[..len]);
        Ok(())
    }

    fn push_text(&mut self, text: &str) {
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            *last = [last, text].concat().into();
            return;
        }
        self.pieces.push(Piece::Text(text.into()));
    }

    fn percent(&mut self) -> Result<(), FormatError> {
        let start = self.at;
        self.at += 1;
        let flags = self.flags()?;
        let rest = &self.text[self.at..];
        if let Some(expression) = rest.strip_prefix('[') {
            self.at += 1;
            return self.sample(expression, flags);
        }
        let len = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..len];
        self.at += len;
        if name == "o" {
            self.base = flags;
            return Ok(());
        }
        let Some(row) = tag::find(name) else {
            let problem = match name {
                "" => FormatProblem::MissingTag,
                _ if is_known(Kind::LogTag, name) => FormatProblem::PlannedTag(name.to_owned()),
                _ => FormatProblem::UnknownTag(name.to_owned()),
            };
            return Err(FormatError { offset: start, problem });
        };
        self.pieces.push(Piece::Tag(row, flags));
        Ok(())
    }

    /// `{+Q,-X}`, on top of what `%o` said.
    fn flags(&mut self) -> Result<Flags, FormatError> {
        let mut flags = self.base;
        let Some(rest) = self.text[self.at..].strip_prefix('{') else {
            return Ok(flags);
        };
        let Some(len) = rest.find('}') else {
            return Err(FormatError { offset: self.at, problem: FormatProblem::Unclosed });
        };
        let mut offset = self.at + 1;
        for flag in rest[..len].split(',') {
            match flag {
                "+Q" | "-Q" => flags.quote = flag == "+Q",
                "+X" | "-X" => flags.hex = flag == "+X",
                "+E" | "-E" => flags.escape = flag == "+E",
                _ => {
                    let problem = FormatProblem::UnknownFlag(flag.to_owned());
                    return Err(FormatError { offset, problem });
                }
            }
            offset += flag.len() + 1;
        }
        self.at += len + 2;
        Ok(flags)
    }

    fn sample(&mut self, expression: &str, flags: Flags) -> Result<(), FormatError> {
        let start = self.at;
        let (sample, len) = Sample::compile_prefix(expression).map_err(|error| FormatError {
            offset: start + error.offset,
            problem: FormatProblem::Sample(error.problem),
        })?;
        if !expression[len..].starts_with(']') {
            let problem = match expression.len() == len {
                true => FormatProblem::Unclosed,
                false => FormatProblem::Sample(SampleProblem::TrailingText),
            };
            return Err(FormatError { offset: start + len, problem });
        }
        if let Some(missing) = self.options.offers.missing(sample.needs()) {
            let problem = FormatProblem::Unavailable { fetch: sample.name(), missing };
            return Err(FormatError { offset: start, problem });
        }
        self.at += len + 1;
        self.pieces.push(Piece::Sample(Box::new(sample), flags));
        Ok(())
    }
}
