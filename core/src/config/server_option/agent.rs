//! Server options about agent checks (configuration manual 5.2): whether, where, how often, what is said.

use super::check::interval;
use super::{ServerOption, number};
use crate::config::address::{Place, Ports, Rules};
use crate::config::line_option::{Argument, Fault, Value};

/// The rows of this family.
pub(super) const TABLE: &[ServerOption] = &[
    ServerOption {
        name: "agent-check",
        set: |draft, _| {
            draft.agent = true;
            Ok(())
        },
        summary: "Asks an agent about the server's state, weight and limit; see docs/checks.md.",
        example: "server web1 127.0.0.1:8080 agent-check agent-port 9999",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "no-agent-check",
        set: |draft, _| {
            draft.agent = false;
            Ok(())
        },
        summary: "Takes back an `agent-check` of `default-server`.",
        example: "server web1 127.0.0.1:8080 no-agent-check",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "agent-addr",
        argument: Argument::One("'agent-addr' expects an address as argument."),
        set: set_address,
        summary: "Address of the agent, where it is not the server's.",
        example: "server web1 127.0.0.1:8080 agent-check agent-port 9999 agent-addr 127.0.0.2",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "agent-inter",
        argument: Argument::One("'agent-inter' expects a delay as argument."),
        set: |draft, value| {
            draft.agent_inter = interval("agent-inter", value, draft)?;
            Ok(())
        },
        summary: "Time between two questions to the agent (2s).",
        example: "server web1 127.0.0.1:8080 agent-check agent-port 9999 agent-inter 5s",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "agent-port",
        argument: Argument::One("'agent-port' expects a port number as argument."),
        set: |draft, value| {
            let message = || format!("'agent-port' : invalid port '{}'.", value.text);
            let port = number(value.text, 0, u32::from(u16::MAX), message)?;
            draft.agent_port = u16::try_from(port).ok().filter(|&port| port > 0);
            Ok(())
        },
        summary: "Port of the agent.",
        example: "server web1 127.0.0.1:8080 agent-check agent-port 9999",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "agent-send",
        argument: Argument::One("'agent-send' expects a string as argument."),
        set: |draft, value| {
            draft.agent_send = value.text.to_owned();
            Ok(())
        },
        summary: "What the agent is sent first.",
        example: "server web1 127.0.0.1:8080 agent-check agent-port 9999 agent-send web1\\n",
        ..ServerOption::ROW
    },
];

fn set_address(draft: &mut super::ServerDraft, value: Value<'_>) -> Result<(), Fault> {
    let located = match Place::parse(value.text, Rules::PLAIN) {
        Ok(Place::Inet { host, ports: Ports::None, family }) => host.resolve(family, value.resolve).ok(),
        Ok(_) | Err(_) => None,
    };
    let fault = || {
        let message = format!("parsing agent-addr failed. Check if '{}' is correct address.", value.text);
        Fault::new(message, "write an address or a name, without a port: that is `agent-port`")
    };
    draft.agent_address = Some(located.ok_or_else(fault)?);
    Ok(())
}
