//! Pages: which records a query finds, in which order, and which slice of them is asked for.

use super::data::{KeyPath, Kind, Language, Record, Scope, Value, World};
use super::failure::Failure;
use super::qualifier::{self, Qualifier, Rows};
use apollo_compiler::response::JsonValue;
use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// How many row orders are remembered; at 100,000 candidates each takes up to 600 kB.
const REMEMBERED_ORDERS: usize = 48;

/// One element of a sort.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    pub(crate) property: String,
    pub(crate) descending: bool,
}

/// The `pageable` argument.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    pub(crate) page: usize,
    pub(crate) size: usize,
    pub(crate) sort: Vec<Order>,
}

impl Paging {
    /// Reads the argument; `cap` cuts the size that was asked for without a word.
    pub(crate) fn read(argument: Option<&JsonValue>, default: u32, cap: Option<u32>) -> Result<Paging, Failure> {
        let member = |name: &str| argument.and_then(|pageable| pageable.get(name)).filter(|value| !value.is_null());
        let number = |name: &str| member(name).and_then(JsonValue::as_i64);
        let page = usize::try_from(number("page").unwrap_or(0))
            .map_err(|_| Failure::bad_request("Page index must not be less than zero"))?;
        let size = match number("size") {
            None => i64::from(default),
            Some(size) if size < 1 => return Err(Failure::bad_request("Page size must not be less than one")),
            Some(size) => size.min(cap.map_or(i64::MAX, i64::from)),
        };
        let sort = member("sort").and_then(JsonValue::as_array).map(|orders| orders.iter().filter_map(read_order));
        Ok(Paging { page, size: size as usize, sort: sort.into_iter().flatten().collect() })
    }

    /// The part of a list that the page shows.
    pub(crate) fn slice<'r, T>(&self, rows: &'r [T]) -> &'r [T] {
        let start = self.page.saturating_mul(self.size).min(rows.len());
        let end = start.saturating_add(self.size).min(rows.len());
        &rows[start..end]
    }

    /// The `sort` member of a page.
    pub(crate) fn sort_text(&self) -> String {
        if self.sort.is_empty() {
            return "UNSORTED".to_owned();
        }
        let direction = |order: &Order| if order.descending { "DESC" } else { "ASC" };
        let parts: Vec<String> =
            self.sort.iter().map(|order| format!("{}: {}", order.property, direction(order))).collect();
        parts.join(",")
    }
}

fn read_order(order: &JsonValue) -> Option<Order> {
    let property = order.get("property")?.as_str()?.to_owned();
    let descending = order.get("direction").and_then(JsonValue::as_str) == Some("DESC");
    Some(Order { property, descending })
}

/// What a top-level page query asks for, but for the slice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    pub(crate) kind: Kind,
    pub(crate) scope: Scope,
    pub(crate) qualifier: String,
    pub(crate) sort: Vec<Order>,
    /// Archived records too.
    pub(crate) norestrict: bool,
    pub(crate) language: Language,
}

/// Row orders that were worked out before. An edit forgets them all.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    rows: HashMap<Selection, Arc<[u32]>>,
    /// Oldest first.
    ages: VecDeque<Selection>,
}

impl Orders {
    /// The rows of a selection, from memory if they were asked for before.
    pub(crate) fn rows(&self, world: &World, selection: &Selection) -> Result<Arc<[u32]>, Failure> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = lock().rows.get(selection) {
            return Ok(Arc::clone(rows));
        }
        let rows: Arc<[u32]> = select(world, selection)?.into();
        let mut known = lock();
        if known.rows.insert(selection.clone(), Arc::clone(&rows)).is_none() {
            known.ages.push_back(selection.clone());
        }
        if known.ages.len() > REMEMBERED_ORDERS
            && let Some(oldest) = known.ages.pop_front()
        {
            known.rows.remove(&oldest);
        }
        Ok(rows)
    }

    /// Forgets everything, because the data changed.
    pub(crate) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }
}

/// Finds and orders the rows. Rows that the sort does not tell apart, or all without one, keep the shuffled order.
fn select(world: &World, selection: &Selection) -> Result<Vec<u32>, Failure> {
    let filter = Filter::compile(selection)?;
    let sort = sort_paths(selection)?;
    let record = |row| Record::new(selection.kind, row);
    let mut rows: Vec<u32> = world
        .rows(selection.kind, selection.scope)
        .filter(|&row| world.exists(record(row)))
        .filter(|&row| selection.norestrict || !world.is_archived(record(row)))
        .filter(|&row| filter.finds(world, record(row), selection.language))
        .collect();
    rows.sort_by_cached_key(|&row| world.shuffle_key(record(row)));
    if sort.is_empty() {
        return Ok(rows);
    }
    let key = |row| -> Vec<Value> {
        sort.iter().map(|(path, _)| sort_key(world, record(row), path.as_ref(), selection.language)).collect()
    };
    let mut keyed: Vec<(Vec<Value>, u32)> = rows.into_iter().map(|row| (key(row), row)).collect();
    keyed.sort_by(|(left, _), (right, _)| {
        let orders = left.iter().zip(right).zip(&sort).map(|((left, right), (_, descending))| {
            let order = compare(left, right);
            if *descending { order.reverse() } else { order }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    });
    Ok(keyed.into_iter().map(|(_, row)| row).collect())
}

/// The paths to sort by. `_id` is no attribute of the database: sorting by it leaves the order open.
fn sort_paths(selection: &Selection) -> Result<Vec<(Option<KeyPath>, bool)>, Failure> {
    let path = |order: &Order| match order.property.as_str() {
        "_id" => Ok((None, order.descending)),
        property => KeyPath::parse(selection.kind, property).map(|path| (Some(path), order.descending)),
    };
    selection
        .sort
        .iter()
        .map(path)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::bad_request(&format!("sort: {error}")))
}

fn sort_key(world: &World, record: Record, path: Option<&KeyPath>, language: Language) -> Value {
    let values = path.map(|path| world.values(record, path, language));
    values.and_then(|values| values.into_iter().next()).unwrap_or(Value::Null)
}

/// Absent values come first.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Int(left), Value::Int(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => left.total_cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        _ => Ordering::Equal,
    }
}

/// A qualifier whose paths were checked.
struct Filter {
    qualifier: Option<Qualifier>,
    paths: HashMap<String, KeyPath>,
}

impl Filter {
    fn compile(selection: &Selection) -> Result<Filter, Failure> {
        let mut filter = Filter { qualifier: None, paths: HashMap::new() };
        if selection.qualifier.trim().is_empty() {
            return Ok(filter);
        }
        let refuse = |error: &dyn std::fmt::Display| Failure::bad_request(&error.to_string());
        let qualifier = qualifier::parse(&selection.qualifier).map_err(|error| refuse(&error))?;
        for path in qualifier.paths() {
            let compiled =
                KeyPath::parse(selection.kind, path).map_err(|error| refuse(&format!("qualifier: {error}")))?;
            filter.paths.insert(path.to_owned(), compiled);
        }
        filter.qualifier = Some(qualifier);
        Ok(filter)
    }

    fn finds(&self, world: &World, record: Record, language: Language) -> bool {
        let candidate = Candidate { filter: self, world, record, language };
        self.qualifier.as_ref().is_none_or(|qualifier| qualifier::evaluate(qualifier, &candidate) == Some(true))
    }
}

/// A record that a filter is held against.
struct Candidate<'f> {
    filter: &'f Filter,
    world: &'f World,
    record: Record,
    language: Language,
}

impl Rows for Candidate<'_> {
    fn values(&self, path: &str) -> Vec<Value> {
        let path = self.filter.paths.get(path);
        path.map_or_else(|| vec![Value::Null], |path| self.world.values(self.record, path, self.language))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pages_cut_a_list_without_gap_or_overlap(rows in 0_usize..60, size in 1_usize..25) {
            let list: Vec<usize> = (0..rows).collect();
            let pages = rows.div_ceil(size);
            let paging = |page| Paging { page, size, sort: Vec::new() };
            let joined: Vec<usize> = (0..pages).flat_map(|page| paging(page).slice(&list).to_vec()).collect();
            prop_assert_eq!(&joined, &list);
            prop_assert!(paging(pages).slice(&list).is_empty());
            prop_assert!(paging(usize::MAX).slice(&list).is_empty());
        }
    }
}
