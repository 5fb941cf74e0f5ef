//! Processes that are killed in the middle of a sync: what they leave, and what the next one makes of it.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::picture::Picture;
use crate::tenant::NAME;
use crate::twins::{Scene, Twins};

/// Points at which a process dies, unless `CROSSWALK_CRASH_POINTS` says how many.
const POINTS: u32 = 40;

/// Where a process dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// At this boundary of a transaction.
    At(u64),
    /// This long after it began, wherever that is.
    After(Duration),
}

/// A tenant with what is known of its syncs.
struct Trial {
    twins: Twins,
    /// Whether the tenant changes between a death and what follows it.
    lives_on: bool,
    random: fastrand::Rng,
    /// The boundary up to which a sync of each kind comes at least once in a while.
    reaches: BTreeMap<Scene, u64>,
    /// How long a sync took last.
    took: Duration,
    deaths: u32,
    again: u32,
}

impl Trial {
    async fn start(seed: u64, lives_on: bool) -> Trial {
        let (reaches, took) = (Scene::ALL.map(|scene| (scene, 140)).into(), Duration::from_millis(400));
        let random = fastrand::Rng::with_seed(seed);
        Trial { twins: Twins::start(seed).await, lives_on, random, reaches, took, deaths: 0, again: 0 }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosswalk"));
        for name in ["CROSSWALK_HOME", "CROSSWALK_STORE", "CROSSWALK_LOG"] {
            command.env_remove(name);
        }
        let options = self.twins.sandbox.options();
        command.env("TEST_CLIENT_ID", &options.client_id).env("TEST_CLIENT_SECRET", &options.client_secret);
        command.current_dir(self.twins.home()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.arg("--store").arg(self.twins.store()).args(["sync", NAME, "--json"]);
        command
    }

    /// A sync that is to die. Whether it did: one may be done before.
    async fn sync_to_die(&mut self, scene: Scene, death: Death) -> bool {
        let mut command = self.command();
        if let Death::At(boundary) = death {
            command.env("CROSSWALK_CRASH_AT", boundary.to_string());
        }
        let mut child = command.spawn().unwrap();
        if let Death::After(moment) = death {
            tokio::time::sleep(moment).await;
            child.kill().unwrap();
        }
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        let died = output.status.signal().is_some();
        match death {
            Death::At(boundary) if !died => {
                assert_ended(&output, self.may_fall_short(scene));
                self.reaches.insert(scene, (boundary * 3 / 4).max(12));
            }
            _ => {}
        }
        died
    }

    /// A sync that is left in peace.
    async fn sync(&mut self, may_fall_short: bool) {
        let began = Instant::now();
        let child = self.command().spawn().unwrap();
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        assert_ended(&output, may_fall_short);
        self.took = began.elapsed();
    }

    /// Whether a sync may end short of what there is, and say so, and only the next one brings the rest: a record comes in
    /// part, or rows went while a read that goes on lay still.
    fn may_fall_short(&self, scene: Scene) -> bool {
        scene == Scene::InPart || self.lives_on
    }

    fn draw(&mut self, scene: Scene) -> Death {
        // Without debug assertions, a process cannot be told where to die.
        if self.random.u32(..4) == 0 || !cfg!(debug_assertions) {
            let longest = u64::try_from(self.took.as_millis()).unwrap().max(20);
            return Death::After(Duration::from_millis(self.random.u64(..longest)));
        }
        Death::At(self.random.u64(1..=self.reaches[&scene]))
    }

    /// Kills a sync once or twice, has the next one end, and compares.
    async fn point(&mut self, number: u32) {
        let scene = if number == 0 { Scene::First } else { Scene::ALL[number as usize % Scene::ALL.len()] };
        let seed = self.random.u64(..);
        self.twins.set(scene, seed).await;
        let mut told = Picture::default();
        let mut what = format!("{scene:?} {number}");
        for round in 0..=self.random.u32(..3) / 2 {
            let death = self.draw(scene);
            if self.sync_to_die(scene, death).await {
                what.push_str(&format!(", died {death:?}"));
                self.deaths += 1;
                self.again += round;
                if self.lives_on {
                    self.twins.sandbox.churn(seed, 12);
                }
                if self.twins.store().exists() {
                    let left = Picture::of(&self.twins.store()).await;
                    left.assert_tells_on(&told, &what);
                    told = left;
                }
            }
        }
        self.sync(self.may_fall_short(scene)).await;
        if self.may_fall_short(scene) {
            self.sync(false).await;
        }
        Picture::of(&self.twins.store()).await.assert_tells_on(&told, &what);
        match self.lives_on {
            true => self.twins.assert_live(&what).await,
            false => self.twins.assert_equal(scene, &what).await,
        }
    }
}

fn assert_ended(output: &Output, may_fall_short: bool) {
    let failed = may_fall_short && output.status.code() == Some(1);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() || failed,
        "{:?}\n{}{told}",
        output.status,
        String::from_utf8_lossy(&output.stdout)
    );
}

/// Kills so many syncs of some tenants.
async fn kill(seeds: std::ops::Range<u64>, points: u32, lives_on: bool) {
    let share = points.div_ceil(u32::try_from(seeds.end - seeds.start).unwrap());
    let trial = |seed: u64| async move {
        let mut trial = Trial::start(seed, lives_on).await;
        for number in 0.. {
            if trial.deaths >= share {
                break;
            }
            assert!(number < 3 * share + 10, "hardly any died: {} of {number}", trial.deaths);
            trial.point(number).await;
        }
        (trial.deaths, trial.again)
    };
    // Each with its own processes, at the same time.
    let trials: Vec<_> = seeds.map(|seed| tokio::spawn(trial(seed))).collect();
    let (mut deaths, mut again) = (0, 0);
    for trial in trials {
        let (died, twice) = trial.await.unwrap();
        (deaths, again) = (deaths + died, again + twice);
    }
    assert!(deaths >= points);
    eprintln!("{deaths} processes were killed, {again} of them while they went on after another; 0 divergences");
}

fn points() -> u32 {
    std::env::var("CROSSWALK_CRASH_POINTS").map_or(POINTS, |points| points.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_a_sync_is_killed_the_next_one_ends_as_if_nothing_had_happened() {
    kill(1..3, points(), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_while_nobody_reads_after_a_kill_is_not_missed() {
    kill(3..4, points() / 4, true).await;
}
