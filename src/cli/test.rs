//! `crosswalk test`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::context::{Context, quoted};
use super::diff;
use super::error::{CliError, Exit};
use super::table::wrap;
use super::terminal::{Paint, Terminal};
use crate::engine::cases::{CASES, Case, Checked, State, Suite};

const NOTES: &str = "\
A case is a raw record, tests/cases/MODEL/NAME.json. What it maps to is kept in
snapshots/MODEL__NAME.snap. What differs or is new is written beside it as
.snap.new: accept it here, or with `cargo insta review`.

Examples:
  crosswalk test                           all cases
  crosswalk test jobs/full                 one of them
  crosswalk test jobs 'users/in*'          those of a model, and some of another
  crosswalk test --accept jobs/full        take what it maps to now as right
  crosswalk test --json | jq .counts       for programs

Exit codes:
    0  every case maps as its snapshot says
    1  some map otherwise, are new or cannot be read
    2  wrong usage, or a wrong file or setting";

/// Map the cases in tests/cases and compare with their snapshots
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Test {
    /// MODEL/NAME, MODEL, or a pattern with * and ? [default: all]
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// The connection that maps them; may be left out when there is only one, or only one with a sandbox
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// Take what the cases map to now as their snapshots
    #[arg(long)]
    accept: bool,
    /// With --accept: remove snapshots that have no case. One named in full goes without it
    #[arg(long, requires = "accept")]
    prune: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

/// A case, and what was done with it.
struct Tested {
    checked: Checked,
    accepted: bool,
}

impl Test {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let (home, connection) = context.connection(self.connection.as_deref(), "`--connection NAME`")?;
        let suite = Suite::open(&home, &connection)?;
        if suite.cases().is_empty() {
            let folder = home.root().join(CASES);
            return Err(CliError::usage(format!(
                "there is no case in {}; `{}` makes one of a live record",
                folder.display(),
                context.spell("record CONNECTION MODEL ID --as NAME")
            )));
        }
        let selected = suite.select(&self.cases).map_err(|(pattern, close)| {
            let hint = close.map_or(String::new(), |close| format!("; did you mean `{close}`?"));
            CliError::usage(format!("no case is called `{pattern}`{hint}"))
        })?;
        let mut results = Vec::with_capacity(selected.len());
        let mut unwritten = Vec::new();
        for case in selected {
            let checked = suite.check(case).map_err(|error| unreadable(case, &error))?;
            let accepted = self.accepts(&checked);
            let written = if accepted { suite.accept(&checked) } else { suite.propose(&checked) };
            match written {
                Ok(()) => {}
                Err(error) if accepted => return Err(unwritable(case, &error)),
                Err(error) => unwritten.push(unwritable(case, &error).to_string()),
            }
            results.push(Tested { checked, accepted });
        }
        self.print(context, &results)?;
        let terminal = &context.terminal;
        if let Some(first) = unwritten.first() {
            let rest = unwritten.len() - 1;
            let more = if rest == 0 { String::new() } else { format!("; and {rest} more like this") };
            terminal.note(&format!("{} {first}{more}", terminal.stderr.yellow("warning:")));
        }
        if results.iter().all(Tested::is_right) {
            return Ok(Exit::Done);
        }
        if !self.json {
            self.suggest(context, &results);
        }
        Ok(Exit::WithFailures)
    }

    fn accepts(&self, checked: &Checked) -> bool {
        self.accept
            && match checked.state {
                State::Different { .. } | State::New { .. } => true,
                State::NoCase => self.prune || checked.case.is_named(&self.cases),
                State::Same | State::Unreadable(_) => false,
            }
    }

    fn print(&self, context: &Context, results: &[Tested]) -> Result<(), CliError> {
        let Terminal { stdout: paint, width, .. } = context.terminal;
        let text = if self.json {
            format!("{}\n", json!({ "cases": cases(results), "counts": counts(results) }))
        } else {
            let shown = results.iter().filter(|result| !matches!(result.checked.state, State::Same));
            let shown: String = shown.map(|result| result.text(width, paint)).collect();
            format!("{shown}{}\n", balance(results))
        };
        context.terminal.print(&text)?;
        Ok(())
    }

    fn suggest(&self, context: &Context, results: &[Tested]) {
        let open: Vec<&Tested> = results.iter().filter(|result| !result.is_right()).collect();
        let Some(first) = open.iter().find(|result| result.checked.state.found().is_some()) else { return };
        let connection = self.connection.as_ref().map_or(String::new(), |name| format!("--connection {name} "));
        let one = open.len() == 1;
        let named: Vec<String> = self.cases.iter().map(|case| quoted(case)).collect();
        let case = if one || named.is_empty() { quoted(&first.checked.case.title()) } else { named.join(" ") };
        let accept = context.spell(&format!("test {connection}--accept {case}"));
        let terminal = &context.terminal;
        terminal.note(&format!("\n{}", terminal.stderr.bold("If what a case maps to now is right")));
        terminal.note(&format!("  {accept}"));
        terminal.note("  or look at one after the other with `cargo insta review`");
    }
}

impl State {
    /// What the case maps to, where that is not yet its snapshot.
    fn found(&self) -> Option<&str> {
        match self {
            State::Different { found, .. } | State::New { found } => Some(found),
            State::Same | State::Unreadable(_) | State::NoCase => None,
        }
    }
}

impl Tested {
    fn is_right(&self) -> bool {
        self.accepted || matches!(self.checked.state, State::Same)
    }

    /// The state in a word, for programs.
    fn word(&self) -> &'static str {
        match self.checked.state {
            _ if self.accepted => "accepted",
            State::Same => "same",
            State::Different { .. } => "different",
            State::New { .. } => "new",
            State::Unreadable(_) => "unreadable",
            State::NoCase => "no_case",
        }
    }

    /// A line that says what came of the case, and below it what differs.
    fn text(&self, width: Option<usize>, paint: Paint) -> String {
        let Checked { case, state } = &self.checked;
        let title = paint.bold(&case.title());
        let file = case.file.as_deref().or(case.snapshot.as_deref()).unwrap_or_default();
        let head = match state {
            _ if self.accepted => format!("{title} {}", paint.green(accepted(state))),
            State::Same => return String::new(),
            State::Different { .. } => format!("{title} {}", paint.red("differs")),
            State::New { .. } => format!("{title} {}", paint.yellow("is new")),
            State::Unreadable(_) => format!("{title} {}", paint.red("cannot be read")),
            State::NoCase => format!("{title} {}", paint.yellow("is a snapshot without a case")),
        };
        let body = match state {
            _ if self.accepted => String::new(),
            State::Different { expected, found } => diff::lines(expected, found, width, paint),
            State::New { found } => diff::lines("", found, width, paint),
            State::Unreadable(why) => indented(&format!("{file}: {why}"), width),
            State::NoCase => indented(&format!("{file} is left; --accept --prune removes it"), width),
            State::Same => String::new(),
        };
        if body.is_empty() { format!("{head}\n") } else { format!("{head}\n{body}\n") }
    }
}

fn accepted(state: &State) -> &'static str {
    match state {
        State::NoCase => "removed",
        State::New { .. } => "accepted, new",
        _ => "accepted",
    }
}

fn indented(text: &str, width: Option<usize>) -> String {
    let lines = width.map_or_else(|| vec![text.to_owned()], |width| wrap(text, width.saturating_sub(2)));
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

/// How many cases are in each state, those of which there is at least one.
fn tally(results: &[Tested]) -> Vec<(&'static str, usize)> {
    let words = ["same", "different", "new", "unreadable", "no_case", "accepted"];
    let count = |word: &str| results.iter().filter(|result| result.word() == word).count();
    words.into_iter().map(|word| (word, count(word))).collect()
}

/// `49 cases: 47 as before, 1 differs, 1 new`.
fn balance(results: &[Tested]) -> String {
    let plural = |count: usize, one: &'static str, many: &'static str| if count == 1 { one } else { many };
    let parts: Vec<String> = tally(results)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| {
            let said = match word {
                "same" => "as before",
                "different" => plural(count, "differs", "differ"),
                "unreadable" => "cannot be read",
                "no_case" => plural(count, "snapshot without a case", "snapshots without a case"),
                word => word,
            };
            format!("{count} {said}")
        })
        .collect();
    let total = results.len();
    format!("{total} {}: {}", plural(total, "case", "cases"), parts.join(", "))
}

fn counts(results: &[Tested]) -> Value {
    tally(results).into_iter().map(|(word, count)| (word.to_owned(), json!(count))).collect()
}

fn cases(results: &[Tested]) -> Vec<Value> {
    let one = |result: &Tested| {
        let Checked { case, state } = &result.checked;
        let mut shown = json!({
            "case": case.title(), "state": result.word(), "file": case.file, "snapshot": case.snapshot,
        });
        let plain = Paint { on: false };
        match state {
            State::Different { expected, found } => shown["diff"] = json!(diff::lines(expected, found, None, plain)),
            State::New { found } => shown["diff"] = json!(diff::lines("", found, None, plain)),
            State::Unreadable(why) => shown["why"] = json!(why.to_string()),
            State::Same | State::NoCase => {}
        }
        shown
    };
    results.iter().map(one).collect()
}

fn unreadable(case: &Case, error: &std::io::Error) -> CliError {
    CliError::usage(format!("cannot read {}: {error}", path(case).display()))
}

fn unwritable(case: &Case, error: &std::io::Error) -> CliError {
    CliError::usage(format!("cannot write {}: {error}", path(case).display()))
}

fn path(case: &Case) -> PathBuf {
    PathBuf::from(case.snapshot.as_deref().unwrap_or_default())
}
