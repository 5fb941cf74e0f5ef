//! Which addresses are connected to.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};
use url::{Host, Url};

use super::address::{Kind, kind};
use super::error::Refused;
use super::lookup::{Lookup, SystemLookup};

/// The longest that a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const USER_AGENT: &str = concat!("crosswalk/", env!("CARGO_PKG_VERSION"));

/// What may be reached beyond public addresses by https on port 443.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Networks that may be reached though they are not public. A network does not open the addresses in it where clouds
    /// keep credentials: each of those needs an entry of its own.
    pub exceptions: Vec<IpNet>,
    /// Whether `http` is allowed as well, on port 80.
    pub http: bool,
    /// Ports that are allowed as well.
    pub ports: Vec<u16>,
}

/// Says which addresses are connected to. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    reach: Reach,
    lookup: Arc<dyn Lookup>,
}

impl Guard {
    /// A guard that has names looked up by the system.
    pub fn new(reach: Reach) -> Guard {
        Guard::with_lookup(reach, Arc::new(SystemLookup))
    }

    /// A guard that has names looked up otherwise.
    pub fn with_lookup(reach: Reach, lookup: Arc<dyn Lookup>) -> Guard {
        Guard(Arc::new(Rules { reach, lookup }))
    }

    /// Reads an address and looks at what can be seen of it. A name is looked up only when a connection is made.
    pub fn url(&self, text: &str) -> Result<Url, Refused> {
        let url = Url::parse(text.trim()).map_err(|error| Refused::Malformed(error.to_string()))?;
        self.check(&url)?;
        Ok(url)
    }

    /// Looks at what can be seen of an address.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        match url.scheme() {
            "https" => {}
            "http" if self.0.reach.http => {}
            "http" => return Err(Refused::PlainHttp),
            other => return Err(Refused::Scheme(other.chars().take(20).collect())),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let usual = if url.scheme() == "https" { 443 } else { 80 };
        let port = url.port().unwrap_or(usual);
        let is_known = port == 443 || (port == 80 && self.0.reach.http);
        if !is_known && !self.0.reach.ports.contains(&port) {
            return Err(Refused::Port(port));
        }
        match url.host() {
            // Such an address is connected to without any lookup.
            Some(Host::Ipv4(address)) => self.address(address.into()),
            Some(Host::Ipv6(address)) => self.address(address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(Refused::Malformed("it names no host".to_owned())),
        }
    }

    /// Looks at an address that is to be connected to.
    pub fn address(&self, address: IpAddr) -> Result<(), Refused> {
        let Some(kind) = kind(address) else { return Ok(()) };
        // What is written as IPv6 and means IPv4 is that IPv4 address to the system as well.
        let address = address.to_canonical();
        let opens = |net: &IpNet| {
            net.contains(&address) && (kind != Kind::Metadata || net.prefix_len() == net.max_prefix_len())
        };
        if self.0.reach.exceptions.iter().any(opens) {
            return Ok(());
        }
        Err(Refused::Address { address, kind })
    }

    /// A client that connects to nothing else, follows no redirect, asks no proxy, and keeps no cookies.
    pub fn client(&self) -> Result<Client, reqwest::Error> {
        Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .no_gzip()
            .https_only(!self.0.reach.http)
            .connect_timeout(CONNECT_TIMEOUT)
            // A connection that is used again was made to what a name led to then.
            .pool_max_idle_per_host(0)
            .dns_resolver(self.clone())
            .build()
    }

    /// The addresses of a name, when all of them may be connected to: a name that leads to both kinds is no accident.
    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        let plain = name.trim_end_matches('.').to_ascii_lowercase();
        let addresses = if plain == "localhost" || plain.ends_with(".localhost") {
            // Whatever a server of names says, these are this machine (RFC 6761).
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        } else {
            self.0.lookup.look_up(name.to_owned()).await?
        };
        for address in &addresses {
            self.address(*address)?;
        }
        Ok(addresses)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let addresses = guard.look_up(name.as_str()).await?;
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
