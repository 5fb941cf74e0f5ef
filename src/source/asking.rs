//! How the pages of one walk are asked for. What the source does not give as it is asked for is asked for otherwise.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tracing::warn;

use super::Source;
use super::divide::may_be_the_size;
use super::error::SourceError;
use super::form::Form;
use super::page::{Page, Position};
use super::transport::Attempts;
use crate::connector::Operation;
use crate::schema::Selection;

/// A walk over the pages of an operation's list, and what it learned of the source so far.
pub(super) struct Asking<'a> {
    pub(super) source: &'a Source,
    pub(super) operation: &'a Operation,
    /// The page at which the walk begins.
    pub(super) from: u32,
    /// Asks for nothing of a row but its ids.
    pub(super) ids: Option<Operation>,
    /// The rows of a numbered page, if that was looked into: a server may give fewer than it is asked for.
    pub(super) rows_of_a_page: OnceCell<u32>,
    learned: Mutex<Learned>,
    form: Mutex<Arc<Form>>,
    /// Held while another form is looked for; whether the source was asked for its types.
    pub(super) reforming: tokio::sync::Mutex<bool>,
}

/// What a walk learned.
#[derive(Debug)]
pub(super) struct Learned {
    /// Rows asked for at once; fewer than `pages.size` where so many did not come in time, or were too much to take.
    pub(super) size: u32,
    /// The most rows asked for at once, which a walk by cursors comes back to.
    most: u32,
    /// The most rows that came at once in a page that was not the last.
    pub(super) fullest: u32,
    /// Rows that were given up.
    pub(super) skipped: u32,
}

impl<'a> Asking<'a> {
    pub(super) fn new(source: &'a Source, operation: &'a Operation, from: u32) -> Arc<Self> {
        let paging = &source.remote.paging;
        let selection = Selection::parse(&operation.text, &operation.root, &paging.items);
        let ids = selection.as_ref().filter(|_| !operation.ids.is_empty()).map(|selection| {
            let text = selection.part(&[], &operation.ids);
            Operation { text, ..operation.clone() }
        });
        let size = paging.size;
        let learned = Learned { size, most: size, fullest: 0, skipped: 0 };
        let form = Mutex::new(Arc::new(Form::whole(operation, selection)));
        let reforming = tokio::sync::Mutex::new(false);
        Arc::new(Asking {
            form,
            reforming,
            source,
            operation,
            from,
            ids,
            rows_of_a_page: OnceCell::new(),
            learned: Mutex::new(learned),
        })
    }

    pub(super) fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn form(&self) -> Arc<Form> {
        Arc::clone(&self.form.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_form(&self, form: Form) {
        *self.form.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(form);
    }

    /// The page that begins at a cursor: with fewer rows when the source does not give as many. What lies behind a row
    /// that it never gives cannot be asked for.
    pub(super) async fn at_cursor(&self, at: Position) -> Result<Page, SourceError> {
        let asked = self.learned().size;
        let mut size = asked;
        let mut first = None;
        loop {
            let attempts = if size == asked || size == 1 { Attempts::All } else { Attempts::One };
            match self.ask(&at, size, attempts).await {
                Ok(page) => {
                    let learned = &mut *self.learned();
                    learned.fullest = learned.fullest.max(u32::try_from(page.given()).unwrap_or(u32::MAX));
                    learned.size = if size < asked { size } else { (size.saturating_mul(2)).min(learned.most) };
                    return Ok(page);
                }
                Err(error) if size > 1 && may_be_the_size(&error) => {
                    warn!(
                        operation = self.operation.name,
                        page = at.page,
                        rows = size / 2,
                        "asking for fewer rows: {error}"
                    );
                    if matches!(error, SourceError::Timeout { .. } | SourceError::TooLarge { .. }) {
                        self.learned().most = size / 2;
                    }
                    size /= 2;
                    first.get_or_insert(error);
                }
                // It may pass, and then the walk goes on from here.
                Err(error) if error.is_transient() || !may_be_the_size(&error) => return Err(error),
                // A source that never answered does not tell what it fails by.
                Err(error) if self.learned().fullest == 0 => return Err(first.unwrap_or(error)),
                Err(error) => {
                    let request = self.source.request(self.operation, at.page);
                    return Err(SourceError::Impassable { request, cause: super::divide::cause(&error) });
                }
            }
        }
    }
}
