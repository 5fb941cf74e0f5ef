//! Encryption of the HTTP API: a certificate and its key, from files that may be replaced.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What connections are encrypted with. A copy shares it.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ArcSwap<ServerConfig>>,
    files: Arc<(PathBuf, PathBuf)>,
}

/// Why connections cannot be encrypted.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM of what is wanted.
    #[error("{} has no {what} in PEM that can be read: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Why.
        cause: pem::Error,
    },
    /// They do not belong together, or cannot be used.
    #[error("the certificate in {} cannot be used with the key in {}: {cause}", certificate.display(), key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        cause: rustls::Error,
    },
}

impl Tls {
    /// Reads a certificate, with those of its issuers behind it, and the private key that belongs to it.
    pub fn read(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        let config = config(certificate, key)?;
        let files = Arc::new((certificate.to_owned(), key.to_owned()));
        Ok(Tls { config: Arc::new(ArcSwap::from_pointee(config)), files })
    }

    /// Reads the files again, for connections that begin from now on. Those that were read last stay where they cannot be
    /// used.
    pub fn read_again(&self) -> Result<(), TlsError> {
        let (certificate, key) = &*self.files;
        self.config.store(Arc::new(config(certificate, key)?));
        Ok(())
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.config.load_full()).accept(stream).await
    }
}

fn config(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let unreadable = |path: &Path, what, cause| TlsError::File { path: path.to_owned(), what, cause };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) })
        .map_err(|cause| unreadable(certificate, "certificate", cause))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|cause| unreadable(key, "private key", cause))?;
    let unusable = |cause| TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), cause };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}
