//! What is asked in place of an operation that the source refuses: without what it does not have any more, or in parts of
//! which none is too much for it.

use std::sync::Arc;

use tracing::{debug, warn};

use super::asking::Asking;
use super::error::SourceError;
use super::page::{Page, Position};
use super::parts;
use super::transport::Attempts;
use crate::connector::Operation;
use crate::schema::{Lost, Selection};

/// More requests for one page than anybody should send.
const MOST_PARTS: usize = 16;

/// How an operation is asked for.
#[derive(Debug)]
pub(super) struct Form {
    /// How many came before it.
    number: usize,
    /// The operation, and taken apart, if it can be.
    operation: Operation,
    selection: Option<Selection>,
    /// What it does not ask for any more.
    lost: Arc<[Lost]>,
    /// Operations that together ask for it, with the members of a row that each of them brings. None where it is asked
    /// for at once.
    parts: Vec<(Operation, Vec<String>)>,
}

impl Form {
    /// The operation as it is.
    pub(super) fn whole(operation: &Operation, selection: Option<Selection>) -> Form {
        Form { number: 0, operation: operation.clone(), selection, lost: Arc::default(), parts: Vec::new() }
    }

    /// The same in twice as many parts.
    fn finer(&self, ids: &[String]) -> Option<Form> {
        let (now, twice) = (self.parts.len().max(1), self.parts.len().max(1) * 2);
        let parts = self.selection.as_ref()?.split(twice.min(MOST_PARTS), ids).filter(|parts| parts.len() > now)?;
        let parts =
            parts.into_iter().map(|part| (Operation { text: part.text, ..self.operation.clone() }, part.members));
        Some(Form {
            number: self.number + 1,
            operation: self.operation.clone(),
            selection: self.selection.clone(),
            lost: Arc::clone(&self.lost),
            parts: parts.collect(),
        })
    }

    /// The operation without what is lost, at once.
    fn without(&self, lost: Vec<Lost>, items: &str) -> Option<Form> {
        let paths: Vec<&str> = lost.iter().map(|lost| lost.path.as_str()).collect();
        let operation = Operation { text: self.selection.as_ref()?.without(&paths), ..self.operation.clone() };
        let selection = Selection::parse(&operation.text, &operation.root, items);
        Some(Form { number: self.number + 1, operation, selection, lost: lost.into(), parts: Vec::new() })
    }

    /// The members of a row in order, each with the part that brings it.
    fn members(&self) -> Vec<(&str, usize)> {
        let members = self.selection.iter().flat_map(Selection::members);
        let part_of = |name: &str| self.parts.iter().position(|(_, members)| members.iter().any(|known| known == name));
        members.map(|(name, _)| (name, part_of(name).unwrap_or(0))).collect()
    }
}

impl Asking<'_> {
    /// So many rows of the list from a position on.
    pub(super) async fn ask(&self, at: &Position, size: u32, attempts: Attempts) -> Result<Page, SourceError> {
        loop {
            let form = self.form();
            let answer = match form.parts[..] {
                [] => self.source.read(&form.operation, at, size, attempts).await,
                _ => self.in_parts(&form, at, size, attempts).await,
            };
            match answer {
                Ok(page) => return Ok(Page { lost: Arc::clone(&form.lost), ..page }),
                Err(refusal @ SourceError::Rejected { .. }) => self.reform(&form, refusal, at).await?,
                Err(error) => return Err(error),
            }
        }
    }

    async fn in_parts(&self, form: &Form, at: &Position, size: u32, attempts: Attempts) -> Result<Page, SourceError> {
        let mut again = true;
        loop {
            let mut answers = Vec::with_capacity(form.parts.len());
            for (operation, _) in &form.parts {
                answers.push(self.source.read(operation, at, size, attempts).await?);
            }
            let joined = parts::join(&answers, &form.members(), &self.operation.ids);
            // Rows move while a list changes, and seldom twice.
            if joined.is_whole || !std::mem::take(&mut again) {
                return Ok(joined.page);
            }
            debug!(operation = self.operation.name, page = at.page, "the rows moved while a page was read in parts");
        }
    }

    /// Finds another form after a refusal, or gives it back.
    async fn reform(&self, refused: &Form, refusal: SourceError, at: &Position) -> Result<(), SourceError> {
        let mut looked = self.reforming.lock().await;
        // Another request met the same refusal before.
        if self.form().number != refused.number {
            return Ok(());
        }
        if self.is_too_complex(&refusal)
            && let Some(form) = refused.finer(&self.operation.ids)
        {
            if refused.parts.is_empty() {
                warn!(
                    operation = self.operation.name,
                    "the source finds the query too complex, so it is asked in parts: {refusal}"
                );
            }
            self.set_form(form);
            return Ok(());
        }
        if std::mem::replace(&mut *looked, true) {
            return Err(refusal);
        }
        let lost = match (&refused.selection, self.source.introspect().await) {
            (Some(selection), Ok(types)) => types.lost(selection),
            (_, Err(error)) => {
                debug!("what the source does not have any more cannot be told: {error}");
                return Err(refusal);
            }
            (None, Ok(_)) => return Err(refusal),
        };
        let needed =
            |lost: &&Lost| self.operation.ids.iter().chain(&self.operation.needed).any(|path| lost.holds(path));
        let reason = match &lost {
            Err(reason) => Some(reason),
            Ok(lost) => lost.iter().find(needed).map(|lost| &lost.reason),
        };
        if let Some(reason) = reason {
            let request = self.source.request(self.operation, at.page);
            return Err(SourceError::Gone { request, reason: reason.clone() });
        }
        let lost = lost.unwrap_or_default();
        // Without ids nobody asks for single rows, and half of what is asked is of no use.
        if lost.is_empty() || self.operation.ids.is_empty() {
            return Err(refusal);
        }
        for lost in &lost {
            warn!(operation = self.operation.name, path = lost.written, "read without it: {}", lost.reason);
        }
        match refused.without(lost, &self.source.remote.paging.items) {
            Some(form) => self.set_form(form),
            None => return Err(refusal),
        }
        Ok(())
    }

    fn is_too_complex(&self, refusal: &SourceError) -> bool {
        let SourceError::Rejected { messages, .. } = refusal else { return false };
        let words = &self.source.remote.faults.too_complex;
        messages
            .iter()
            .map(|message| message.to_lowercase())
            .any(|message| words.iter().any(|word| message.contains(word.as_str())))
    }
}
