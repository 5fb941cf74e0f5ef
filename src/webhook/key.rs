//! The public key of the source, and signatures.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A public key of RSA.
#[derive(Debug)]
pub struct Key(ParsedPublicKey);

/// Why a text is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is neither PEM nor base64.
    #[error("it is neither PEM nor DER in base64")]
    NoText,
    /// What is in it is no key of the kind.
    #[error("it holds no public key of RSA with 2048 to 8192 bits")]
    NoKey,
}

impl Key {
    /// Reads a key: PEM, or DER in base64, perhaps as a text of JSON. The DER is that of X.509 or of PKCS #1.
    pub fn parse(text: &str) -> Result<Key, KeyError> {
        let text = text.trim();
        let unquoted: Option<String> = text.starts_with('"').then(|| serde_json::from_str(text).ok()).flatten();
        let text = unquoted.as_deref().unwrap_or(text);
        let base64: String =
            text.lines().map(str::trim).filter(|line| !line.starts_with("-----")).flat_map(str::chars).collect();
        let der = STANDARD.decode(base64).ok().filter(|der| !der.is_empty()).ok_or(KeyError::NoText)?;
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map(Key).map_err(|_| KeyError::NoKey)
    }

    /// Whether a signature in base64 is one of these bytes.
    pub fn fits(&self, signature: &[u8], bytes: &[u8]) -> bool {
        STANDARD.decode(signature.trim_ascii()).is_ok_and(|signature| self.0.verify_sig(bytes, &signature).is_ok())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
    use proptest::prelude::*;

    use super::*;

    static PAIR: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

    pub fn public() -> String {
        STANDARD.encode(PAIR.public_key().as_der().unwrap().as_ref())
    }

    pub fn sign(bytes: &[u8]) -> String {
        let mut signature = vec![0; PAIR.public_modulus_len()];
        PAIR.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).unwrap();
        STANDARD.encode(signature)
    }

    #[test]
    fn a_key_is_read_in_each_form() {
        let base64 = public();
        let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let pem = format!("-----BEGIN PUBLIC KEY-----\r\n{}\r\n-----END PUBLIC KEY-----\r\n", lines.join("\r\n"));
        let pkcs1 = STANDARD.encode(PAIR.public_key().as_ref());
        for text in [base64.clone(), format!(" {base64}\n"), pem.clone(), serde_json::json!(pem).to_string(), pkcs1] {
            assert!(Key::parse(&text).unwrap().fits(sign(b"body").as_bytes(), b"body"), "{text}");
        }
        assert_eq!(Key::parse("").unwrap_err(), KeyError::NoText);
        assert_eq!(Key::parse("<html>").unwrap_err(), KeyError::NoText);
        assert_eq!(Key::parse("aGVsbG8=").unwrap_err(), KeyError::NoKey);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn a_signature_fits_its_own_bytes_and_no_others(bytes: Vec<u8>, other: Vec<u8>, at: usize) {
            let key = Key::parse(&public()).unwrap();
            let signature = sign(&bytes);
            prop_assert!(key.fits(signature.as_bytes(), &bytes));
            prop_assert_eq!(key.fits(signature.as_bytes(), &other), bytes == other);
            let mut spoilt = STANDARD.decode(&signature).unwrap();
            let at = at % spoilt.len();
            spoilt[at] ^= 1;
            prop_assert!(!key.fits(STANDARD.encode(spoilt).as_bytes(), &bytes));
            prop_assert!(!key.fits(&other, &bytes));
        }
    }
}
