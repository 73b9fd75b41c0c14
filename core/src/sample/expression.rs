//! Sample expressions: a fetch and its converters (configuration manual 7.3), compiled once.

use super::Scope;
use super::arguments::{self, Argument};
use super::convert::{self, Converter};
use super::fetch::{self, Fetch, Names};
use super::needs::Needs;
use super::value::{Type, Value};
use crate::keyword::{Kind, is_known};

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Sample {
    fetch: &'static Fetch,
    arguments: Box<[Argument]>,
    converters: Box<[Step]>,
}

/// A converter with its arguments.
#[derive(Clone, Debug)]
struct Step {
    row: &'static Converter,
    arguments: Box<[Argument]>,
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong.
    pub problem: SampleProblem,
}

/// What can be wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleProblem {
    /// The arguments of `of` are of the wrong number or form.
    BadArguments {
        /// The fetch or converter.
        of: &'static str,
        /// How it is written.
        example: &'static str,
    },
    /// The value before `converter` is of a type that it does not take.
    DoesNotChain {
        /// The converter.
        converter: &'static str,
    },
    /// No name where one must be.
    MissingName,
    /// HAProxy knows this name, evenkeel does not yet.
    Planned {
        /// Fetch or converter.
        kind: Kind,
        /// The name.
        name: String,
    },
    /// Text behind the end of the expression.
    TrailingText,
    /// No closing parenthesis.
    Unclosed,
    /// Nobody knows this name.
    Unknown {
        /// Fetch or converter.
        kind: Kind,
        /// The name.
        name: String,
    },
}

impl PartialEq for Sample {
    fn eq(&self, other: &Sample) -> bool {
        let chain = |sample: &Sample| -> Vec<_> {
            sample.converters.iter().map(|step| (step.row.name, step.arguments.clone())).collect()
        };
        self.fetch.name == other.fetch.name
            && self.arguments == other.arguments
            && chain(self) == chain(other)
    }
}

impl Eq for Sample {}

impl Sample {
    /// Compiles a whole text.
    pub fn compile(text: &str) -> Result<Sample, SampleError> {
        let (sample, len) = Sample::compile_prefix(text)?;
        if len < text.len() {
            return Err(SampleError { offset: len, problem: SampleProblem::TrailingText });
        }
        Ok(sample)
    }

    /// Compiles the expression that `text` starts with and says how many bytes it took.
    pub fn compile_prefix(text: &str) -> Result<(Sample, usize), SampleError> {
        let mut reader = Reader { text, at: 0 };
        let start = reader.at;
        let name = reader.name(Kind::Fetch)?;
        let Some(fetch) = fetch::find(name) else {
            return Err(unknown(start, Kind::Fetch, name));
        };
        let Some(arguments) = fetch.signature.check(reader.arguments()?) else {
            let problem = SampleProblem::BadArguments { of: fetch.name, example: fetch.example };
            return Err(SampleError { offset: start, problem });
        };
        let mut converters = Vec::new();
        let mut yields = fetch.yields;
        while reader.text[reader.at..].starts_with(',') {
            reader.at += 1;
            let step = reader.converter(yields)?;
            yields = step.row.yields.unwrap_or(yields);
            converters.push(step);
        }
        Ok((Sample { fetch, arguments, converters: converters.into() }, reader.at))
    }

    /// What must be known for a value to exist.
    pub fn needs(&self) -> Needs {
        self.fetch.needs
    }

    /// The backend or server that it asks about, where it names one that must be there.
    pub fn named(&self) -> Option<(Names, &str)> {
        let name = self.arguments.first().map(Argument::text).filter(|name| !name.is_empty())?;
        (self.fetch.names != Names::Nothing).then_some((self.fetch.names, name))
    }

    /// Whether bytes that are yet to come may change its value.
    pub fn undecided(&self, scope: &Scope<'_>) -> bool {
        scope.content_grows
            && self.fetch.needs.covers(Needs::CONTENT)
            && (self.fetch.undecided)(&self.arguments, scope)
    }

    /// The name of its fetch.
    pub fn name(&self) -> &'static str {
        self.fetch.name
    }

    /// The type of its values.
    pub fn yields(&self) -> Type {
        let converted = self.converters.iter().rev().find_map(|step| step.row.yields);
        converted.unwrap_or(self.fetch.yields)
    }

    /// Whether there is a converter.
    pub fn is_converted(&self) -> bool {
        !self.converters.is_empty()
    }

    /// Whether `fits` holds for any of the values: of a fetch that may have several (`hdr`), all are looked at
    /// until one fits. They come as `wanted`, or as they are, with their text or bytes. `out` is as long after
    /// as before.
    pub fn any(
        &self,
        wanted: Option<Type>,
        scope: &Scope<'_>,
        out: &mut Vec<u8>,
        fits: &mut dyn FnMut(Value, &[u8]) -> bool,
    ) -> bool {
        let mark = out.len();
        let mut found = false;
        // Tells whether to look no further: haproxy gives up at a value that no converter takes.
        let mut look = |first: Value, out: &mut Vec<u8>| {
            let converted = self.convert(first, out, mark);
            let value = match wanted {
                Some(wanted) => converted.and_then(|value| value.cast(wanted, out, mark)),
                None => converted,
            };
            found = value.is_some_and(|value| fits(value, &out[mark..]));
            out.truncate(mark);
            found || converted.is_none()
        };
        if let Some(each) = self.fetch.each {
            each(&self.arguments, scope, out, &mut look);
        } else if let Some(first) = (self.fetch.eval)(&self.arguments, scope, out) {
            look(first, out);
        }
        out.truncate(mark);
        found
    }

    /// Appends the value as text; `false`, with nothing appended, when there is none.
    pub fn eval(&self, scope: &Scope<'_>, out: &mut Vec<u8>) -> bool {
        self.eval_as(Type::Text, scope, out)
    }

    /// Appends the value as bytes: numbers are eight, addresses four or sixteen, the highest first. `false`,
    /// with nothing appended, when there is none.
    pub fn eval_bytes(&self, scope: &Scope<'_>, out: &mut Vec<u8>) -> bool {
        self.eval_as(Type::Binary, scope, out)
    }

    /// The value as one of this type; text and bytes are appended.
    pub fn eval_typed(&self, wanted: Type, scope: &Scope<'_>, out: &mut Vec<u8>) -> Option<Value> {
        let mark = out.len();
        let value = self.eval_untyped(scope, out).and_then(|value| value.cast(wanted, out, mark));
        if value.is_none() {
            out.truncate(mark);
        }
        value
    }

    /// The value as it is; text and bytes are appended.
    pub fn eval_untyped(&self, scope: &Scope<'_>, out: &mut Vec<u8>) -> Option<Value> {
        let mark = out.len();
        let first = (self.fetch.eval)(&self.arguments, scope, out);
        let value = first.and_then(|first| self.convert(first, out, mark));
        if value.is_none() {
            out.truncate(mark);
        }
        value
    }

    /// Sends a value through the converters.
    fn convert(&self, first: Value, out: &mut Vec<u8>, mark: usize) -> Option<Value> {
        self.converters.iter().try_fold(first, |value, step| {
            let value = value.cast(step.row.takes, out, mark)?;
            (step.row.apply)(&step.arguments, value, out, mark)
        })
    }

    fn eval_as(&self, wanted: Type, scope: &Scope<'_>, out: &mut Vec<u8>) -> bool {
        self.eval_typed(wanted, scope, out).is_some()
    }
}

/// What stands at `offset` is no row: known to HAProxy, or to nobody.
fn unknown(offset: usize, kind: Kind, name: &str) -> SampleError {
    let name = name.to_owned();
    let problem = match is_known(kind, &name) {
        true => SampleProblem::Planned { kind, name },
        false => SampleProblem::Unknown { kind, name },
    };
    SampleError { offset, problem }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn name(&mut self, kind: Kind) -> Result<&'t str, SampleError> {
        let rest = &self.text[self.at..];
        let ends = |byte: u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        let len = rest.bytes().position(ends).unwrap_or(rest.len());
        if len == 0 {
            // A name with a strange character is a wrong name, not a missing one.
            let strange = rest.find([',', ')', ']', ' ']).unwrap_or(rest.len());
            if strange > 0 {
                return Err(unknown(self.at, kind, &rest[..strange]));
            }
            return Err(SampleError { offset: self.at, problem: SampleProblem::MissingName });
        }
        self.at += len;
        Ok(&rest[..len])
    }

    fn arguments(&mut self) -> Result<Vec<String>, SampleError> {
        let Some(rest) = self.text[self.at..].strip_prefix('(') else {
            return Ok(Vec::new());
        };
        let Some((arguments, len)) = arguments::split(rest) else {
            return Err(SampleError { offset: self.at, problem: SampleProblem::Unclosed });
        };
        self.at += 1 + len;
        Ok(arguments)
    }

    fn converter(&mut self, yields: Type) -> Result<Step, SampleError> {
        let offset = self.at;
        let name = self.name(Kind::Converter)?;
        let Some(row) = convert::find(name) else {
            return Err(unknown(offset, Kind::Converter, name));
        };
        let Some(arguments) = row.signature.check(self.arguments()?) else {
            let problem = SampleProblem::BadArguments { of: row.name, example: row.example };
            return Err(SampleError { offset, problem });
        };
        if !yields.casts_to(row.takes) {
            let problem = SampleProblem::DoesNotChain { converter: row.name };
            return Err(SampleError { offset, problem });
        }
        Ok(Step { row, arguments })
    }
}
