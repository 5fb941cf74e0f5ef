//! What a sync is doing: bars on a terminal, lines elsewhere.

use std::fmt::Write;
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::terminal::{Paint, Terminal};
use crate::model::{MODELS, Model};
use crate::sync::{Event, ModelReport, State};

/// How often a long read says how far it has come, where there are no bars.
const EVERY: Duration = Duration::from_secs(5);

/// How often a bar moves while nothing happens.
const TICK: Duration = Duration::from_millis(120);

/// Columns of a line beside its bar.
const BESIDE_THE_BAR: usize = 54;

const SHORTEST_BAR: usize = 4;
const LONGEST_BAR: usize = 40;

/// Shows the events of a sync.
pub(super) enum Progress<'a> {
    /// One bar a model, the finished ones above.
    Bars { terminal: &'a Terminal, bars: Vec<ProgressBar> },
    /// A line now and then.
    Lines { terminal: &'a Terminal, said: Instant },
}

impl<'a> Progress<'a> {
    pub fn new(terminal: &'a Terminal) -> Progress<'a> {
        if terminal.is_interactive() {
            Progress::Bars { terminal, bars: Vec::new() }
        } else {
            Progress::Lines { terminal, said: Instant::now() }
        }
    }

    pub fn observe(&mut self, event: Event) {
        match self {
            Progress::Bars { terminal, bars } => draw(terminal, bars, event),
            Progress::Lines { terminal, said } => say(terminal, said, event),
        }
    }

    /// Lets go of the bars, as they are. What is written from now on stands below them.
    pub fn end(self) {
        if let Progress::Bars { terminal, .. } = self {
            // Drawing them once more would go wrong by a line after the `^C` that a terminal shows.
            terminal.bars.set_draw_target(ProgressDrawTarget::hidden());
            // One line end for the last bar, which has none, and one for a blank line.
            terminal.note("\n");
        }
    }
}

fn draw(terminal: &Terminal, bars: &mut Vec<ProgressBar>, event: Event) {
    match event {
        Event::Started { model, .. } => {
            let bar = terminal.bars.add(ProgressBar::no_length());
            bar.set_style(waiting_style(terminal.stderr));
            bar.set_prefix(padded(model));
            bar.enable_steady_tick(TICK);
            bars.push(bar);
        }
        Event::Restarted { .. } => {
            if let Some(bar) = bars.last() {
                bar.set_position(0);
            }
        }
        Event::Page { fetched, total, .. } => {
            let Some(bar) = bars.last() else { return };
            let is_first = bar.position() == 0;
            if let Some(total) = total
                && bar.length() != Some(total)
            {
                bar.set_length(total);
                bar.set_style(reading_style(terminal.stderr));
            }
            bar.set_position(fetched);
            if is_first {
                // What an interrupted sync had read says nothing about the speed of this one.
                bar.reset_eta();
            }
        }
        Event::Finished(report) => {
            let Some(bar) = bars.last().filter(|_| !matches!(report.state, State::NotRead)) else { return };
            bar.disable_steady_tick();
            bar.set_style(ended_style());
            bar.finish_with_message(ending(&report, terminal.stderr));
        }
    }
}

fn padded(model: &Model) -> String {
    let widest = MODELS.iter().map(|model| model.name.len()).max().unwrap_or(0);
    format!("{:widest$}", model.name)
}

/// Before the first page.
fn waiting_style(paint: Paint) -> ProgressStyle {
    style(if paint.on { "{prefix} {spinner:.cyan}" } else { "{prefix} {spinner}" })
}

fn reading_style(paint: Paint) -> ProgressStyle {
    let columns = Term::stderr().size_checked().map_or(0, |(_, columns)| usize::from(columns));
    let width = columns.saturating_sub(BESIDE_THE_BAR).clamp(SHORTEST_BAR, LONGEST_BAR);
    let bar = if paint.on { format!("{{bar:{width}.cyan/dim}}") } else { format!("{{bar:{width}}}") };
    style(&format!("{{prefix}} {bar} {{human_pos:>6}}/{{human_len:6}} {{rate:>8}} {{eta:>4}} left"))
        .with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
            // A bar whose text cannot be built is drawn without it.
            let _ = write!(text, "{}/s", HumanCount(state.per_sec().round() as u64));
        })
        .progress_chars("━╸─")
}

fn ended_style() -> ProgressStyle {
    style("{prefix} {msg}")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well formed")
}

fn say(terminal: &Terminal, said: &mut Instant, event: Event) {
    match event {
        Event::Started { model, resumed_at: None } => terminal.note(&format!("{}: reading", model.name)),
        Event::Started { model, resumed_at: Some(page) } => {
            terminal.note(&format!("{}: going on at page {page}, where an earlier sync was broken off", model.name));
        }
        Event::Restarted { model, why } => {
            terminal.note(&format!("{}: beginning anew, because an earlier sync cannot go on: {why}", model.name));
        }
        Event::Page { model, fetched, total } => {
            if said.elapsed() < EVERY {
                return;
            }
            let of = total.map_or(String::new(), |total| format!(" of {}", HumanCount(total)));
            terminal.note(&format!("{}: {}{of} rows", model.name, HumanCount(fetched)));
        }
        Event::Finished(ModelReport { state: State::NotRead, .. }) => return,
        Event::Finished(report) => {
            terminal.note(&format!("{}: {}", report.model.name, ending(&report, Paint { on: false })));
        }
    }
    *said = Instant::now();
}

fn ending(report: &ModelReport, paint: Paint) -> String {
    let rows = format!("{} rows in {:.1} s", HumanCount(report.counts.fetched), report.elapsed.as_secs_f64());
    match &report.state {
        State::Complete => format!("{} {rows}", paint.green("done,")),
        State::Incomplete(_) => format!("{} {rows}", paint.yellow("incomplete,")),
        State::Held(_) => format!("{} {rows}", paint.yellow("held,")),
        State::Interrupted(_) => format!("{} {rows}", paint.red("interrupted,")),
        State::Failed(_) => format!("{} {rows}", paint.red("failed,")),
        State::NotRead => "not read".to_owned(),
    }
}
