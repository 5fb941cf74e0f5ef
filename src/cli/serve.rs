//! `crosswalk serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use super::work::{Ground, Manner, Signals, greeting, length};
use crate::api::{Api, ApiLimits, ApiListener, Tls};
use crate::engine::ApiKey;

const NOTES: &str = "\
Does all that `crosswalk run` does, and answers the HTTP API: clients of the hosted
unified API set http://ADDR/v1 as their server's URL and a key of `crosswalk keys create`.
With --no-sync it only answers what is stored, and may stand beside a `run` or `serve`
on the same store, as often as you like. Webhooks of sources come to /webhooks/NAME.

TLS is by --tls-cert and --tls-key, or by a proxy in front; SIGHUP reads both files again.
SIGTERM and Ctrl-C answer what is under way, let each sync finish its page, and end.

Examples:
  crosswalk keys create acme-backend      make a key, which is shown once
  crosswalk serve 127.0.0.1:8080          sync by the clock and answer
  crosswalk serve 127.0.0.1:8081 --no-sync
  crosswalk serve 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem

Exit codes:
    0  ended by SIGTERM or Ctrl-C
    2  wrong usage, an address that is taken, or trouble with the store";

/// Sync by the clock as `run` does, and answer the HTTP API
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Serve {
    /// Where to listen, such as 127.0.0.1:8080
    #[arg(value_name = "ADDR")]
    address: SocketAddr,
    /// Only answer what is stored: nothing is read or written, and others may be at work on the store
    #[arg(long)]
    no_sync: bool,
    /// The certificate, with those of its issuers behind it, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Requests that a key may make in a minute; 0 for any number
    #[arg(long, value_name = "N", default_value_t = ApiLimits::default().requests_a_minute)]
    rate_limit: u32,
    /// Requests that a key may have under way at the same time
    #[arg(long, value_name = "N", default_value_t = ApiLimits::default().at_once as u32, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    concurrency: u32,
    /// The largest body of a write, in MiB
    #[arg(long, value_name = "MIB", default_value_t = (ApiLimits::default().largest_body >> 20) as u32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    max_body: u32,
    /// How long a request may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = length)]
    time_limit: Duration,
    /// How long a write to a source may take
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = length)]
    write_time_limit: Duration,
    #[command(flatten)]
    manner: Manner,
}

impl Serve {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut signals = Signals::hear()?;
        let tls = self.tls()?;
        let ground = match self.no_sync {
            true => Ground::share(context).await?,
            false => Ground::take(context).await?,
        };
        let trouble = |error| CliError::usage(format!("nobody can be answered at {}: {error}", self.address));
        let listener = ApiListener::bind(self.address, tls.clone()).await.map_err(trouble)?;
        let work = ground.work(&self.manner, !self.no_sync).await?;
        let keys = work.engine.keys().await?;
        let api =
            Api::new(work.engine.clone(), Arc::clone(&work.running), Arc::clone(&work.figures), self.limits()).await?;
        let server = listener.serve(api)?;
        context.terminal.note(&greeting(context, &work.running.status()));
        context.terminal.note(&self.welcome(context, server.address(), &keys));
        work.until_the_end(&mut signals, || read_again(tls.as_ref())).await;
        let answered = tokio::select! {
            answered = server.stop_within(self.manner.stop_within) => answered,
            () = signals.end() => false,
        };
        if !answered {
            context.terminal.note("requests that were under way were not answered");
        }
        Ok(work.end(&mut signals, self.manner.stop_within, context).await)
    }

    fn tls(&self) -> Result<Option<Tls>, CliError> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let tls = Tls::read(certificate, key).map_err(|error| CliError::usage(error.to_string()))?;
                Ok(Some(tls))
            }
            _ => Ok(None),
        }
    }

    fn limits(&self) -> ApiLimits {
        ApiLimits {
            requests_a_minute: self.rate_limit,
            at_once: self.concurrency as usize,
            largest_body: (self.max_body as usize) << 20,
            time: self.time_limit,
            time_of_writes: self.write_time_limit,
            ..ApiLimits::default()
        }
    }

    /// Where it listens, and what is missing to be answered.
    fn welcome(&self, context: &Context, address: SocketAddr, keys: &[ApiKey]) -> String {
        let scheme = if self.tls_cert.is_some() { "https" } else { "http" };
        let mut text = format!("the API is at {scheme}://{address}/v1");
        if keys.iter().all(|key| key.revoked_at.is_some()) {
            text.push_str(&format!("; nobody has a key yet: make one with `{}`", context.spell("keys create NAME")));
        }
        if scheme == "http" && !address.ip().is_loopback() {
            text.push_str(
                "\nkeys and records go unencrypted over the network: give --tls-cert and --tls-key, or listen on 127.0.0.1 \
                 behind a proxy that encrypts",
            );
        }
        text
    }
}

fn read_again(tls: Option<&Tls>) {
    match tls.map(Tls::read_again) {
        Some(Ok(())) => tracing::info!("the certificate was read again"),
        Some(Err(error)) => {
            tracing::error!(%error, "the certificate could not be read again; the one before is in use")
        }
        None => {}
    }
}
