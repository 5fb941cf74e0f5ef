//! `crosswalk run`.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use super::work::{Ground, Manner, Signals, greeting};
use crate::api::WebhookListener;

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

/// Sync connections by the clock, and take over changes of mappings as they are saved
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Run {
    /// Do not read any source: take over changes of mappings only
    #[arg(long)]
    no_sync: bool,
    #[command(flatten)]
    manner: Manner,
    /// Take webhooks of the sources at this address, such as 127.0.0.1:8790; a connection's are sent to /webhooks/NAME
    #[arg(long, value_name = "ADDR", conflicts_with = "no_sync")]
    webhooks: Option<SocketAddr>,
}

impl Run {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut signals = Signals::hear()?;
        let ground = Ground::take(context).await?;
        let listener = match self.webhooks {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let work = ground.work(&self.manner, !self.no_sync).await?;
        let webhooks =
            listener.map(|listener| listener.serve(Arc::clone(&work.running))).transpose().map_err(CliError::from)?;
        context.terminal.note(&greeting(context, &work.running.status()));
        if let Some(webhooks) = &webhooks {
            context.terminal.note(&format!("webhooks are taken at http://{}/webhooks/NAME", webhooks.address()));
        }
        work.until_the_end(&mut signals, || ()).await;
        drop(webhooks);
        Ok(work.end(&mut signals, self.manner.stop_within, context).await)
    }
}

async fn listen(address: SocketAddr) -> Result<WebhookListener, CliError> {
    let trouble = |error| CliError::usage(format!("webhooks cannot be taken at {address}: {error}"));
    WebhookListener::bind(address).await.map_err(trouble)
}
