//! `crosswalk run`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use clap::Args;
use futures_util::future::BoxFuture;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{SignalKind, signal};

use super::context::Context;
use super::error::{CliError, Exit};
use super::source::options;
use crate::api::{Control, WebhookListener, socket_of};
use crate::connector::{Connection, Home, SandboxSettings, WatchOptions};
use crate::engine::{Access, BOUNDS, EngineError, RunOptions, Running, Status, credentials, describe};
use crate::sandbox::Sandbox;
use crate::source::Credentials;
use crate::yaml;

const NOTES: &str = "\
Connections are read as often as `options: { every: 15m }` in their files says, at the
times of `options: { cron: \"0 2 * * *\" }`, or once an hour. Mappings, scripts, tables and
connections may change meanwhile: they are in use as soon as they are saved, and stored
records are mapped again. Files that cannot be run with leave the last good ones in use.
SIGHUP looks at the files at once. SIGTERM and Ctrl-C let each sync finish its page and
end the engine, a second one ends it at once; the next start goes on there.

Examples:
  crosswalk run                          everything in connections/
  crosswalk run --log crosswalk=debug    and say what it does
  crosswalk status                       elsewhere: what it does at this moment
  crosswalk reload                       elsewhere: look at the files now, and say what that led to

Exit codes:
    0  ended by SIGTERM or Ctrl-C
    2  wrong usage, trouble with the store, or another one is at work on it";

/// How often figures that nobody asks for are put together.
const UPKEEP: Duration = Duration::from_secs(60);

const AT_ONCE: &str = "ended at once; pages under way are read again the next time";

/// A duration as files write it.
fn length(text: &str) -> Result<Duration, String> {
    yaml::duration(text).ok_or_else(|| "write a number and a unit: 500ms, 10s, 2m".to_owned())
}

/// Sync connections by the clock, and take over changes of mappings as they are saved
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Run {
    /// Do not read any source: take over changes of mappings only
    #[arg(long)]
    no_sync: bool,
    /// Look at the files only by `reload` and SIGHUP
    #[arg(long)]
    no_watch: bool,
    /// Look at the files every so often instead of waiting to be told of changes
    #[arg(long, conflicts_with = "no_watch")]
    poll: bool,
    /// Revisions of each connection to keep, to go back to
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Take webhooks of the sources at this address, such as 127.0.0.1:8790; a connection's are sent to /webhooks/NAME
    #[arg(long, value_name = "ADDR", conflicts_with = "no_sync")]
    webhooks: Option<SocketAddr>,
    /// Requests to sources that may be under way at the same time, over all connections
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_requests: u32,
    /// Connections to read at the same time; the others wait for their turn
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    max_syncs: u16,
    /// How long syncs may take to finish a page when the engine is told to end
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = length)]
    stop_within: Duration,
}

impl Run {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let trouble = |error: std::io::Error| CliError::usage(format!("signals cannot be heard: {error}"));
        let mut hangup = signal(SignalKind::hangup()).map_err(trouble)?;
        let mut end = signal(SignalKind::terminate()).map_err(trouble)?;
        let engine = context.engine().await?;
        // Before the socket: whoever is refused is told who is at work.
        let _hold = engine.store().hold("runs the connections").await.map_err(EngineError::from)?;
        let claim = Control::claim(socket_of(engine.store().path())).await?;
        let listener = match self.webhooks {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let figures = figures()?;
        let watch = WatchOptions::default().polling(self.poll);
        let options = RunOptions {
            access: Arc::new(Sandboxes::default()),
            syncs: !self.no_sync,
            max_syncs: usize::from(self.max_syncs),
            keep: self.keep,
            watch: (!self.no_watch).then_some(watch),
            max_requests: self.max_requests as usize,
            ..RunOptions::default()
        };
        let running = Arc::new(engine.run(options).await?);
        let rendered = figures.clone();
        let control = claim.serve(Arc::clone(&running), Arc::new(move || rendered.render()));
        let webhooks =
            listener.map(|listener| listener.serve(Arc::clone(&running))).transpose().map_err(CliError::from)?;
        let mut upkeep = tokio::time::interval(UPKEEP);
        context.terminal.note(&self.greeting(context, &running.status()));
        if let Some(webhooks) = &webhooks {
            context.terminal.note(&format!("webhooks are taken at http://{}/webhooks/NAME", webhooks.address()));
        }
        loop {
            tokio::select! {
                _ = hangup.recv() => reload(&running).await,
                _ = upkeep.tick() => figures.run_upkeep(),
                _ = end.recv() => break,
                Ok(()) = tokio::signal::ctrl_c() => break,
            }
        }
        drop((control, webhooks));
        let farewell = tokio::select! {
            in_time = running.stop_within(self.stop_within) => match in_time {
                true => "ended; what was under way goes on there the next time",
                false => "ended before every page under way was finished; they are read again the next time",
            },
            _ = end.recv() => AT_ONCE,
            Ok(()) = tokio::signal::ctrl_c() => AT_ONCE,
        };
        context.terminal.note(farewell);
        Ok(Exit::Done)
    }

    fn greeting(&self, context: &Context, status: &Status) -> String {
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
}

async fn listen(address: SocketAddr) -> Result<WebhookListener, CliError> {
    let trouble = |error| CliError::usage(format!("webhooks cannot be taken at {address}: {error}"));
    WebhookListener::bind(address).await.map_err(trouble)
}

async fn reload(running: &Running) {
    if let Err(error) = running.reload().await {
        tracing::error!(%error, "files were looked at, and the store did not keep what they became");
    }
}

/// The recorder of the process. There can be only one.
fn figures() -> Result<PrometheusHandle, CliError> {
    static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(figures) = FIGURES.get() {
        return Ok(figures.clone());
    }
    let trouble = |error| CliError::usage(format!("figures cannot be recorded: {error}"));
    let figures =
        PrometheusBuilder::new().set_buckets(BOUNDS).and_then(PrometheusBuilder::install_recorder).map_err(trouble)?;
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
