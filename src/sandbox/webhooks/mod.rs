//! Webhooks of the source: who asked for which events, and their deliveries.

mod api;
mod deliver;
mod events;
mod key;

pub(super) use api::router;
pub(super) use deliver::announce;

use events::Filter;
use key::Key;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use url::Url;

/// How many deliveries decide whether a hook is still of use, and how few say nothing (F).
const REMEMBERED: usize = 1_000;
const TOO_FEW: usize = 10;

/// All applications and hooks of the tenant.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    registry: Mutex<Registry>,
    key: OnceLock<Key>,
    client: OnceLock<reqwest::Client>,
}

/// By id. Ids are made in rising order, so that lists are in the order of creation.
#[derive(Debug, Default)]
struct Registry {
    applications: BTreeMap<String, String>,
    webhooks: BTreeMap<String, Webhook>,
    made: u32,
}

#[derive(Debug, Clone)]
struct Webhook {
    application: String,
    url: Url,
    filters: Vec<Filter>,
    headers: Vec<(String, String)>,
    enabled: bool,
    /// How the last deliveries went.
    recent: VecDeque<bool>,
}

impl Webhook {
    fn members(&self, id: &str, fields: &[String]) -> Json {
        let mut members = Map::from_iter([("_kind".to_owned(), json!("Webhook")), ("_id".to_owned(), json!(id))]);
        let header = |(name, _): &(String, String)| json!({ "name": name });
        for field in fields {
            let value = match field.as_str() {
                "url" => json!(self.url.as_str()),
                "status" => json!(if self.enabled { "ENABLED" } else { "DISABLED" }),
                "filters" => json!(self.filters.iter().map(Filter::to_json).collect::<Vec<_>>()),
                "customHeaders" => json!(self.headers.iter().map(header).collect::<Vec<_>>()),
                "application" => json!({"_kind": "Application", "_id": self.application}),
                _ => continue,
            };
            members.insert(field.clone(), value);
        }
        Json::Object(members)
    }

    /// Whether so many deliveries failed that the source gives up: 30 of 100, among the last thousand.
    fn is_hopeless(&self) -> bool {
        let failed = self.recent.iter().filter(|&&arrived| !arrived).count();
        self.recent.len() >= TOO_FEW && failed * 10 >= self.recent.len() * 3
    }
}

impl Hooks {
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of all applications; made when it is first needed, because that takes a while.
    fn key(&self) -> &Key {
        self.key.get_or_init(Key::generate)
    }

    /// Remembers how a delivery went, and switches a hook off that fails too often.
    fn remember(&self, id: &str, arrived: bool) {
        if let Some(webhook) = self.registry().webhooks.get_mut(id) {
            webhook.recent.push_back(arrived);
            if webhook.recent.len() > REMEMBERED {
                webhook.recent.pop_front();
            }
            if webhook.is_hopeless() {
                webhook.enabled = false;
            }
        }
    }
}

impl Registry {
    /// An id in the form of a UUID.
    fn next_id(&mut self) -> String {
        self.made += 1;
        uuid(self.made)
    }
}

/// A random UUID, led by a number so that later ones are greater.
fn uuid(lead: u32) -> String {
    let chance = fastrand::u128(..);
    let part = |shift: u32, mask: u64| (chance >> shift) as u64 & mask;
    format!(
        "{lead:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        part(100, 0xffff),
        part(80, 0xfff),
        part(64, 0xfff),
        part(0, 0xffff_ffff_ffff)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(recent: impl IntoIterator<Item = bool>) -> Webhook {
        Webhook {
            application: String::new(),
            url: Url::parse("http://127.0.0.1/").unwrap(),
            filters: Vec::new(),
            headers: Vec::new(),
            enabled: true,
            recent: recent.into_iter().collect(),
        }
    }

    #[test]
    fn a_hook_is_given_up_at_thirty_failures_in_a_hundred() {
        let failing = |failed: usize, of: usize| webhook((0..of).map(|nth| nth >= failed)).is_hopeless();
        assert!(!failing(9, 9));
        assert!(failing(3, 10) && !failing(2, 10));
        assert!(failing(300, 1_000) && !failing(299, 1_000));
    }

    #[test]
    fn only_the_last_thousand_count() {
        let hooks = Hooks::default();
        hooks.registry().webhooks.insert("a".to_owned(), webhook(std::iter::repeat_n(true, REMEMBERED)));
        for _ in 0..299 {
            hooks.remember("a", false);
        }
        assert!(hooks.registry().webhooks["a"].enabled);
        hooks.remember("a", false);
        assert!(!hooks.registry().webhooks["a"].enabled);
        assert_eq!(hooks.registry().webhooks["a"].recent.len(), REMEMBERED);
    }
}
