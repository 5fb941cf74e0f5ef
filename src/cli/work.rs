//! What `run` and `serve` have in common: an engine at work, and its end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use clap::Args;
use futures_util::future::BoxFuture;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::context::Context;
use super::error::{CliError, Exit};
use super::reach::ReachOptions;
use super::source::options;
use crate::api::{Claim, Control, Figures, socket_of};
use crate::connector::{Connection, Home, SandboxSettings, WatchOptions};
use crate::engine::{
    API_BOUNDS, API_SECONDS, Access, BOUNDS, Engine, EngineError, Outgoing, RunOptions, Running, Status, credentials,
    describe,
};
use crate::sandbox::Sandbox;
use crate::source::Credentials;
use crate::store::Hold;
use crate::yaml;

/// How often figures that nobody asks for are put together.
const UPKEEP: Duration = Duration::from_secs(60);

const AT_ONCE: &str = "ended at once; pages under way are read again the next time";

/// A duration as files write it.
pub(super) fn length(text: &str) -> Result<Duration, String> {
    yaml::duration(text).ok_or_else(|| "write a number and a unit: 500ms, 10s, 2m".to_owned())
}

/// How an engine works.
#[derive(Debug, Args)]
pub(super) struct Manner {
    /// Look at the files only by `reload` and SIGHUP
    #[arg(long)]
    no_watch: bool,
    /// Look at the files every so often instead of waiting to be told of changes
    #[arg(long, conflicts_with = "no_watch")]
    poll: bool,
    /// Revisions of each connection to keep, to go back to
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Requests to sources that may be under way at the same time, over all connections
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_requests: u32,
    /// Connections to read at the same time; the others wait for their turn
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    max_syncs: u16,
    /// How long what is under way may take to finish a page or an answer when the engine is told to end
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = length)]
    pub stop_within: Duration,
    /// The least time between two webhooks that tell of changes of one connection; what changes meanwhile is gathered
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = length)]
    webhook_window: Duration,
    #[command(flatten)]
    reach: ReachOptions,
}

/// The signals that an engine hears.
pub(super) struct Signals {
    hangup: Signal,
    end: Signal,
}

impl Signals {
    pub fn hear() -> Result<Signals, CliError> {
        let trouble = |error: std::io::Error| CliError::usage(format!("signals cannot be heard: {error}"));
        let hear = |kind| signal(kind).map_err(trouble);
        Ok(Signals { hangup: hear(SignalKind::hangup())?, end: hear(SignalKind::terminate())? })
    }

    /// Waits until the process is told to end.
    pub async fn end(&mut self) {
        tokio::select! {
            _ = self.end.recv() => {}
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
    }
}

/// A store that nobody else is at work on, with the place where the engine will be asked.
pub(super) struct Ground {
    pub engine: Engine,
    claim: Option<Claim>,
    _hold: Option<Hold>,
}

impl Ground {
    /// That of an engine that works on its store.
    pub async fn take(context: &Context) -> Result<Ground, CliError> {
        let engine = context.engine().await?;
        // Before the socket: whoever is refused is told who is at work.
        let hold = engine.store().hold("runs the connections").await.map_err(EngineError::from)?;
        let claim = Control::claim(socket_of(engine.store().path())).await?;
        Ok(Ground { engine, claim: Some(claim), _hold: Some(hold) })
    }

    /// That of one that only reads it, beside another or alone.
    pub async fn share(context: &Context) -> Result<Ground, CliError> {
        Ok(Ground { engine: context.reading_engine().await?, claim: None, _hold: None })
    }

    /// Begins to work.
    pub async fn work(self, manner: &Manner, syncs: bool) -> Result<Work, CliError> {
        let prometheus = recorder()?;
        let writes = self.claim.is_some();
        let watch = WatchOptions::default().polling(manner.poll);
        let options = RunOptions {
            access: Arc::new(Sandboxes::default()),
            syncs,
            writes,
            max_syncs: usize::from(manner.max_syncs),
            keep: manner.keep,
            watch: (!manner.no_watch).then_some(watch),
            max_requests: manner.max_requests as usize,
            webhooks: Outgoing { reach: manner.reach.reach(), window: manner.webhook_window, ..Outgoing::default() },
            ..RunOptions::default()
        };
        let running = Arc::new(self.engine.run(options).await?);
        let rendered = prometheus.clone();
        let figures: Figures = Arc::new(move || rendered.render());
        let control = self.claim.map(|claim| claim.serve(Arc::clone(&running), Arc::clone(&figures)));
        Ok(Work { engine: self.engine, running, figures, control, prometheus, _hold: self._hold })
    }
}

/// An engine at work.
pub(super) struct Work {
    pub engine: Engine,
    pub running: Arc<Running>,
    pub figures: Figures,
    control: Option<Control>,
    prometheus: PrometheusHandle,
    _hold: Option<Hold>,
}

impl Work {
    /// Works until the process is told to end. SIGHUP looks at the files, and at what `look` looks at.
    pub async fn until_the_end(&self, signals: &mut Signals, look: impl Fn()) {
        let mut upkeep = tokio::time::interval(UPKEEP);
        loop {
            tokio::select! {
                _ = signals.hangup.recv() => {
                    look();
                    reload(&self.running).await;
                }
                _ = upkeep.tick() => self.prometheus.run_upkeep(),
                _ = signals.end.recv() => break,
                Ok(()) = tokio::signal::ctrl_c() => break,
            }
        }
    }

    /// Ends, and says how.
    pub async fn end(self, signals: &mut Signals, stop_within: Duration, context: &Context) -> Exit {
        drop(self.control);
        let farewell = tokio::select! {
            in_time = self.running.stop_within(stop_within) => match in_time {
                true => "ended; what was under way goes on there the next time",
                false => "ended before every page under way was finished; they are read again the next time",
            },
            () = signals.end() => AT_ONCE,
        };
        context.terminal.note(farewell);
        Exit::Done
    }
}

/// What an engine begins with, in a few words.
pub(super) fn greeting(context: &Context, status: &Status) -> String {
    let count = status.connections.len();
    let broken = status.connections.iter().filter(|connection| connection.broken.is_some()).count();
    let connections = if count == 1 { "1 connection".to_owned() } else { format!("{count} connections") };
    let broken = if broken == 0 { String::new() } else { format!(", {broken} with files that do not compile") };
    format!(
        "crosswalk runs: {connections}{broken}; changes of files are noticed {}; see `{}`",
        status.watching,
        context.spell("status"),
    )
}

async fn reload(running: &Running) {
    if let Err(error) = running.reload().await {
        tracing::error!(%error, "files were looked at, and the store did not keep what they became");
    }
}

/// The recorder of the process. There can be only one.
fn recorder() -> Result<PrometheusHandle, CliError> {
    static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(figures) = FIGURES.get() {
        return Ok(figures.clone());
    }
    let trouble = |error| CliError::usage(format!("figures cannot be recorded: {error}"));
    let builder = PrometheusBuilder::new()
        .set_buckets(BOUNDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(API_SECONDS.to_owned()), API_BOUNDS));
    let figures = builder.and_then(PrometheusBuilder::install_recorder).map_err(trouble)?;
    describe();
    Ok(FIGURES.get_or_init(|| figures).clone())
}

/// Remote systems, and the sandboxes of connections that have one in the place of it. They end with the process.
#[derive(Debug, Default)]
struct Sandboxes(Mutex<BTreeMap<String, (SandboxSettings, Sandbox)>>);

impl Sandboxes {
    fn address(&self, connection: &Connection, settings: SandboxSettings) -> Option<String> {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, sandbox) = started.get(&connection.name)?;
        (*of == settings).then(|| sandbox.base_url().to_owned())
    }
}

impl Access for Sandboxes {
    fn place<'a>(&'a self, connection: Connection) -> BoxFuture<'a, Connection> {
        Box::pin(async move {
            let Some(settings) = connection.sandbox else { return connection };
            if let Some(address) = self.address(&connection, settings) {
                return connection.with_sandbox(&address);
            }
            let sandbox = match Sandbox::start(options(settings)).await {
                Ok(sandbox) => sandbox,
                Err(error) => {
                    tracing::error!(connection = connection.name, %error, "the sandbox cannot be started");
                    return connection;
                }
            };
            let placed = connection.with_sandbox(sandbox.base_url());
            let mut started = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            started.insert(placed.name.clone(), (settings, sandbox));
            placed
        })
    }

    fn credentials(&self, home: &Home, connection: &Connection) -> Result<Credentials, EngineError> {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match started.get(&connection.name).filter(|_| connection.sandbox.is_some()) {
            Some((_, sandbox)) => {
                let options = sandbox.options();
                Ok(Credentials::of_client(options.client_id.clone(), options.client_secret.clone()))
            }
            None => credentials(home, connection),
        }
    }
}
