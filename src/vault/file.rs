//! Files that are the old one or the new one at any moment, and one writer at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::VaultError;

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(5);

const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Writes a file so that it is there in whole or as it was before, also after a power cut. Only its owner can read one
/// that is `private`.
pub(crate) fn replace(path: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    // A link stays one: what it points at is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(&path);
    let new = beside(&path, "new");
    let written = write(&new, bytes, private).and_then(|()| fs::rename(&new, &path));
    if written.is_err() {
        // It never came to be, or is of no use to anyone.
        let _ = fs::remove_file(&new);
    }
    written?;
    sync_folder(folder)
}

fn write(path: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = options(private).write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn options(private: bool) -> OpenOptions {
    #[allow(unused_mut, reason = "there are modes on Unix only")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = private;
    options
}

/// The name of a file becomes durable with its folder.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A hidden file in the same folder.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{extension}"))
}

/// Held by the one who writes. It stands in a file of its own, since the vault's is replaced; readers need none.
pub(super) struct Lock(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl Lock {
    pub fn take(vault: &Path) -> Result<Lock, VaultError> {
        Lock::take_within(vault, PATIENCE)
    }

    pub fn take_within(vault: &Path, patience: Duration) -> Result<Lock, VaultError> {
        let io = |cause| VaultError::Io { path: vault.to_owned(), what: "written", cause };
        let target = fs::canonicalize(vault).unwrap_or_else(|_| vault.to_owned());
        let file = options(true).write(true).create(true).truncate(false).open(beside(&target, "lock")).map_err(io)?;
        let given_up = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::Error(cause)) => return Err(io(cause)),
                Err(TryLockError::WouldBlock) if Instant::now() >= given_up => {
                    return Err(VaultError::Busy { path: vault.to_owned() });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
            }
        }
    }
}
