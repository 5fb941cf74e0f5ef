//! What is done where the system announces nothing, and what ends when a watch does.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;

use super::super::looker::Word;
use super::super::native::Native;
use super::super::sight::Sight;
use super::{HOUR, How, LONG, Manner, Place, Taken, USER, WatchOptions, read_all};

/// What a log would hold.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn warnings(&self) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.matches("changes of files are not announced").count()
    }

    fn listen(&self) -> (tracing::subscriber::DefaultGuard, tracing::Dispatch) {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        // With a single subscriber in the process, an event that another test's thread meets first is switched off for all.
        (guard, tracing::Dispatch::new(tracing_subscriber::registry()))
    }
}

fn often() -> WatchOptions {
    let often = Duration::from_millis(30);
    WatchOptions { look_again: often, poll_every: often, ..WatchOptions::default() }
}

#[tokio::test]
async fn a_system_that_stays_silent_is_found_out() {
    let log = Log::default();
    let _guard = log.listen();
    let place = Place::new();
    let mut watched = place.watch(WatchOptions { taken: Some(Taken::Events), ..often() }).await;
    assert_eq!((watched.watch.manner(), log.warnings()), (Manner::Native, 0));
    place.write(USER, "from: Person");
    watched.sees(&[USER]).await;
    let Manner::Polling { why } = watched.watch.manner() else { panic!("it is found out") };
    assert!(why.contains("had not announced"), "{why}");
    place.save(USER, "from: Human");
    watched.sees(&[USER]).await;
    place.write("mappings/other/user.yaml", "from: Other");
    watched.sees(&["mappings/other/user.yaml"]).await;
    assert_eq!(log.warnings(), 1);
}

#[tokio::test]
async fn a_system_that_refuses_is_not_relied_upon() {
    let log = Log::default();
    let _guard = log.listen();
    let place = Place::new();
    let mut watched = place.watch(WatchOptions { taken: Some(Taken::Watches), look_again: HOUR, ..often() }).await;
    assert_eq!(watched.watch.manner(), Manner::Polling { why: "OS file watch limit reached.".to_owned() });
    for text in ["from: Person", "from: Human"] {
        place.save(USER, text);
        watched.sees(&[USER]).await;
    }
    assert_eq!(log.warnings(), 1);
}

#[tokio::test]
async fn a_system_that_announces_is_relied_upon() {
    let place = Place::new();
    let mut watched = place.watch(often()).await;
    for number in 0..20 {
        place.save(USER, &format!("from: Person{number}"));
        watched.next().await;
    }
    assert_eq!(watched.watch.manner(), Manner::Native);
}

#[tokio::test]
async fn a_look_sees_what_nobody_announced() {
    let place = Place::new();
    let options = WatchOptions { taken: Some(Taken::Events), ..How::Announced.options() };
    let mut watched = place.watch(options).await;
    assert_eq!(watched.watch.look().await, None);
    place.write(USER, "from: Person");
    assert_eq!(watched.watch.look().await.unwrap().paths, [USER]);
    assert_eq!(watched.watch.look().await, None);
    place.write(USER, "from: Human");
    // Whoever gives up waiting is told all the same.
    if watched.watch.look().now_or_never().flatten().is_none() {
        watched.sees(&[USER]).await;
    }
}

#[tokio::test]
async fn a_dropped_watch_ends_its_thread() {
    for how in [How::Announced, How::Polled] {
        let place = Place::new();
        let watched = place.watch(how.options()).await;
        let mut seen = watched.watch.seen.clone();
        let words = watched.watch.words.clone();
        drop(watched);
        let ended = async { while seen.changed().await.is_ok() {} };
        tokio::time::timeout(LONG, ended).await.unwrap();
        assert!(words.send(Word::Event).is_err());
    }
}

fn listen(home: &Path) -> (Native, mpsc::Receiver<Word>) {
    let (words, heard) = mpsc::channel();
    let native = Native::listen(&Sight::of(home, &Sight::default(), false).folders, &words);
    (native.unwrap_or_else(|_| panic!("it listens")), heard)
}

#[test]
fn a_dropped_listener_ends_its_thread() {
    let place = Place::new();
    let (native, heard) = listen(&place.home);
    drop(native);
    assert_eq!(heard.recv_timeout(LONG).unwrap_err(), RecvTimeoutError::Disconnected);
}

#[test]
fn looking_announces_nothing() {
    let place = Place::new();
    let (_native, heard) = listen(&place.home);
    for _ in 0..50 {
        assert!(read_all(&place.home) >= 6);
        Sight::of(&place.home, &Sight::default(), true);
    }
    // Events keep their order: what is heard first would have been of the reading.
    place.write(USER, "from: Person");
    let mut words = 0;
    let mut wait = LONG;
    while heard.recv_timeout(wait).is_ok() {
        words += 1;
        wait = Duration::from_millis(200);
    }
    assert!((1..10).contains(&words), "{words}");
}
