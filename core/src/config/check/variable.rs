//! `set-var`, `set-var-fmt` and `unset-var` steps, the same for `http-check` and `tcp-check`.

use super::steps::Step;
use super::words::Words;
use crate::model::{CheckAction, CheckValue};
use crate::sample::{VariableCondition, VariableName, VariableProblem};

/// Reads `set-var(NAME) EXPRESSION`.
pub(super) fn read_set(words: &mut Words<'_, '_>) -> Option<Step> {
    let (name, conditions) = read_name("set-var", words)?;
    let text = words.argument("'set-var' : missing fetch method.")?;
    let value = CheckValue::Sample(words.sample(text, "set-var")?);
    words.end()?;
    Some(Step::action(CheckAction::SetVariable(name, conditions, value), None))
}

/// Reads `set-var-fmt(NAME) FORMAT`.
pub(super) fn read_set_format(words: &mut Words<'_, '_>) -> Option<Step> {
    let (name, conditions) = read_name("set-var-fmt", words)?;
    let text = words.argument("'set-var-fmt' : missing log-format string.")?;
    let value = CheckValue::Format(words.format(text)?);
    words.end()?;
    Some(Step::action(CheckAction::SetVariable(name, conditions, value), None))
}

/// Reads `unset-var(NAME)`.
pub(super) fn read_unset(words: &mut Words<'_, '_>) -> Option<Step> {
    let (name, _) = read_name("unset-var", words)?;
    words.end()?;
    Some(Step::action(CheckAction::UnsetVariable(name), None))
}

/// The name in the parentheses behind `action`, and the conditions behind it.
fn read_name(action: &str, words: &mut Words<'_, '_>) -> Option<(VariableName, Box<[VariableCondition]>)> {
    let help = format!("for example: {action}(check.port)");
    let step = words.step();
    let expected = "Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'.";
    let Some((_, rest)) = step.split_once('(') else {
        words.alert_step(&format!("'{action}' : invalid or incomplete action '{step}'. {expected}"), help);
        return None;
    };
    let Some(inner) = rest.strip_suffix(')') else {
        words
            .alert_step(&format!("'{action}' : incomplete argument after action '{step}'. {expected}"), help);
        return None;
    };
    let mut parts = inner.split(',');
    let name = parts.next().unwrap_or_default();
    let conditions: Vec<&str> = parts.map(str::trim).collect();
    let unknown = conditions.iter().find(|condition| VariableCondition::of_name(condition).is_none());
    let message = match VariableName::parse(name) {
        Ok(_) if !conditions.is_empty() && action == "unset-var" => {
            "unset-var does not expect parameters after the variable name. Only \"set-var\" and \"set-var-fmt\" \
             manage conditions."
                .to_owned()
        }
        Ok(name) => match unknown {
            Some(unknown) => format!("unknown condition \"{unknown}\"."),
            None => {
                let known = conditions.iter().filter_map(|condition| VariableCondition::of_name(condition));
                return Some((name, known.collect()));
            }
        },
        Err(VariableProblem::BadCharacter(character)) => format!("invalid syntax at char '{character}'."),
        Err(VariableProblem::Empty) => "Empty variable name cannot be accepted.".to_owned(),
        Err(VariableProblem::PlannedScope(scope)) => {
            format!("variables of scope '{scope}' are known, not supported yet in checks.")
        }
        Err(VariableProblem::UnknownScope(name)) => format!(
            "invalid variable name '{name}'. A variable name must be start by its scope. The scope can be \
             'proc', 'sess', 'txn', 'req', 'res' or 'check'."
        ),
    };
    words.alert_step(&format!("'{action}' : {message}"), help);
    None
}
