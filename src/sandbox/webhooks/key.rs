//! The key that deliveries are signed with.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// An RSA key of 2048 bits.
pub(super) struct Key(RsaKeyPair);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    pub(super) fn generate() -> Key {
        Key(RsaKeyPair::generate(KeySize::Rsa2048).expect("the system has random numbers"))
    }

    /// RSA with SHA-256 over the bytes, in base64; that the padding is that of PKCS #1 v1.5 is inferred.
    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature)
            .expect("the signature has the length of the modulus");
        STANDARD.encode(signature)
    }

    /// The public half as PEM.
    pub(super) fn public_pem(&self) -> String {
        let der = self.0.public_key().as_der().expect("a generated key can be written");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }
}
