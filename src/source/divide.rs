//! Numbered pages that do not come: read in smaller pages at the same places, down to the rows that the source cannot
//! give. Those are named and skipped.

use tracing::{info, warn};

use super::asking::Asking;
use super::error::{NO_CONNECTION, SourceError, list};
use super::page::{Page, Position, Skipped};
use super::transport::Attempts;

/// So many requests may fail, each for fewer rows, before one is answered. When none was until then, it is no row's
/// fault, and a source that is down is left alone.
const PROBES: usize = 9;

/// Rows that one request asks for.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: u64,
    size: u32,
}

impl Stretch {
    /// The smaller stretches that it consists of, the last first.
    fn parts(self, size: u32) -> impl Iterator<Item = Stretch> {
        (0..self.size / size).rev().map(move |part| Stretch { from: self.from + u64::from(part * size), size })
    }

    fn page(self) -> u32 {
        u32::try_from(self.from / u64::from(self.size)).unwrap_or(u32::MAX)
    }
}

/// What became of a stretch.
enum Piece {
    Page(Page),
    Skipped(Skipped),
    /// A single row that failed before the source had answered anything.
    Suspect(Stretch),
}

impl Asking<'_> {
    /// The page of a number. Its rows may have been read one by one, and some may be missing.
    pub(super) async fn numbered(&self, number: u32) -> Result<Page, SourceError> {
        let size = self.source.remote.paging.size;
        if self.learned().size < size
            && let Some(rows) = self.rows_of_a_page(number).await
        {
            return self.divided(number, rows, None).await;
        }
        match self.ask(&number.into(), size, Attempts::All).await {
            Ok(page) => {
                if !page.ends_list() {
                    let learned = &mut *self.learned();
                    learned.fullest = learned.fullest.max(u32::try_from(page.given()).unwrap_or(u32::MAX));
                }
                Ok(page)
            }
            Err(error) if may_be_the_size(&error) => match self.rows_of_a_page(number).await {
                Some(rows) => {
                    warn!(operation = self.operation.name, page = number, "reading the page in smaller ones: {error}");
                    self.divided(number, rows, Some(error)).await
                }
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// The page of a number, of so many rows, read in smaller ones. `failed` is why it could not be read at once, if that
    /// was tried.
    async fn divided(&self, number: u32, size: u32, failed: Option<SourceError>) -> Result<Page, SourceError> {
        let whole = Stretch { from: u64::from(number) * u64::from(size), size };
        let learned = self.learned().size;
        let first = if failed.is_none() && size.is_multiple_of(learned) { learned } else { smaller(size) };
        let mut first_error = failed;
        let mut todo: Vec<Stretch> = whole.parts(first).collect();
        let mut pieces = Vec::new();
        let mut answered: Option<Stretch> = None;
        let mut largest = 0;
        let mut failures = 0;
        while let Some(stretch) = todo.pop() {
            match self.probe(stretch, first_error.is_none()).await {
                Ok(page) => {
                    answered = Some(stretch);
                    largest = largest.max(stretch.size);
                    let is_end = page.ends_list();
                    pieces.push(Piece::Page(page));
                    if is_end {
                        break;
                    }
                }
                Err(error) if !may_be_the_size(&error) => return Err(error),
                Err(error) => {
                    failures += 1;
                    if answered.is_none() && failures >= PROBES {
                        return Err(first_error.unwrap_or(error));
                    }
                    match answered {
                        _ if stretch.size > 1 => todo.extend(stretch.parts(smaller(stretch.size))),
                        None => pieces.push(Piece::Suspect(stretch)),
                        Some(answered) => pieces.push(self.single(stretch, answered).await?),
                    }
                    first_error.get_or_insert(error);
                }
            }
        }
        let Some(answered) = answered else {
            return Err(first_error.expect("what was not answered failed"));
        };
        for piece in &mut pieces {
            if let Piece::Suspect(stretch) = piece {
                *piece = self.single(*stretch, answered).await?;
            }
        }
        let is_size = matches!(first_error, Some(SourceError::Timeout { .. } | SourceError::TooLarge { .. }));
        if is_size && pieces.iter().all(|piece| matches!(piece, Piece::Page(_))) {
            self.learn(largest);
        }
        Ok(gathered(number, pieces))
    }

    /// From now on no more rows are asked for at once.
    fn learn(&self, size: u32) {
        let learned = &mut *self.learned();
        if size < learned.size {
            learned.size = size;
            info!(operation = self.operation.name, size, "the rest of the pages is read in smaller ones");
        }
    }

    /// Asks for a stretch: once where something else failed before, as it is asked for in smaller ones when it fails.
    async fn probe(&self, stretch: Stretch, patiently: bool) -> Result<Page, SourceError> {
        let attempts = if patiently { Attempts::All } else { Attempts::One };
        match self.ask(&stretch.page().into(), stretch.size, attempts).await {
            // This says nothing of the rows: the source has no time.
            Err(error) if !patiently && error.is_transient() && !may_be_the_size(&error) => {
                self.ask(&stretch.page().into(), stretch.size, Attempts::All).await
            }
            answer => answer,
        }
    }

    /// A row that failed by itself: once more, and then it is skipped. `answered` is what the source could answer before.
    async fn single(&self, row: Stretch, answered: Stretch) -> Result<Piece, SourceError> {
        let at = Position::from(row.page());
        let error = match self.ask(&at, 1, Attempts::All).await {
            Ok(page) => return Ok(Piece::Page(page)),
            Err(error) if may_be_the_size(&error) => error,
            Err(error) => return Err(error),
        };
        let ids = match &self.ids {
            None => None,
            Some(ids) => match self.source.read(ids, &at, 1, Attempts::All).await {
                Ok(page) if page.given() == 0 => return Ok(Piece::Page(page)),
                Ok(page) => page.items().next().map(str::to_owned),
                Err(_) => None,
            },
        };
        // Unless the source tells of the row, it may have gone down meanwhile, and no row be at fault.
        if ids.is_none() && self.ask(&answered.page().into(), answered.size, Attempts::One).await.is_err() {
            return Err(error);
        }
        let most = self.source.remote.limits.skipped_rows;
        let cause = cause(&error);
        {
            let learned = &mut *self.learned();
            learned.skipped += 1;
            if learned.skipped > most {
                let request = self.source.request(self.operation, at.page);
                return Err(SourceError::TooManySkipped { request, most, cause });
            }
        }
        warn!(
            operation = self.operation.name,
            position = row.from,
            "a record is skipped, since it cannot be read: {cause}"
        );
        Ok(Piece::Skipped(Skipped { position: row.from, ids, cause }))
    }

    /// How many rows a numbered page has really, by which the places of smaller pages are counted. None when it cannot be told.
    async fn rows_of_a_page(&self, number: u32) -> Option<u32> {
        let size = self.source.remote.paging.size;
        // When no page came at once, none was counted otherwise.
        let began_whole = self.from > 0 || self.learned().fullest > 0;
        if number == 0 || !began_whole || self.learned().fullest == size {
            return Some(size);
        }
        let look = || async {
            // Either the server gives fewer rows than it is asked for, or it hides some of those that it counts. In the
            // first case a page of the size that it gives is the same page.
            let before = Position::from(number - 1);
            let ids = self.ids.as_ref().ok_or(())?;
            let asked = self.source.read(ids, &before, size, Attempts::All).await.map_err(|_| ())?;
            let given = u32::try_from(asked.given()).map_err(|_| ())?;
            if given == size || given == 0 {
                return Ok::<u32, ()>(size);
            }
            let capped = self.source.read(ids, &before, given, Attempts::All).await.map_err(|_| ())?;
            Ok(if capped.items().eq(asked.items()) { given } else { size })
        };
        self.rows_of_a_page.get_or_try_init(look).await.ok().copied()
    }
}

/// The largest size below this one of which a page consists of whole ones.
fn smaller(size: u32) -> u32 {
    (2..=size).find(|divisor| size.is_multiple_of(*divisor)).map_or(1, |divisor| size / divisor)
}

/// One page of the pieces of it.
fn gathered(number: u32, pieces: Vec<Piece>) -> Page {
    let mut whole = Page::empty(number);
    for piece in pieces {
        match piece {
            Piece::Page(page) => whole.append(page),
            Piece::Skipped(row) => {
                whole.given += 1;
                whole.skipped.push(row);
            }
            Piece::Suspect(_) => {}
        }
    }
    whole.finish();
    whole
}

/// Whether fewer rows may come where so many did not: because one of them cannot be given, or because they are too many.
pub(super) fn may_be_the_size(error: &SourceError) -> bool {
    match error {
        SourceError::Status { status, .. } => status.is_server_error(),
        SourceError::Unavailable { cause, .. } => !cause.starts_with(NO_CONNECTION),
        SourceError::Timeout { .. }
        | SourceError::TooLarge { .. }
        | SourceError::Malformed { .. }
        | SourceError::Failed { .. } => true,
        _ => false,
    }
}

/// What happened in place of an answer, in a few words.
pub(super) fn cause(error: &SourceError) -> String {
    match error {
        SourceError::Status { status, messages, .. } => format!("{status}: {}", list(messages)),
        SourceError::Unavailable { cause, .. } => cause.clone(),
        SourceError::Timeout { after, .. } => format!("no complete answer within {after:?}"),
        SourceError::TooLarge { limit, .. } => format!("the answer is larger than {limit} bytes"),
        SourceError::Malformed { found, .. } => format!("the answer is not JSON: {found}"),
        SourceError::Failed { errors, .. } => list(errors),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_divided_without_a_rest() {
        let mut sizes = vec![100];
        while sizes.last() != Some(&1) {
            sizes.push(smaller(*sizes.last().unwrap()));
        }
        assert_eq!(sizes, [100, 50, 25, 5, 1]);
        for size in 2..200 {
            assert!(smaller(size) < size && size % smaller(size) == 0, "{size}");
        }
        let parts: Vec<_> = Stretch { from: 300, size: 100 }.parts(25).map(|part| (part.from, part.page())).collect();
        assert_eq!(parts, [(375, 15), (350, 14), (325, 13), (300, 12)]);
    }
}
