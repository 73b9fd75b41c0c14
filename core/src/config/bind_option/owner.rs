//! Bind options about the name of a socket and, for a Unix socket, about who may use it.

use super::BindOption;
use crate::config::line_option::{Argument, Fault};
use crate::keyword::Support;
use crate::model::Identity;

/// The rows of this family.
pub(super) const TABLE: &[BindOption] = &[
    BindOption {
        name: "name",
        argument: Argument::One("'name' : missing name"),
        set: |draft, value| {
            draft.name = Some(value.text.to_owned());
            Ok(())
        },
        summary: "Name of the socket in messages and statistics.",
        example: "bind :8080 name web",
        ..BindOption::ROW
    },
    BindOption {
        name: "id",
        argument: Argument::One("'id' : expects an integer argument"),
        set: |draft, value| {
            let fault = match value.text.parse::<i64>() {
                Ok(id) if id > 0 && i32::try_from(id).is_ok() => {
                    draft.id = u32::try_from(id).ok();
                    return Ok(());
                }
                Ok(_) => "'id' : custom id has to be > 0".to_owned(),
                Err(_) => format!("'id' : expects an integer argument, found '{}'", value.text),
            };
            Err(Fault::new(fault, "write a whole number from 1 up"))
        },
        support: Support::Partial("checked to be used once; nothing shows it yet"),
        summary: "Number of the socket in statistics.",
        example: "bind :8080 id 7",
        ..BindOption::ROW
    },
    BindOption {
        name: "mode",
        argument: Argument::One("'mode' : missing or invalid mode '' (octal integer expected)"),
        set: |draft, value| {
            let mode = u32::from_str_radix(value.text, 8).ok().filter(|&mode| mode <= 0o7777);
            let message =
                || format!("'mode' : missing or invalid mode '{}' (octal integer expected)", value.text);
            let fault = || Fault::new(message(), "write permissions in octal, such as 660");
            draft.options.mode = Some(mode.ok_or_else(fault)?);
            Ok(())
        },
        summary: "Permissions of a Unix socket.",
        example: "bind /run/web.sock mode 660",
        ..BindOption::ROW
    },
    BindOption {
        name: "user",
        argument: Argument::One("'user' : missing user name"),
        set: |draft, value| {
            draft.options.user = Some(Identity::Name(value.text.to_owned()));
            Ok(())
        },
        summary: "Owner of a Unix socket, by name.",
        example: "bind /run/web.sock user root",
        ..BindOption::ROW
    },
    BindOption {
        name: "uid",
        argument: Argument::One("'uid' : missing value"),
        set: |draft, value| {
            draft.options.user = Some(Identity::Number(id("uid", value.text)?));
            Ok(())
        },
        summary: "Owner of a Unix socket, by number.",
        example: "bind /run/web.sock uid 0",
        ..BindOption::ROW
    },
    BindOption {
        name: "group",
        argument: Argument::One("'group' : missing group name"),
        set: |draft, value| {
            draft.options.group = Some(Identity::Name(value.text.to_owned()));
            Ok(())
        },
        summary: "Group of a Unix socket, by name.",
        example: "bind /run/web.sock group root",
        ..BindOption::ROW
    },
    BindOption {
        name: "gid",
        argument: Argument::One("'gid' : missing value"),
        set: |draft, value| {
            draft.options.group = Some(Identity::Number(id("gid", value.text)?));
            Ok(())
        },
        summary: "Group of a Unix socket, by number.",
        example: "bind /run/web.sock gid 0",
        ..BindOption::ROW
    },
];

/// A user's or a group's number.
fn id(name: &str, text: &str) -> Result<u32, Fault> {
    text.parse().map_err(|_| {
        Fault::new(format!("'{name}' : invalid value '{text}'"), "write a number, or use a name")
    })
}
