//! Pages: which records a query finds, in which order, and which slice of them is asked for.

use super::data::{Change, KeyPath, Kind, Language, Record, Scope, Value, WallClock, World, field_definition};
use super::failure::Failure;
use super::qualifier::{self, Qualifier, Rows};
use apollo_compiler::response::JsonValue;
use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// How dates without a zone are read in the qualifier.
    pub(crate) clock: WallClock,
    pub(crate) sort: Vec<Order>,
    /// Archived records too.
    pub(crate) norestrict: bool,
    pub(crate) language: Language,
}

/// Row orders that were worked out before. They follow the edits of the tenant.
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
        if let Some(rows) = self.known().rows.get(selection) {
            return Ok(Arc::clone(rows));
        }
        let rows: Arc<[u32]> = Search::compile(selection)?.all(world).into();
        let mut known = self.known();
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

    /// Moves the changed records in the orders that depend on nothing else, and forgets the others: finding and
    /// sorting a hundred thousand rows anew between any two pages would take most of the time.
    pub(crate) fn follow(&self, world: &World, changes: &[Change]) {
        let known = &mut *self.known();
        let Known { rows, ages } = known;
        rows.retain(|selection, rows| {
            let Some(search) = Search::compile(selection).ok().filter(Search::is_of_single_records) else {
                return false;
            };
            let changed: Vec<u32> = changes
                .iter()
                .map(|change| change.record)
                .filter(|record| {
                    record.kind == selection.kind && world.has_row(record.kind, selection.scope, record.row)
                })
                .map(|record| record.row)
                .collect();
            if !changed.is_empty() {
                *rows = search.moved(world, rows, changed).into();
            }
            true
        });
        ages.retain(|selection| rows.contains_key(selection));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fields that are counted from other records.
const COUNTED: &[&str] = &["matchCount", "activePublicationsCount"];

/// Paths through a relation that never changes to a key that never changes.
const LASTING: &[&str] = &["toEmployee.employeeID", "toVacancy.vacancyID"];

/// A selection whose paths were checked.
struct Search<'s> {
    selection: &'s Selection,
    filter: Filter,
    sort: Vec<(Option<KeyPath>, bool)>,
}

/// What decides where a row stands. Rows that the sort does not tell apart, or all without one, stand shuffled.
struct Place {
    keys: Vec<Value>,
    shuffle: u64,
    row: u32,
}

impl<'s> Search<'s> {
    fn compile(selection: &'s Selection) -> Result<Search<'s>, Failure> {
        Ok(Search { selection, filter: Filter::compile(selection)?, sort: sort_paths(selection)? })
    }

    /// Whether a record's place depends on no other record.
    fn is_of_single_records(&self) -> bool {
        let sorted = self.selection.sort.iter().map(|order| order.property.as_str());
        let filtered = self.filter.paths.keys().map(String::as_str);
        let is_plain = |path: &str| {
            let definition = field_definition(self.selection.kind, path);
            let relation = definition.and_then(|field| Kind::from_name(field.ty.inner_named_type()));
            !path.contains('.') && !COUNTED.contains(&path) && relation.is_none()
        };
        sorted.chain(filtered).all(|path| LASTING.contains(&path) || is_plain(path))
    }

    fn record(&self, row: u32) -> Record {
        Record::new(self.selection.kind, row)
    }

    fn finds(&self, world: &World, row: u32) -> bool {
        let record = self.record(row);
        world.exists(record)
            && world.is_of(record, self.selection.scope)
            && (self.selection.norestrict || !world.is_archived(record))
            && self.filter.finds(world, record, self.selection.language)
    }

    fn place(&self, world: &World, row: u32) -> Place {
        let record = self.record(row);
        let key = |(path, _): &(Option<KeyPath>, bool)| {
            let values = path.as_ref().map(|path| world.values(record, path, self.selection.language));
            values.and_then(|values| values.into_iter().next()).unwrap_or(Value::Null)
        };
        Place { keys: self.sort.iter().map(key).collect(), shuffle: world.shuffle_key(record), row }
    }

    fn order(&self, left: &Place, right: &Place) -> Ordering {
        let keys = left.keys.iter().zip(&right.keys).zip(&self.sort).map(|((left, right), (_, descending))| {
            let order = compare(left, right);
            if *descending { order.reverse() } else { order }
        });
        keys.fold(Ordering::Equal, Ordering::then)
            .then_with(|| (left.shuffle, left.row).cmp(&(right.shuffle, right.row)))
    }

    /// Finds and orders all rows.
    fn all(&self, world: &World) -> Vec<u32> {
        let rows = world.rows(self.selection.kind, self.selection.scope).filter(|&row| self.finds(world, row));
        let mut places: Vec<Place> = rows.map(|row| self.place(world, row)).collect();
        places.sort_by(|left, right| self.order(left, right));
        places.into_iter().map(|place| place.row).collect()
    }

    /// The same order after these rows were changed, made or removed.
    fn moved(&self, world: &World, rows: &[u32], mut changed: Vec<u32>) -> Vec<u32> {
        changed.sort_unstable();
        changed.dedup();
        let mut rows: Vec<u32> = rows.iter().copied().filter(|row| changed.binary_search(row).is_err()).collect();
        for row in changed.into_iter().filter(|&row| self.finds(world, row)) {
            let place = self.place(world, row);
            let at = rows.partition_point(|&other| self.order(&self.place(world, other), &place).is_lt());
            rows.insert(at, row);
        }
        rows
    }
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
        let qualifier = qualifier::parse(&selection.qualifier, selection.clock).map_err(|error| refuse(&error))?;
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
    use crate::sandbox::data::Churn;
    use proptest::prelude::*;

    fn selection(kind: Kind, scope: Scope, qualifier: &str, sort: &[(&str, bool)], norestrict: bool) -> Selection {
        let order = |&(property, descending): &(&str, bool)| Order { property: property.to_owned(), descending };
        Selection {
            kind,
            scope,
            qualifier: qualifier.to_owned(),
            clock: WallClock::Amsterdam,
            sort: sort.iter().map(order).collect(),
            norestrict,
            language: Language::Dutch,
        }
    }

    fn selections() -> Vec<Selection> {
        let since = "(modificationDate >= (NSCalendarDate)'2026-04-28 00:00:00' OR \
                     creationDate >= (NSCalendarDate)'2026-04-28 00:00:00')";
        vec![
            selection(Kind::Employee, Scope::All, "", &[("creationDate", false), ("employeeID", false)], true),
            selection(Kind::Employee, Scope::All, since, &[("modificationDate", false), ("employeeID", false)], true),
            selection(Kind::Vacancy, Scope::All, since, &[("modificationDate", true), ("vacancyID", true)], false),
            selection(Kind::Vacancy, Scope::All, "isTemplate = 0", &[("jobTitle", false)], true),
            selection(Kind::Match, Scope::All, since, &[("modificationDate", false)], true),
            selection(Kind::Match, Scope::All, "", &[("creationDate", false), ("toEmployee.employeeID", false)], false),
            selection(Kind::Match, Scope::All, "toVacancy.deleted = 0", &[("toVacancy.jobTitle", false)], false),
            selection(Kind::Vacancy, Scope::All, "", &[("matchCount", true)], true),
            selection(Kind::User, Scope::Office, "", &[("userID", false)], true),
            selection(Kind::User, Scope::All, "", &[], false),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn an_order_that_follows_edits_is_that_which_is_found_anew(seed: u64, rounds in 1_usize..6, changes in 1_u32..25) {
            let mut world = World::new(seed % 1_000, 60);
            let orders = Orders::default();
            for selection in selections() {
                orders.rows(&world, &selection).unwrap();
            }
            for round in 0..rounds {
                let changes = world.churn(Churn::usual(seed ^ round as u64, changes));
                orders.follow(&world, &changes);
                for selection in selections() {
                    let anew = Search::compile(&selection).unwrap().all(&world);
                    prop_assert_eq!(&*orders.rows(&world, &selection).unwrap(), &anew[..], "{:?}", selection);
                }
            }
        }

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
