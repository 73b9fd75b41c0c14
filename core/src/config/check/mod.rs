//! Health checks of a backend (configuration manual 4.2: `option httpchk`, `option tcp-check`,
//! `http-check`, `tcp-check`): the rows of their steps, and the model's check that they become.

mod build;
mod connect;
mod expect;
mod http;
mod option;
mod protocol;
mod steps;
mod tcp;
mod variable;
mod words;

pub use build::CheckDraft;
pub use option::{read_option_httpchk, read_option_tcp_check};
pub use protocol::{
    read_option_ldap_check, read_option_mysql_check, read_option_pgsql_check, read_option_redis_check,
    read_option_smtpchk, read_option_ssl_hello_chk,
};

use super::finding::Findings;
use super::line_option::Resolve;
use crate::keyword::{self, Entry, Kind, Support};
use words::Words;

/// One kind of step of a check: its name, the function that reads its line, what it does.
pub struct CheckStep {
    /// Its two words, such as `http-check send`.
    pub name: &'static str,
    /// Reads the words behind the name into the draft.
    read: fn(&mut CheckDraft, &mut Words<'_, '_>),
    /// How far it is supported.
    pub support: Support,
    /// What it does, in one line.
    pub summary: &'static str,
    /// A whole line that uses it.
    pub example: &'static str,
}

/// Every table of steps.
pub const TABLES: &[&[CheckStep]] = &[http::TABLE, tcp::TABLE];

/// The catalog's entries of all steps.
pub fn rows() -> impl Iterator<Item = Entry> {
    TABLES.iter().copied().flatten().map(|row| Entry {
        name: row.name,
        kind: Kind::Proxy,
        support: row.support,
        note: row.summary,
    })
}

/// Reads the words of an `http-check` or `tcp-check` line, the keyword included.
pub fn read_check_step(
    words: &[&str],
    draft: &mut CheckDraft,
    resolve: Resolve<'_>,
    findings: &mut Findings,
) {
    let family = words.first().copied().unwrap_or_default();
    let step = words.get(1).copied().unwrap_or_default();
    // The name of a variable stands in parentheses behind the step.
    let name = match step.split_once('(') {
        Some((action @ ("set-var" | "set-var-fmt" | "unset-var"), _)) => format!("{family} {action}"),
        _ => format!("{family} {step}"),
    };
    match TABLES.iter().copied().flatten().find(|row| row.name == name) {
        Some(row) => (row.read)(draft, &mut Words::new(row.name, words, resolve, findings)),
        None => report_unknown(family, step, findings),
    }
}

/// A step that is no row: planned, misspelt or unknown.
fn report_unknown(family: &str, step: &str, findings: &mut Findings) {
    let bare = step.split('(').next().unwrap_or_default();
    if keyword::is_known(Kind::Proxy, &format!("{family} {bare}")) {
        let message = format!("'{family} {bare}' is known, not supported yet.");
        return findings.alert(1, message, "remove it if the check can do without");
    }
    let supported = match family {
        "http-check" => {
            "'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect', 'set-var-fmt(*)', \
             'set-var(*)', 'unset-var(*)'"
        }
        _ => {
            "'comment', 'connect', 'send', 'send-lf', 'send-binary', 'send-binary-lf', 'expect', 'set-var-fmt(*)', 'set-var(*)', \
             'unset-var(*)'"
        }
    };
    let names = TABLES.iter().copied().flatten().filter_map(|row| row.name.strip_prefix(family));
    let help = match keyword::closest(step, names.map(str::trim_start)) {
        Some(meant) => format!("did you mean `{family} {meant}`?"),
        None => format!("for example: {family} expect string ready"),
    };
    findings.alert(1, format!("'{family}' only supports {supported}. but got '{step}'"), help);
}

#[cfg(test)]
mod tests;
