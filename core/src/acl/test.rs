//! One test: a sample and the patterns that it is compared with.

use std::fmt;

use super::patterns::{Operator, Patterns, PatternsDraft, Reading};
use super::{AclError, AclProblem, Method, Outside, keyword};
use crate::sample::{Needs, Sample, SampleError, SampleProblem, Scope, Value};

/// A test.
#[derive(Clone)]
pub struct Test {
    sample: Sample,
    patterns: Patterns,
    /// The keyword, as it is written.
    keyword: Box<str>,
    /// All words: two tests of the same words are equal.
    words: Box<[String]>,
    /// There is neither a pattern nor a sign that this is meant.
    pub(super) is_bare: bool,
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ {} }}", self.words.join(" "))
    }
}

impl PartialEq for Test {
    fn eq(&self, other: &Test) -> bool {
        self.words == other.words
    }
}

impl Eq for Test {}

impl Test {
    /// Compiles `FETCH[,CONVERTER..] [FLAG..] [OPERATOR] [PATTERN..]`.
    pub fn compile(words: &[&str], outside: Outside<'_>) -> Result<Test, AclError> {
        let error = |word: usize, problem: AclProblem| AclError { word, problem };
        let Some(text) = words.first().copied().filter(|text| !text.is_empty()) else {
            return Err(error(0, AclProblem::MissingFetch));
        };
        let (sample, implied) = expression(text).map_err(|problem| error(0, problem))?;
        let flags = Flags::read(words)?;
        let method = flags.method.or(implied).or(Method::default_of(sample.yields()));
        let Some(method) = method else {
            return Err(error(0, AclProblem::NeedsMethod { fetch: sample.name() }));
        };
        if !method.takes(sample.yields()) {
            let problem = AclProblem::Misfit { method: method.name(), fetch: sample.name() };
            return Err(error(0, problem));
        }
        let patterns = flags.patterns(words, method, outside)?;
        let has_patterns = flags.end < words.len() || !flags.files.is_empty();
        Ok(Test {
            patterns,
            keyword: text.split(['(', ',']).next().unwrap_or(text).into(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            is_bare: !has_patterns && !flags.dashes && !method.is_bare(),
            sample,
        })
    }

    /// What must be known for it to hold.
    pub(super) fn needs(&self) -> Needs {
        self.sample.needs()
    }

    /// The keyword, as it is written.
    pub(super) fn keyword(&self) -> &str {
        &self.keyword
    }

    /// Its sample.
    pub(super) fn sample(&self) -> &Sample {
        &self.sample
    }

    /// Whether bytes that are yet to come may change the outcome.
    pub(super) fn undecided(&self, scope: &Scope<'_>) -> bool {
        self.sample.undecided(scope)
    }

    /// Whether one of the sample's values fits one of the patterns. `scratch` is as long after as before.
    pub fn holds(&self, scope: &Scope<'_>, scratch: &mut Vec<u8>) -> bool {
        let wanted = self.patterns.wanted();
        self.sample
            .any(wanted, scope, scratch, &mut |value: Value, text: &[u8]| self.patterns.fit(value, text))
    }
}

/// Compiles the expression; a keyword with a method built in gives that method too, unless converters follow.
fn expression(text: &str) -> Result<(Sample, Option<Method>), AclProblem> {
    let problem = |problem: SampleProblem| AclProblem::Sample { text: text.to_owned(), problem };
    let end = text.find(['(', ',']).unwrap_or(text.len());
    let Some((fetch, method)) = keyword::find(&text[..end]) else {
        let sample = Sample::compile(text).map_err(|SampleError { problem: what, .. }| problem(what))?;
        return Ok((sample, None));
    };
    let sample = Sample::compile(&format!("{fetch}{}", &text[end..]))
        .map_err(|SampleError { problem: what, .. }| problem(what))?;
    let converted = sample.is_converted();
    Ok((sample, Some(method).filter(|_| !converted)))
}

/// The flags behind the expression.
struct Flags<'w> {
    method: Option<Method>,
    ignore_case: bool,
    no_names: bool,
    /// `--` was there.
    dashes: bool,
    /// Where the patterns begin.
    end: usize,
    files: Vec<File<'w>>,
}

/// A file of patterns, and the flags that stood before it.
struct File<'w> {
    name: &'w str,
    word: usize,
    ignore_case: bool,
    no_names: bool,
    /// `-M`: only the first word of each line is a pattern.
    two_columns: bool,
}

impl<'w> Flags<'w> {
    fn read(words: &[&'w str]) -> Result<Flags<'w>, AclError> {
        let mut flags = Flags {
            method: None,
            ignore_case: false,
            no_names: false,
            dashes: false,
            end: 1,
            files: Vec::new(),
        };
        let mut two_columns = false;
        while let Some(&flag) = words.get(flags.end).filter(|word| word.starts_with('-')) {
            let word = flags.end;
            let error = |problem: AclProblem| AclError { word, problem };
            let value = words.get(word + 1).copied().unwrap_or_default();
            flags.end += 1;
            match flag {
                "--" => {
                    flags.dashes = true;
                    break;
                }
                "-M" => two_columns = true,
                "-f" => {
                    let (ignore_case, no_names) = (flags.ignore_case, flags.no_names);
                    let word = word + 1;
                    flags.files.push(File { name: value, word, ignore_case, no_names, two_columns });
                    flags.end += 1;
                }
                "-i" => flags.ignore_case = true,
                "-m" if !flags.files.is_empty() => return Err(error(AclProblem::LateMethod)),
                "-m" => {
                    let unknown = || AclProblem::UnknownMethod(value.to_owned());
                    let method = Method::of_name(value).ok_or_else(unknown);
                    flags.method = Some(method.map_err(|problem| AclError { word: word + 1, problem })?);
                    flags.end += 1;
                }
                "-n" => flags.no_names = true,
                "-u" if value.parse::<u32>().is_ok() => flags.end += 1,
                "-u" => return Err(AclError { word: word + 1, problem: AclProblem::BadUniqueId }),
                other => return Err(error(AclProblem::Flag(other.to_owned()))),
            }
        }
        flags.end = flags.end.min(words.len());
        Ok(flags)
    }

    /// Reads the patterns of the files, then those of the line.
    fn patterns(&self, words: &[&str], method: Method, outside: Outside<'_>) -> Result<Patterns, AclError> {
        let mut draft = PatternsDraft::new(method);
        for file in &self.files {
            let error = |problem: AclProblem| AclError { word: file.word, problem };
            let unreadable = || error(AclProblem::UnreadableFile(file.name.to_owned()));
            let content = (outside.read)(file.name).ok_or_else(unreadable)?;
            let content = String::from_utf8(content).map_err(|_| unreadable())?;
            let reading = Reading {
                operator: Operator::Equal,
                ignore_case: file.ignore_case,
                resolve: !file.no_names,
                outside,
            };
            for line in content.lines().filter(|line| !line.starts_with('#')) {
                let line = line.trim_start_matches([' ', '\t']);
                let pattern = if file.two_columns { line.split([' ', '\t']).next() } else { Some(line) };
                if let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) {
                    draft.add(pattern, reading).map_err(error)?;
                }
            }
        }
        let (ignore_case, resolve) = (self.ignore_case, !self.no_names);
        let mut reading = Reading { operator: Operator::Equal, ignore_case, resolve, outside };
        for (word, text) in words.iter().enumerate().skip(self.end) {
            match Operator::of_name(text).filter(|_| method.is_numeric()) {
                Some(operator) => reading.operator = operator,
                None if text.is_empty() => {
                    return Err(AclError { word, problem: AclProblem::EmptyPattern });
                }
                None => draft.add(text, reading).map_err(|problem| AclError { word, problem })?,
            }
        }
        draft.build().map_err(|problem| AclError { word: 0, problem })
    }
}
