//! The thread that waits for quiet, looks, and says what it saw.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};
use tracing::{debug, info, warn};

use super::native::{Native, Refusal};
use super::sight::Sight;
use super::{Manner, Seen, WatchOptions};

/// What a change that was found without being announced is given to be announced after all.
const GRACE: Duration = Duration::from_millis(300);

/// Looks in a row while folders come and go.
const ROUNDS: usize = 4;

/// Options outside of these would keep a processor busy, or time would overflow.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_hours(24));

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Word {
    /// Something happened to the files.
    Event,
    /// The system announces nothing any more.
    Failed(String),
    /// Look now, and let go of this when it is done.
    Look(oneshot::Sender<()>),
    Stop,
}

/// A change under way.
#[derive(Clone, Copy)]
struct Burst {
    began: Instant,
    announced: bool,
}

pub(super) struct Looker {
    root: PathBuf,
    options: WatchOptions,
    words: (Sender<Word>, Receiver<Word>),
    out: watch::Sender<Seen>,
    sight: Sight,
    native: Option<Native>,
    /// Why the system is not relied upon.
    polling: Option<String>,
    burst: Option<Burst>,
    /// When to look.
    due: Instant,
    stopped: bool,
}

impl Looker {
    /// Looks for the first time.
    pub fn new(
        root: PathBuf,
        mut options: WatchOptions,
        words: (Sender<Word>, Receiver<Word>),
        out: watch::Sender<Seen>,
    ) -> Looker {
        for pause in [&mut options.look_again, &mut options.poll_every] {
            *pause = (*pause).clamp(PAUSES.0, PAUSES.1);
        }
        for pause in [&mut options.debounce, &mut options.longest] {
            *pause = (*pause).min(PAUSES.1);
        }
        let force_polling = options.force_polling;
        let mut looker = Looker {
            root,
            options,
            words,
            out,
            sight: Sight::default(),
            native: None,
            polling: None,
            burst: None,
            due: Instant::now(),
            stopped: false,
        };
        if force_polling {
            looker.poll("it was asked for".to_owned());
        }
        looker.scan(false);
        looker.publish(false);
        if looker.polling.is_none() {
            info!(home = %looker.root.display(), folders = looker.sight.folders.len(), "changes of files are announced by the system");
        }
        looker.due = Instant::now() + looker.pause();
        looker
    }

    /// Looks whenever it is time to, until it is told to stop.
    pub fn run(mut self) {
        while !self.stopped {
            // An event without end must not keep it from looking.
            match self.due.checked_duration_since(Instant::now()) {
                None => self.look(),
                Some(wait) => match self.words.1.recv_timeout(wait) {
                    Ok(word) => self.hear(word),
                    Err(RecvTimeoutError::Timeout) => self.look(),
                    Err(RecvTimeoutError::Disconnected) => return,
                },
            }
        }
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Event => {
                let now = Instant::now();
                let burst = self.burst.get_or_insert(Burst { began: now, announced: true });
                burst.announced = true;
                self.due = (now + self.options.debounce).min(burst.began + self.options.longest);
            }
            Word::Failed(why) => self.poll(why),
            Word::Look(done) => {
                self.scan(true);
                self.publish(false);
                self.rest();
                // An error means that nobody waits for it any more.
                let _ = done.send(());
            }
            Word::Stop => self.stopped = true,
        }
    }

    fn look(&mut self) {
        let (moved, anew) = self.scan(false);
        let heard = self.drain();
        let now = Instant::now();
        let differs = self.differs();
        let Some(burst) = self.burst else {
            if differs {
                self.burst = Some(Burst { began: now, announced: false });
                self.due = now + if self.polling.is_none() { GRACE } else { self.options.debounce };
            } else {
                self.rest();
            }
            return;
        };
        if differs && !burst.announced && self.polling.is_none() {
            self.poll("a change was found that the system had not announced".to_owned());
        }
        let restless = heard || anew || (moved && !burst.announced);
        let end = burst.began + self.options.longest;
        if restless && now < end {
            self.due = (now + self.options.debounce).min(end);
            return;
        }
        if differs {
            self.publish(burst.announced);
        }
        self.rest();
        if heard {
            self.hear(Word::Event);
        }
    }

    /// Looks until the folders that were seen are those that are listened to. Whether contents differ from the look before, and
    /// whether they changed while it looked.
    fn scan(&mut self, thorough: bool) -> (bool, bool) {
        let begun = Instant::now();
        let (mut moved, mut anew) = (false, false);
        for round in 0..ROUNDS {
            let sight = Sight::of(&self.root, &self.sight, thorough && round == 0);
            let differs = !sight.contents().eq(self.sight.contents());
            self.sight = sight;
            moved |= differs;
            anew |= differs && round > 0;
            if self.listens() {
                break;
            }
        }
        debug!(took = ?begun.elapsed(), moved, "looked at the files");
        (moved, anew)
    }

    /// Whether all that was seen was listened to meanwhile. If not, it is from now on, unless the system refuses.
    fn listens(&mut self) -> bool {
        if self.native.as_ref().is_some_and(|native| native.hears(&self.sight.folders)) {
            return true;
        }
        // Once refused, it is not asked for again.
        if self.native.take().is_none() && self.polling.is_some() {
            return true;
        }
        match self.native() {
            Ok(native) => self.native = Some(native),
            Err(Refusal::Moving) => {}
            Err(Refusal::Never(why)) => {
                self.poll(why);
                return true;
            }
        }
        false
    }

    fn native(&self) -> Result<Native, Refusal> {
        #[cfg(test)]
        if let Some(taken) = self.options.taken {
            return taken.native(&self.sight.folders);
        }
        Native::listen(&self.sight.folders, &self.words.0)
    }

    fn drain(&mut self) -> bool {
        let mut heard = false;
        while !self.stopped
            && let Ok(word) = self.words.1.try_recv()
        {
            heard |= matches!(word, Word::Event);
            self.hear(word);
        }
        heard
    }

    fn differs(&self) -> bool {
        !self.sight.contents().eq(self.out.borrow().contents.iter())
    }

    fn publish(&self, announced: bool) {
        if self.differs() {
            let contents = self.sight.contents().map(|(path, content)| (path.clone(), content.clone())).collect();
            self.out.send_modify(|seen| {
                seen.contents = Arc::new(contents);
                seen.announced = announced;
            });
        }
    }

    /// Nothing is under way any more.
    fn rest(&mut self) {
        self.burst = None;
        self.due = Instant::now() + self.pause();
    }

    fn pause(&self) -> Duration {
        if self.polling.is_some() || self.native.is_none() { self.options.poll_every } else { self.options.look_again }
    }

    /// From now on it looks often. That is said once.
    fn poll(&mut self, why: String) {
        if self.polling.is_some() {
            return;
        }
        let (home, every) = (self.root.display(), self.options.poll_every);
        if self.options.force_polling {
            info!(%home, ?every, "changes of files are looked for at intervals, as was asked for");
        } else {
            warn!(%home, ?every, error = why, "changes of files are not announced by the system; they are looked for at intervals");
        }
        self.polling = Some(why.clone());
        self.out.send_modify(|seen| seen.manner = Manner::Polling { why });
        self.due = self.due.min(Instant::now() + every);
    }
}
