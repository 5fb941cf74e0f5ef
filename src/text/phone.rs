//! Telephone numbers.

use phonenumber::Mode;
use phonenumber::country::Id;

/// Longer texts are no numbers.
const LONGEST: usize = 64;

/// A telephone number in the form of E.164, such as `+31600000012`. A number without a country code is one of
/// `country`, an alpha-2 code; without it only international numbers are understood.
pub fn phone_e164(text: &str, country: Option<&str>) -> Option<String> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let country: Option<Id> = country.and_then(|code| code.trim().to_uppercase().parse().ok());
    // People put the zero that is dialled at home in brackets behind the country's code.
    let text = text.replace("(0)", "");
    let international = text.strip_prefix("00").map(|rest| format!("+{rest}"));
    let number = phonenumber::parse(country, international.as_deref().unwrap_or(&text)).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::phone_e164;

    #[test]
    fn a_number_is_read_however_it_is_written() {
        for text in ["+44 20 7946 0018", "0044 20 7946 0018", "+44 (0)20 79460018", "020-79460018", " 020 7946 00 18 "]
        {
            assert_eq!(phone_e164(text, Some("gb")).as_deref(), Some("+442079460018"), "{text}");
        }
    }

    #[test]
    fn a_number_of_no_country_is_none() {
        assert_eq!(phone_e164("020 7946 0018", None), None);
        assert_eq!(phone_e164("020 7946 0018", Some("??")), None);
        assert_eq!(phone_e164("+44 20 7946 0018", None).as_deref(), Some("+442079460018"));
    }

    #[test]
    fn what_cannot_be_called_is_none() {
        for text in ["", "geen", "12", "+31 1", "ask for Ada", "+999 12345678", "1".repeat(1000).as_str()] {
            assert_eq!(phone_e164(text, Some("NL")), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[+0-9 ()ext;=.,a-zé٣/:#*-]{0,70}", country in prop::option::of("[A-Zé]{0,3}")) {
            if let Some(number) = phone_e164(&text, country.as_deref()) {
                prop_assert!(number.starts_with('+'));
                prop_assert_eq!(phone_e164(&number, None), Some(number));
            }
        }
    }
}
