//! How connections stand, over days that pass in a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crosswalk::connector::{Connection, Home};
use crosswalk::engine::{Access, Clock, EngineError, RunOptions, Running};
use crosswalk::sandbox::{Options, Sandbox};
use crosswalk::source::Credentials;
use crosswalk::store::{ConnectionState, Standing};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::home::{PATIENCE, TempHome};

/// A sandbox that is asked with a wrong secret while `wrong` holds.
#[derive(Debug)]
struct Door {
    sandbox: Arc<Sandbox>,
    wrong: AtomicBool,
}

impl Access for Door {
    fn place<'a>(&'a self, connection: Connection) -> BoxFuture<'a, Connection> {
        Box::pin(async { connection.with_sandbox(self.sandbox.base_url()) })
    }

    fn credentials(&self, _: &Home, _: &Connection) -> Result<Credentials, EngineError> {
        let Options { client_id, client_secret, .. } = self.sandbox.options().clone();
        let is_wrong = self.wrong.load(Ordering::Relaxed);
        Ok(Credentials::of_client(client_id, if is_wrong { "expired".to_owned() } else { client_secret }))
    }
}

/// Waits for a further sync that ended, and gives how the connection stands then.
async fn after_another_sync(running: &Running, engine: &crosswalk::engine::Engine) -> ConnectionState {
    let before = engine.states().await.unwrap().first().and_then(|state| state.tried_at);
    let end = Instant::now() + PATIENCE;
    running.sync_now("acme");
    loop {
        let state = engine.states().await.unwrap().pop();
        if let Some(state) = state
            && state.tried_at.is_some()
            && state.tried_at != before
        {
            return state;
        }
        assert!(Instant::now() < end, "{:#?}", running.status());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn three_days_of_refusals_make_a_connection_invalid_and_a_restart_does_not_forget() {
    let home = TempHome::new(5).await;
    let door = Arc::new(Door { sandbox: Arc::clone(&home.sandbox), wrong: AtomicBool::new(true) });
    let hours = Arc::new(AtomicI64::new(0));
    let passed = Arc::clone(&hours);
    let clock = Clock::new(move || Timestamp::now() + SignedDuration::from_hours(passed.load(Ordering::Relaxed)));
    let options = RunOptions { access: door.clone(), clock: clock.clone(), ..RunOptions::default() };
    let engine = home.engine().await;

    let running = engine.run(options.clone()).await.unwrap();
    let state = after_another_sync(&running, &engine).await;
    assert_eq!(state.standing, Standing::Active);
    assert!(state.failures > 0);
    assert!(state.error.as_deref().unwrap().contains("refused the client"), "{state:?}");
    assert!(state.refused_since.is_some());
    hours.store(71, Ordering::Relaxed);
    assert_eq!(after_another_sync(&running, &engine).await.standing, Standing::Active);
    running.stop().await;

    hours.store(73, Ordering::Relaxed);
    let running = engine.run(options.clone()).await.unwrap();
    let state = after_another_sync(&running, &engine).await;
    assert_eq!(state.standing, Standing::Invalid);
    assert!(state.reason.as_deref().unwrap().starts_with("the source has refused the credentials since "), "{state:?}");
    assert!(clock.now().duration_since(state.since) < SignedDuration::from_hours(1), "{state:?}");

    door.wrong.store(false, Ordering::Relaxed);
    running.reload().await.unwrap();
    let end = Instant::now() + PATIENCE;
    while engine.states().await.unwrap()[0].standing != Standing::Active {
        assert!(Instant::now() < end, "mended credentials are not tried when the engine is told to look");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop().await;
    let told: Vec<(Option<Standing>, Standing)> = engine
        .store()
        .state_changes(0, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|told| (told.before, told.standing))
        .collect();
    assert_eq!(
        told,
        [
            (None, Standing::Active),
            (Some(Standing::Active), Standing::Invalid),
            (Some(Standing::Invalid), Standing::Active)
        ]
    );
}

#[tokio::test]
async fn what_is_paused_or_gone_is_inactive_also_when_it_went_while_nobody_ran() {
    let home = TempHome::new(5).await;
    home.connect("beta");
    let work = home.run_synced().await;
    let standings = async || -> Vec<(Standing, Option<String>)> {
        let states = work.engine.states().await.unwrap();
        states.into_iter().map(|state| (state.standing, state.reason)).collect()
    };
    let active = (Standing::Active, None);
    let gone = (Standing::Inactive, Some("its file is gone".to_owned()));
    assert_eq!(standings().await, [active.clone(), active.clone()]);
    let file = home.read("connections/acme.yaml");
    home.save("connections/acme.yaml", &format!("{file}options: {{ paused: true }}\n"));
    std::fs::remove_file(home.path().join("connections/beta.yaml")).unwrap();
    work.running.reload().await.unwrap();
    let paused = (Standing::Inactive, Some("its file says `paused`".to_owned()));
    assert_eq!(standings().await, [paused, gone.clone()]);
    work.running.stop().await;

    std::fs::remove_file(home.path().join("connections/acme.yaml")).unwrap();
    home.connect("beta");
    home.run().await.running.stop().await;
    assert_eq!(standings().await, [gone, active]);
}
