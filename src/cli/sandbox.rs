//! `crosswalk sandbox`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use crate::sandbox;

const NOTES: &str = "\
It serves an identity server and an API on 127.0.0.1 until Ctrl-C. A connection with
`sandbox` settings does not need it: its sync starts a sandbox of its own.

Examples:
  crosswalk sandbox                                  on the usual port
  crosswalk sandbox --port 0                         on any free port
  crosswalk sandbox --candidates 20000 --latency 50  a larger tenant, further away
  crosswalk sandbox --faults faults.yaml             one that fails as the plan says";

/// Run a local source with made-up data
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Sandbox {
    /// The port to listen on; 0 takes any free one
    #[arg(long, value_name = "P", default_value_t = 8788)]
    port: u16,
    /// What the data is drawn from: the same seed and counts give the same data
    #[arg(long, value_name = "S", default_value_t = sandbox::Options::default().seed)]
    seed: u64,
    /// How many candidates there are; everything else grows with them
    #[arg(long, value_name = "N", default_value_t = sandbox::Options::default().candidates)]
    candidates: u32,
    /// Milliseconds that every request takes longer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// The largest page; a larger one is cut without a word
    #[arg(long, value_name = "N|none", default_value = "100", value_parser = page_cap)]
    page_cap: PageCap,
    /// What goes wrong: a plan in YAML or JSON
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

/// The largest page, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PageCap(Option<u32>);

fn page_cap(text: &str) -> Result<PageCap, String> {
    match text {
        "none" => Ok(PageCap(None)),
        number => match number.parse() {
            Ok(size) if size > 0 => Ok(PageCap(Some(size))),
            _ => Err("it is neither a number of rows nor `none`".to_owned()),
        },
    }
}

impl Sandbox {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let sandbox = sandbox::Sandbox::start(self.options()?).await.map_err(|error| {
            CliError::usage(format!(
                "cannot listen on port {}: {error}; choose another with --port, or 0 for any free one",
                self.port
            ))
        })?;
        context.terminal.print(&self.text(context, &sandbox))?;
        match tokio::signal::ctrl_c().await {
            Ok(()) => {
                context.terminal.note("the sandbox has stopped");
                Ok(Exit::Done)
            }
            Err(error) => Err(CliError::usage(format!("cannot wait for Ctrl-C: {error}"))),
        }
    }

    fn options(&self) -> Result<sandbox::Options, CliError> {
        Ok(sandbox::Options {
            port: self.port,
            seed: self.seed,
            candidates: self.candidates,
            latency: Duration::from_millis(self.latency),
            page_cap: self.page_cap.0,
            faults: self.faults()?,
            ..sandbox::Options::default()
        })
    }

    fn faults(&self) -> Result<sandbox::Faults, CliError> {
        let Some(path) = &self.faults else { return Ok(sandbox::Faults::default()) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| CliError::usage(format!("{} cannot be read: {error}", path.display())))?;
        sandbox::Faults::parse(&text).map_err(|error| CliError::usage(format!("{}: {error}", path.display())))
    }

    fn text(&self, context: &Context, sandbox: &sandbox::Sandbox) -> String {
        let paint = context.terminal.stdout;
        let options = sandbox.options();
        let indented = |text: String| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
        format!(
            "{title}\n\
             \n  base URL       {base}\n  token URL      {token}\n  API            {api}\n  \
             client id      {id}\n  client secret  {secret}\n\
             \nThe id and the secret open nothing but this sandbox. Ctrl-C stops it.\n\
             \n{look}\n{shell}\
             \n{sync}\n{connection}\n  \
             export SANDBOX_CLIENT_ID={id}\n  export SANDBOX_CLIENT_SECRET={secret}\n  {command}\n",
            title = paint.bold(&format!(
                "The sandbox runs with {} made-up candidates",
                indicatif::HumanCount(options.candidates.into())
            )),
            base = sandbox.base_url(),
            token = sandbox.token_url(),
            api = sandbox.endpoint(),
            id = options.client_id,
            secret = options.client_secret,
            look = paint.bold("To look at it by hand"),
            shell = indented(sandbox.shell_example()),
            sync = paint.bold("To read it, put this into connections/local.yaml, and run the lines below it elsewhere"),
            connection = indented(sandbox.connection_example()),
            command = context.spell("sync local"),
        ) + &format!(
            "\n{}\n  \
             curl -s -X PUT {base}/sandbox/faults -d '{{\"rules\": [{{\"when\": {{\"every\": 3}}, \"do\": \"reset\"}}]}}'\n  \
             curl -s {base}/sandbox/churn -d '{{\"edits\": 20, \"inserts\": 5}}'\n",
            paint.bold("To make it fail and change while it is read"),
            base = sandbox.base_url(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_cap_is_a_number_or_none() {
        assert_eq!(page_cap("100"), Ok(PageCap(Some(100))));
        assert_eq!(page_cap("none"), Ok(PageCap(None)));
        assert!(page_cap("0").is_err());
        assert!(page_cap("some").is_err());
    }
}
