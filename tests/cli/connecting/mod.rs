//! Connecting a tenant: the vault, the check of what credentials open, and that no secret gets out on the way.

mod asking;
mod findings;
mod leaks;
mod stub;
mod vault;

use std::io::Write;
use std::process::{Command, Stdio};

use crosswalk::sandbox::{Options, Sandbox};

use crate::home::{Run, TempHome};

/// Opens nothing, and has what makes a secret hard to find once it is written in another way.
const SECRET: &str = "s3cr3t/with+signs=&%&and\"quotes\"zZ9";

const CLIENT: &str = "0f1e2d3c4b5a69780f1e2d3c4b5a6978.apps.example.org";

/// A home without connections, and the key of its vault.
struct Place {
    home: TempHome,
    key: String,
}

impl Place {
    fn new() -> Place {
        let home = TempHome::new();
        std::fs::remove_file(home.path().join("connections/sandbox.yaml")).unwrap();
        let limits = "timeout: 60s, attempts: 4, pause: 1s, longest_pause: 30s";
        let quick = "timeout: 2s, attempts: 2, pause: 10ms, longest_pause: 30ms";
        home.edit("mappings/carerix/connector.yaml", limits, quick);
        let key = home.expect(0, &["vault", "key"]).stdout.trim().to_owned();
        Place { home, key }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command.env("CROSSWALK_VAULT_KEY", &self.key);
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&self.command(arguments).output().unwrap())
    }

    /// Runs what must end with this code.
    fn expect(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        run
    }

    fn run_with_stdin(&self, arguments: &[&str], stdin: &str) -> Run {
        fed(self.command(arguments), stdin)
    }

    /// Connects `acme` to a server for both, with credentials by stdin.
    fn connect(&self, base: &str, secret: &str, more: &[&str]) -> Run {
        let settings = [format!("identity={base}"), format!("api={base}")];
        let mut arguments = vec!["connect", "acme", "--set", "tenant=acme", "--set", "realm=acme", "--stdin"];
        for setting in &settings {
            arguments.extend(["--set", setting.as_str()]);
        }
        arguments.extend(more);
        self.run_with_stdin(&arguments, &format!("client_id={CLIENT}\nclient_secret={secret}\n"))
    }

    fn has(&self, path: &str) -> bool {
        self.home.path().join(path).exists()
    }
}

fn fed(mut command: Command, stdin: &str) -> Run {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses at once does not read.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    Run::of(&child.wait_with_output().unwrap())
}

/// A tenant that knows the credentials of these tests.
async fn tenant() -> Sandbox {
    let options = Options {
        candidates: 60,
        realm: "acme".to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned(),
        ..Options::default()
    };
    Sandbox::start(options).await.unwrap()
}
