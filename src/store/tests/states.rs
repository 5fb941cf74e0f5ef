use super::*;
use crate::store::{ConnectionState, Standing};

fn state(connection: &str, standing: Standing, failures: u64) -> ConnectionState {
    ConnectionState {
        connection: connection.to_owned(),
        standing,
        since: at(0),
        reason: (standing != Standing::Active).then(|| "why".to_owned()),
        refused_since: None,
        failures,
        error: (failures > 0).then(|| "no".to_owned()),
        tried_at: Some(at(60)),
        next_at: None,
    }
}

#[tokio::test]
async fn states_survive_and_only_a_change_of_standing_is_told() {
    let scratch = Scratch::open().await;
    let now = at(120);
    let set = async |state: ConnectionState| {
        let name = state.connection.clone();
        scratch.store.change_state(&name, now, |_| state).await.unwrap()
    };
    let first = set(state("acme", Standing::Active, 0)).await.unwrap();
    assert_eq!((first.before, first.standing, first.at), (None, Standing::Active, now));
    assert_eq!(set(state("acme", Standing::Active, 0)).await, None, "nothing is other");
    assert_eq!(set(state("acme", Standing::Active, 3)).await, None, "it stands as before");
    let second = set(state("acme", Standing::Invalid, 3)).await.unwrap();
    assert_eq!((second.before, second.reason.as_deref()), (Some(Standing::Active), Some("why")));
    set(state("beta", Standing::Inactive, 0)).await;

    let again = Store::open(scratch.store.path()).await.unwrap();
    let states = again.connection_states().await.unwrap();
    assert_eq!(states, [state("acme", Standing::Invalid, 3), state("beta", Standing::Inactive, 0)]);
    let told = again.state_changes(0, 10).await.unwrap();
    assert_eq!(told.len(), 3);
    assert_eq!(told[..2], [first.clone(), second]);
    assert_eq!(again.state_changes(first.number, 1).await.unwrap(), told[1..2]);
}
