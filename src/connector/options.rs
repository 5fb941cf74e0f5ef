//! `options` of a connection: what is done with its records, and when they are read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::keys;
use super::schedule::{Schedule, Times, WrongTimes};
use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::model::{ACTIONS, Action, MODELS, Model};
use crate::yaml::{self, Fields};

/// A source is not read more often.
const SHORTEST: Duration = Duration::from_secs(1);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// What is done with the records of a connection, and when they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Show the source's own record in `remote_data`.
    pub remote_data: bool,
    /// When its models are read that have no clock of their own.
    pub schedule: Schedule,
    /// The span over which connections with the same clock are spread; where it is none, it hangs on the interval.
    pub jitter: Option<Duration>,
    /// What is particular to a model, by its name.
    pub models: BTreeMap<&'static str, ModelOptions>,
    /// How often everything is read, and what is believed of deletions.
    pub sync: SyncRules,
    /// Whether it is not read by the clock.
    pub paused: bool,
    /// How long the source may refuse the credentials before the connection counts as invalid.
    pub invalid_after: Duration,
    /// The actions that are not to be done, by their names.
    pub actions_off: BTreeSet<&'static str>,
}

/// How often everything is read, and what is believed of deletions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncRules {
    /// How long after everything was read it is read again; in between, what changed is.
    pub full_every: Duration,
    /// How many of a hundred records may be gone at once before somebody has to look.
    pub most_deleted: u8,
    /// So many may be gone at once whatever their share is.
    pub few_deleted: u64,
    /// How long a deleted record keeps its fields.
    pub clear_deleted_after: Duration,
    /// Of candidates and applications, read only those that actions made or changed.
    pub only_created: bool,
}

impl Default for SyncRules {
    fn default() -> Self {
        SyncRules {
            full_every: 24 * HOUR,
            most_deleted: 20,
            few_deleted: 10,
            clear_deleted_after: 14 * 24 * HOUR,
            only_created: false,
        }
    }
}

/// What is particular to a model of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelOptions {
    /// Its own clock.
    pub schedule: Option<Schedule>,
    /// Whether it is not read by the clock.
    pub off: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            remote_data: false,
            schedule: Schedule::Every(HOUR),
            jitter: None,
            models: BTreeMap::new(),
            sync: SyncRules::default(),
            paused: false,
            invalid_after: 3 * 24 * HOUR,
            actions_off: BTreeSet::new(),
        }
    }
}

impl Options {
    /// When a model is read by the clock; none when it is not.
    pub fn clock(&self, model: &Model) -> Option<&Schedule> {
        let own = self.models.get(model.name);
        if self.paused || own.is_some_and(|own| own.off) {
            return None;
        }
        Some(own.and_then(|own| own.schedule.as_ref()).unwrap_or(&self.schedule))
    }
}

pub(super) fn read(node: &yaml::Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<Options> {
    let fields = Fields::open(node, &keys::OPTIONS, file, problems)?;
    let usual = Options::default();
    let zone = fields.text("zone");
    let reader = Reader { zone: zone.as_ref().map_or("UTC", |zone| zone.value.as_str()), file, problems };
    if let Some(zone) = &zone
        && let Err(why @ WrongTimes::Zone(_)) = Times::new("0 0 * * *", &zone.value)
    {
        problems.report(
            Problem::error("M0618", why.to_string())
                .at(file, zone.span, "not in the time zone database")
                .help("write a name of the time zone database, such as `Europe/Amsterdam`"),
        );
    }
    let options = Options {
        remote_data: fields.flag("remote_data").unwrap_or(usual.remote_data),
        schedule: reader.schedule(&fields).unwrap_or(usual.schedule),
        jitter: fields.duration("jitter"),
        models: reader.models(&fields),
        sync: SyncRules {
            full_every: fields.duration("full_every").unwrap_or(usual.sync.full_every),
            only_created: fields.flag("only_created").unwrap_or(usual.sync.only_created),
            ..fields.get("deletions").map_or_else(|| Some(usual.sync), |node| deletions(node, file, problems))?
        },
        paused: fields.flag("paused").unwrap_or(usual.paused),
        invalid_after: fields.duration("invalid_after").unwrap_or(usual.invalid_after),
        actions_off: reader.actions_off(&fields),
    };
    fields.close();
    Some(options)
}

fn deletions(node: &yaml::Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<SyncRules> {
    let fields = Fields::open(node, &keys::DELETIONS, file, problems)?;
    let usual = SyncRules::default();
    let rules = SyncRules {
        most_deleted: fields.integer("most").and_then(|most| u8::try_from(most).ok()).unwrap_or(usual.most_deleted),
        few_deleted: fields.integer("few").and_then(|few| u64::try_from(few).ok()).unwrap_or(usual.few_deleted),
        clear_deleted_after: fields.duration("clear_after").unwrap_or(usual.clear_deleted_after),
        ..usual
    };
    fields.close();
    Some(rules)
}

struct Reader<'a> {
    zone: &'a str,
    file: &'a Arc<SourceFile>,
    problems: &'a Problems,
}

impl Reader<'_> {
    /// `every` or `cron`.
    fn schedule(&self, fields: &Fields<'_>) -> Option<Schedule> {
        let every = fields.duration("every").map(|every| Schedule::Every(every.max(SHORTEST)));
        let cron = fields.text("cron");
        if let (Some(every), Some(cron)) = (fields.entry("every").filter(|_| every.is_some()), fields.entry("cron")) {
            self.problems.report(
                Problem::error("M0618", "a clock has `every` or `cron`")
                    .at(self.file, cron.key.span, "times of the day")
                    .because(Place::new(self.file, every.key.span), "an interval")
                    .help("remove one of them"),
            );
            return None;
        }
        let Some(cron) = cron else { return every };
        match Times::new(&cron.value, self.zone) {
            Ok(times) => Some(Schedule::At(times)),
            // It was told already.
            Err(WrongTimes::Zone(_)) => None,
            Err(why) => {
                self.problems.report(
                    Problem::error("M0618", why.to_string()).at(self.file, cron.span, "cannot be used").help(
                        "write minute, hour, day of the month, month and day of the week, such as `0 2 * * *` or `*/15 8-18 * * MON-FRI`",
                    ),
                );
                None
            }
        }
    }

    /// The actions that are switched off.
    fn actions_off(&self, fields: &Fields<'_>) -> BTreeSet<&'static str> {
        let mut off = BTreeSet::new();
        for entry in fields.map("actions") {
            let action = Action::named(&entry.key.value);
            if action.is_none() {
                self.problems.report(
                    Problem::error("M0201", format!("there is no action `{}`", entry.key.value))
                        .at(self.file, entry.key.span, "no such action")
                        .suggest(&entry.key.value, ACTIONS.iter().map(|action| action.name)),
                );
            }
            let Some(switch) = yaml::text(&entry.value, self.file, self.problems) else { continue };
            match switch.value.as_str() {
                "on" | "true" => {}
                "off" | "false" => off.extend(action.map(|action| action.name)),
                _ => self.problems.report(
                    Problem::error("M0003", "an action is `on` or `off`")
                        .at(self.file, switch.span, "neither of them")
                        .help("write `off` to switch the action off; without a word it is on"),
                ),
            }
        }
        off
    }

    fn models(&self, fields: &Fields<'_>) -> BTreeMap<&'static str, ModelOptions> {
        let mut models = BTreeMap::new();
        for entry in fields.map("models") {
            let Some(model) = Model::named(&entry.key.value) else {
                self.problems.report(
                    Problem::error("M0201", format!("there is no model `{}`", entry.key.value))
                        .at(self.file, entry.key.span, "no such model")
                        .suggest(&entry.key.value, MODELS.iter().map(|model| model.name)),
                );
                continue;
            };
            let Some(fields) = Fields::open(&entry.value, &keys::CLOCK, self.file, self.problems) else { continue };
            let options =
                ModelOptions { schedule: self.schedule(&fields), off: fields.flag("off").unwrap_or_default() };
            fields.close();
            models.insert(model.name, options);
        }
        models
    }
}
