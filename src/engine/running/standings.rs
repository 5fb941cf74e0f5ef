//! What a look at the files says of how connections stand.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Shared;
use super::reload::{Outcome, Reloaded};
use crate::connector::Options;
use crate::engine::standing::{self, Seen};

const FILE_GONE: &str = "its file is gone";

impl Shared {
    /// Keeps which connections are read and which are not.
    pub(super) async fn keep_standings(&self, connections: &[Reloaded]) {
        if !self.options.writes {
            return;
        }
        let usual = Options::default().invalid_after;
        for Reloaded { connection: name, outcome } in connections {
            let member = self.members().get(name).cloned();
            let (seen, invalid_after) = match (member, outcome) {
                (Some(member), _) => {
                    let state = member.state();
                    (standing::seen_in_its_file(&state.connection), state.connection.options.invalid_after)
                }
                (None, Outcome::Stopped) => (Seen::Absent(FILE_GONE.to_owned()), usual),
                (None, _) => continue,
            };
            self.keep_standing(name, seen, invalid_after).await;
        }
        // Those of which the files went while nobody ran.
        if !self.engine.home.root().join("connections").is_dir() {
            return;
        }
        for state in self.engine.store.connection_states().await.unwrap_or_default() {
            if !connections.iter().any(|reloaded| reloaded.connection == state.connection) {
                self.keep_standing(&state.connection, Seen::Absent(FILE_GONE.to_owned()), usual).await;
            }
        }
    }

    pub(super) async fn keep_standing(&self, connection: &str, seen: Seen, invalid_after: Duration) {
        standing::keep(&self.engine.store, connection, seen, self.now(), invalid_after).await;
        self.look.store(true, Ordering::Release);
    }
}
