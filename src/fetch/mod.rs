//! Files that others name: fetched from an address that nobody here chose, or decoded from a text.
//!
//! Whoever may name an address can have this process knock at doors that are closed to them. So a [`Guard`] says which
//! addresses are connected to, and it looks at the very address that the connection is made to, on each redirect anew.
//! [`Fetcher`] streams a file into a folder of its own, within [`Bounds`], and yields a [`File`] that is gone when it is
//! dropped.

mod address;
mod base64;
mod disposition;
mod error;
mod file;
mod follow;
mod guard;
mod kind;
mod lookup;
mod name;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use tokio::time::{Instant, timeout, timeout_at};

pub use address::Kind;
pub use error::{FetchError, Refused};
pub use file::File;
pub use guard::{Guard, Reach};
pub use lookup::{Looked, Lookup, SystemLookup};
pub use name::file_name;

use file::Growing;
use kind::content_type;

/// What the names of the files begin with.
const PREFIX: &str = "crosswalk-";

/// A file that is older was left behind by a process that died.
const LONGEST_USE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a file may be and how long it may take to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// The most bytes that it may have.
    pub max_size: u64,
    /// How long the whole may take, redirects included.
    pub timeout: Duration,
    /// How long it may take until more of it comes.
    pub idle: Duration,
    /// The content types that it may have, such as `application/pdf` or `image/*`; all when there are none.
    pub types: Vec<String>,
}

impl Default for Bounds {
    /// 25 MB within a minute, with pauses of up to 15 s.
    fn default() -> Bounds {
        Bounds {
            max_size: 25 << 20,
            timeout: Duration::from_secs(60),
            idle: Duration::from_secs(15),
            types: Vec::new(),
        }
    }
}

/// What whoever hands in a file says of it. It counts more than what a server says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// Its content type.
    pub content_type: Option<&'a str>,
}

/// Fetches files into a folder. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Fetcher {
    guard: Guard,
    client: reqwest::Client,
    folder: Arc<Path>,
}

impl Fetcher {
    /// Fetches through a guard into a folder, which is made when there is none, for its owner only. Files that a process
    /// left there when it died are removed after a day.
    pub fn new(guard: Guard, folder: impl Into<PathBuf>) -> Result<Fetcher, FetchError> {
        let folder = folder.into();
        make_folder(&folder).map_err(|error| FetchError::Io(error.to_string()))?;
        remove_left_behind(&folder);
        let client = guard.client().map_err(|error| FetchError::Io(error.to_string()))?;
        Ok(Fetcher { guard, client, folder: folder.into() })
    }

    /// Fetches the file at an address. Nothing is sent with the request but the address: neither credentials nor cookies.
    ///
    /// Its name is the one that is said, or that the server gives it, or the last part of the address. Its type likewise; what
    /// it holds is looked at where nobody says a type, and refused where it is certainly something else.
    pub async fn fetch(&self, url: &str, said: Said<'_>, bounds: &Bounds) -> Result<File, FetchError> {
        let late = || FetchError::Late { after: bounds.timeout };
        timeout(bounds.timeout, self.receive(url, said, bounds)).await.map_err(|_| late())?
    }

    async fn receive(&self, url: &str, said: Said<'_>, bounds: &Bounds) -> Result<File, FetchError> {
        let began = Instant::now();
        let url = self.guard.url(url)?;
        let (mut response, url) = follow::get(&self.guard, &self.client, url).await?;
        let headers = response.headers();
        if let Some(encoding) = header(headers, CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
            return Err(FetchError::Encoded { encoding: name::printable(encoding, 20) });
        }
        if let Some(announced) = response.content_length().filter(|announced| *announced > bounds.max_size) {
            return Err(FetchError::TooLarge { limit: bounds.max_size, announced: Some(announced) });
        }
        let told = header(headers, CONTENT_TYPE).map(str::to_owned);
        let disposition = headers.get(CONTENT_DISPOSITION).map(|value| value.as_bytes());
        let name = match said.name {
            Some(name) => file_name(name),
            None => file_name(&disposition.and_then(disposition::name).unwrap_or_else(|| disposition::last_part(&url))),
        };
        let mut file = Growing::new(&self.folder, bounds.max_size)?;
        loop {
            let deadline = (Instant::now() + bounds.idle).min(began + bounds.timeout);
            let chunk = timeout_at(deadline, response.chunk())
                .await
                .map_err(|_| FetchError::Stalled { after: bounds.idle, received: file.size() })?;
            let Some(chunk) = chunk.map_err(|error| FetchError::broken(&error))? else { break };
            file.write(&chunk).await?;
        }
        self.end(file, name, said.content_type, told.as_deref(), bounds).await
    }

    /// Decodes a file from Base64, in either alphabet, with or without padding; line breaks are passed over. A text that is
    /// too long is refused before any of it is decoded.
    pub async fn decode(&self, data: &str, said: Said<'_>, bounds: &Bounds) -> Result<File, FetchError> {
        let pieces = base64::Pieces::new(data, bounds.max_size)?;
        let mut file = Growing::new(&self.folder, bounds.max_size)?;
        for piece in pieces {
            file.write(&piece?).await?;
        }
        let name = file_name(said.name.unwrap_or_default());
        self.end(file, name, said.content_type, None, bounds).await
    }

    async fn end(
        &self,
        file: Growing,
        name: String,
        said: Option<&str>,
        told: Option<&str>,
        bounds: &Bounds,
    ) -> Result<File, FetchError> {
        if file.size() == 0 {
            return Err(FetchError::Empty);
        }
        let content_type = content_type(said, told, &name, file.head())?;
        if !kind::is_among(&content_type, &bounds.types) {
            return Err(FetchError::Type { content_type, types: bounds.types.clone() });
        }
        file.end(name, content_type).await
    }
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|value| !value.is_empty())
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// What cannot be removed stays: it is in nobody's way.
fn remove_left_behind(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let now = SystemTime::now();
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let age = entry.metadata().ok().and_then(|about| now.duration_since(about.modified().ok()?).ok());
        if is_ours && age.is_some_and(|age| age > LONGEST_USE) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
