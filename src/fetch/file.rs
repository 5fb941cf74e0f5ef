//! Files that are there as long as somebody has them.

use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::{Builder, TempPath};
use tokio::io::AsyncWriteExt;

use super::PREFIX;
use super::error::FetchError;

/// So much of a file is looked at to see what it is.
const HEAD: usize = 1024;

/// A file that was fetched or decoded. It is removed when this is dropped.
#[derive(Debug)]
pub struct File {
    path: TempPath,
    /// Its name: no path, nothing that cannot be seen, at most 128 characters, never empty.
    pub name: String,
    /// Its content type, in small letters and without parameters.
    pub content_type: String,
    /// Its size in bytes, at least 1.
    pub size: u64,
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
}

impl File {
    /// Where it is, readable for the owner of this process only.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its content.
    pub async fn read(&self) -> std::io::Result<Vec<u8>> {
        tokio::fs::read(&self.path).await
    }

    /// Its content in Base64, with padding.
    pub async fn base64(&self) -> std::io::Result<String> {
        Ok(STANDARD.encode(self.read().await?))
    }
}

/// A file that is being written.
pub(super) struct Growing {
    path: TempPath,
    file: tokio::fs::File,
    size: u64,
    limit: u64,
    head: Vec<u8>,
    digest: Context,
}

impl Growing {
    /// A new file in `folder` of at most `limit` bytes.
    pub fn new(folder: &Path, limit: u64) -> Result<Growing, FetchError> {
        let (file, path) = Builder::new().prefix(PREFIX).tempfile_in(folder)?.into_parts();
        let file = tokio::fs::File::from_std(file);
        Ok(Growing { path, file, size: 0, limit, head: Vec::new(), digest: Context::new(&SHA256) })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// What it begins with.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        let size = self.size + bytes.len() as u64;
        if size > self.limit {
            return Err(FetchError::TooLarge { limit: self.limit, announced: None });
        }
        self.size = size;
        self.head.extend_from_slice(&bytes[..bytes.len().min(HEAD - self.head.len())]);
        self.digest.update(bytes);
        Ok(self.file.write_all(bytes).await?)
    }

    pub async fn end(mut self, name: String, content_type: String) -> Result<File, FetchError> {
        self.file.flush().await?;
        let digest = self.digest.finish();
        let sha256 = std::array::from_fn(|at| digest.as_ref()[at]);
        Ok(File { path: self.path, name, content_type, size: self.size, sha256 })
    }
}
