//! Lists of unified records, page by page, as the unified API gives them out.

mod cursor;
mod members;
mod show;
#[cfg(test)]
mod tests;
mod view;

use jiff::Timestamp;
use serde_json::Value;

pub use self::cursor::CursorError;
use self::cursor::Listed;
pub use self::view::View;
use super::{Engine, EngineError};
use crate::connector::{Connection, Revision};
use crate::model::{Filter, List, Model};
use crate::store::{ListRead, Narrow, StoreError, Wanted};

/// Rows of a page where nobody says how many.
pub const PAGE_SIZE: u32 = 100;

/// Which page of which rows.
#[derive(Debug, Clone)]
pub struct PageQuery {
    /// The list.
    pub list: &'static List,
    /// [`Page::next`] of the page before; none is the first. All else but the size has to be as it was then.
    pub cursor: Option<String>,
    /// How many rows.
    pub page_size: u32,
    /// Only rows that changed after this moment, or of which something changed that they show and that counts, as [`crate::model::Link`]
    /// says.
    pub updated_after: Option<Timestamp>,
    /// Also rows that are gone, and what is gone where one row shows another. Lists within rows never show what is gone.
    pub include_deleted: bool,
    /// Whether what the source has no field for is left out of the question; otherwise no row fits.
    pub ignore_unsupported_filters: bool,
    /// All of these must be true.
    pub narrowed: Vec<Narrow>,
}

impl PageQuery {
    /// The first page of all records of a model.
    pub fn new(model: &Model) -> PageQuery {
        PageQuery {
            list: List::of(model),
            cursor: None,
            page_size: PAGE_SIZE,
            updated_after: None,
            include_deleted: false,
            ignore_unsupported_filters: false,
            narrowed: Vec::new(),
        }
    }

    /// The same of rows with these unified ids only.
    #[must_use]
    pub fn of_ids(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> PageQuery {
        self.narrowed.push(Narrow::Ids(ids.into_iter().map(Into::into).collect()));
        self
    }

    /// The same of rows that a filter finds. None when the filter does not take this.
    #[must_use]
    pub fn by(mut self, filter: &'static Filter, wanted: Wanted) -> Option<PageQuery> {
        if !wanted.fits(filter.takes) {
            return None;
        }
        self.narrowed.push(Narrow::By(filter, wanted));
        Some(self)
    }

    /// The list that this is a page of.
    fn listed(&self, connection: &str) -> Listed {
        let mut narrowed: Vec<(&str, Value)> = self
            .narrowed
            .iter()
            .map(|narrow| match narrow {
                Narrow::Ids(ids) => ("ids", Value::from(ids.as_slice())),
                Narrow::RemoteIds(ids) => ("remote_ids", Value::from(ids.as_slice())),
                Narrow::By(filter, wanted) => {
                    (filter.name, serde_json::to_value(wanted).expect("texts and days are JSON"))
                }
            })
            .collect();
        narrowed.sort_by_key(|(name, _)| *name);
        let rest = (self.updated_after, self.include_deleted, self.ignore_unsupported_filters);
        Listed::new(self.list.model.name, connection, &(narrowed, rest))
    }
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The rows as JSON: every key of the contract, null or empty where nothing is known.
    pub rows: Vec<String>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The connection's connector has no mapping of the model.
    #[error("the connector of `{connection}` does not map {model}")]
    NotMapped {
        /// The connection.
        connection: String,
        /// The model.
        model: &'static str,
    },
    /// The model is switched off.
    #[error("{model} are switched off in the options of the connection `{connection}`")]
    Disabled {
        /// The connection.
        connection: String,
        /// The model.
        model: &'static str,
    },
    /// What the list shows was not read to the end for the first time yet.
    #[error("the first sync of `{connection}` is not through: {} are still being read; try again later", models.join(", "))]
    FirstSync {
        /// The connection.
        connection: String,
        /// The models that were never read to the end.
        models: Vec<&'static str>,
    },
    /// The cursor is of no use.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// What of a connection can be read, as its files say now. Whoever has a revision at hand takes [`View::of`].
    pub fn view(&self, connection: &Connection) -> Result<View, EngineError> {
        Ok(View::of(connection, &Revision::load(&self.home, connection)?))
    }

    /// A page of a connection's records. All that it shows is as of one moment.
    ///
    /// Pages follow the order in which rows first came, and a row never moves: whoever follows [`Page::next`] to the end gets
    /// each row that was there all the time exactly once, whatever changes meanwhile.
    ///
    /// ```no_run
    /// # async fn example(engine: &crosswalk::engine::Engine) -> Result<(), Box<dyn std::error::Error>> {
    /// use crosswalk::engine::PageQuery;
    /// use crosswalk::model::CANDIDATES;
    ///
    /// let view = engine.view(&engine.connection("acme")?)?;
    /// let mut query = PageQuery { page_size: 250, ..PageQuery::new(&CANDIDATES) };
    /// loop {
    ///     let page = engine.page(&view, &query).await?;
    ///     page.rows.iter().for_each(|row| println!("{row}"));
    ///     match page.next {
    ///         Some(next) => query.cursor = Some(next),
    ///         None => return Ok(()),
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn page(&self, view: &View, query: &PageQuery) -> Result<Page, PageError> {
        let list = query.list;
        view.check(list.model)?;
        let mut snapshot = self.store.snapshot(&view.connection).await?;
        let never_read = snapshot.never_read(&view.models_of(list)).await?;
        if !never_read.is_empty() {
            let models = never_read.iter().map(|model| model.name).collect();
            return Err(PageError::FirstSync { connection: view.connection.clone(), models });
        }
        let listed = query.listed(&view.connection);
        let secret = snapshot.secret().to_owned();
        let after = query.cursor.as_deref().map(|cursor| listed.open(cursor, &secret)).transpose()?;
        let (supported, unsupported): (Vec<Narrow>, Vec<Narrow>) =
            query.narrowed.iter().cloned().partition(|narrow| view.supports(narrow, list.model));
        if !unsupported.is_empty() && !query.ignore_unsupported_filters {
            return Ok(Page::default());
        }
        let linked: Vec<_> = list.linked.iter().filter(|linked| view.shows(linked.model)).collect();
        let read = ListRead {
            list,
            after,
            // One more than asked for tells whether anything follows.
            limit: query.page_size.saturating_add(1),
            include_deleted: query.include_deleted,
            updated_after: query.updated_after,
            linked: &linked,
            narrowed: &supported,
        };
        let mut stored = snapshot.rows(&read).await?;
        let has_more = stored.len() as u64 > u64::from(query.page_size);
        stored.truncate(query.page_size as usize);
        let last = stored.last().filter(|_| has_more);
        let next = last.map(|row| listed.after(row.key, &secret));
        let rows = show::rows(&mut snapshot, view, list, &stored, query.include_deleted).await?;
        snapshot.end().await?;
        Ok(Page { rows, next })
    }
}
