//! Cursors: where the next page of a list begins.
//!
//! A cursor is the base64url form of a small JSON object and a code of it, by which the store knows again what it gave out.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::store::RowKey;

/// The version of the form.
const VERSION: u32 = 1;

/// Bytes of the code.
const CODE: usize = 16;

/// No cursor is longer.
const LONGEST: usize = 400;

/// Why a cursor is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It was not given out over this store.
    #[error("this is no cursor of this server; send `next` of the page before as it is, or begin without a cursor")]
    Unknown,
    /// It was given out for something else.
    #[error(
        "the cursor was given out for other filters, another list or another integration; repeat all parameters of the \
         first page with it (`page_size` may differ), or begin without a cursor"
    )]
    OfAnother,
}

/// Where a list stands, and which list that is.
#[derive(Serialize, Deserialize)]
struct Content {
    v: u32,
    /// The model.
    m: String,
    /// The digest of the connection and of the filters.
    d: String,
    /// The key of the last row.
    k: i64,
}

/// A list: its model, and the digest of its connection and filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    model: &'static str,
    digest: String,
}

impl Listed {
    /// `narrowed` is all that decides which rows are in the list.
    pub fn new(model: &'static str, connection: &str, narrowed: &impl Serialize) -> Listed {
        let text = serde_json::to_vec(&(connection, model, narrowed)).expect("filters are JSON");
        let digest = digest::digest(&digest::SHA256, &text);
        Listed { model, digest: URL_SAFE_NO_PAD.encode(&digest.as_ref()[..CODE]) }
    }

    /// The cursor after a row.
    pub fn after(&self, key: RowKey, secret: &[u8]) -> String {
        let content = Content { v: VERSION, m: self.model.to_owned(), d: self.digest.clone(), k: key.0 };
        let mut bytes = serde_json::to_vec(&content).expect("texts and numbers are JSON");
        let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &bytes);
        bytes.extend_from_slice(&code.as_ref()[..CODE]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The row that a cursor stands after.
    pub fn open(&self, cursor: &str, secret: &[u8]) -> Result<RowKey, CursorError> {
        if cursor.len() > LONGEST {
            return Err(CursorError::Unknown);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor.trim_end_matches('=')).map_err(|_| CursorError::Unknown)?;
        let (content, code) = bytes.split_last_chunk::<CODE>().ok_or(CursorError::Unknown)?;
        let expected = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), content);
        if secret.is_empty()
            || aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..CODE], code).is_err()
        {
            return Err(CursorError::Unknown);
        }
        let content: Content = serde_json::from_slice(content).map_err(|_| CursorError::Unknown)?;
        if content.v != VERSION {
            return Err(CursorError::Unknown);
        }
        if content.m != self.model || content.d != self.digest {
            return Err(CursorError::OfAnother);
        }
        Ok(RowKey(content.k))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_opens_only_the_list_that_it_was_given_out_for() {
        let list = Listed::new("jobs", "acme", &("status", ["OPEN"]));
        let cursor = list.after(RowKey(7), b"secret");
        assert_eq!(list.open(&cursor, b"secret"), Ok(RowKey(7)));
        for other in [
            Listed::new("users", "acme", &("status", ["OPEN"])),
            Listed::new("jobs", "other", &("status", ["OPEN"])),
            Listed::new("jobs", "acme", &("status", ["CLOSED"])),
        ] {
            assert_eq!(other.open(&cursor, b"secret"), Err(CursorError::OfAnother));
        }
        assert_eq!(list.open(&cursor, b"another"), Err(CursorError::Unknown));
        assert_eq!(list.open(&list.after(RowKey(7), b""), b""), Err(CursorError::Unknown));
        let made_up = URL_SAFE_NO_PAD.encode(r#"{"v":1,"m":"jobs","d":"","k":1}"#);
        assert_eq!(list.open(&made_up, b"secret"), Err(CursorError::Unknown));
    }

    proptest! {
        #[test]
        fn a_cursor_that_was_touched_is_refused(at in 0..1_000_usize, to in "[A-Za-z0-9_-]", key in 1_i64..1 << 50) {
            let list = Listed::new("jobs", "acme", &());
            let cursor = list.after(RowKey(key), b"secret");
            let at = at % cursor.len();
            let mut touched = cursor.clone();
            touched.replace_range(at..=at, &to);
            if touched != cursor {
                prop_assert_eq!(list.open(&touched, b"secret"), Err(CursorError::Unknown));
            }
            prop_assert_eq!(list.open(&cursor, b"secret"), Ok(RowKey(key)));
        }

        #[test]
        fn nothing_that_is_sent_is_taken_for_one(text in "\\PC{0,60}") {
            prop_assert_eq!(Listed::new("jobs", "acme", &()).open(&text, b"secret"), Err(CursorError::Unknown));
        }
    }
}
