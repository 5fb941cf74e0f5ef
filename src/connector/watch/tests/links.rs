//! Homes that are put together of symbolic links.

use std::fs;
use std::os::unix::fs::symlink;

use super::{Home, How, Place, USER, Watch, Watched, scenarios};

scenarios!(
    a_config_map,
    a_config_map_in_place_of_a_folder,
    a_folder_elsewhere,
    a_file_elsewhere,
    a_home_behind_a_link,
    links_in_a_circle,
    a_link_to_nothing,
);

const MAPPED: &str = "mappings/map/user.yaml";

/// As Kubernetes puts a new version in place: the files stay links through `..data`, which alone is replaced.
fn swap(place: &Place, folder: &str, version: &str) {
    place.write(&format!("{folder}/..2026_{version}/user.yaml"), version);
    let link = place.at(&format!("{folder}/..data_tmp"));
    symlink(format!("..2026_{version}"), &link).unwrap();
    fs::rename(link, place.at(&format!("{folder}/..data"))).unwrap();
}

async fn a_config_map(how: How) {
    let place = Place::new();
    swap(&place, "mappings/map", "1");
    symlink("..data/user.yaml", place.at(MAPPED)).unwrap();
    let mut watched = place.watch(how.options()).await;
    for version in ["2", "3", "4"] {
        swap(&place, "mappings/map", version);
        watched.sees(&[MAPPED]).await;
        fs::remove_dir_all(place.at("mappings/map/..2026_1")).ok();
    }
    place.write("mappings/map/..2026_4/user.yaml", "in place");
    watched.sees(&[MAPPED]).await;
}

async fn a_config_map_in_place_of_a_folder(how: How) {
    let place = Place::new();
    swap(&place, "volume", "1");
    symlink("../volume/..data", place.at("mappings/map")).unwrap();
    let mut watched = place.watch(how.options()).await;
    for version in ["2", "3"] {
        swap(&place, "volume", version);
        watched.sees(&[MAPPED]).await;
    }
}

async fn a_folder_elsewhere(how: How) {
    let place = Place::new();
    place.rename("mappings", "elsewhere");
    place.write("another/acme/user.yaml", "from: Another");
    symlink("elsewhere", place.at("mappings")).unwrap();
    let mut watched = place.watch(how.options()).await;
    place.write("elsewhere/acme/user.yaml", "from: Person");
    watched.sees(&[USER]).await;
    symlink("another", place.at("link")).unwrap();
    place.rename("link", "mappings");
    watched.next().await;
    place.write("elsewhere/acme/user.yaml", "from: Nobody");
    watched.sees_nothing(&place).await;
    place.write("another/acme/user.yaml", "from: Human");
    watched.sees(&[USER]).await;
}

async fn a_file_elsewhere(how: How) {
    let place = Place::new();
    fs::remove_file(place.at(USER)).unwrap();
    place.write("elsewhere/user.yaml", "from: Elsewhere");
    symlink("../../elsewhere/user.yaml", place.at(USER)).unwrap();
    let mut watched = place.watch(how.options()).await;
    place.write("elsewhere/user.yaml", "from: Person");
    watched.sees(&[USER]).await;
    place.save("elsewhere/user.yaml", "from: Human");
    watched.sees(&[USER]).await;
    place.write("elsewhere/other.yaml", "from: Nobody");
    watched.sees_nothing(&place).await;
}

async fn a_home_behind_a_link(how: How) {
    let place = Place::new();
    let link = place.folder.path().join("current");
    symlink("home", &link).unwrap();
    let watch = Watch::start(&Home::new(&link), how.options()).await.unwrap();
    let mut watched = Watched { watch, announces: matches!(how, How::Announced) };
    place.write(USER, "from: Person");
    watched.sees(&[USER]).await;
    place.write("next/mappings/acme/user.yaml", "from: Next");
    symlink("home/next", place.folder.path().join("temporary")).unwrap();
    fs::rename(place.folder.path().join("temporary"), &link).unwrap();
    assert!(watched.next().await.paths.contains(&USER.to_owned()));
    place.write("next/mappings/acme/user.yaml", "from: After");
    watched.sees(&[USER]).await;
}

async fn links_in_a_circle(how: How) {
    let place = Place::new();
    symlink("../..", place.at("mappings/acme/home")).unwrap();
    symlink(".", place.at("mappings/acme/self")).unwrap();
    symlink("circle.yaml", place.at("mappings/acme/circle.yaml")).unwrap();
    place.write("mappings/other/user.yaml", "from: Other");
    symlink("../other", place.at("mappings/acme/other")).unwrap();
    symlink("../acme", place.at("mappings/other/acme")).unwrap();
    let mut watched = place.watch(how.options()).await;
    place.write(USER, "from: Person");
    watched.sees(&["mappings/acme/user.yaml", "mappings/other/acme/user.yaml"]).await;
    place.write("mappings/other/user.yaml", "from: Human");
    watched.sees(&["mappings/acme/other/user.yaml", "mappings/other/user.yaml"]).await;
}

async fn a_link_to_nothing(how: How) {
    let place = Place::new();
    let dangling = "mappings/acme/dangling.yaml";
    symlink("../../later/dangling.yaml", place.at(dangling)).unwrap();
    let mut watched = place.watch(how.options()).await;
    place.write("later/dangling.yaml", "a: b");
    watched.sees(&[dangling]).await;
    fs::remove_dir_all(place.at("later")).unwrap();
    watched.sees(&[dangling]).await;
    watched.sees_nothing(&place).await;
}
