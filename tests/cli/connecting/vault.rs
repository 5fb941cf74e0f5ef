//! `crosswalk vault`, and connections that point into it.

use super::{Place, SECRET, fed};
use crate::home::TempHome;

#[test]
fn a_vault_lists_names_and_takes_new_keys() {
    let place = Place::new();
    for name in ["acme/client_secret", "acme/client_id", "b"] {
        let run = place.run_with_stdin(&["vault", "set", name], &format!("{SECRET}\n"));
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    }
    // Names need no key.
    let names = place.home.expect(0, &["vault", "list"]).stdout;
    assert_eq!(names, "acme/client_id\nacme/client_secret\nb\n");
    place.expect(0, &["vault", "remove", "b"]);
    let run = place.expect(2, &["vault", "remove", "b"]);
    assert!(run.stderr.contains("has no entry `b`"), "{}", run.stderr);

    let new = place.home.expect(0, &["vault", "key"]).stdout.trim().to_owned();
    assert!(place.expect(2, &["vault", "rekey"]).stderr.contains("CROSSWALK_VAULT_NEW_KEY"));
    let rekey = |key: &str| {
        let mut command = place.command(&["vault", "rekey"]);
        crate::home::Run::of(&command.env("CROSSWALK_VAULT_NEW_KEY", key).output().unwrap())
    };
    assert!(rekey(&place.key).stderr.contains("holds the same key"));
    assert_eq!(rekey(&new).stdout, "Sealed 2 entries with the new key\n");
    let run = place.run_with_stdin(&["vault", "set", "c"], "x");
    assert!(run.stderr.contains("does not open the vault"), "{}", run.stderr);
    let place = Place { key: new, ..place };
    assert_eq!(place.run_with_stdin(&["vault", "set", "c"], "x").code, Some(0));
}

#[test]
fn what_is_wrong_with_a_key_or_a_vault_is_said() {
    let home = TempHome::with_address("http://127.0.0.1:9");
    home.edit("connections/local.yaml", "env:TEST_CLIENT_ID", "vault:local/client_id");
    home.edit("connections/local.yaml", "env:TEST_CLIENT_SECRET", "vault:local/client_secret");
    let key = home.expect(0, &["vault", "key"]).stdout.trim().to_owned();
    let sync = |key: &str| {
        let mut command = home.command(&["sync", "local"]);
        let run = crate::home::Run::of(&command.env("CROSSWALK_VAULT_KEY", key).output().unwrap());
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(!run.stderr.contains("horse"), "{}", run.stderr);
        run.stderr
    };
    assert!(sync("").contains("connection `local` has no credentials: the vault needs its key"));
    assert!(sync("correct horse battery staple").contains("holds no key of a vault"));
    assert!(sync(&key[..key.len() - 2]).contains("a part is missing"));
    assert!(sync(&key).contains("there is no vault"));
    let set = |name: &str, value: &str| {
        let mut command = home.command(&["vault", "set", name]);
        command.env("CROSSWALK_VAULT_KEY", &key);
        fed(command, value)
    };
    assert_eq!(set("local/client_secre", "x").code, Some(0));
    assert!(sync(&key).contains("has no entry `local/client_id`"));
    assert_eq!(set("local/client_id", "x").code, Some(0));
    assert!(sync(&key).contains("did you mean `local/client_secre`?"));
    let text = home.read("crosswalk.vault");
    home.write("crosswalk.vault", &text[..text.len() / 2]);
    assert!(sync(&key).contains("is damaged"));
    home.write("crosswalk.vault", &text.replace("\"crosswalk_vault\": 1", "\"crosswalk_vault\": 2"));
    assert!(sync(&key).contains("has the format 2"));
    // Another file, for once.
    home.write("elsewhere.vault", &text);
    let mut command = home.command(&["--vault", "elsewhere.vault", "vault", "list"]);
    let run = crate::home::Run::of(&command.output().unwrap());
    assert_eq!(run.stdout, "local/client_id\nlocal/client_secre\n");
}

#[test]
fn a_secret_as_an_argument_is_refused_and_not_repeated() {
    let place = Place::new();
    for arguments in [
        &["vault", "set", "acme/client_secret", SECRET][..],
        &["connect", "acme", "--set", &format!("client_secret={SECRET}")],
        &["connect", "acme", "--set", &format!("secret={SECRET}")],
        &["connect", "acme", "--from-env", &format!("client_secret={SECRET}")],
        &["connect", "acme", "--from-env", SECRET],
        &["vault", "set", SECRET],
    ] {
        let run = place.expect(2, arguments);
        assert!(!run.stderr.contains(SECRET), "{}", run.stderr);
        assert!(!run.stderr.is_empty());
    }
    assert!(!place.has("crosswalk.vault"));
}

#[test]
fn what_is_missing_without_a_terminal_is_listed() {
    let place = Place::new();
    let run = place.expect(2, &["connect", "acme", "--set", "tenant=acme"]);
    assert_eq!(
        run.stderr,
        "error: there is no terminal to ask on; add --set realm=…, --from-env client_id=VARIABLE (or --stdin), \
         --from-env client_secret=VARIABLE (or --stdin)\n"
    );
    for (arguments, said) in [
        (&["connect", "../acme"][..], "cannot be the name of a connection"),
        (&["connect", "acme", "--connector", "carerx"], "did you mean `carerix`?"),
        (&["connect", "acme", "--set", "tenent=acme"], "did you mean `tenant`?"),
    ] {
        let run = place.expect(2, arguments);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    let run = place.home.expect(2, &["connect", "acme"]);
    assert!(run.stderr.contains("the vault needs its key"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_secret_in_a_file_that_everybody_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let home = TempHome::with_address("http://127.0.0.1:9");
    home.edit("connections/local.yaml", "env:TEST_CLIENT_ID", "file:id");
    home.edit("connections/local.yaml", "env:TEST_CLIENT_SECRET", "file:secret");
    home.edit("mappings/carerix/connector.yaml", "attempts: 4", "attempts: 1");
    for (name, mode) in [("id", 0o640), ("secret", 0o644)] {
        home.write(name, SECRET);
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(home.path().join(name), permissions).unwrap();
    }
    let run = home.expect(3, &["sync", "local"]);
    assert_eq!(run.stderr.matches("everybody on this machine can read the secret in ").count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("chmod o-rwx") && run.stderr.contains("/secret"), "{}", run.stderr);
    assert!(!run.stderr.contains(SECRET));
}
