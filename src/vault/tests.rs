//! A vault keeps what it is given, gives it to nobody else, and says what is wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tempfile::TempDir;

use super::*;

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(VAULT_FILE)
    }

    fn vault(&self, key: &VaultKey) -> Vault {
        Vault::new(self.path(), key.clone())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path()).unwrap()).unwrap()
    }

    fn write(&self, json: &Value) {
        fs::write(self.path(), json.to_string()).unwrap();
    }
}

fn secrets(of: &[(&str, &str)]) -> Vec<(String, SecretString)> {
    of.iter().map(|(name, secret)| ((*name).to_owned(), SecretString::from(*secret))).collect()
}

fn said(result: Result<impl Sized, VaultError>) -> String {
    result.err().expect("it fails").to_string()
}

#[test]
fn what_is_put_in_comes_out_and_stands_nowhere_in_the_file() {
    let (place, key) = (Place::new(), VaultKey::generate());
    let vault = place.vault(&key);
    assert!(vault.check().is_ok(), "a vault that is not there yet has nothing wrong with it");
    vault.set(secrets(&[("acme/client_secret", "s3cr3t-of-acme"), ("acme/client_id", "id")])).unwrap();
    vault.set(secrets(&[("b", "other")])).unwrap();
    assert_eq!(Vault::names(&place.path()).unwrap(), ["acme/client_id", "acme/client_secret", "b"]);
    assert_eq!(vault.get("acme/client_secret").unwrap().expose_secret(), "s3cr3t-of-acme");
    assert_eq!(vault.get("b").unwrap().expose_secret(), "other");
    let text = fs::read_to_string(place.path()).unwrap();
    assert!(!text.contains("s3cr3t") && !text.contains("czNjcjN0"), "{text}");
    vault.remove("b").unwrap();
    assert!(said(vault.get("b")).contains("has no entry `b`"));
    assert!(said(vault.get("acme/client_secrt")).contains("did you mean `acme/client_secret`?"));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it_and_a_link_to_it_stays_one() {
    use std::os::unix::fs::PermissionsExt;
    let (place, key) = (Place::new(), VaultKey::generate());
    place.vault(&key).set(secrets(&[("a", "1")])).unwrap();
    let link = place.folder.path().join("link");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    Vault::new(&link, key.clone()).set(secrets(&[("b", "2")])).unwrap();
    assert!(link.is_symlink());
    assert_eq!(Vault::names(&place.path()).unwrap(), ["a", "b"]);
    assert_eq!(fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let left: Vec<String> = fs::read_dir(place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".new"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn every_write_is_sealed_with_another_key() {
    let (place, key) = (Place::new(), VaultKey::generate());
    let vault = place.vault(&key);
    vault.set(secrets(&[("a", "one"), ("b", "two")])).unwrap();
    let before = place.json();
    vault.set(secrets(&[("a", "new")])).unwrap();
    let mut after = place.json();
    for member in ["salt", "names"] {
        assert_ne!(before[member], after[member]);
    }
    // An earlier secret cannot be put back by itself.
    after["entries"]["a"] = before["entries"]["a"].clone();
    place.write(&after);
    assert!(said(vault.get("a")).contains("an entry is not the one that was sealed"));
}

#[test]
fn entries_cannot_be_swapped_added_or_taken_away() {
    let (place, key) = (Place::new(), VaultKey::generate());
    let vault = place.vault(&key);
    vault.set(secrets(&[("a", "one"), ("b", "two")])).unwrap();
    let good = place.json();

    let mut swapped = good.clone();
    swapped["entries"]["a"] = good["entries"]["b"].clone();
    swapped["entries"]["b"] = good["entries"]["a"].clone();
    place.write(&swapped);
    assert!(said(vault.get("a")).contains("sealed under its name"));
    // Nobody seals anew what cannot be opened.
    assert!(said(vault.set(secrets(&[("c", "three")]))).contains("sealed under its name"));
    assert_eq!(place.json(), swapped);

    let mut fewer = good.clone();
    fewer["entries"].as_object_mut().unwrap().remove("b");
    let mut more = good.clone();
    more["entries"]["c"] = good["entries"]["a"].clone();
    for json in [fewer, more] {
        place.write(&json);
        assert!(said(vault.get("a")).contains("its list of names is not what was sealed"));
    }
    for (member, value) in
        [("salt", good["key"].clone()), ("key", "AAAAAAAAAAA=".into()), ("names", good["salt"].clone())]
    {
        let mut other = good.clone();
        other[member] = value;
        place.write(&other);
        assert!(said(vault.get("a")).contains("is damaged"), "{member}");
    }
}

#[test]
fn what_a_killed_writer_left_is_in_nobodys_way() {
    let (place, key) = (Place::new(), VaultKey::generate());
    fs::write(place.folder.path().join(".crosswalk.vault.new"), "half of it").unwrap();
    place.vault(&key).set(secrets(&[("a", "one")])).unwrap();
    assert_eq!(place.vault(&key).get("a").unwrap().expose_secret(), "one");
    assert!(!place.folder.path().join(".crosswalk.vault.new").exists());
}

#[test]
fn a_wrong_key_a_newer_file_and_a_file_that_is_none_are_told_apart() {
    let (place, key) = (Place::new(), VaultKey::generate());
    let vault = place.vault(&key);
    assert!(said(vault.get("a")).contains("there is no vault"));
    vault.set(secrets(&[("a", "one")])).unwrap();
    let other = place.vault(&VaultKey::generate());
    for message in [said(other.get("a")), said(other.set(secrets(&[("b", "2")]))), said(other.remove("a"))] {
        assert!(message.contains("does not open the vault"), "{message}");
    }
    assert_eq!(vault.get("a").unwrap().expose_secret(), "one");

    let mut newer = place.json();
    newer["crosswalk_vault"] = 7.into();
    newer["entries"] = "elsewhere".into();
    place.write(&newer);
    assert!(said(vault.get("a")).contains("has the format 7, and this version of crosswalk knows 1"));
    for text in ["", "{\"crosswalk_vault\": 1", "secret words", "{}", "{\"crosswalk_vault\": 1}"] {
        fs::write(place.path(), text).unwrap();
        let message = said(vault.get("a"));
        assert!(message.contains("is damaged: "), "{message}");
        assert!(!message.contains("words"), "{message}");
    }
}

#[test]
fn another_key_opens_it_once_it_is_sealed_with_that() {
    let (place, old, new) = (Place::new(), VaultKey::generate(), VaultKey::generate());
    place.vault(&old).set(secrets(&[("a", "one"), ("b", "two")])).unwrap();
    assert_eq!(place.vault(&old).rekey(&new).unwrap(), 2);
    assert!(matches!(place.vault(&old).get("a"), Err(VaultError::WrongKey { .. })));
    assert_eq!(place.vault(&new).get("b").unwrap().expose_secret(), "two");
}

#[test]
fn writers_wait_for_each_other() {
    let (place, key) = (Place::new(), VaultKey::generate());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let vault = place.vault(&key);
            scope.spawn(move || {
                for entry in 0..3 {
                    vault.set(secrets(&[(&format!("{writer}/{entry}"), "x")])).unwrap();
                }
            });
        }
    });
    assert_eq!(Vault::names(&place.path()).unwrap().len(), 12);
    // One that never ends is not waited for forever.
    let _held = Lock::take(&place.path()).unwrap();
    let second = Lock::take_within(&place.path(), std::time::Duration::from_millis(50));
    assert!(matches!(second, Err(VaultError::Busy { .. })));
}

#[test]
fn a_key_survives_being_written_and_a_slip_in_it_is_noticed() {
    let key = VaultKey::generate();
    let text = key.text();
    let text = text.expose_secret();
    assert!(VaultKey::parse(text).unwrap().is_same(&key));
    assert_eq!(format!("{key:?}"), "VaultKey([REDACTED])");
    for at in 0..text.len() {
        let slip = if &text[at..=at] == "A" { "B" } else { "A" };
        let text = format!("{}{slip}{}", &text[..at], &text[at + 1..]);
        assert!(VaultKey::parse(&text).is_err(), "{at}");
    }
    for wrong in ["correct horse battery staple", "", "cwvk1_", &text[..text.len() - 1], &format!("{text}A")] {
        assert!(VaultKey::parse(wrong).is_err());
    }
}

#[test]
fn names_and_secrets_that_cannot_be_kept_are_refused() {
    let (place, key) = (Place::new(), VaultKey::generate());
    let vault = place.vault(&key);
    for name in ["", "a b", "é", "a\n", "n=v", &"a".repeat(129)] {
        let message = said(vault.set(secrets(&[(name, "x")])));
        assert!(message.starts_with("the name of an entry has up to 128 letters"), "{message}");
    }
    assert!(said(vault.set(secrets(&[("a", "")]))).contains("has 0 bytes"));
    assert!(!place.path().exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_put_in_comes_out(
        entries in proptest::collection::btree_map("[a-zA-Z0-9_./-]{1,20}", "\\PC{1,200}", 0..6),
    ) {
        let key = VaultKey::generate();
        let all: BTreeMap<String, SecretString> =
            entries.iter().map(|(name, secret)| (name.clone(), SecretString::from(secret.as_str()))).collect();
        let path = Path::new("v");
        let sealed = Sealed::parse(Sealed::seal(&all, &key).text().as_bytes(), path).unwrap();
        let opened = sealed.open_all(&key, path).unwrap();
        let opened: BTreeMap<String, String> =
            opened.into_iter().map(|(name, secret)| (name, secret.expose_secret().to_owned())).collect();
        prop_assert_eq!(opened, entries);
    }

    #[test]
    fn no_changed_byte_goes_unnoticed(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let key = VaultKey::generate();
        let all: BTreeMap<String, SecretString> = secrets(&[("a", "one"), ("b/c", "two")]).into_iter().collect();
        let mut bytes = Sealed::seal(&all, &key).text().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        // A change of what stands between the members changes nothing; any other makes it open no longer.
        if let Ok(sealed) = Sealed::parse(&bytes, Path::new("v"))
            && let Ok(opened) = sealed.open_all(&key, Path::new("v"))
        {
            let opened: Vec<_> = opened.iter().map(|(name, secret)| (name.as_str(), secret.expose_secret())).collect();
            prop_assert_eq!(opened, [("a", "one"), ("b/c", "two")]);
        }
    }
}
