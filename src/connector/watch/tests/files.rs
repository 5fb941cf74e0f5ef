//! Files that are written, replaced and removed.

use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

use super::super::sight::Content;
use super::{HOUR, How, LAST, Place, USER, WatchOptions, Watched, read_all, scenarios};

scenarios!(
    a_write_in_place,
    a_replaced_file,
    a_save_that_keeps_a_backup,
    a_write_in_parts,
    many_files_at_once,
    a_save_without_a_change,
    reading,
    what_is_not_read,
    a_file_that_comes_and_goes,
    a_write_that_keeps_length_and_time,
    a_file_of_the_wrong_size_and_kind,
);

async fn a_write_in_place(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    for text in ["from: Person", "from: Human", ""] {
        place.write(USER, text);
        watched.sees(&[USER]).await;
    }
    place.write("connections/acme.yaml", "connector: other");
    watched.sees(&["connections/acme.yaml"]).await;
}

async fn a_replaced_file(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    for text in ["from: Person", "from: Human"] {
        place.save(USER, text);
        watched.sees(&[USER]).await;
    }
    place.write("mappings/acme/user.yaml", "from: User");
    watched.sees(&[USER]).await;
}

async fn a_save_that_keeps_a_backup(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    for text in ["from: Person", "from: Human"] {
        place.write("mappings/acme/.user.yaml.swp", "b0VIM");
        place.write("mappings/acme/4913", "");
        fs::remove_file(place.at("mappings/acme/4913")).unwrap();
        place.rename(USER, "mappings/acme/user.yaml~");
        place.write(USER, text);
        fs::remove_file(place.at("mappings/acme/user.yaml~")).unwrap();
        watched.sees(&[USER]).await;
        fs::remove_file(place.at("mappings/acme/.user.yaml.swp")).unwrap();
    }
}

fn patient(how: How) -> WatchOptions {
    WatchOptions { debounce: Duration::from_millis(300), longest: HOUR, ..how.options() }
}

fn content(watched: &Watched, path: &str) -> Content {
    watched.watch.told[path].clone()
}

async fn a_write_in_parts(how: How) {
    let place = Place::new();
    place.write(LAST, "from: Person");
    let mut watched = place.watch(patient(how)).await;
    let mut file = File::create(place.at(USER)).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    file.write_all(b"from: ").unwrap();
    std::thread::sleep(Duration::from_millis(5));
    file.write_all(b"Person").unwrap();
    drop(file);
    assert_eq!(watched.next().await.paths, [USER]);
    assert_eq!(content(&watched, USER), content(&watched, LAST));
    watched.sees_nothing(&place).await;
}

async fn many_files_at_once(how: How) {
    let place = Place::new();
    let mut watched = place.watch(patient(how)).await;
    let names: Vec<String> = (0..300).map(|number| format!("mappings/acme/tables/t{number}.yaml")).collect();
    for name in &names {
        place.write(name, "a: b");
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(watched.sees(&names).await <= 2);
    watched.sees_nothing(&place).await;
}

async fn a_save_without_a_change(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    File::open(place.at(USER)).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    watched.sees_nothing(&place).await;
    place.save(USER, "from: User");
    watched.sees_nothing(&place).await;
}

async fn reading(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    assert!(read_all(&place.home) >= 6);
    watched.sees_nothing(&place).await;
}

async fn what_is_not_read(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    for path in [
        "README.md",
        "crosswalk.db",
        "user.yaml",
        "docs/user.yaml",
        "mappings/acme/.hidden.yaml",
        "mappings/acme/#user.yaml#",
        "mappings/acme/user.yaml.bak",
        "mappings/.git/config.yaml",
    ] {
        place.write(path, "a: b");
    }
    watched.sees_nothing(&place).await;
}

async fn a_file_that_comes_and_goes(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    for text in ["from: User", "from: Person"] {
        fs::remove_file(place.at(USER)).unwrap();
        watched.sees(&[USER]).await;
        place.write(USER, text);
        watched.sees(&[USER]).await;
    }
    place.rename(USER, "mappings/acme/person.yaml");
    watched.sees(&["mappings/acme/person.yaml", USER]).await;
}

async fn a_write_that_keeps_length_and_time(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    let modified = fs::metadata(place.at(USER)).unwrap().modified().unwrap();
    place.write(USER, "from: Uber");
    File::options().write(true).open(place.at(USER)).unwrap().set_modified(modified).unwrap();
    watched.sees(&[USER]).await;
}

async fn a_file_of_the_wrong_size_and_kind(how: How) {
    let place = Place::new();
    let mut watched = place.watch(how.options()).await;
    fs::write(place.at(USER), [0xff, 0xfe]).unwrap();
    watched.sees(&[USER]).await;
    for length in [(8 << 20) + 1, (8 << 20) + 2] {
        let file = File::create(place.at("mappings/.large")).unwrap();
        file.set_len(length).unwrap();
        place.rename("mappings/.large", USER);
        watched.sees(&[USER]).await;
        assert!(matches!(content(&watched, USER), Content::Large(found, _) if found == length));
    }
    fs::remove_file(place.at(USER)).unwrap();
    fs::create_dir(place.at(USER)).unwrap();
    watched.sees(&[USER]).await;
    watched.sees_nothing(&place).await;
}
