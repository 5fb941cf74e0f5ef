//! The figures of a running engine: their names, and what each says.

use std::time::Duration;

use metrics::Unit;

/// One figure.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// How it moves.
    pub kind: FigureKind,
    /// What tells several of them apart.
    pub labels: &'static [&'static str],
    /// What it says.
    pub about: &'static str,
    unit: Unit,
}

/// How a figure moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureKind {
    /// It grows, from 0 when the engine starts.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts values by their size.
    Histogram,
}

use FigureKind::{Counter, Gauge, Histogram};

const fn figure(
    name: &'static str,
    kind: FigureKind,
    labels: &'static [&'static str],
    unit: Unit,
    about: &'static str,
) -> Figure {
    Figure { name, kind, labels, about, unit }
}

/// Syncs that ended.
pub(super) const SYNCS: &str = "crosswalk_syncs_total";
/// How long they took.
pub(super) const SYNC_SECONDS: &str = "crosswalk_sync_seconds";
/// Pages that were written.
pub(super) const PAGES: &str = "crosswalk_pages_total";
/// What became of records.
pub(super) const RECORDS: &str = "crosswalk_records_total";
/// Values that fitted nowhere.
pub(super) const ISSUES: &str = "crosswalk_issues_total";
/// Syncs under way.
pub(super) const SYNCS_RUNNING: &str = "crosswalk_syncs_running";
/// Syncs that wait.
pub(super) const SYNCS_QUEUED: &str = "crosswalk_syncs_queued";
/// How old what is stored is.
pub(super) const LAG: &str = "crosswalk_lag_seconds";
/// Deliveries that were taken.
pub(super) const WEBHOOKS_RECEIVED: &str = "crosswalk_webhooks_received_total";
/// Requests that were not.
pub(super) const WEBHOOKS_REFUSED: &str = "crosswalk_webhooks_refused_total";
/// How long it takes until they are followed.
pub(super) const WEBHOOK_LAG: &str = "crosswalk_webhook_lag_seconds";
/// Those that wait.
pub(super) const WEBHOOK_INBOX: &str = "crosswalk_webhook_inbox";
/// Requests of the HTTP API.
pub(crate) const API_REQUESTS: &str = "crosswalk_api_requests_total";
/// How long they took. Its bounds are [`API_BOUNDS`].
pub const API_SECONDS: &str = "crosswalk_api_seconds";
/// Actions that ended.
pub(super) const ACTIONS: &str = "crosswalk_actions_total";
/// Messages to endpoints.
pub(super) const MESSAGES_SENT: &str = "crosswalk_webhook_messages_total";
/// Those that wait.
pub(super) const MESSAGES_WAITING: &str = "crosswalk_webhook_messages_waiting";
/// Those that were given up.
pub(super) const MESSAGES_DEAD: &str = "crosswalk_webhook_messages_dead";
/// When the next sync is due.
pub(super) const NEXT_SYNC: &str = "crosswalk_next_sync_timestamp_seconds";
/// How connections stand.
pub(super) const STATE: &str = "crosswalk_connection_state";
/// Failures in a row.
pub(super) const FAILURES: &str = "crosswalk_connection_failures";
/// Whether somebody has to look.
pub(super) const HELD: &str = "crosswalk_connection_held";
/// Whether files are broken.
pub(super) const BROKEN: &str = "crosswalk_connection_broken";
/// Looks at the files.
pub(super) const RELOADS: &str = "crosswalk_reloads_total";
/// How long the last one took.
pub(super) const RELOAD_SECONDS: &str = "crosswalk_reload_seconds";
/// Records mapped again.
pub(super) const REMAPPED: &str = "crosswalk_records_remapped_total";
/// Records to be mapped again.
pub(super) const REMAP_LEFT: &str = "crosswalk_remap_left";
/// Bytes on the disk.
pub(super) const STORE_BYTES: &str = "crosswalk_store_bytes";
/// Events in the store.
pub(super) const EVENTS: &str = "crosswalk_events_stored";

const CONNECTION: &[&str] = &["connection"];
const MODEL: &[&str] = &["connection", "model"];

/// All of them, in the order of the page for operators.
pub static FIGURES: &[Figure] = &[
    figure(
        SYNCS,
        Counter,
        &["connection", "outcome"],
        Unit::Count,
        "Syncs that ended: `complete`, `incomplete` (a model was not read to its end), `failed`, `refused` (the credentials), `stopped` (with the engine)",
    ),
    figure(
        SYNC_SECONDS,
        Histogram,
        CONNECTION,
        Unit::Seconds,
        "How long syncs took, from the first request to the last page",
    ),
    figure(PAGES, Counter, MODEL, Unit::Count, "Pages that were written"),
    figure(
        RECORDS,
        Counter,
        &["connection", "model", "what"],
        Unit::Count,
        "Records of reads that ended: `fetched`, `created`, `changed`, `deleted`, `failed` (to map, as a whole or in a field)",
    ),
    figure(ISSUES, Counter, MODEL, Unit::Count, "Values that fitted nowhere, in reads that ended"),
    figure(SYNCS_RUNNING, Gauge, &[], Unit::Count, "Syncs that are under way"),
    figure(SYNCS_QUEUED, Gauge, &[], Unit::Count, "Syncs that are due and wait for their turn"),
    figure(
        LAG,
        Gauge,
        CONNECTION,
        Unit::Seconds,
        "How old what is stored is: since the beginning of the last whole read of the model that was read longest ago. Missing while a model was never read to its end",
    ),
    figure(
        NEXT_SYNC,
        Gauge,
        CONNECTION,
        Unit::Seconds,
        "When the next sync is due, in seconds since 1970; 0 while one is under way or none is due",
    ),
    figure(
        STATE,
        Gauge,
        &["connection", "state"],
        Unit::Count,
        "1 for the state in which the connection is, 0 for the others",
    ),
    figure(FAILURES, Gauge, CONNECTION, Unit::Count, "Syncs in a row that did not come to their end"),
    figure(HELD, Gauge, CONNECTION, Unit::Count, "1 while somebody has to look before deletions are believed"),
    figure(BROKEN, Gauge, CONNECTION, Unit::Count, "1 while the present files cannot be run with"),
    figure(
        RELOADS,
        Counter,
        &["connection", "outcome"],
        Unit::Count,
        "Looks at files: `started`, `swapped`, `unchanged`, `broken`, `stopped`",
    ),
    figure(RELOAD_SECONDS, Gauge, &[], Unit::Seconds, "How long the last look took, until everything was in use"),
    figure(REMAPPED, Counter, CONNECTION, Unit::Count, "Records that were mapped again"),
    figure(REMAP_LEFT, Gauge, MODEL, Unit::Count, "Records that are still to be mapped again"),
    figure(STORE_BYTES, Gauge, &[], Unit::Bytes, "Bytes of the store on the disk, its log included"),
    figure(EVENTS, Gauge, &[], Unit::Count, "Events in the store that can be read; they are forgotten after a week"),
    // The floor of the source names its own.
    figure(
        "crosswalk_source_requests_total",
        Counter,
        &["connection", "outcome"],
        Unit::Count,
        "Requests by what became of them: `answered`, `refused`, `throttled`, `timeout`, `unavailable`, `malformed`",
    ),
    figure("crosswalk_source_retries_total", Counter, CONNECTION, Unit::Count, "Requests that were sent again"),
    figure(
        "crosswalk_source_retries_left",
        Gauge,
        CONNECTION,
        Unit::Count,
        "Retries in stock; at 0 requests are given up",
    ),
    figure(
        "crosswalk_source_wait_milliseconds_total",
        Counter,
        CONNECTION,
        Unit::Count,
        "How long requests waited before they were sent, in milliseconds",
    ),
    figure(
        "crosswalk_source_rate",
        Gauge,
        CONNECTION,
        Unit::Count,
        "Requests a second that may begin; infinite while nothing bounds them",
    ),
    figure(
        "crosswalk_source_concurrency",
        Gauge,
        CONNECTION,
        Unit::Count,
        "Requests that may be under way; infinite while only the process bounds them",
    ),
    figure(
        "crosswalk_source_circuit_open",
        Gauge,
        CONNECTION,
        Unit::Count,
        "1 while nothing is sent, 0.5 while one request goes to see, else 0",
    ),
    figure(
        WEBHOOKS_RECEIVED,
        Counter,
        &["connection", "outcome"],
        Unit::Count,
        "Deliveries of sources that were answered as taken: `taken`, `again` (it came before), `out_of_time` and `unheard` (both left to the next sync)",
    ),
    figure(
        WEBHOOKS_REFUSED,
        Counter,
        &["connection", "reason"],
        Unit::Count,
        "Requests in the place of deliveries that were refused: `signature`, `secret`, `tenant`, `malformed`, `no_key`, `too_many`, `store`, and `nobody` without a connection",
    ),
    figure(
        WEBHOOK_LAG,
        Histogram,
        CONNECTION,
        Unit::Seconds,
        "From an event, as its source dates it, to its record in the store",
    ),
    figure(
        API_REQUESTS,
        Counter,
        &["operation", "status"],
        Unit::Count,
        "Requests of the HTTP API that were answered; those that lead to no operation have a blank one",
    ),
    figure(
        API_SECONDS,
        Histogram,
        &["operation"],
        Unit::Seconds,
        "How long answers took, from the head of a request to the last byte that was handed over",
    ),
    figure(WEBHOOK_INBOX, Gauge, CONNECTION, Unit::Count, "Events that wait to be followed"),
    figure(
        ACTIONS,
        Counter,
        &["connection", "action", "outcome"],
        Unit::Count,
        "Actions that were asked for: `done`, `repeated` (done before), or the code of the error, such as `unclear`",
    ),
    figure(
        MESSAGES_SENT,
        Counter,
        &["endpoint", "outcome"],
        Unit::Count,
        "Attempts to send a message to an endpoint: `delivered`, `failed` (it is sent again), `dead` (it is sent no more)",
    ),
    figure(MESSAGES_WAITING, Gauge, &["endpoint"], Unit::Count, "Messages that an endpoint has not taken yet"),
    figure(MESSAGES_DEAD, Gauge, &["endpoint"], Unit::Count, "Messages that an endpoint did not take within a day"),
];

/// The bounds by which [`FigureKind::Histogram`] counts, in seconds.
pub const BOUNDS: &[f64] = &[0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];

/// The same of [`API_SECONDS`].
pub const API_BOUNDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Tells the recorder of the process what each figure says. Call it once the recorder is installed.
pub fn describe() {
    for Figure { name, kind, about, unit, .. } in FIGURES.iter().copied() {
        match kind {
            Counter => metrics::describe_counter!(name, unit, about),
            Gauge => metrics::describe_gauge!(name, unit, about),
            Histogram => metrics::describe_histogram!(name, unit, about),
        }
    }
}

/// One sync that ended.
pub(super) fn count_sync(connection: &str, outcome: &'static str, took: Duration) {
    metrics::counter!(SYNCS, "connection" => connection.to_owned(), "outcome" => outcome).increment(1);
    metrics::histogram!(SYNC_SECONDS, "connection" => connection.to_owned()).record(took.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");

    fn read(path: &str) -> String {
        std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
    }

    /// The words of a text that begin as figures do.
    fn names(text: &str) -> BTreeSet<&str> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        words.filter(|word| word.starts_with("crosswalk_")).collect()
    }

    #[test]
    fn the_page_for_operators_has_each_figure_with_its_labels() {
        let page = read("docs/operating.md");
        for Figure { name, labels, about, .. } in FIGURES {
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let row = format!("| `{name}{labels}` | {about} |");
            assert!(page.contains(&row), "docs/operating.md has no row\n{row}");
        }
        let known: BTreeSet<&str> = FIGURES.iter().map(|figure| figure.name).collect();
        let bases = names(&page).into_iter().map(|name| name.strip_suffix("_bucket").unwrap_or(name));
        let unknown: Vec<&str> = bases.filter(|name| !known.contains(name)).collect();
        assert_eq!(unknown, Vec::<&str>::new(), "docs/operating.md names what there is not");
    }

    #[test]
    fn every_figure_of_the_program_is_in_the_table() {
        fn look(folder: &Path, found: &mut BTreeSet<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, found);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    // Only constants that are a name and no more: no path of a module, no name of a snapshot.
                    let constants = text.split("\"crosswalk_").skip(1).filter_map(|rest| rest.split('"').next());
                    found.extend(
                        constants
                            .filter(|rest| rest.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
                            .filter(|rest| !rest.contains("__"))
                            .map(|rest| format!("crosswalk_{rest}")),
                    );
                }
            }
        }
        let mut found = BTreeSet::new();
        look(&Path::new(ROOT).join("src"), &mut found);
        found.remove("crosswalk_");
        // A member of the vault's file.
        found.remove("crosswalk_vault");
        let known: BTreeSet<String> = FIGURES.iter().map(|figure| figure.name.to_owned()).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn the_rules_for_alerts_can_be_read_and_each_says_what_to_do() {
        let page = read("docs/operating.md");
        let rules = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let rules: serde_json::Value = serde_yaml::from_str(rules).unwrap();
        let rules = rules["groups"][0]["rules"].as_array().unwrap();
        assert!(rules.len() >= 8, "{}", rules.len());
        for rule in rules {
            let name = rule["alert"].as_str().unwrap();
            assert!(!names(rule["expr"].as_str().unwrap()).is_empty(), "{name} asks for no figure");
            for text in ["summary", "why", "action"] {
                assert!(rule["annotations"][text].is_string(), "{name} has no {text}");
            }
            assert!(["page", "ticket"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
        }
    }
}
