//! What an agent's answer does to its server, and what the operator reads of it.

use super::{Backend, NewWeight};
use crate::backend::Event;
use crate::backend::life::{Admin, Status};
use crate::backend::notice::{Because, CheckReport, Notice};
use crate::base::ids::ServerId;
use crate::base::time::Now;
use crate::health::{AgentMode, AgentReport};

impl Backend {
    /// An agent check ended. An agent that could not be heard changes nothing.
    pub fn on_agent_report(&mut self, now: Now, server: ServerId, report: &AgentReport) {
        let answer = &report.answer;
        let state = &self.servers[server.index()];
        // haproxy makes nothing of part of a line, if it knows the agent.
        if report.cut && state.agent_status.is_some() {
            return;
        }
        let health = answer.health.as_ref().map(|(up, _)| *up);
        let before = state.life.agent_is_content();
        if let Some(mode) = answer.mode {
            let hidden = self.servers[server.index()].status == Status::Maintenance;
            if let Some(up) = health.filter(|_| hidden) {
                // Out of maintenance it comes as the same answer has it.
                self.alter(now, server, &Because::Unsaid, |life| life.set_agent(up));
            }
            let admin = match mode {
                AgentMode::Drain => Admin::Drain,
                AgentMode::Maint => Admin::Maint,
                AgentMode::Ready => Admin::Ready,
            };
            self.set_admin(now, server, admin);
        }
        if let Some(percent) = answer.weight {
            // An algorithm without weights keeps its own; haproxy says so on the statistics page alone.
            let _ = self.set_weight(now, server, NewWeight::Percent(percent));
        }
        if let Some(count) = answer.maxconn {
            self.set_maxconn(now, server, count);
        }
        self.tell_of_agent(now, server, report, health, before);
    }

    /// Tells how an agent check ended, if that is news, and takes over what it says of health.
    fn tell_of_agent(
        &mut self,
        now: Now,
        server: ServerId,
        report: &AgentReport,
        health: Option<bool>,
        before: bool,
    ) {
        let status = report.outcome.as_ref().map(|outcome| outcome.status);
        let last = self.servers[server.index()].agent_status.replace(status);
        let Some(outcome) = &report.outcome else { return };
        let up = health.unwrap_or(before);
        let reported = self.settings.log_health_checks && (up != before || last != Some(status));
        if reported {
            let (subject, standing) = (self.subject(server), self.word(server, up));
            let progress = (u32::from(up), 1);
            let report = CheckReport { subject, agent: true, outcome: outcome.clone(), progress, standing };
            self.events.push_back(Event::Notice(Notice::Checked(report)));
        }
        if let Some(up) = health {
            let because = if reported { Because::Unsaid } else { Because::Check(outcome.clone()) };
            self.on_agent(now, server, up, &because);
        }
    }
}
