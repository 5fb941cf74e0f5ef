//! What may be reached on behalf of others: files that they name, and endpoints that they are told at.

use clap::Args;
use ipnet::IpNet;

use crate::fetch::Reach;

const HEADING: &str = "Addresses that others name";

/// What may be reached beyond public addresses by https on port 443.
#[derive(Debug, Args)]
pub(super) struct ReachOptions {
    /// Networks that may be reached though they are not public, such as 10.20.0.0/16
    #[arg(
        long = "allow-network",
        help_heading = HEADING,
        value_name = "CIDR",
        env = "CROSSWALK_ALLOW_NETWORKS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    networks: Vec<IpNet>,
    /// Plain http as well
    #[arg(long = "allow-http", help_heading = HEADING, env = "CROSSWALK_ALLOW_HTTP", hide_env_values = true)]
    http: bool,
    /// Ports beside 443, and 80 for http
    #[arg(
        long = "allow-port",
        help_heading = HEADING,
        value_name = "PORT",
        env = "CROSSWALK_ALLOW_PORTS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    ports: Vec<u16>,
}

impl ReachOptions {
    pub fn reach(&self) -> Reach {
        Reach { exceptions: self.networks.clone(), http: self.http, ports: self.ports.clone() }
    }
}
