//! A plan of faults, as it is written in YAML or JSON.

use super::super::data::{Churn, Kind, SCHEMA};
use super::fault::{Fault, ok};
use super::served::Served;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a sandbox does wrong. It can be changed at any time while the sandbox is read; running numbers begin anew then.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// What probabilities are drawn from.
    pub seed: u64,
    /// Faults of single calls. All rules that apply act; of those that replace the answer the first wins.
    pub rules: Vec<Rule>,
    /// Fields that are gone from the schema, as `CRVacancy.jobTitle`.
    pub removed_fields: Vec<String>,
    /// Rows that cannot be read.
    pub poisoned: Vec<Poison>,
    /// The most that a query may cost.
    pub cost: Option<Cost>,
    /// The most GraphQL requests a second.
    pub rate: Option<Rate>,
    /// The most GraphQL requests at once.
    pub concurrency: Option<Concurrency>,
    /// Changes of the tenant between pages.
    pub churn: Option<ChurnRule>,
}

/// One fault, and the calls that it befalls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The calls that are looked at.
    #[serde(default)]
    pub on: Endpoint,
    /// Which of them.
    #[serde(default)]
    pub when: When,
    /// How often at most; without it as often as the rule applies.
    #[serde(default)]
    pub times: Option<u64>,
    /// Whether an answer that the fault replaces or delays was made all the same, so that a write has happened.
    #[serde(default)]
    pub after: bool,
    /// What happens.
    #[serde(rename = "do")]
    pub fault: Fault,
}

/// Where a rule listens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Requests of access tokens.
    Token,
    /// GraphQL requests.
    #[default]
    Graphql,
    /// Deliveries of webhooks; each attempt is a call.
    Webhook,
}

/// Which calls a rule befalls: those for which every condition holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The query's root field, as `crVacancyPage`; of a delivery the event, as `crmatch:updated`.
    pub operation: Option<String>,
    /// Whether it is a mutation: `true` for mutations only, `false` for queries only.
    pub mutation: Option<bool>,
    /// The number of the page that is asked for, from 0.
    pub page: Option<i64>,
    /// A field that the query selects, as `jobTitle` or `CRVacancy.jobTitle`.
    pub field: Option<String>,
    /// Every so many. Calls are numbered from 1, and only those count that the four conditions above let through.
    pub every: Option<u64>,
    /// From this number on.
    pub from: Option<u64>,
    /// Up to this number.
    pub to: Option<u64>,
    /// Only these numbers.
    pub numbers: Vec<u64>,
    /// With this chance, from 0 to 1.
    pub probability: Option<f64>,
}

/// A row that cannot be read: an answer that would hold it is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poison {
    /// The record's type, as `CRVacancy`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its `_id`.
    pub id: String,
    /// Only an answer that reads one of these fields of it; without any, every answer that holds it.
    #[serde(default)]
    pub only_when_selecting: Vec<String>,
    /// Whether it also spoils answers that reach it through another record.
    #[serde(default)]
    pub nested: bool,
    /// An HTML page of status 500 in place of an `INTERNAL` error without data.
    #[serde(default)]
    pub html: bool,
}

/// The price of queries. The threshold and the text of the refusal are not published (F).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// What a query may cost at most.
    pub budget: f64,
    /// The price of a selected field: by `Type.field`, by name, or by the type that it yields.
    #[serde(default)]
    pub weights: BTreeMap<String, f64>,
    /// The price of other fields that yield an object; those that yield a value are free.
    #[serde(default = "object_price")]
    pub object: f64,
    /// Whether what is selected of a page's rows costs as often as the page is long.
    #[serde(default)]
    pub multiply: bool,
}

fn object_price() -> f64 {
    0.005
}

/// A token bucket before the GraphQL endpoint; a request too many is a 429 that says how long to wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second in the long run.
    pub per_second: f64,
    /// How many may come at once; as many as in a second when nothing is said.
    #[serde(default)]
    pub burst: Option<u32>,
}

/// A limit of requests at once; one too many is a `THROTTLED_CONCURRENCY` error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concurrency {
    /// Requests at once.
    pub limit: u64,
    /// The HTTP status of the refusal.
    #[serde(default = "ok")]
    pub status: u16,
}

/// Changes between pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChurnRule {
    /// Before every so many requests of a page.
    pub every: u64,
    /// How often at most.
    #[serde(default)]
    pub times: Option<u64>,
    /// The changes of one turn; each turn draws others.
    #[serde(rename = "do")]
    pub changes: Churn,
}

/// Why a plan cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// The text is no plan.
    #[error("this is no plan of faults: {0}")]
    Unreadable(String),
    /// A part of it cannot be.
    #[error("{place}: {problem}")]
    Impossible {
        /// The part, as `rules[2]`.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Faults {
    /// Reads a plan from YAML or JSON.
    pub fn parse(text: &str) -> Result<Faults, FaultsError> {
        if text.trim().is_empty() {
            return Ok(Faults::default());
        }
        let faults: Faults = serde_yaml::from_str(text).map_err(|error| FaultsError::Unreadable(error.to_string()))?;
        faults.check()?;
        Ok(faults)
    }

    /// Whether every part of it can happen.
    pub(crate) fn check(&self) -> Result<(), FaultsError> {
        let impossible = |place: String, problem: String| Err(FaultsError::Impossible { place, problem });
        let fields_go = |place: String, fields: &[String]| match Served::without(fields) {
            Ok(_) => Ok(()),
            Err(problem) => Err(FaultsError::Impossible { place, problem }),
        };
        for (nth, rule) in self.rules.iter().enumerate() {
            let place = format!("rules[{nth}]");
            if !rule.fault.can_happen_at(rule.on) {
                let problem = format!("`{}` cannot happen on `{:?}`", rule.fault.name(), rule.on).to_lowercase();
                return impossible(place, problem);
            }
            if rule.when.every == Some(0) {
                return impossible(place, "`every` counts from 1".to_owned());
            }
            if rule.when.probability.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
                return impossible(place, "`probability` is a number from 0 to 1".to_owned());
            }
            match &rule.fault {
                Fault::Status { code, .. }
                | Fault::Html { code }
                | Fault::Empty { code }
                | Fault::Error { status: code, .. }
                    if !(200..=599).contains(code) =>
                {
                    return impossible(place, format!("{code} is no status of an answer"));
                }
                Fault::RemoveFields { fields } | Fault::RestoreFields { fields } => fields_go(place, fields)?,
                _ => {}
            }
        }
        fields_go("removed_fields".to_owned(), &self.removed_fields)?;
        for (nth, poison) in self.poisoned.iter().enumerate() {
            let place = format!("poisoned[{nth}]");
            if Kind::from_name(&poison.kind).is_none() {
                return impossible(place, format!("the schema has no record type `{}`", poison.kind));
            }
            if let Some(field) =
                poison.only_when_selecting.iter().find(|field| SCHEMA.type_field(&poison.kind, field).is_err())
            {
                return impossible(place, format!("`{}` has no field `{field}`", poison.kind));
            }
        }
        if self.rate.as_ref().is_some_and(|rate| rate.per_second.is_nan() || rate.per_second <= 0.0) {
            return impossible("rate".to_owned(), "`per_second` is a number above 0".to_owned());
        }
        if self.concurrency.as_ref().is_some_and(|limit| limit.limit == 0 || !(200..=599).contains(&limit.status)) {
            return impossible(
                "concurrency".to_owned(),
                "`limit` counts from 1, and `status` is of an answer".to_owned(),
            );
        }
        if self.churn.as_ref().is_some_and(|churn| churn.every == 0) {
            return impossible("churn".to_owned(), "`every` counts from 1".to_owned());
        }
        Ok(())
    }
}
