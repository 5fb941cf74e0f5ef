//! Base64 in pieces, so that a large text is never decoded as a whole.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine};

use super::error::FetchError;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Characters that are decoded at a time, which make up whole bytes.
const PIECE: usize = 64 << 10;

/// The decoded pieces of a text.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    rest: &'a [u8],
    /// How many characters came before the rest.
    passed: usize,
    engine: GeneralPurpose,
}

impl<'a> Pieces<'a> {
    /// Refuses a text that has more than `limit` bytes, without decoding it.
    pub fn new(text: &'a str, limit: u64) -> Result<Pieces<'a>, FetchError> {
        let text = text.trim_ascii();
        if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
            return Err(FetchError::DataUrl);
        }
        let bytes = text.as_bytes();
        let size = decoded_size(bytes);
        if size > limit {
            return Err(FetchError::TooLarge { limit, announced: Some(size) });
        }
        let is_url_safe = bytes.iter().any(|byte| matches!(byte, b'-' | b'_'));
        Ok(Pieces { rest: bytes, passed: 0, engine: if is_url_safe { URL_SAFE } else { STANDARD } })
    }

    fn error(&self, error: DecodeError, positions: &[usize]) -> FetchError {
        let last = self.passed + self.rest.len();
        let place = |at: usize| positions.get(at).map_or(last, |place| place + 1);
        let (what, at) = match error {
            DecodeError::InvalidByte(at, b'=') => ("padding before the end", place(at)),
            DecodeError::InvalidByte(at, b'+' | b'/') => ("a character of the other alphabet", place(at)),
            DecodeError::InvalidByte(at, _) => ("a character that is none of it", place(at)),
            DecodeError::InvalidLastSymbol(at, _) => ("a last character that is cut off", place(at)),
            DecodeError::InvalidLength(_) => ("a character is missing", last),
            DecodeError::InvalidPadding => ("padding that does not fit", last),
        };
        FetchError::Base64 { what, at }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Result<Vec<u8>, FetchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut piece, mut positions) = (Vec::with_capacity(PIECE), Vec::with_capacity(PIECE));
        let mut taken = 0;
        for (at, byte) in self.rest.iter().enumerate() {
            if piece.len() == PIECE {
                break;
            }
            taken = at + 1;
            if !matches!(byte, b'\r' | b'\n') {
                piece.push(*byte);
                positions.push(self.passed + at);
            }
        }
        if piece.is_empty() {
            return None;
        }
        // Padding ends a text, so a piece that something follows has none.
        let follows = self.rest[taken..].iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
        let padding = piece.iter().position(|byte| *byte == b'=').filter(|_| follows);
        let decoded = match padding {
            Some(at) => Err(DecodeError::InvalidByte(at, b'=')),
            None => self.engine.decode(&piece),
        };
        let decoded = decoded.map_err(|error| self.error(error, &positions));
        let (passed, rest) = (self.passed + taken, &self.rest[taken..]);
        (self.passed, self.rest) = (passed, if decoded.is_err() { &[] } else { rest });
        Some(decoded)
    }
}

/// How many bytes a text makes, if it is one.
fn decoded_size(text: &[u8]) -> u64 {
    let meaningful = text.iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | b'=')).count() as u64;
    meaningful / 4 * 3 + (meaningful % 4).saturating_sub(1)
}
