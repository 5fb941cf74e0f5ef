//! Which faults befall a call.

use super::super::data::Churn;
use super::super::failure::Failure;
use super::{Answer, Call, Endpoint, Fault, Faults, FaultsError, Poison, Poisoning, Rate, Served, cost};
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::response::JsonMap;
use axum::http::StatusCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A fault that befalls a call.
#[derive(Debug, Clone)]
pub(crate) struct Fired {
    pub(crate) fault: Fault,
    /// Whether the answer that it replaces is made first.
    pub(crate) after: bool,
    /// The names in the answer of the root fields that it is about.
    pub(crate) keys: Vec<String>,
}

/// The present plan, and how far it has come.
#[derive(Debug)]
pub(crate) struct State(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    plan: Faults,
    poisoned: Arc<[Poison]>,
    /// For each rule, how many calls it counted and how often it acted.
    rules: Vec<(u64, u64)>,
    /// Requests of pages, and turns of the churn.
    pages: u64,
    turns: u64,
    rng: fastrand::Rng,
    bucket: Bucket,
    served: Arc<Served>,
}

impl Inner {
    fn new(plan: Faults) -> Result<Inner, FaultsError> {
        plan.check()?;
        let served = Served::without(&plan.removed_fields)
            .map_err(|problem| FaultsError::Impossible { place: "removed_fields".to_owned(), problem })?;
        Ok(Inner {
            poisoned: plan.poisoned.clone().into(),
            rules: vec![(0, 0); plan.rules.len()],
            pages: 0,
            turns: 0,
            rng: fastrand::Rng::with_seed(plan.seed),
            bucket: Bucket::full(plan.rate.as_ref()),
            served: Arc::new(served),
            plan,
        })
    }
}

impl State {
    pub(crate) fn new(plan: Faults) -> Result<State, FaultsError> {
        Ok(State(Mutex::new(Inner::new(plan)?)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the plan; all counting begins anew.
    pub(crate) fn set(&self, plan: Faults) -> Result<(), FaultsError> {
        let new = Inner::new(plan)?;
        *self.inner() = new;
        Ok(())
    }

    /// The plan, with the fields that are gone at the moment.
    pub(crate) fn plan(&self) -> Faults {
        self.inner().plan.clone()
    }

    pub(crate) fn served(&self) -> Arc<Served> {
        Arc::clone(&self.inner().served)
    }

    pub(crate) fn poisoning(&self) -> Poisoning {
        Poisoning::new(Arc::clone(&self.inner().poisoned))
    }

    /// Counts a call, and tells what befalls it.
    pub(crate) fn fire(&self, endpoint: Endpoint, call: &Call) -> Vec<Fired> {
        let Inner { plan, rules, rng, .. } = &mut *self.inner();
        let mut fired = Vec::new();
        for (rule, (counted, acted)) in plan.rules.iter().zip(rules) {
            let when = &rule.when;
            if rule.on != endpoint || !call.is_meant(when) {
                continue;
            }
            *counted += 1;
            let number = *counted;
            let applies = when.every.is_none_or(|every| number.is_multiple_of(every))
                && when.from.is_none_or(|from| number >= from)
                && when.to.is_none_or(|to| number <= to)
                && (when.numbers.is_empty() || when.numbers.contains(&number))
                && rule.times.is_none_or(|times| *acted < times)
                && when.probability.is_none_or(|chance| rng.f64() < chance);
            if applies {
                *acted += 1;
                fired.push(Fired { fault: rule.fault.clone(), after: rule.after, keys: call.keys(when) });
            }
        }
        fired
    }

    /// The changes that come before this request of a page.
    pub(crate) fn churn(&self, call: &Call) -> Option<Churn> {
        let inner = &mut *self.inner();
        let rule = inner.plan.churn.as_ref().filter(|_| call.is_page())?;
        inner.pages += 1;
        if !inner.pages.is_multiple_of(rule.every) || rule.times.is_some_and(|times| inner.turns >= times) {
            return None;
        }
        inner.turns += 1;
        Some(Churn { seed: rule.changes.seed.wrapping_add(inner.turns.wrapping_mul(0x9e37_79b9)), ..rule.changes })
    }

    /// Takes fields out of the schema, or puts them back. What leaves no valid schema changes nothing.
    pub(crate) fn change_schema(&self, removed: &[String], restored: &[String]) {
        let inner = &mut *self.inner();
        let mut fields = inner.plan.removed_fields.clone();
        fields.retain(|field| !restored.contains(field) && !removed.contains(field));
        fields.extend(removed.iter().cloned());
        if let Ok(served) = Served::without(&fields) {
            inner.served = Arc::new(served);
            inner.plan.removed_fields = fields;
        }
    }

    /// The refusal of a request that is one too many, with the name of the limit; `at_once` counts this one too.
    pub(crate) fn limit(&self, at_once: u64) -> Option<(&'static str, Answer)> {
        let inner = &mut *self.inner();
        if let Some(limit) = inner.plan.concurrency.as_ref().filter(|limit| at_once > limit.limit) {
            let failure = Failure::of("UNAVAILABLE", Some("THROTTLED_CONCURRENCY"), "Too many concurrent requests");
            let status = StatusCode::from_u16(limit.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            return Some(("concurrency_limit", Answer::json(status, &failure.without_data())));
        }
        let seconds = inner.bucket.take(inner.plan.rate.as_ref()?, Instant::now())?;
        Some(("rate_limit", Answer::throttled(Some(seconds), false)))
    }

    /// The refusal of an operation that costs too much, in the words of graphql-java (F).
    pub(crate) fn too_expensive(
        &self,
        document: &ExecutableDocument,
        operation: &Operation,
        variables: &JsonMap,
    ) -> Option<Answer> {
        let price = self.inner().plan.cost.clone()?;
        let sum = cost::of(&price, document, operation, variables);
        (sum > price.budget).then(|| {
            let message = format!("maximum query complexity exceeded {sum:.3} > {:.3}", price.budget);
            Answer::json(StatusCode::BAD_REQUEST, &Failure::bad_request(&message).alone())
        })
    }
}

/// How many requests may come now.
#[derive(Debug)]
struct Bucket {
    left: f64,
    since: Instant,
}

fn burst(rate: &Rate) -> f64 {
    rate.burst.map_or(rate.per_second, f64::from).max(1.0)
}

impl Bucket {
    fn full(rate: Option<&Rate>) -> Bucket {
        Bucket { left: rate.map_or(0.0, burst), since: Instant::now() }
    }

    /// Takes one, or tells in how many seconds there is one again.
    fn take(&mut self, rate: &Rate, now: Instant) -> Option<u64> {
        let grown = now.saturating_duration_since(self.since).as_secs_f64() * rate.per_second;
        self.since = now;
        self.left = (self.left + grown).min(burst(rate));
        if self.left >= 1.0 {
            self.left -= 1.0;
            return None;
        }
        Some(((1.0 - self.left) / rate.per_second).ceil().max(1.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn state(plan: &str) -> State {
        State::new(Faults::parse(plan).unwrap()).unwrap()
    }

    /// The numbers of the calls that a rule befalls, among the first twenty.
    fn numbers(when: &str) -> Vec<u64> {
        let state = state(&format!("seed: 3\nrules: [{{ {when}, do: reset }}]"));
        (1..=20).filter(|_| !state.fire(Endpoint::Graphql, &Call::default()).is_empty()).collect()
    }

    #[test]
    fn calls_are_chosen_by_their_numbers() {
        assert_eq!(numbers("when: { every: 6 }"), [6, 12, 18]);
        assert_eq!(numbers("when: { from: 4, to: 6 }"), [4, 5, 6]);
        assert_eq!(numbers("when: { numbers: [1, 9] }"), [1, 9]);
        assert_eq!(numbers("when: { every: 2, from: 3 }, times: 2"), [4, 6]);
        let chance = numbers("when: { probability: 0.5 }");
        assert!((3..=17).contains(&chance.len()), "{chance:?}");
        assert_eq!(numbers("when: { probability: 0.5 }"), chance, "the seed decides");
    }

    #[test]
    fn a_bucket_fills_at_its_rate() {
        let rate = Rate { per_second: 2.0, burst: Some(3) };
        let mut bucket = Bucket::full(Some(&rate));
        let begin = bucket.since;
        let mut takes = |millis| {
            let now = begin + Duration::from_millis(millis);
            std::iter::from_fn(|| Some(bucket.take(&rate, now))).take(4).collect::<Vec<_>>()
        };
        assert_eq!(takes(0), [None, None, None, Some(1)]);
        assert_eq!(takes(500), [None, Some(1), Some(1), Some(1)]);
        assert_eq!(takes(60_000), [None, None, None, Some(1)]);
    }

    #[test]
    fn a_slow_bucket_says_how_long_it_takes() {
        let rate = Rate { per_second: 0.1, burst: None };
        let mut bucket = Bucket::full(Some(&rate));
        let begin = bucket.since;
        assert_eq!(bucket.take(&rate, begin), None);
        assert_eq!(bucket.take(&rate, begin + Duration::from_secs(3)), Some(7));
    }
}
