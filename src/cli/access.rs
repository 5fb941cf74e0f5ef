//! What the credentials of a connection open, as text.

use super::error::Exit;
use super::terminal::Paint;
use crate::engine::{AccessReport, Finding, Probe, ProbeState, Verdict};

/// What a command ends with that found this.
pub(super) fn exit(report: &AccessReport) -> Exit {
    match report.verdict() {
        Verdict::Open => Exit::Done,
        Verdict::Refused => Exit::Configuration,
        Verdict::Unreachable => Exit::Source,
    }
}

/// The report as one JSON object.
pub(super) fn json(report: &AccessReport) -> String {
    serde_json::to_string(report).expect("texts and numbers are JSON") + "\n"
}

/// The report for people: a line a question, then what is wrong and what to do, each once.
pub(super) fn text(report: &AccessReport, paint: Paint) -> String {
    let mut text = format!("connection {} ({})\n", report.connection, report.title);
    let width = report.probes().map(|probe| probe.name.len()).max().unwrap_or_default();
    for probe in report.probes() {
        text.push_str(&format!("  {:width$}  {}\n", probe.name, line(probe, paint)));
    }
    for (names, finding) in findings(report) {
        text.push_str(&format!("\n{}\n", paint.bold(&format!("{}: {}", names.join(", "), finding.what))));
        text.push_str(&format!("  said     {}\n", finding.says));
        if let Some(missing) = missing(finding) {
            text.push_str(&format!("  missing  {missing}\n"));
        }
        for help in &finding.help {
            text.push_str(&format!("  do       {help}\n"));
        }
    }
    text
}

fn line(probe: &Probe, paint: Paint) -> String {
    let counted = probe.records.map(|records| match records {
        1 => "  1 record".to_owned(),
        records => format!("  {} records", indicatif::HumanCount(records)),
    });
    let what = probe.finding.as_ref().map(|finding| format!("  {}", finding.what));
    match probe.state {
        ProbeState::Open => format!("{}{}", paint.green("ok"), counted.unwrap_or_default()),
        ProbeState::Partly => format!("{}{}", paint.yellow("ok in part"), what.unwrap_or_default()),
        ProbeState::Refused => format!("{}{}", paint.red("refused"), what.unwrap_or_default()),
        ProbeState::Failed => format!("{}{}", paint.red("no answer"), what.unwrap_or_default()),
        ProbeState::NotAsked => "not asked".to_owned(),
    }
}

/// What is wrong, each with all that it is wrong with.
fn findings(report: &AccessReport) -> Vec<(Vec<&str>, &Finding)> {
    let mut all: Vec<(Vec<&str>, &Finding)> = Vec::new();
    for probe in report.probes() {
        let Some(finding) = &probe.finding else { continue };
        match all.iter_mut().find(|(_, known)| *known == finding) {
            Some((names, _)) => names.push(&probe.name),
            None => all.push((vec![&probe.name], finding)),
        }
    }
    all
}

fn missing(finding: &Finding) -> Option<String> {
    match finding.permissions.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        [first, others @ ..] => Some(format!("{first}, or one of {}", others.join(", "))),
    }
}
