//! What a file is: what is said of it, and what it begins with.
//!
//! A file is refused for its content where a lie would do harm and is certain. An address that has expired yields a page
//! with a form for logging in, under any type that the caller named; stored as a CV, nobody would notice until somebody opens it.
//! And a program is never anything else. That a picture is of another format than it says, or a document of another
//! program, does no harm, and is let through as it is said.

use super::error::FetchError;
use super::name::split;

const UNKNOWN: &str = "application/octet-stream";

/// Types that say nothing.
const UNSPECIFIC: &[&str] = &[
    UNKNOWN,
    "binary/octet-stream",
    "application/binary",
    "application/download",
    "application/force-download",
    "application/x-download",
    "application/unknown",
    "application/x-unknown",
    "unknown/unknown",
];

/// Types of programs.
const PROGRAMS: &[&str] = &[
    "application/x-msdownload",
    "application/x-msdos-program",
    "application/x-dosexec",
    "application/vnd.microsoft.portable-executable",
    "application/x-executable",
    "application/x-elf",
    "application/x-sharedlib",
    "application/x-pie-executable",
    "application/x-mach-binary",
    "application/java-vm",
    "application/x-java",
];

/// Types by extension.
const BY_EXTENSION: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("rtf", "application/rtf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("xml", "application/xml"),
    ("json", "application/json"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("msg", "application/vnd.ms-outlook"),
    ("eml", "message/rfc822"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("bmp", "image/bmp"),
    ("heic", "image/heic"),
    ("zip", "application/zip"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
];

/// What the first bytes of a file show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Program,
    Page,
    Of(&'static str),
    /// One of several formats, which the extension tells apart; or this one.
    Container(&'static str),
}

/// The type of a file: the one that whoever handed it in says, or the server, or else what it looks like.
pub(super) fn content_type(
    said: Option<&str>,
    told: Option<&str>,
    name: &str,
    head: &[u8],
) -> Result<String, FetchError> {
    let found = look(head);
    if let Some(claimed) = said.and_then(specific).or_else(|| told.and_then(specific)) {
        return match found.and_then(|found| lie(&claimed, found)) {
            Some(found) => Err(FetchError::Disguised { said: claimed, found }),
            None => Ok(claimed),
        };
    }
    let by_extension = || {
        let extension = split(name).1.to_ascii_lowercase();
        BY_EXTENSION.iter().find(|(known, _)| *known == extension).map(|(_, content_type)| *content_type)
    };
    let content_type = match found {
        Some(Found::Program) => PROGRAMS[0],
        Some(Found::Page) => "text/html",
        Some(Found::Of(content_type)) => content_type,
        Some(Found::Container(content_type)) => by_extension().unwrap_or(content_type),
        None => by_extension().unwrap_or(UNKNOWN),
    };
    Ok(content_type.to_owned())
}

/// Whether a type is one of `types`, which may end in `/*`; every type is when there are none.
pub(super) fn is_among(content_type: &str, types: &[String]) -> bool {
    let fits = |allowed: &String| {
        let allowed = allowed.trim().to_ascii_lowercase();
        match allowed.strip_suffix('*') {
            Some(start) => content_type.starts_with(start),
            None => content_type == allowed,
        }
    };
    types.is_empty() || types.iter().any(fits)
}

/// A type without its parameters, in small letters, when it is one and says something.
fn specific(given: &str) -> Option<String> {
    let plain = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c));
    let (main, sub) = plain.split_once('/')?;
    (is_token(main) && is_token(sub) && plain.len() <= 128 && !UNSPECIFIC.contains(&plain.as_str())).then_some(plain)
}

/// What a file is, if that makes what it is said to be a lie that matters.
fn lie(claimed: &str, found: Found) -> Option<&'static str> {
    match found {
        Found::Program if !PROGRAMS.contains(&claimed) => Some("a program"),
        Found::Page if !may_hold_a_page(claimed) => Some("a web page"),
        _ => None,
    }
}

/// Whether a text in HTML is nothing strange under a type.
fn may_hold_a_page(claimed: &str) -> bool {
    claimed.starts_with("text/")
        || claimed.starts_with("message/")
        || claimed.ends_with("xml")
        || matches!(claimed, "application/json" | "application/mbox" | "multipart/related")
}

fn look(head: &[u8]) -> Option<Found> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"%PDF-") {
        return Some(Found::Of("application/pdf"));
    }
    if is_program(head) {
        return Some(Found::Program);
    }
    if is_page(head) {
        // What a word processor writes as HTML is called a document of that program by everyone.
        let is_document = contains(head, b"urn:schemas-microsoft-com:office");
        return (!is_document).then_some(Found::Page);
    }
    Some(match head {
        _ if starts(b"\x89PNG\r\n\x1a\n") => Found::Of("image/png"),
        _ if starts(b"\xff\xd8\xff") => Found::Of("image/jpeg"),
        _ if starts(b"GIF8") => Found::Of("image/gif"),
        _ if starts(b"RIFF") && head.get(8..12) == Some(b"WEBP") => Found::Of("image/webp"),
        _ if starts(b"{\\rtf") => Found::Of("application/rtf"),
        _ if starts(b"PK\x03\x04") => Found::Container("application/zip"),
        _ if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Found::Container("application/x-ole-storage"),
        // Readers of PDF pass over what stands before it.
        _ if contains(head, b"%PDF-") => Found::Of("application/pdf"),
        _ => return None,
    })
}

fn contains(head: &[u8], wanted: &[u8]) -> bool {
    head.windows(wanted.len()).any(|window| window == wanted)
}

/// Whether it is a program of one of the usual systems. A text that only begins with the two letters of one has no zero bytes.
fn is_program(head: &[u8]) -> bool {
    let is_of_windows = head.starts_with(b"MZ") && head.iter().take(64).any(|byte| *byte == 0);
    let magics: [&[u8]; 6] = [
        b"\x7fELF",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
    ];
    is_of_windows || magics.iter().any(|magic| head.starts_with(magic))
}

/// Whether it begins as web pages do, after spaces and comments.
fn is_page(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)).to_ascii_lowercase();
    let mut rest = text.trim_start();
    loop {
        rest = match (rest.strip_prefix("<!--"), rest.strip_prefix("<?xml")) {
            (Some(comment), _) => comment.split_once("-->").map_or("", |(_, rest)| rest).trim_start(),
            (_, Some(declaration)) => declaration.split_once("?>").map_or("", |(_, rest)| rest).trim_start(),
            (None, None) => break,
        };
    }
    let tags = ["<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<title", "<meta"];
    tags.iter().any(|tag| {
        rest.strip_prefix(tag)
            .is_some_and(|after| after.starts_with(|c: char| c == '>' || c == '/' || c.is_whitespace()))
    })
}
