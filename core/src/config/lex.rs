//! Lines to words: comments, quotes, escapes and environment variables (configuration manual 2.2 and 2.3).

/// Most words of one line, the keyword included, as in HAProxy.
pub const WORDS_MAX: usize = 64;

/// One word and where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its text, quotes and escapes resolved.
    pub text: String,
    /// Byte column of its first character, from 1.
    pub column: u32,
    /// Bytes it takes in the line.
    pub length: u32,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexProblem {
    /// `\x` without two hexadecimal digits.
    BadHex,
    /// `${` without a name and its brace.
    BadVariable,
    /// A NUL byte.
    Nul,
    /// More than [`WORDS_MAX`] words.
    TooManyWords,
    /// A backslash at the end of the line.
    TrailingBackslash,
    /// A quote that does not end.
    UnclosedQuote,
}

/// A problem and its byte column, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexError {
    /// Where.
    pub column: u32,
    /// What.
    pub problem: LexProblem,
}

/// Splits one line, without its line feed. `variable` looks environment variables up; variables are replaced
/// within double quotes only, and one that is not set is empty unless `${NAME-default}` says otherwise.
/// `${NAME[*]}` makes a word of each part of the value between spaces.
pub fn split(line: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Word>, LexError> {
    let mut lexer = Lexer { line, at: 0, variable };
    let mut words = Vec::new();
    loop {
        while matches!(lexer.peek(), Some(b' ' | b'\t' | b'\r')) {
            lexer.at += 1;
        }
        match lexer.peek() {
            None | Some(b'#') => return Ok(words),
            Some(_) if words.len() == WORDS_MAX => {
                return Err(lexer.error(lexer.at, LexProblem::TooManyWords));
            }
            Some(_) => {
                let start = lexer.at;
                lexer.word(&mut words)?;
                if words.len() > WORDS_MAX {
                    return Err(lexer.error(start, LexProblem::TooManyWords));
                }
            }
        }
    }
}

struct Lexer<'a> {
    line: &'a str,
    at: usize,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn error(&self, at: usize, problem: LexProblem) -> LexError {
        LexError { column: u32::try_from(at + 1).unwrap_or(u32::MAX), problem }
    }

    /// Reads one word; several where a variable's value is spread out.
    fn word(&mut self, words: &mut Vec<Word>) -> Result<(), LexError> {
        let (start, before) = (self.at, words.len());
        let mut text = Parts::default();
        loop {
            match self.peek() {
                None | Some(b' ' | b'\t' | b'\r' | b'#') => break,
                Some(b'\'') => self.strong(&mut text.last)?,
                Some(b'"') => self.weak(&mut text)?,
                Some(b'\\') => self.escape(&mut text.last)?,
                Some(_) => self.plain(&mut text.last)?,
            }
        }
        let column = u32::try_from(start + 1).unwrap_or(u32::MAX);
        let length = u32::try_from(self.at - start).unwrap_or(u32::MAX);
        let Parts { done, last, spread } = text;
        words.extend(done.into_iter().map(|text| Word { text, column, length }));
        // A spread variable without a value is no word at all, unless something stands beside it.
        if !(spread && last.is_empty() && words.len() == before) {
            words.push(Word { text: last, column, length });
        }
        Ok(())
    }

    /// One character as it stands.
    fn plain(&mut self, text: &mut String) -> Result<(), LexError> {
        let Some(character) = self.line[self.at..].chars().next() else { return Ok(()) };
        if character == '\0' {
            return Err(self.error(self.at, LexProblem::Nul));
        }
        text.push(character);
        self.at += character.len_utf8();
        Ok(())
    }

    /// `'…'`: everything as it stands.
    fn strong(&mut self, text: &mut String) -> Result<(), LexError> {
        let start = self.at;
        let inside = &self.line[start + 1..];
        let Some(length) = inside.find('\'') else {
            return Err(self.error(start, LexProblem::UnclosedQuote));
        };
        text.push_str(&inside[..length]);
        self.at = start + length + 2;
        Ok(())
    }

    /// `"…"`: escapes and variables count.
    fn weak(&mut self, text: &mut Parts) -> Result<(), LexError> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.error(start, LexProblem::UnclosedQuote)),
                Some(b'"') => break,
                Some(b'$') => self.expand(text)?,
                Some(b'\\') => self.escape(&mut text.last)?,
                Some(_) => self.plain(&mut text.last)?,
            }
        }
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self, text: &mut String) -> Result<(), LexError> {
        let start = self.at;
        let Some(character) = self.line[start + 1..].chars().next() else {
            return Err(self.error(start, LexProblem::TrailingBackslash));
        };
        self.at += 1 + character.len_utf8();
        match character {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'x' => {
                let digits = self.line.get(self.at..self.at + 2).filter(|digits| !digits.starts_with('+'));
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                let Some(byte) = byte else { return Err(self.error(start, LexProblem::BadHex)) };
                text.push(char::from(byte));
                self.at += 2;
            }
            ' ' | '#' | '\\' | '"' | '\'' | '$' => text.push(character),
            other => text.extend(['\\', other]),
        }
        Ok(())
    }

    /// `$NAME`, `${NAME}`, `${NAME-default}` or `${NAME[*]}`.
    fn expand(&mut self, text: &mut Parts) -> Result<(), LexError> {
        let start = self.at;
        let rest = &self.line[start + 1..];
        let braced = rest.starts_with('{');
        let body = if braced { &rest[1..] } else { rest };
        let length = body.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let (name, tail) = body.split_at(length);
        if !braced {
            self.at = start + 1 + length;
            if length == 0 {
                text.last.push('$');
            } else {
                text.last.push_str(&(self.variable)(name).unwrap_or_default());
            }
            return Ok(());
        }
        let (spread, tail) = match tail.strip_prefix("[*]") {
            Some(tail) => (true, tail),
            None => (false, tail),
        };
        let close = tail.find('}').ok_or(self.error(start, LexProblem::BadVariable))?;
        let default = match tail[..close].strip_prefix('-') {
            Some(default) => default,
            None if close == 0 => "",
            None => return Err(self.error(start, LexProblem::BadVariable)),
        };
        if length == 0 {
            return Err(self.error(start, LexProblem::BadVariable));
        }
        let value = (self.variable)(name).unwrap_or_else(|| default.to_owned());
        if spread {
            text.spread(&value);
        } else {
            text.last.push_str(&value);
        }
        self.at = self.line.len() - tail.len() + close + 1;
        Ok(())
    }
}

/// A word while it is read: more than one where a variable's value is spread out.
#[derive(Default)]
struct Parts {
    done: Vec<String>,
    last: String,
    spread: bool,
}

impl Parts {
    /// Adds a value whose spaces separate words.
    fn spread(&mut self, value: &str) {
        self.spread = true;
        for (number, part) in value.split_whitespace().enumerate() {
            if number > 0 {
                self.done.push(std::mem::take(&mut self.last));
            }
            self.last.push_str(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(line: &str) -> Vec<String> {
        let variable = |name: &str| match name {
            "PORT" => Some("80".to_owned()),
            "LIST" => Some(" 1  2 ".to_owned()),
            _ => None,
        };
        split(line, &variable).expect("the line is well formed").into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn quotes_and_escapes_make_one_word() {
        assert_eq!(texts(r#"a 'b  #c' "d\te" f\ g # rest"#), ["a", "b  #c", "d\te", "f g"]);
        assert_eq!(texts(r"httpchk GET /\r\nHost:\ x"), ["httpchk", "GET", "/\r\nHost: x"]);
    }

    #[test]
    fn variables_are_replaced_within_double_quotes_only() {
        assert_eq!(
            texts(r#"a "${LIST[*]}" b "${NONE[*]}" "x${LIST[*]}y""#),
            ["a", "1", "2", "b", "x1", "2y"]
        );
        assert_eq!(
            texts(r#"bind "*:${PORT}" '${PORT}' "${NONE-90}" "$PORT""#),
            ["bind", "*:80", "${PORT}", "90", "80"]
        );
    }

    #[test]
    fn words_know_where_they_stood() {
        let words = split("  bind \":80\"", &|_| None).expect("the line is well formed");

        assert_eq!((words[1].column, words[1].length), (8, 5));
    }

    #[test]
    fn broken_lines_name_the_column() {
        let problem = |line: &str| split(line, &|_| None).expect_err("the line is broken");

        assert_eq!(problem("a \"b"), LexError { column: 3, problem: LexProblem::UnclosedQuote });
        assert_eq!(problem("a\\"), LexError { column: 2, problem: LexProblem::TrailingBackslash });
        assert_eq!(problem(r"\xg0"), LexError { column: 1, problem: LexProblem::BadHex });
        assert_eq!(problem(r"\x+f").problem, LexProblem::BadHex);
        assert_eq!(problem("\"${}\""), LexError { column: 2, problem: LexProblem::BadVariable });
        assert_eq!(problem(&"w ".repeat(65)).problem, LexProblem::TooManyWords);
    }

    proptest! {
        #[test]
        fn any_line_ends_in_words_or_in_an_error_within_it(line in "[\\x00-\\x7f\u{e9}]{0,80}") {
            match split(&line, &|_| None) {
                Ok(words) => prop_assert!(words.len() <= WORDS_MAX),
                Err(error) => prop_assert!(error.column as usize <= line.len() + 1),
            }
        }
    }
}
