//! HTML as it stands in texts: which of its words are no text.

/// Names of elements. What stands in angle brackets under another name is text.
const ELEMENTS: &str = "a b blockquote br code div em font h1 h2 h3 h4 h5 h6 hr i img li ol p pre s small span strong sub \
                        sup table tbody td th thead tr u ul";
const ATTRIBUTES: &str = "align alt border class color colspan height href id lang name rel rowspan size src style target \
                          title type width";
const ENTITIES: &str = "agrave amp apos aring auml bull ccedil copy deg eacute ecirc egrave euml euro gt hellip iuml laquo \
                        ldquo lsquo lt mdash middot nbsp ndash ntilde ouml quot raquo rdquo reg rsquo szlig uuml";

/// Whether a word within a tag is the name of an element or of an attribute.
pub(super) fn is_name(word: &str) -> bool {
    is_among(ELEMENTS, word) || is_among(ATTRIBUTES, word)
}

/// The length of the tag that a text begins with.
pub(super) fn tag(text: &str) -> Option<usize> {
    let name = text.strip_prefix('<')?.trim_start_matches('/');
    let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())];
    is_among(ELEMENTS, name).then(|| text.find('>').map(|at| at + 1)).flatten()
}

/// The length of the `&name;` that a text begins with.
pub(super) fn entity(text: &str) -> Option<usize> {
    let (name, _) = text.strip_prefix('&')?.split_once(';')?;
    let is_number = name
        .strip_prefix('#')
        .is_some_and(|number| (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()));
    (is_number || is_among(ENTITIES, name)).then_some(name.len() + 2)
}

fn is_among(names: &str, word: &str) -> bool {
    names.split_ascii_whitespace().any(|name| name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_told_from_what_people_write_in_brackets() {
        assert_eq!(tag("<p>x"), Some(3));
        assert_eq!(tag("</STRONG> x"), Some(9));
        assert_eq!(tag("<a href=\"x\">y</a>"), Some(12));
        for text in ["<jansen>", "<jan@example.org>", "< 5 en > 3", "<p", "p>"] {
            assert_eq!(tag(text), None, "{text}");
        }
        assert_eq!((entity("&eacute;x"), entity("&#233;x"), entity("&Uuml;")), (Some(8), Some(6), Some(6)));
        assert_eq!((entity("&jansen;"), entity("& co;"), entity("&#;")), (None, None, None));
    }
}
