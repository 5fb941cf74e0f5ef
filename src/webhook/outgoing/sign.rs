//! Signatures of messages.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "X-Kombo-Signature";

/// The signature of a body: HMAC-SHA256 under the characters of the secret, in base64url without padding.
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    let key = hmac::Key::new(HMAC_SHA256, secret.expose_secret().as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_other_programs_compute() {
        // printf '{"a": 1}' | openssl dgst -sha256 -hmac secret -binary | basenc --base64url | tr -d =
        let expected = "nvoUoYQQpXpDL78M441LwzM5A2pk5XuMhtoLseEi2XI";
        assert_eq!(sign(&SecretString::from("secret"), b"{\"a\": 1}"), expected);
    }
}
