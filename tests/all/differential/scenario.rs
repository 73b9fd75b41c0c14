//! What a scenario is, and how it is compared.

use std::io::Write;
use std::sync::Arc;

use evenkeel_tests::origin::{Act, Reply, Request, Script};
use evenkeel_tests::program::Program;

use super::stage::Stage;

/// What is done to each program.
type Play = Arc<dyn Fn(&mut Stage) + Send + Sync>;

/// One thing to try with both programs.
#[derive(Clone)]
pub(crate) struct Scenario {
    /// The configuration, with `{front}`, `{s1}`, `{s2}`, …, `{dead}`, `{log}` and `{scratch}` for what
    /// differs between runs.
    pub(crate) config: String,
    /// The servers `s1`, `s2`, …
    pub(crate) origins: Vec<Script>,
    /// Files in `{scratch}`.
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
    play: Play,
    /// Where the programs shall differ.
    stricter: Option<Stricter>,
    /// Why haproxy 2.6 does not count.
    changed_since_2_6: Option<&'static str>,
}

/// A deliberate difference.
#[derive(Clone, Copy)]
struct Stricter {
    reason: &'static str,
    ours: &'static [&'static str],
    theirs: &'static [&'static str],
}

impl Scenario {
    /// An HTTP frontend before a backend with one server, and more lines for the two.
    pub(crate) fn http(front: &str, back: &str) -> Scenario {
        Scenario::config(&format!(
            "defaults\n  mode http\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n\
             frontend in\n  bind 127.0.0.1:{{front}}\n  default_backend out\n{}\
             backend out\n{}  server s1 127.0.0.1:{{s1}}\n",
            indented(front),
            indented(back)
        ))
    }

    /// A whole configuration, to which a section `global` is added.
    pub(crate) fn config(config: &str) -> Scenario {
        let config = format!("global\n  maxconn 100\n{config}");
        Scenario {
            config,
            origins: Vec::new(),
            files: Vec::new(),
            play: Arc::new(|_| ()),
            stricter: None,
            changed_since_2_6: None,
        }
    }

    /// Adds an origin that answers every request with these bytes.
    pub(crate) fn answering(self, answer: impl AsRef<[u8]>) -> Scenario {
        let answer = answer.as_ref().to_vec();
        self.origin(move |_| Reply::from_acts(vec![Act::Send(answer.clone())]))
    }

    /// Adds an origin that answers every request with its steps.
    pub(crate) fn acting(self, acts: Vec<Act>) -> Scenario {
        self.origin(move |_| Reply::from_acts(acts.clone()))
    }

    /// Adds an origin with a script by request.
    pub(crate) fn origin(mut self, script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Scenario {
        self.origins.push(Script::Http(Arc::new(script)));
        self
    }

    /// Adds an origin with a script by connection.
    pub(crate) fn raw_origin(mut self, acts: Vec<Act>) -> Scenario {
        self.origins.push(Script::Raw(acts));
        self
    }

    /// Adds an origin with a script by number of the connection.
    pub(crate) fn turns(mut self, turns: Vec<Vec<Act>>) -> Scenario {
        self.origins.push(Script::Turns(turns));
        self
    }

    /// Adds a file.
    pub(crate) fn file(mut self, name: &'static str, content: impl AsRef<[u8]>) -> Scenario {
        self.files.push((name, content.as_ref().to_vec()));
        self
    }

    /// Says where the project is stricter, and what the two transcripts must hold. A `!` in front says that
    /// the text must be absent.
    pub(crate) fn stricter(
        mut self,
        reason: &'static str,
        ours: &'static [&'static str],
        theirs: &'static [&'static str],
    ) -> Scenario {
        self.stricter = Some(Stricter { reason, ours, theirs });
        self
    }

    /// Says that haproxy itself changed this after 2.6 and that evenkeel follows the newer.
    pub(crate) fn changed_since_2_6(mut self, reason: &'static str) -> Scenario {
        self.changed_since_2_6 = Some(reason);
        self
    }

    /// Does to a program what the scenario says.
    pub(crate) fn perform(&self, stage: &mut Stage) {
        (self.play)(stage);
    }

    /// Plays with evenkeel alone; the play itself asserts.
    pub(crate) fn play_alone(mut self, play: impl Fn(&mut Stage) + Send + Sync + 'static) {
        self.play = Arc::new(play);
        if !Program::evenkeel_starts() {
            return say("skipped: evenkeel cannot be started yet");
        }
        let transcript = Stage::perform(&Program::evenkeel(), &self);
        assert!(!transcript.contains("the program has died"), "{transcript}");
    }

    /// Plays and compares.
    pub(crate) fn compare(mut self, play: impl Fn(&mut Stage) + Send + Sync + 'static) {
        self.play = Arc::new(play);
        if !Program::evenkeel_starts() {
            return say("skipped: evenkeel cannot be started yet");
        }
        let mut oracles = Program::haproxies();
        if oracles.is_empty() {
            assert!(
                std::env::var_os("EVENKEEL_HAPROXY_REQUIRED").is_none(),
                "haproxy not found, and EVENKEEL_HAPROXY_REQUIRED is set"
            );
            say("skipped: haproxy not found");
            self.alone().unwrap_or_else(|error| panic!("{error}"));
            return;
        }
        let newer_at_hand = oracles.iter().any(|oracle| oracle.name != "haproxy");
        oracles
            .retain(|oracle| oracle.name != "haproxy" || self.changed_since_2_6.is_none() || !newer_at_hand);
        if self.changed_since_2_6.is_some() && !newer_at_hand {
            say("skipped: haproxy changed this after 2.6, and EVENKEEL_HAPROXY_28 is not set");
            return;
        }
        let rounds = 3;
        for round in 1..=rounds {
            match self.round(&oracles) {
                Ok(()) => return,
                Err(difference) if round == rounds => panic!("{difference}"),
                Err(_) => {}
            }
        }
    }

    /// What can be said without haproxy: where the project is stricter, its own side is known.
    fn alone(&self) -> Result<(), String> {
        let Some(stricter) = &self.stricter else { return Ok(()) };
        let ours = Program::evenkeel();
        holds(&ours, &Stage::perform(&ours, self), stricter.ours, stricter.reason)
    }

    fn round(&self, oracles: &[Program]) -> Result<(), String> {
        let ours = Program::evenkeel();
        let perform = |program: &Program| Stage::perform(program, self);
        let (ours_text, theirs_texts) = std::thread::scope(|scope| {
            let theirs: Vec<_> = oracles.iter().map(|oracle| scope.spawn(|| perform(oracle))).collect();
            let ours_text = perform(&ours);
            let join =
                |handle: std::thread::ScopedJoinHandle<'_, String>| handle.join().expect("a play ends");
            (ours_text, theirs.into_iter().map(join).collect::<Vec<String>>())
        });
        for (oracle, theirs_text) in oracles.iter().zip(theirs_texts) {
            match &self.stricter {
                None if ours_text == theirs_text => {}
                None => return Err(side_by_side(&ours, &ours_text, oracle, &theirs_text)),
                Some(stricter) => {
                    if !ours.is_haproxy() {
                        holds(&ours, &ours_text, stricter.ours, stricter.reason)?;
                    }
                    holds(oracle, &theirs_text, stricter.theirs, stricter.reason)?;
                }
            }
        }
        Ok(())
    }
}

/// Says something past the test harness, which keeps the output of tests that pass to itself.
pub(crate) fn say(text: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "{name}: {text}");
}

/// Steps of an answer, with nothing before the request is whole.
pub(crate) trait FromActs {
    /// An answer with these steps.
    fn from_acts(acts: Vec<Act>) -> Reply;
}

impl FromActs for Reply {
    fn from_acts(acts: Vec<Act>) -> Reply {
        Reply { early: Vec::new(), acts }
    }
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {}\n", line.trim())).collect()
}

fn holds(program: &Program, transcript: &str, expected: &[&str], reason: &str) -> Result<(), String> {
    for text in expected {
        let (wanted, text) = text.strip_prefix('!').map_or((true, *text), |text| (false, text));
        if transcript.contains(text) != wanted {
            let name = &program.name;
            return Err(format!("{name}: must hold {wanted} of {text:?} ({reason})\n{transcript}"));
        }
    }
    Ok(())
}

/// Both transcripts as one text, lines that only one has marked.
fn side_by_side(ours: &Program, ours_text: &str, theirs: &Program, theirs_text: &str) -> String {
    let mut text = format!("\n  - only {}\n  + only {}\n", ours.name, theirs.name);
    let (left, right): (Vec<&str>, Vec<&str>) = (ours_text.lines().collect(), theirs_text.lines().collect());
    let common = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
    let (left_rest, right_rest) = (&left[common..], &right[common..]);
    let tail =
        left_rest.iter().rev().zip(right_rest.iter().rev()).take_while(|(left, right)| left == right).count();
    let (left_middle, left_tail) = left_rest.split_at(left_rest.len() - tail);
    let right_middle = &right_rest[..right_rest.len() - tail];
    let marked = [(' ', &left[..common]), ('-', left_middle), ('+', right_middle), (' ', left_tail)];
    for (mark, lines) in marked {
        for line in lines {
            text.push_str(&format!("  {mark} {line}\n"));
        }
    }
    text
}
