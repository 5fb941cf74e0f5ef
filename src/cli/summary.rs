//! What a sync did: a table for people, an object for programs.

use std::time::Duration;

use indicatif::HumanCount;
use serde::Serialize;

use super::table::{Column, Table, wrap};
use super::terminal::Paint;
use crate::store::{Counts, Remapped};
use crate::sync::{ModelReport, RemapProgress, State, SyncReport};

/// Reasons that are shown to people.
const SHOWN_REASONS: usize = 10;

/// What a sync did.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    connection: String,
    revision: String,
    models: Vec<ModelSummary>,
    total: CountsSummary,
    /// What was mapped again of what was stored before.
    remapped: Vec<RemapSummary>,
    seconds: f64,
}

/// Stored records that were mapped again, because the mapping is another now.
#[derive(Debug, Serialize)]
struct RemapSummary {
    model: &'static str,
    mapped: u64,
    changed: u64,
    failed: u64,
    /// Records that lack what the mapping reads now.
    waiting: u64,
}

/// What a sync did with one model.
#[derive(Debug, Serialize)]
struct ModelSummary {
    model: &'static str,
    state: &'static str,
    /// Why the state is not `complete`.
    why: Option<String>,
    /// What was read: `all` records, or those that changed since `since`.
    read: Option<&'static str>,
    /// From when on changes were asked for.
    since: Option<String>,
    /// Whether all ids were read, because the numbers of records did not agree.
    swept: bool,
    /// The page at which a broken sync went on.
    resumed_at_page: Option<u32>,
    /// Why a broken sync could not go on and began anew.
    restarted: Option<String>,
    #[serde(flatten)]
    counts: CountsSummary,
    seconds: f64,
    reasons: Vec<Reason>,
}

#[derive(Debug, Serialize)]
struct CountsSummary {
    fetched: u64,
    created: u64,
    changed: u64,
    unchanged: u64,
    deleted: u64,
    failed: u64,
    issues: u64,
}

/// Why values or records did not map.
#[derive(Debug, Clone, Serialize)]
struct Reason {
    reason: String,
    /// Whether the records with it failed.
    failed: bool,
    count: u64,
}

impl From<Counts> for CountsSummary {
    fn from(counts: Counts) -> CountsSummary {
        let Counts { fetched, created, changed, unchanged, deleted, failed, issues } = counts;
        CountsSummary { fetched, created, changed, unchanged, deleted, failed, issues }
    }
}

impl CountsSummary {
    fn named(&self) -> [(&'static str, u64); 7] {
        [
            ("fetched", self.fetched),
            ("created", self.created),
            ("changed", self.changed),
            ("unchanged", self.unchanged),
            ("deleted", self.deleted),
            ("failed", self.failed),
            ("issues", self.issues),
        ]
    }
}

impl ModelSummary {
    fn of(report: &ModelReport) -> ModelSummary {
        let (state, why) = match &report.state {
            State::Complete => ("complete", None),
            State::Incomplete(why) => ("incomplete", Some(why.clone())),
            State::Held(why) => ("held", Some(why.clone())),
            State::Interrupted(error) => ("interrupted", Some(error.to_string())),
            State::Failed(error) => ("failed", Some(error.to_string())),
            State::NotRead => ("not_read", None),
        };
        let reason = |(failed, reason, count): (bool, &str, u64)| Reason { reason: reason.to_owned(), failed, count };
        ModelSummary {
            model: report.model.name,
            state,
            why,
            read: match (&report.state, report.all) {
                (State::NotRead, _) => None,
                (_, true) => Some("all"),
                (_, false) => Some("changes"),
            },
            since: report.since.map(|since| format!("{since:.3}")),
            swept: report.swept,
            resumed_at_page: report.resumed_at,
            restarted: report.restarted.clone(),
            counts: report.counts.into(),
            seconds: seconds(report.elapsed),
            reasons: report.reasons.ranked().into_iter().map(reason).collect(),
        }
    }

    /// What there is to say beside the numbers. An error of the source is told in full elsewhere.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(page) = self.resumed_at_page {
            notes.push(format!("went on at page {page}, where an earlier sync was broken off"));
        }
        if let Some(why) = &self.restarted {
            notes.push(format!("began anew, because an earlier sync could not go on: {why}"));
        }
        notes.extend(match (self.state, &self.why) {
            ("incomplete", Some(why)) => Some(format!("incomplete: {why}; nothing was marked as deleted, sync again")),
            ("held", Some(why)) => Some(format!(
                "held: {why}; nothing was marked as deleted. If they are really gone: sync with --accept-deletions"
            )),
            ("interrupted", _) => Some("interrupted; the next sync goes on from there".to_owned()),
            ("failed", _) => Some("failed; nothing was marked as deleted".to_owned()),
            _ => None,
        });
        notes
    }
}

impl RemapSummary {
    fn of(progress: &RemapProgress) -> RemapSummary {
        let RemapProgress { model, done, left } = progress;
        let Remapped { mapped, changed, failed } = *done;
        RemapSummary { model: model.name, mapped, changed, failed, waiting: left.waiting }
    }

    fn note(&self) -> String {
        let mut note = format!(
            "{} stored records were mapped again, {} of them changed",
            HumanCount(self.mapped),
            HumanCount(self.changed)
        );
        if self.failed > 0 {
            note.push_str(&format!(", {} failed to map", HumanCount(self.failed)));
        }
        if self.waiting > 0 {
            note.push_str(&format!(", {} wait to be read again", HumanCount(self.waiting)));
        }
        note
    }
}

impl Summary {
    pub fn of(report: &SyncReport) -> Summary {
        let mut total = Counts::default();
        let mut elapsed = Duration::ZERO;
        for model in &report.models {
            total += model.counts;
            elapsed += model.elapsed;
        }
        Summary {
            connection: report.connection.clone(),
            revision: report.revision.clone(),
            models: report.models.iter().map(ModelSummary::of).collect(),
            total: total.into(),
            remapped: report.remapped.iter().map(RemapSummary::of).collect(),
            seconds: seconds(elapsed),
        }
    }

    /// One JSON object, with a line end.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a summary is made of texts and numbers") + "\n"
    }

    pub fn text(&self, width: Option<usize>, paint: Paint) -> String {
        let table = self.table();
        let mut text = match width {
            Some(width) if table.width() > width => self.blocks(width, paint),
            _ => table.render(None, paint),
        };
        text.push_str(&self.reasons(width, paint));
        text.push_str(&self.notes(width, paint));
        text
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, &CountsSummary, f64)> {
        let models = self.models.iter().map(|model| (model.model, &model.counts, model.seconds));
        models.chain([("total", &self.total, self.seconds)])
    }

    fn table(&self) -> Table {
        let mut columns = vec![Column::text("model")];
        columns.extend(self.total.named().map(|(name, _)| Column::number(name)));
        columns.push(Column::number("seconds"));
        let mut table = Table::new(columns);
        for (model, counts, seconds) in self.rows() {
            let numbers = counts.named().map(|(_, count)| HumanCount(count).to_string());
            table.row([model.to_owned()].into_iter().chain(numbers).chain([format!("{seconds:.1}")]));
        }
        table
    }

    /// The table for a terminal that is too narrow for it: a few lines a model, without what is zero.
    fn blocks(&self, width: usize, paint: Paint) -> String {
        let mut text = String::new();
        for (model, counts, seconds) in self.rows() {
            let mut parts: Vec<String> = counts
                .named()
                .into_iter()
                .filter(|(name, count)| *count > 0 || *name == "fetched")
                .map(|(name, count)| format!("{} {name}", HumanCount(count)))
                .collect();
            parts.push(format!("{seconds:.1} s"));
            text.push_str(&format!("{}\n{}", paint.bold(model), indented(&parts.join(", "), Some(width))));
        }
        text
    }

    fn reasons(&self, width: Option<usize>, paint: Paint) -> String {
        let mut reasons: Vec<(&str, &Reason)> =
            self.models.iter().flat_map(|model| model.reasons.iter().map(|reason| (model.model, reason))).collect();
        if reasons.is_empty() {
            return String::new();
        }
        reasons.sort_by_key(|(_, reason)| (!reason.failed, std::cmp::Reverse(reason.count)));
        let columns =
            [Column::number("count"), Column::text("kind"), Column::text("model"), Column::wrapped("what did not map")];
        let mut table = Table::new(columns.into());
        for (model, reason) in reasons.iter().take(SHOWN_REASONS) {
            let severity = if reason.failed { "failed" } else { "issue" };
            table.row([&HumanCount(reason.count).to_string(), severity, model, &reason.reason]);
        }
        let mut text = format!("\n{}", table.render(width, paint));
        if reasons.len() > SHOWN_REASONS {
            text.push_str(&format!("and {} more\n", reasons.len() - SHOWN_REASONS));
        }
        text
    }

    fn notes(&self, width: Option<usize>, paint: Paint) -> String {
        let mut text = String::new();
        for model in &self.models {
            for note in model.notes() {
                text.push_str(&format!("\n{}\n{}", paint.yellow(model.model), indented(&note, width)));
            }
        }
        for remapped in self.remapped.iter().filter(|remapped| remapped.mapped > 0) {
            text.push_str(&format!("\n{}\n{}", paint.yellow(remapped.model), indented(&remapped.note(), width)));
        }
        let changes = |model: &&ModelSummary| model.state == "complete" && model.read == Some("changes");
        let changes: Vec<&str> = self.models.iter().filter(changes).map(|model| model.model).collect();
        if !changes.is_empty() {
            let note = format!("{}; `--full` reads everything", changes.join(", "));
            text.push_str(&format!("\n{}\n{}", paint.bold("only what changed was read"), indented(&note, width)));
        }
        let unread: Vec<&str> =
            self.models.iter().filter(|model| model.state == "not_read").map(|model| model.model).collect();
        if !unread.is_empty() {
            text.push_str(&format!("\n{}\n{}", paint.yellow("not read"), indented(&unread.join(", "), width)));
        }
        text
    }
}

/// The text in lines that stand in by two columns.
fn indented(text: &str, width: Option<usize>) -> String {
    let lines = match width {
        Some(width) => wrap(text, width.saturating_sub(2)),
        None => vec![text.to_owned()],
    };
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

fn seconds(duration: Duration) -> f64 {
    duration.as_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{CANDIDATES, JOBS, USERS};
    use crate::source::SourceError;
    use crate::sync::Reasons;

    const PLAIN: Paint = Paint { on: false };

    fn report() -> SyncReport {
        let error = Arc::new(SourceError::Client { reason: "no certificates".into() });
        let model = |model, state, resumed_at| ModelReport {
            model,
            counts: Counts { fetched: 1200, created: 7, ..Counts::default() },
            state,
            reasons: Reasons::default(),
            since: None,
            all: true,
            swept: false,
            resumed_at,
            restarted: None,
            elapsed: Duration::from_millis(1500),
        };
        SyncReport {
            connection: "acme".into(),
            revision: "0f".into(),
            models: vec![
                model(&USERS, State::Incomplete("the source announced 9 records and sent 8".into()), None),
                model(&JOBS, State::Interrupted(error), Some(3)),
                model(&CANDIDATES, State::NotRead, None),
            ],
            remapped: Vec::new(),
        }
    }

    #[test]
    fn what_did_not_end_well_is_told_below_the_table() {
        let text = Summary::of(&report()).text(Some(100), PLAIN);
        let (table, notes) = text.split_once("\n\n").unwrap();
        assert_eq!(table.lines().next_back().unwrap().split_whitespace().nth(1), Some("3,600"));
        let expected = "\
users
  incomplete: the source announced 9 records and sent 8; nothing was marked as deleted, sync again

jobs
  went on at page 3, where an earlier sync was broken off

jobs
  interrupted; the next sync goes on from there

not read
  candidates
";
        assert_eq!(notes, expected);
    }

    #[test]
    fn a_narrow_terminal_gets_lines_that_fit() {
        let text = Summary::of(&report()).text(Some(40), PLAIN);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert!(text.starts_with("users\n  1,200 fetched, 7 created, 1.5 s\n"), "{text}");
    }

    #[test]
    fn a_program_gets_the_whole_story() {
        let json: serde_json::Value = serde_json::from_str(&Summary::of(&report()).json()).unwrap();
        assert_eq!(json["total"]["fetched"], 3600);
        assert_eq!(json["models"][1]["state"], "interrupted");
        assert_eq!(json["models"][1]["resumed_at_page"], 3);
        assert!(json["models"][1]["why"].as_str().unwrap().contains("no certificates"));
        assert_eq!(json["models"][2]["state"], "not_read");
    }
}
