//! How a sandbox is set up.

use super::data::WallClock;
use super::faults::Faults;
use super::habits::Habits;
use std::time::Duration;

/// The set-up of a sandbox. The defaults are a small office with a fixed seed, so two default sandboxes answer the
/// same bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// What all data is drawn from: the same seed and counts give the same bytes.
    pub seed: u64,
    /// How many candidates there are; vacancies and applications grow with them.
    pub candidates: u32,
    /// The port of 127.0.0.1 to listen on; 0 takes any free one.
    pub port: u16,
    /// Added to each GraphQL request.
    pub latency: Duration,
    /// The largest page; a larger `size` is cut without a word. `None` takes any size.
    pub page_cap: Option<u32>,
    /// Whether a date without a zone in a qualifier is UTC. It is the wall clock of Amsterdam otherwise; which one the
    /// source means is not known.
    pub unzoned_dates_are_utc: bool,
    /// How writes are taken, where that is not known of the source.
    pub habits: Habits,
    /// Whether the rights of the client's service account end at reading: mutations are denied, whatever the token says.
    pub read_only: bool,
    /// The scopes that the client has, parted by blanks. A token has them unless it asks for others, and may not ask
    /// for more.
    pub scopes: String,
    /// What goes wrong from the start on.
    pub faults: Faults,
    /// How long a delivery of a webhook that failed waits for its second attempt; each further pause is twice as long.
    pub webhook_pause: Duration,
    /// How long an access token is good for.
    pub token_lifetime: Duration,
    /// The tenant's realm at the identity server.
    pub realm: String,
    /// The only client that the realm knows.
    pub client_id: String,
    /// The secret of that client. It opens nothing but a sandbox.
    pub client_secret: String,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            seed: 20_261_120,
            candidates: 1_500,
            port: 0,
            latency: Duration::ZERO,
            page_cap: Some(100),
            unzoned_dates_are_utc: false,
            habits: Habits::default(),
            read_only: false,
            scopes: "urn:cx/cx5Wrapper:data:manage".to_owned(),
            faults: Faults::default(),
            webhook_pause: Duration::from_secs(2),
            token_lifetime: Duration::from_secs(300),
            realm: "sandbox".to_owned(),
            client_id: "5a4db0c5a4db0c5a4db0c5a4db0c5a4d.apps.carerix.io".to_owned(),
            client_secret: "sandbox-secret-that-opens-only-the-sandbox".to_owned(),
        }
    }
}

impl Options {
    /// The clock of dates without a zone in qualifiers.
    pub(crate) fn clock(&self) -> WallClock {
        if self.unzoned_dates_are_utc { WallClock::Utc } else { WallClock::Amsterdam }
    }
}
