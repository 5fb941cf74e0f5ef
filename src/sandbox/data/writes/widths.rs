//! How long a text may be.

use super::Kind;

/// Widths that are known, and those that are inferred because the source's columns have some width.
const WIDTHS: &[(Option<Kind>, &str, usize)] = &[
    (Some(Kind::Employee), "title", 32),
    (None, "sourceInfo", 255),
    (Some(Kind::Match), "applySource", 32),
    (Some(Kind::Attachment), "label", 128),
    (Some(Kind::Vacancy), "jobTitle", 200),
    (Some(Kind::Vacancy), "vacancyNo", 45),
    // Inferred from here on.
    (None, "firstName", 100),
    (None, "lastNamePrefix", 32),
    (None, "lastName", 100),
    (None, "initials", 32),
    (None, "emailAddress", 255),
    (None, "phoneNumber", 64),
    (None, "mobileNumber", 64),
    (None, "importID", 64),
    (None, "subject", 255),
    (Some(Kind::Attachment), "filePath", 255),
    (Some(Kind::Url), "url", 1_024),
    (Some(Kind::WorkHistory), "function", 255),
    (Some(Kind::WorkHistory), "employer", 255),
];

/// How many characters fit into a field, if there is a limit.
pub(super) fn of(kind: Kind, field: &str) -> Option<usize> {
    let fits = |(of, name, _): &&(Option<Kind>, &str, usize)| *name == field && of.is_none_or(|of| of == kind);
    WIDTHS.iter().find(fits).map(|(.., width)| *width)
}
