//! Sample expressions: what they can see of a stream, the fetches that look at it, the converters behind them.

mod arguments;
mod convert;
mod expression;
mod farm;
mod fetch;
mod needs;
mod rdp;
mod scope;
#[cfg(test)]
mod tests;
mod value;
mod variables;

pub use convert::{Converter, converters};
pub use expression::{Sample, SampleError, SampleProblem};
pub use farm::{BackendView, Farm, ServerView};
pub use fetch::{Fetch, Names, fetches};
pub use needs::Needs;
pub use rdp::RdpCookie;
#[cfg(test)]
pub use scope::with_empty_scope;
pub use scope::{CheckScope, Ending, Scope, StreamTimes};
pub use value::{Type, Value};
pub use variables::{VariableCondition, VariableName, VariableProblem, Variables};

use crate::keyword::{Entry, Kind, Support};

/// Every fetch and converter, for the catalog.
pub fn rows() -> impl Iterator<Item = Entry> {
    let fetches = fetches().flat_map(|row| {
        let names = std::iter::once(row.name).chain(row.aliases.iter().copied());
        names.map(|name| (name, Kind::Fetch, row.summary, row.support))
    });
    let converters = converters().map(|row| (row.name, Kind::Converter, row.summary, Support::Full));
    fetches.chain(converters).map(|(name, kind, note, support)| Entry { name, kind, support, note })
}
