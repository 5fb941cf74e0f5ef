//! The pages of a list, in order: numbered ones with a bounded number of them under way, others one after the other.

use std::collections::HashSet;

use futures_util::{
    Stream, StreamExt,
    stream::{self, FuturesOrdered},
};

use super::{
    error::SourceError,
    page::{Page, Position},
};

/// Fetches the pages from `from` on, each at the cursor that the one before gave. A cursor that comes a second time would
/// never end: `again` says so of the page that gave it.
pub(super) fn by_cursor<F, A, E>(
    fetch: F,
    from: Position,
    again: E,
) -> impl Stream<Item = Result<Page, SourceError>> + Send
where
    F: Fn(Position) -> A + Send,
    A: Future<Output = Result<Page, SourceError>> + Send,
    E: Fn(&Page) -> SourceError + Send,
{
    let seen: HashSet<String> = from.cursor.iter().cloned().collect();
    stream::unfold((fetch, again, seen, Next::Page(from)), async |(fetch, again, mut seen, next)| {
        let at = match next {
            Next::Page(at) => at,
            Next::Again(error) => return Some((Err(error), (fetch, again, seen, Next::Nothing))),
            Next::Nothing => return None,
        };
        let page = fetch(at).await;
        let next = match &page {
            Ok(page) if !page.ends_list() => match &page.next {
                Some(next) if !seen.insert(next.cursor.clone().unwrap_or_default()) => Next::Again(again(page)),
                Some(next) => Next::Page(next.clone()),
                None => Next::Nothing,
            },
            _ => Next::Nothing,
        };
        Some((page, (fetch, again, seen, next)))
    })
}

/// What follows a page.
enum Next {
    Page(Position),
    Again(SourceError),
    Nothing,
}

/// Fetches the pages from `from` on. The first comes alone: it tells how many there are, and most lists are short.
pub(super) fn in_order<F, A>(
    fetch: F,
    from: u32,
    prefetch: usize,
) -> impl Stream<Item = Result<Page, SourceError>> + Send
where
    F: Fn(u32) -> A + Send,
    A: Future<Output = Result<Page, SourceError>> + Send,
{
    let walk = Walk { fetch, under_way: FuturesOrdered::new(), next: from, prefetch, extent: Extent::Unknown };
    stream::unfold(Some(walk), async |walk| {
        let mut walk = walk?;
        walk.ask_ahead();
        let page = walk.under_way.next().await?;
        let rest = match &page {
            Ok(page) if !page.ends_list() => {
                walk.extent = walk.extent.after(page);
                Some(walk)
            }
            _ => None,
        };
        Some((page, rest))
    })
}

/// Fetches the pages from the last to the first, one after the other. In an order where rows only ever come in at the end
/// or go away, that misses none: a row that goes away moves those behind it to where they are still read. The first page
/// comes first, to tell how many there are, and once more in the end. Where the remote system does not count its rows, the
/// pages are read from the first to the last.
pub(super) fn backwards<F, A>(fetch: F) -> impl Stream<Item = Result<Page, SourceError>> + Send
where
    F: Fn(u32) -> A + Send,
    A: Future<Output = Result<Page, SourceError>> + Send,
{
    stream::unfold((fetch, Backwards::Begin), async |(fetch, next)| {
        let (page, next) = match next {
            Backwards::Begin => {
                let page = match fetch(0).await {
                    Ok(page) => page,
                    error => return Some((error, (fetch, Backwards::Nothing))),
                };
                let size = page.given() as u64;
                match page.total.map(|total| total.div_ceil(size.max(1))) {
                    _ if page.ends_list() => (Ok(page), Backwards::Nothing),
                    None => (Ok(page), Backwards::Forth(1)),
                    Some(pages) => {
                        let last = u32::try_from(pages).unwrap_or(u32::MAX).saturating_sub(1);
                        (fetch(last).await, Backwards::Back(last))
                    }
                }
            }
            Backwards::Forth(number) => (fetch(number).await, Backwards::Forth(number.saturating_add(1))),
            Backwards::Back(number) => (fetch(number - 1).await, Backwards::Back(number - 1)),
            Backwards::Nothing => return None,
        };
        Some(match (page, next) {
            (Err(error), _) => (Err(error), (fetch, Backwards::Nothing)),
            // The beginning is the end.
            (Ok(page), Backwards::Back(0)) => (Ok(Page { last: true, ..page }), (fetch, Backwards::Nothing)),
            (Ok(page), Backwards::Back(number)) => (Ok(Page { last: false, ..page }), (fetch, Backwards::Back(number))),
            (Ok(page), _) if page.ends_list() => (Ok(page), (fetch, Backwards::Nothing)),
            (Ok(page), next) => (Ok(page), (fetch, next)),
        })
    })
}

/// What a walk backwards does next.
#[derive(Clone, Copy)]
enum Backwards {
    Begin,
    /// Reads this page, because nothing tells which is the last.
    Forth(u32),
    /// Reads the page before this one.
    Back(u32),
    Nothing,
}

struct Walk<F, A: Future> {
    fetch: F,
    under_way: FuturesOrdered<A>,
    next: u32,
    prefetch: usize,
    extent: Extent,
}

impl<F: Fn(u32) -> A, A: Future> Walk<F, A> {
    /// Asks for the next page in any case, and for more of them where they may exist. What the extent says only
    /// limits asking ahead: the list ends when a page says so.
    fn ask_ahead(&mut self) {
        while self.under_way.is_empty() || (self.under_way.len() < self.prefetch && self.extent.may_hold(self.next)) {
            self.under_way.push_back((self.fetch)(self.next));
            self.next = self.next.saturating_add(1);
        }
    }
}

/// What is known of the number of pages.
#[derive(Clone, Copy)]
enum Extent {
    /// No page has come yet.
    Unknown,
    /// The remote system does not count.
    Uncounted,
    /// As many pages as `total` rows fill, when a page has up to `size` of them. The size is what was really given:
    /// a server may silently give fewer rows a page than asked for.
    Counted { total: u64, size: u64 },
}

impl Extent {
    fn after(self, page: &Page) -> Self {
        let given = page.given() as u64;
        match (self, page.total) {
            (_, None) => Self::Uncounted,
            (Self::Counted { size, .. }, Some(total)) => Self::Counted { total, size: size.max(given) },
            (_, Some(total)) => Self::Counted { total, size: given },
        }
    }

    fn may_hold(self, page: u32) -> bool {
        match self {
            Self::Unknown => false,
            Self::Uncounted => true,
            Self::Counted { total, size } => u64::from(page) < total.div_ceil(size.max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;

    /// A list as a server holds it, and what was seen of its requests.
    #[derive(Debug, Clone)]
    struct Server {
        rows: u64,
        /// The rows of a page, which the server may have capped.
        size: u64,
        /// Rows that this page hides, at most all but one.
        short: Option<(u64, u64)>,
        counts: bool,
        says_last: bool,
        /// How often each answer is not ready yet, by page modulo the length.
        delays: Vec<u8>,
    }

    #[derive(Debug, Default)]
    struct Seen {
        asked: Vec<u32>,
        under_way: usize,
        most_under_way: usize,
    }

    impl Server {
        fn pages(&self) -> u64 {
            self.rows.div_ceil(self.size)
        }

        fn page(&self, number: u32) -> Page {
            let at = u64::from(number);
            let mut given = self.rows.saturating_sub(at * self.size).min(self.size);
            if let Some((_, hidden)) = self.short.filter(|(page, _)| *page == at) {
                given = given.saturating_sub(hidden).max(given.min(1));
            }
            let last = self.says_last && at + 1 >= self.pages();
            Page::of_numbers(number, given, last, self.counts.then_some(self.rows))
        }
    }

    fn server() -> impl Strategy<Value = Server> {
        let short = proptest::option::of((0u64..6, 1u64..8));
        (0u64..60, 1u64..9, short, any::<bool>(), any::<bool>(), proptest::collection::vec(0u8..6, 1..5)).prop_map(
            |(rows, size, short, counts, says_last, delays)| Server { rows, size, short, counts, says_last, delays },
        )
    }

    /// Reads all pages; returns their numbers and rows, and what the server saw.
    fn read(server: &Server, from: u32, prefetch: usize) -> (Vec<(u32, usize)>, Seen) {
        let seen = Mutex::new(Seen::default());
        let fetch = |page: u32| {
            let (seen, server) = (&seen, server);
            async move {
                {
                    let mut seen = seen.lock().unwrap();
                    seen.asked.push(page);
                    seen.under_way += 1;
                    seen.most_under_way = seen.most_under_way.max(seen.under_way);
                }
                for _ in 0..server.delays[page as usize % server.delays.len()] {
                    tokio::task::yield_now().await;
                }
                seen.lock().unwrap().under_way -= 1;
                Ok(server.page(page))
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let pages = runtime.block_on(async {
            let pages = in_order(fetch, from, prefetch).map(|page| page.unwrap());
            pages.map(|page| (page.number, page.given())).collect().await
        });
        (pages, seen.into_inner().unwrap())
    }

    proptest! {
        #[test]
        fn prefetch_reads_what_one_at_a_time_reads(server in server(), from in 0u32..8, prefetch in 0usize..7) {
            let mut expected = Vec::new();
            for number in from.. {
                let page = server.page(number);
                expected.push((number, page.given()));
                if page.ends_list() { break; }
            }
            let (pages, seen) = read(&server, from, prefetch);
            prop_assert_eq!(pages, expected);
            prop_assert!(seen.most_under_way <= prefetch.max(1));
            prop_assert!(seen.asked.is_sorted() && seen.asked[0] == from);
        }

        #[test]
        fn a_counted_list_is_not_read_beyond_its_end(mut server in server(), prefetch in 0usize..7) {
            server.counts = true;
            server.short = None;
            let (_, seen) = read(&server, 0, prefetch);
            let last_asked = u64::from(*seen.asked.last().unwrap());
            // Where no page says that it is the last, only an empty one ends the list.
            let end = if server.says_last { server.pages().saturating_sub(1) } else { server.pages() };
            prop_assert!(last_asked <= end, "{last_asked} > {end}");
        }
    }

    /// What happens to a list between two requests, by indexes that are taken modulo its length.
    #[derive(Debug, Clone, Copy)]
    enum Happens {
        Nothing,
        Comes,
        GoesAway(usize),
        Changes(usize),
    }

    fn happens() -> impl Strategy<Value = Vec<Vec<Happens>>> {
        let one = prop_oneof![
            Just(Happens::Nothing),
            Just(Happens::Comes),
            any::<usize>().prop_map(Happens::GoesAway),
            any::<usize>().prop_map(Happens::Changes),
        ];
        proptest::collection::vec(proptest::collection::vec(one, 0..6), 1..40)
    }

    proptest! {
        #[test]
        fn backwards_no_row_is_missed_that_was_there_all_the_time_and_did_not_change(
            rows in 0_u64..60,
            size in 1_usize..9,
            happens in happens(),
            counts in any::<bool>(),
        ) {
            let state = Mutex::new(((0..rows).collect::<Vec<u64>>(), rows, 0_usize));
            let touched = Mutex::new(HashSet::new());
            let fetch = |number: u32| {
                let (list, next, turn) = &mut *state.lock().unwrap();
                // Nothing happens before the first request, and nothing to a list that cannot be read backwards.
                for one in happens[*turn % happens.len()].iter().filter(|_| *turn > 0 && counts) {
                    match *one {
                        Happens::Nothing => {}
                        Happens::Comes => {
                            list.push(*next);
                            *next += 1;
                        }
                        Happens::GoesAway(at) | Happens::Changes(at) if !list.is_empty() => {
                            let row = list.remove(at % list.len());
                            touched.lock().unwrap().insert(row);
                            if matches!(one, Happens::Changes(_)) {
                                list.push(row);
                            }
                        }
                        Happens::GoesAway(_) | Happens::Changes(_) => {}
                    }
                }
                *turn += 1;
                let from = (number as usize * size).min(list.len());
                let given = &list[from..(from + size).min(list.len())];
                let page = Page::of_rows(number, given, from + size >= list.len(), counts.then_some(list.len() as u64));
                async move { Ok(page) }
            };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let pages: Vec<Page> = runtime.block_on(backwards(fetch).map(|page| page.unwrap()).collect());
            prop_assert!(pages.last().is_some_and(Page::ends_list));
            let seen: HashSet<u64> = pages.iter().flat_map(Page::items).map(|row| row.parse().unwrap()).collect();
            for row in (0..rows).filter(|row| !touched.lock().unwrap().contains(row)) {
                prop_assert!(seen.contains(&row), "{row} of {rows} was not seen");
            }
        }
    }

    #[test]
    fn pages_by_cursor_are_read_one_after_the_other_and_never_twice() {
        let asked = Mutex::new(Vec::new());
        // After "c" comes "a" again.
        let fetch = |at: Position| {
            let cursor = match at.cursor.as_deref() {
                None | Some("c") => "a",
                Some("a") => "b",
                _ => "c",
            };
            asked.lock().unwrap().push(at.cursor);
            let next = Position { page: at.page + 1, cursor: Some(cursor.to_owned()) };
            let mut page = Page::of_numbers(at.page, 1, false, None);
            page.next = Some(next);
            async move { Ok(page) }
        };
        let again = |page: &Page| SourceError::Client { reason: format!("page {}", page.number) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = |from: Position| -> Vec<Result<u32, String>> {
            let pages = by_cursor(fetch, from, again);
            let pages = pages.map(|page| page.map(|page| page.number).map_err(|error| error.to_string()));
            runtime.block_on(pages.collect())
        };
        let pages = read(Position::default());
        assert_eq!(pages[..4], [Ok(0), Ok(1), Ok(2), Ok(3)]);
        assert!(pages[4].as_ref().unwrap_err().contains("page 3") && pages.len() == 5);
        let cursors =
            |texts: &[&str]| -> Vec<Option<String>> { texts.iter().map(|text| Some((*text).to_owned())).collect() };
        assert_eq!(asked.lock().unwrap()[1..], cursors(&["a", "b", "c"]));
        asked.lock().unwrap().clear();
        let pages = read(Position { page: 7, cursor: Some("b".to_owned()) });
        assert_eq!(pages.iter().filter(|page| page.is_ok()).count(), 3);
        assert_eq!(*asked.lock().unwrap(), cursors(&["b", "c", "a"]), "where it began counts too");
    }

    #[test]
    fn an_uncounted_list_is_read_ahead_after_its_first_page() {
        let server = Server { rows: 40, size: 2, short: None, counts: false, says_last: true, delays: vec![3] };
        let (pages, seen) = read(&server, 0, 4);
        assert_eq!(pages.len(), 20);
        assert_eq!(seen.most_under_way, 4);
    }

    #[test]
    fn nothing_is_asked_before_the_first_poll_and_only_one_page_at_first() {
        let asked = Mutex::new(Vec::new());
        let fetch = |page| {
            asked.lock().unwrap().push(page);
            async move { Ok(Page::of_numbers(page, 1, true, None)) }
        };
        let pages = in_order(fetch, 5, 4);
        assert!(asked.lock().unwrap().is_empty());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(pages.count()), 1);
        assert_eq!(*asked.lock().unwrap(), [5]);
    }
}
