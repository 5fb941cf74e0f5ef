//! What is asked on a terminal.

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_asked_and_no_secret_is_shown_while_it_is_typed() {
    use super::{CLIENT, Place, SECRET, tenant};
    use crate::assert_screen;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::process::Stdio;
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let (place, sandbox) = (Place::new(), tenant().await);
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
    let screen = || File::options().read(true).write(true).open(&name).unwrap();
    let mut keyboard = File::from(keyboard);

    let mut command = place.command(&["connect", "acme", "--color", "never"]);
    command.stdin(screen()).stderr(screen()).stdout(Stdio::from(screen())).env("TERM", "dumb");
    let mut child = command.spawn().unwrap();
    drop(command);
    let seen = Arc::new(Mutex::new(String::new()));
    std::thread::spawn({
        let (mut screen, seen) = (keyboard.try_clone().unwrap(), Arc::clone(&seen));
        move || {
            let mut bytes = [0; 4096];
            // The end of a terminal is an error.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                seen.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        }
    });
    let wait_for = |words: &str| {
        let patience = Instant::now() + Duration::from_secs(30);
        while !seen.lock().unwrap().contains(words) {
            assert!(Instant::now() < patience, "no `{words}` in\n{}", seen.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let base = sandbox.base_url();
    for (question, answer) in [
        ("tenant – ", "acme"),
        ("realm – ", "acme"),
        ("identity – ", base),
        ("api – ", base),
        ("candidate_url – ", ""),
        ("vacancy_url – ", ""),
        ("apply – ", ""),
        ("result_links – ", ""),
        ("candidate_sources – ", ""),
        ("match_sources – ", ""),
        ("countries – ", ""),
        ("functions – ", ""),
        ("client_id (not shown): ", CLIENT),
        ("client_secret (not shown): ", SECRET),
    ] {
        wait_for(question);
        // What is typed before the terminal stops showing it would be thrown away.
        std::thread::sleep(Duration::from_millis(200));
        keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    wait_for("check acme --online");
    assert!(child.wait().unwrap().success());
    let seen = seen.lock().unwrap().replace("\r\n", "\n");
    assert!(!seen.contains(SECRET) && !seen.contains(CLIENT), "{seen}");
    assert_screen!("connect_on_a_terminal", seen);
    let guide = std::fs::read_to_string(format!("{}/docs/connect-carerix.md", crate::home::ROOT)).unwrap();
    let as_in_the_guide = seen.replace(base, "http://127.0.0.1:8788");
    assert!(guide.contains(as_in_the_guide.trim_end()), "docs/connect-carerix.md does not show\n{as_in_the_guide}");
    assert!(place.home.read("connections/acme.yaml").contains("  realm: \"acme\"\n"));
    place.expect(0, &["check", "acme", "--online"]);
}
