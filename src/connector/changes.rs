//! `changes` of `connector.yaml`: how the source is asked for rows that changed since a moment.

use std::sync::Arc;
use std::time::Duration;

use super::keys::{CHANGED_ROWS, CHANGES};
use super::pages::Pages;
use crate::diagnostics::{Problem, Problems, SourceFile, Span};
use crate::mapping::{ChangeRule, ChangedRows, DateFormat};
use crate::schema::Schema;
use crate::yaml::{Fields, Located, Node};

const OVERLAP: Duration = Duration::from_secs(5 * 60);
const JOINED: &str = "({where}) AND ({changes})";

/// What `changes` says.
#[derive(Debug)]
pub(crate) struct Changes {
    pub rule: ChangeRule,
    /// The paths that rows are sorted by, for messages about them.
    pub sorted_by: Vec<Located<String>>,
    /// Where it stands.
    pub span: Span,
}

/// `date` reads how a date is written, and reports what is wrong with it.
pub(super) fn parse(
    node: &Node,
    date: impl Fn(&Node) -> Option<DateFormat>,
    file: &Arc<SourceFile>,
    problems: &Problems,
) -> Option<Changes> {
    let fields = Fields::open(node, &CHANGES, file, problems)?;
    let since = fields.require("since").and_then(date);
    let joined = fields.text("with");
    let overlap = fields.duration("overlap").unwrap_or(OVERLAP);
    let must_hold = |text: &Located<String>, name: &str, of: &str| {
        if text.value.contains(name) {
            return true;
        }
        problems.report(
            Problem::error("M0620", format!("`{of}` says not where `{name}` stands"))
                .at(file, text.span, format!("without `{name}`"))
                .help(format!("put `{name}` where the engine is to fill it in")),
        );
        false
    };
    let mut sound = true;
    if let Some(joined) = &joined {
        sound &= must_hold(joined, "{where}", "with") & must_hold(joined, "{changes}", "with");
    }
    let mut reads = Vec::new();
    let mut sorted_by = Vec::new();
    for node in fields.list("reads") {
        let Some(read) = Fields::open(node, &CHANGED_ROWS, file, problems) else {
            sound = false;
            continue;
        };
        let (filter, sort) = (read.required_text("where"), read.texts("sort"));
        read.close();
        sound &= filter.as_ref().is_some_and(|filter| must_hold(filter, "{since}", "where")) && !sort.is_empty();
        let paths = sort.iter().map(|path| path.value.clone()).collect();
        reads.extend(filter.map(|filter| ChangedRows { filter: filter.value, sort: paths }));
        sorted_by.extend(sort);
    }
    sound &= fields.require("reads").is_some();
    let span = fields.span();
    fields.close();
    let joined = joined.map_or_else(|| JOINED.to_owned(), |joined| joined.value);
    let rule = ChangeRule { since: since?, overlap, joined, reads };
    (sound && !rule.reads.is_empty()).then_some(Changes { rule, sorted_by, span })
}

/// Says what keeps rows from ever being asked for by their changes.
pub(super) fn check(changes: &Changes, pages: &Pages, schema: &Schema, file: &Arc<SourceFile>, problems: &Problems) {
    if pages.arguments.filter.is_none() {
        problems.report(
            Problem::error("M0620", "rows that changed are asked for by a filter, and this source has none")
                .at(file, changes.span, "cannot be sent")
                .help("name the argument that takes a filter under `pages`: `filter: …`, or remove `changes`"),
        );
    }
    for path in &changes.sorted_by {
        if !schema.some_rows_have_value(path.value.trim_start_matches('-')) {
            problems.report(
                Problem::error("M0155", format!("no row has a value `{}`", path.value))
                    .at(file, path.span, "no rows can be sorted by it")
                    .help("name the field that says when a row changed, or was made"),
            );
        }
    }
}
