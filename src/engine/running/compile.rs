//! From the files of a home to the revisions that its connections run with.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::access::Access;
use crate::connector::{Connection, Home, Revision};
use crate::diagnostics::Report;
use crate::engine::Engine;
use crate::store::{KeptPlan, NewRevision, in_the_background};

/// A connection with its revision, or what is wrong with its files. No revision where the files are those of the one in
/// use.
pub(super) type Compiled = Result<(Connection, Option<Revision>), Report>;

/// Every connection of a home, compiled from the same moment's files. `in_use` are the hashes of what runs now.
pub(super) async fn home(
    home: &Home,
    access: &Arc<dyn Access>,
    in_use: BTreeMap<String, String>,
) -> BTreeMap<String, Compiled> {
    let live = home.clone();
    let (home, loaded) = in_the_background(move || {
        let still = live.still();
        let names = still.connections();
        let loaded: Vec<_> = names.into_iter().map(|name| (name.clone(), Connection::load(&still, &name))).collect();
        (still, loaded)
    })
    .await;
    if let Some(report) = home.trouble() {
        // Nothing is known to be gone, and nothing to be new.
        return in_use.into_keys().map(|name| (name, Err(report.clone()))).collect();
    }
    let mut placed = Vec::new();
    for (name, connection) in loaded {
        let connection = match connection {
            Ok(connection) => Ok(access.place(connection).await),
            Err(report) => Err(report),
        };
        placed.push((name, connection));
    }
    let compile = move || {
        let compiled = placed.into_iter().map(|(name, connection)| {
            let compiled = connection.and_then(|connection| {
                let running = in_use.get(&name);
                if running.is_some() && running == Revision::hash_of(&home, &connection).as_ref() {
                    return Ok((connection, None));
                }
                let revision = Revision::load(&home, &connection)?;
                Ok((connection, Some(revision)))
            });
            (name, compiled)
        });
        compiled.collect()
    };
    in_the_background(compile).await
}

/// The last revision of a connection that the store keeps, compiled anew.
pub(super) async fn last_good(engine: &Engine, access: &Arc<dyn Access>, name: &str) -> Option<(Connection, Revision)> {
    let kept = engine.store.revisions(Some(name), 1).await.ok()?.pop()?;
    let files = engine.store.files_of(&kept).await.ok()??;
    let home = Home::of_texts(engine.home.root(), files);
    let connection = access.place(Connection::load(&home, name).ok()?).await;
    let revision = in_the_background({
        let connection = connection.clone();
        move || Revision::load(&home, &connection)
    });
    Some((connection, revision.await.ok()?))
}

/// What the store keeps of a revision.
pub(in crate::engine) fn kept(connection: &str, revision: &Revision) -> NewRevision {
    let plan = |plan: &Arc<crate::mapping::Plan>| {
        let signature = plan.signature();
        let detail = serde_json::to_string(signature).expect("texts by text");
        (plan.model().name, KeptPlan { signature: signature.hash(), detail })
    };
    NewRevision {
        connection: connection.to_owned(),
        hash: revision.hash.clone(),
        connector: revision.connector.clone(),
        files: revision.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect(),
        plans: revision.plans().map(plan).collect(),
        at: Timestamp::now(),
    }
}
