//! Names of files.

use proptest::prelude::*;

use super::*;

#[test]
fn names_are_made_safe_and_stay_readable() {
    let long = format!("{}.pdf", "ä".repeat(300));
    for (given, expected) in [
        ("cv.pdf", "cv.pdf"),
        ("Lebenslauf Jürgen Müller.docx", "Lebenslauf Jürgen Müller.docx"),
        ("履歴書.pdf", "履歴書.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\jan\\cv.pdf", "cv.pdf"),
        ("/", "file"),
        ("", "file"),
        ("..", "file"),
        (" . . ", "file"),
        (".pdf", "pdf"),
        (".htaccess", "htaccess"),
        ("cv.pdf. . ", "cv.pdf"),
        ("a\0b\r\nc\u{7f}.pdf", "abc.pdf"),
        ("cv\u{202e}fdp.exe", "cvfdp.exe"),
        ("cv\u{200b}\u{feff}\u{2066}.pdf", "cv.pdf"),
        ("a<b>c:d\"e|f?g*h.pdf", "a_b_c_d_e_f_g_h.pdf"),
        ("con", "_con"),
        ("CON.pdf", "_CON.pdf"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("com1.txt", "_com1.txt"),
        ("LPT².txt", "_LPT².txt"),
        ("com10.txt", "com10.txt"),
        ("console.pdf", "console.pdf"),
        ("aux .txt", "_aux.txt"),
        ("no.extension here", "no.extension here"),
        (&long, &format!("{}.pdf", "ä".repeat(124))),
    ] {
        assert_eq!(file_name(given), expected, "{given:?}");
    }
}

proptest! {
    #[test]
    fn a_safe_name_is_kept(given in "\\PC{0,200}|[a-zA-Z.\\\\/:con\u{202e}\u{0} ]{0,200}") {
        let name = file_name(&given);
        prop_assert!(!name.is_empty() && name.chars().count() <= 128, "{name:?}");
        prop_assert!(!name.contains(['/', '\\', ':', '\0', '\u{202e}']), "{name:?}");
        prop_assert_eq!(file_name(&name), name.clone());
    }
}

#[test]
fn the_name_that_a_server_gives_is_read() {
    let name = |header: &str| disposition::name(header.as_bytes());
    for (header, expected) in [
        ("attachment", None),
        ("attachment; filename=cv.pdf", Some("cv.pdf")),
        ("attachment;filename=\"cv; jan.pdf\"", Some("cv; jan.pdf")),
        ("attachment; filename=\"a\\\"b.pdf\"; size=3", Some("a\"b.pdf")),
        ("attachment; FileName = \"cv.pdf\"", Some("cv.pdf")),
        ("inline; filename=\"x.pdf\"; filename*=UTF-8''%e2%82%ac%20rates.pdf", Some("€ rates.pdf")),
        ("attachment; filename*=iso-8859-1'en'%A3.pdf; filename=x", Some("£.pdf")),
        ("attachment; filename*=utf-16''%00; filename=x.pdf", Some("x.pdf")),
        ("attachment; filename*=UTF-8''%ff.pdf; filename=x.pdf", Some("x.pdf")),
        ("attachment; filename=\"C:\\dir\\cv.pdf\"", Some("C:\\dir\\cv.pdf")),
        ("attachment; filename=\"\"", None),
        ("attachment; filename=\"never closed", Some("never closed")),
        (";;;=;\"", None),
    ] {
        assert_eq!(name(header).as_deref(), expected, "{header}");
    }
    assert_eq!(disposition::name(b"attachment; filename=\"na\xefve.pdf\"").as_deref(), Some("naïve.pdf"));
    let last = |url: &str| disposition::last_part(&url.parse().unwrap());
    assert_eq!(last("https://example.com/a/b%2Fc%20d.pdf?e=f#g"), "b/c d.pdf");
    assert_eq!((last("https://example.com"), last("https://example.com/a//")), (String::new(), "a".to_owned()));
}

proptest! {
    #[test]
    fn no_header_is_too_strange(header: Vec<u8>, text in "[a-z*='\";\\\\% ]{0,40}") {
        disposition::name(&header);
        disposition::name(text.as_bytes());
    }
}
