//! Base64.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

fn fetching() -> Fetching {
    Fetching::through(Guard::new(Reach::default()))
}

async fn decode(text: &str, max_size: u64) -> Result<Vec<u8>, FetchError> {
    let bounds = Bounds { max_size, ..Bounds::default() };
    let fetching = fetching();
    let file = fetching.fetcher.decode(text, Said::default(), &bounds).await?;
    assert_eq!(file.name, "file");
    Ok(file.read().await.unwrap())
}

#[tokio::test]
async fn each_alphabet_is_read_with_and_without_padding() {
    for length in [1, 2, 3, 255, 256, 49_151, 49_152, 49_153, 150_000] {
        let bytes: Vec<u8> = (0..length).map(|at: u32| (at * 7 % 256) as u8).collect();
        for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let text = engine.encode(&bytes);
            assert_eq!(decode(&text, length.into()).await.unwrap(), bytes, "{length}");
            let lines: Vec<&str> = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
            assert_eq!(decode(&format!(" {}\r\n", lines.join("\r\n")), length.into()).await.unwrap(), bytes);
            let too_large = FetchError::TooLarge { limit: u64::from(length) - 1, announced: Some(length.into()) };
            assert_eq!(decode(&text, u64::from(length) - 1).await.unwrap_err(), too_large);
        }
    }
}

#[tokio::test]
async fn a_text_that_is_none_is_refused_where_it_is_wrong() {
    let long = "A".repeat(70_000);
    for (text, what, at) in [
        ("AAAA AAAA", "a character that is none of it", 5),
        ("AAAA\nA%AA", "a character that is none of it", 7),
        ("AAAÄAAA", "a character that is none of it", 4),
        ("AA==AAAA", "padding before the end", 3),
        ("+A_A", "a character of the other alphabet", 1),
        ("A", "a character is missing", 1),
        ("AAAAA", "a character is missing", 5),
        ("AB==", "a last character that is cut off", 2),
        (&format!("{long}!AAA"), "a character that is none of it", 70_001),
        (&format!("AA=={long}"), "padding before the end", 3),
    ] {
        assert_eq!(decode(text, 100_000).await.unwrap_err(), FetchError::Base64 { what, at }, "{text:.20}");
    }
    assert_eq!(decode("", 10).await.unwrap_err(), FetchError::Empty);
    assert_eq!(decode("====", 10).await.unwrap_err().to_string().split(':').next(), Some("the data is no Base64"));
}

#[tokio::test]
async fn a_data_url_is_refused_with_a_hint() {
    let error = decode("data:application/pdf;base64,JVBERi0=", 1).await.unwrap_err();
    assert_eq!(error, FetchError::DataUrl);
    assert!(error.to_string().contains("up to the comma"));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_it_is_written() {
    let fetching = fetching();
    let text = STANDARD.encode(vec![0; 2_000_000]);
    let bounds = Bounds { max_size: 1_000_000, ..Bounds::default() };
    let error = fetching.fetcher.decode(&text, Said::default(), &bounds).await.unwrap_err();
    assert_eq!(error.to_string(), "the file is too large: it has 2000 kB, and 1000 kB are the most");
    assert_eq!(fetching.files(), 0);
}

proptest! {
    #[test]
    fn what_a_decoder_takes_is_taken(text in "[A-Za-z0-9+/=]{0,12}|[A-Za-z0-9_=-]{0,12}|\\PC{0,8}") {
        let pieces: Result<Vec<Vec<u8>>, FetchError> =
            base64::Pieces::new(&text, 100).and_then(|pieces| pieces.collect());
        let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
        let trimmed = text.trim_ascii();
        let oracle = engines.iter().find_map(|engine| engine.decode(trimmed).ok());
        match (pieces, oracle) {
            (Ok(pieces), Some(bytes)) => prop_assert_eq!(pieces.concat(), bytes),
            (Err(_), None) => {}
            // Padding of one sign where two are due is passed over.
            (Ok(_), None) => prop_assert!(trimmed.ends_with('=')),
            (Err(error), Some(_)) => prop_assert!(false, "{:?}", error),
        }
    }
}
