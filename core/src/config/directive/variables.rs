//! Section `global`: environment variables (configuration manual 3.1).

use super::GlobalDirective;
use super::global::ROW;
use crate::config::draft::GlobalDraft;
use crate::config::line::Line;

pub(super) const TABLE: &[GlobalDirective] = &[
    GlobalDirective {
        name: "presetenv",
        set: |global, line| set(global, line, false),
        summary: "Set an environment variable unless it is set.",
        example: "presetenv PORT 8080",
        ..ROW
    },
    GlobalDirective {
        name: "resetenv",
        set: |global, line| global.variables.reset(line.arguments()),
        summary: "Forget all environment variables but these.",
        example: "resetenv HOME",
        ..ROW
    },
    GlobalDirective {
        name: "setenv",
        set: |global, line| set(global, line, true),
        summary: "Set an environment variable.",
        example: "setenv PORT 8080",
        ..ROW
    },
    GlobalDirective {
        name: "unsetenv",
        set: |global, line| {
            let message = "'unsetenv' expects at least one variable name.";
            if line.need(message, "for example: unsetenv PORT").is_some() {
                line.arguments().iter().for_each(|name| global.variables.unset(name));
            }
        },
        summary: "Forget environment variables.",
        example: "unsetenv PORT",
        ..ROW
    },
];

fn set(global: &mut GlobalDraft, line: &mut Line<'_>, overwrite: bool) {
    let (Some(name), Some(value)) = (line.argument(0), line.arguments().get(1)) else {
        let message = format!("'{}' expects a name and a value.", line.name());
        return line.alert(line.arguments().len().min(1), message, "for example: setenv PORT 8080");
    };
    if line.at_most(2) && (overwrite || global.variables.get(line.environment, name).is_none()) {
        global.variables.set(name, value);
    }
}
