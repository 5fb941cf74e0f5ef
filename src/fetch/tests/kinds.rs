//! What a file is taken for.

use super::*;

const PE: &[u8] = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00";

fn typed(said: Option<&str>, told: Option<&str>, name: &str, head: &[u8]) -> String {
    content_type(said, told, name, head).unwrap()
}

#[test]
fn a_type_is_what_is_said_or_told_or_seen() {
    let nothing = "application/octet-stream";
    assert_eq!(typed(Some("Application/PDF; a=b"), Some("text/plain"), "a.txt", b"hi"), "application/pdf");
    assert_eq!(typed(None, Some("text/plain;charset=utf-8"), "a.pdf", b"hi"), "text/plain");
    assert_eq!(typed(Some(nothing), Some("text/csv"), "a", b"hi"), "text/csv");
    assert_eq!(typed(Some("nonsense"), Some("a b/c"), "a", b"hi"), nothing);
    assert_eq!(typed(None, Some("binary/octet-stream"), "cv.exe", b"%PDF-1.7"), "application/pdf");
    assert_eq!(typed(None, None, "CV.DOCX", b"PK\x03\x04"), kind_of("docx"));
    assert_eq!(typed(None, None, "cv", b"PK\x03\x04"), "application/zip");
    assert_eq!(typed(None, None, "cv.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "application/msword");
    assert_eq!(typed(None, None, "cv.txt", b"hi"), "text/plain");
    assert_eq!(typed(None, None, "cv", b"hi"), nothing);
    assert_eq!(typed(None, None, "cv.pdf", b"<html>"), "text/html");
    assert_eq!(typed(None, None, "cv.pdf", PE), "application/x-msdownload");
}

fn kind_of(extension: &str) -> String {
    typed(None, None, &format!("a.{extension}"), b"anything")
}

#[test]
fn lies_that_matter_are_refused() {
    let refused = |said: &str, head: &[u8]| content_type(Some(said), None, "a", head).is_err();
    let pages: [&[u8]; 6] = [
        b"<!DOCTYPE html><p>",
        b"\xef\xbb\xbf\n <html lang=en>",
        b"<!-- a --><!-- b -->\n<HEAD>",
        b"<?xml version='1.0'?>\n<!DOCTYPE HTML PUBLIC>",
        b"<script>",
        b"<meta charset=utf-8>%PDF-",
    ];
    for page in pages {
        assert!(refused("application/pdf", page), "{}", String::from_utf8_lossy(page));
        assert!(refused("image/png", page) && refused("application/msword", page));
        assert!(!refused("text/html", page) && !refused("text/plain", page) && !refused("application/xhtml+xml", page));
    }
    let programs: [&[u8]; 4] = [PE, b"\x7fELF\x02", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];
    for program in programs {
        assert!(refused("application/pdf", program) && refused("text/plain", program));
        assert!(!refused("application/x-msdownload", program));
    }
}

#[test]
fn what_does_no_harm_is_let_through() {
    let passes = |said: &str, head: &[u8]| content_type(Some(said), None, "a", head).is_ok();
    assert!(passes("application/pdf", b"\x89PNG\r\n\x1a\n"));
    assert!(passes("application/pdf", b"junk before %PDF-1.4"));
    assert!(passes("application/pdf", b"<htmlish, and no page"));
    assert!(passes("text/plain", b"MZ is where I was born"));
    let word = b"<html xmlns:o=\"urn:schemas-microsoft-com:office:office\">";
    assert!(passes("application/msword", word));
}

#[test]
fn types_are_compared_whole_or_by_their_first_half() {
    let among = |types: &[&str]| {
        let types: Vec<String> = types.iter().map(|text| (*text).to_owned()).collect();
        kind::is_among("image/png", &types)
    };
    assert!(among(&[]) && among(&["image/*"]) && among(&["application/pdf", "Image/PNG"]) && among(&["*"]));
    assert!(!among(&["application/pdf"]) && !among(&["image/pn"]) && !among(&["application/*"]));
}
