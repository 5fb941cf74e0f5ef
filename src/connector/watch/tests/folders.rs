//! Folders that come, go and take each other's places.

use std::fs;

use super::{Home, How, Place, USER, Watch, Watched, scenarios};

scenarios!(
    a_new_folder,
    folders_in_a_new_folder,
    a_folder_made_again,
    a_folder_swapped_by_rename,
    a_home_made_again,
    a_home_that_is_not_there_yet,
);

const ALL: [&str; 4] =
    ["mappings/acme/connector.yaml", "mappings/acme/schema.graphql", "mappings/acme/tables/roles.yaml", USER];

fn make_mappings(place: &Place) {
    for path in ALL {
        place.write(path, "made again");
    }
}

async fn a_new_folder(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    place.write("mappings/other/connector.yaml", "name: Other");
    watched.sees(&["mappings/other/connector.yaml"]).await;
    place.write("mappings/other/connector.yaml", "name: Another");
    watched.sees(&["mappings/other/connector.yaml"]).await;
    fs::remove_dir_all(place.at("mappings/other")).unwrap();
    watched.sees(&["mappings/other/connector.yaml"]).await;
}

async fn folders_in_a_new_folder(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    place.write("connections/mine/tables/roles.yaml", "a: b");
    watched.sees(&["connections/mine/tables/roles.yaml"]).await;
    place.write("connections/mine/tables/roles.yaml", "a: c");
    watched.sees(&["connections/mine/tables/roles.yaml"]).await;
    let deep = "mappings/a/b/c/d/e/f/deep.yaml";
    place.write(deep, "too deep");
    watched.sees_nothing(&place).await;
}

async fn a_folder_made_again(how: How) {
    let place = Place::new();
    make_mappings(&place);
    let mut watched = place.watch(how.options()).await;
    for text in ["one", "two"] {
        fs::remove_dir_all(place.at("mappings")).unwrap();
        watched.sees(&ALL).await;
        make_mappings(&place);
        watched.sees(&ALL).await;
        place.write(USER, text);
        watched.sees(&[USER]).await;
    }
    // In one go, so that the new folder may get the number of the old one.
    for text in ["three", "four"] {
        fs::remove_dir_all(place.at("mappings")).unwrap();
        make_mappings(&place);
        place.write(USER, text);
        place.write("mappings/acme/tables/roles.yaml", text);
        until(&mut watched, &place, USER, text).await;
        until(&mut watched, &place, "mappings/acme/tables/roles.yaml", text).await;
    }
}

/// Writes until what was written is seen: how much is seen at once of a folder that is made again is open.
async fn until(watched: &mut Watched, place: &Place, path: &str, text: &str) {
    let text = format!("{text}!");
    let same = "mappings/acme/same.yaml";
    place.write(same, &text);
    place.write(path, &text);
    loop {
        watched.next().await;
        let told = &watched.watch.told;
        if told.get(path).is_some_and(|content| Some(content) == told.get(same)) {
            break;
        }
    }
}

async fn a_folder_swapped_by_rename(how: How) {
    let place = Place::new();
    place.write("next/acme/user.yaml", "from: Person");
    place.write("next/acme/other.yaml", "from: Other");
    let mut watched = place.watch(how.options()).await;
    place.rename("mappings", "last");
    place.rename("next", "mappings");
    watched.sees(&[&ALL[..], &["mappings/acme/other.yaml"]].concat()).await;
    place.write(USER, "from: Human");
    watched.sees(&[USER]).await;
    place.write("last/acme/user.yaml", "from: Nobody");
    watched.sees_nothing(&place).await;
}

async fn a_home_made_again(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    fs::rename(&place.home, place.folder.path().join("before")).unwrap();
    let others = ["connections/acme.yaml", "scripts/acme/names.rhai"];
    let mut all = [&ALL[..], &others].concat();
    watched.sees(&all).await;
    place.write(USER, "from: Person");
    watched.sees(&[USER]).await;
    place.write(USER, "from: Human");
    watched.sees(&[USER]).await;
    fs::remove_dir_all(&place.home).unwrap();
    watched.sees(&[USER]).await;
    fs::rename(place.folder.path().join("before"), &place.home).unwrap();
    all.sort_unstable();
    watched.sees(&all).await;
    place.write(USER, "from: Somebody");
    watched.sees(&[USER]).await;
}

async fn a_home_that_is_not_there_yet(how: How) {
    let mut place = Place::new();
    place.home = place.folder.path().join("later/home");
    let watch = Watch::start(&Home::new(&place.home), how.options()).await.unwrap();
    let mut watched = Watched { watch, announces: matches!(how, How::Announced) };
    place.write(USER, "from: Person");
    watched.sees(&[USER]).await;
    place.write(USER, "from: Human");
    watched.sees(&[USER]).await;
}
