//! A vacancy as the source sends it: only the members that the unified job needs, borrowed from the raw text.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vacancy<'a> {
    #[serde(rename = "_id", borrow)]
    pub id: Text<'a>,
    #[serde(rename = "_kind", borrow)]
    pub kind: Text<'a>,
    #[serde(rename = "vacancyID")]
    pub vacancy_id: i64,
    pub deleted: i64,
    #[serde(borrow)]
    pub job_title: Option<Text<'a>>,
    #[serde(borrow)]
    pub title_information: Option<Text<'a>>,
    #[serde(borrow)]
    pub job_title_or_function: Option<Text<'a>>,
    #[serde(borrow)]
    pub vacancy_no: Option<Text<'a>>,
    #[serde(borrow)]
    pub intro_information: Option<Text<'a>>,
    #[serde(borrow)]
    pub vacancy_information: Option<Text<'a>>,
    #[serde(borrow)]
    pub requirements: Option<Text<'a>>,
    #[serde(borrow)]
    pub offer_information: Option<Text<'a>>,
    #[serde(borrow)]
    pub company_information: Option<Text<'a>>,
    #[serde(borrow)]
    pub additional_information: Option<Text<'a>>,
    pub is_confidential: Option<i64>,
    pub is_anonymous: Option<i64>,
    pub hours_per_week: Option<f64>,
    pub fte: Option<f64>,
    #[serde(borrow)]
    pub to_contract_type_node: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub to_status_node: Option<Labelled<'a>>,
    pub end_date: Option<Date>,
    #[serde(borrow)]
    pub publications: Page<Publication<'a>>,
    #[serde(rename = "toFunctionLevel1", borrow)]
    pub to_function_level_1: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub to_category_node: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub agency: Option<Named<'a>>,
    #[serde(borrow)]
    pub to_experience_level_node: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub to_work_level_node: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub to_workplace_type_node: Option<Labelled<'a>>,
    pub min_salary: Option<f64>,
    pub max_salary: Option<f64>,
    #[serde(borrow)]
    pub to_salary_currency_node: Option<Coded<'a>>,
    #[serde(borrow)]
    pub to_salary_period_node: Option<Tagged<'a>>,
    #[serde(borrow)]
    pub work_street: Option<Text<'a>>,
    #[serde(borrow)]
    pub work_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub work_number_suffix: Option<Text<'a>>,
    #[serde(borrow)]
    pub work_postal_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub work_city: Option<Text<'a>>,
    #[serde(borrow)]
    pub work_location: Option<Text<'a>>,
    #[serde(borrow)]
    pub to_work_country_node: Option<Coded<'a>>,
    #[serde(borrow)]
    pub to_province_node: Option<Labelled<'a>>,
    #[serde(borrow)]
    pub to_company: Option<Company<'a>>,
    #[serde(borrow)]
    pub additional_info: Option<&'a RawValue>,
    pub start_date: Option<Date>,
    pub creation_date: Option<Date>,
    pub status_changed_date: Option<Date>,
    pub modification_date: Option<Date>,
    #[serde(borrow)]
    pub owner: Option<User<'a>>,
    #[serde(borrow)]
    pub to_product_node: Option<Identified<'a>>,
    #[serde(borrow)]
    pub vacancy_users: Page<VacancyUser<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Publication<'a> {
    #[serde(rename = "_id", borrow)]
    pub id: Text<'a>,
    pub publication_start: Option<Date>,
    pub publication_end: Option<Date>,
    pub deleted: Option<i64>,
    pub closed: Option<i64>,
    #[serde(borrow)]
    pub to_status_node: Option<TagOnly<'a>>,
    #[serde(borrow)]
    pub to_medium: Option<Medium<'a>>,
    #[serde(borrow)]
    pub vacancy_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub apply_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub title_information: Option<Text<'a>>,
    #[serde(rename = "introInformationHTML", borrow)]
    pub intro_information: Option<Text<'a>>,
    #[serde(rename = "vacancyInformationHTML", borrow)]
    pub vacancy_information: Option<Text<'a>>,
    #[serde(rename = "requirementsInformationHTML", borrow)]
    pub requirements: Option<Text<'a>>,
    #[serde(rename = "offerInformationHTML", borrow)]
    pub offer_information: Option<Text<'a>>,
    #[serde(rename = "companyInformationHTML", borrow)]
    pub company_information: Option<Text<'a>>,
    #[serde(rename = "applicationContactInformationHTML", borrow)]
    pub contact_information: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Company<'a> {
    #[serde(borrow)]
    pub visit_street: Option<Text<'a>>,
    #[serde(borrow)]
    pub visit_number: Option<Text<'a>>,
    #[serde(borrow)]
    pub visit_number_suffix: Option<Text<'a>>,
    #[serde(borrow)]
    pub visit_postal_code: Option<Text<'a>>,
    #[serde(borrow)]
    pub visit_city: Option<Text<'a>>,
    #[serde(borrow)]
    pub to_visit_country_node: Option<Coded<'a>>,
    #[serde(borrow)]
    pub to_visit_province_node: Option<Labelled<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VacancyUser<'a> {
    #[serde(borrow)]
    pub to_user: Option<User<'a>>,
    #[serde(borrow)]
    pub to_vacancy_role_node: Option<Role<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User<'a> {
    #[serde(rename = "_id", borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub last_name_prefix: Option<Text<'a>>,
    #[serde(borrow)]
    pub last_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub primary_email_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub email_address: Option<Text<'a>>,
    #[serde(borrow)]
    pub email_address_business: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
}

#[derive(Deserialize)]
pub struct Labelled<'a> {
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coded<'a> {
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
    #[serde(borrow)]
    pub export_code: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Tagged<'a> {
    #[serde(borrow)]
    pub tag: Option<Text<'a>>,
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct TagOnly<'a> {
    #[serde(borrow)]
    pub tag: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Role<'a> {
    #[serde(rename = "_id", borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Medium<'a> {
    #[serde(borrow)]
    pub code: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Named<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub struct Identified<'a> {
    #[serde(rename = "_id", borrow)]
    pub id: Text<'a>,
}

/// A text that is copied only where the source escaped something in it. (`Option<Cow<str>>` would always copy.)
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    pub fn trimmed(&self) -> &str {
        self.0.trim()
    }
}

/// What is left of a text without its outer blanks, if anything is.
pub fn text<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(Text::trimmed).filter(|text| !text.is_empty())
}

/// A date of the source, read on the clock of Amsterdam.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub Timestamp);

static AMSTERDAM: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Amsterdam").expect("the time zone database has it"));

impl Date {
    /// Reads `yyyy-MM-dd HH:mm:ss`.
    fn parse(text: &str) -> Option<Date> {
        let text: &[u8; 19] = text.as_bytes().try_into().ok()?;
        let digits = |range: std::ops::Range<usize>| {
            text[range]
                .iter()
                .try_fold(0_i16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0')))
        };
        let small = |range| digits(range).map(|number| number as i8);
        if [text[4], text[7], text[10], text[13], text[16]] != *b"-- ::" {
            return None;
        }
        let wall = DateTime::new(
            digits(0..4)?,
            small(5..7)?,
            small(8..10)?,
            small(11..13)?,
            small(14..16)?,
            small(17..19)?,
            0,
        );
        AMSTERDAM.to_ambiguous_timestamp(wall.ok()?).compatible().ok().map(Date)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Date;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date such as 2026-11-20 12:00:00")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Date, E> {
                Date::parse(text.trim()).ok_or_else(|| E::custom("is no date of this source"))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wall = jiff::tz::Offset::UTC.to_datetime(self.0);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |at: usize, width: usize, mut value: u32| {
            for place in (at..at + width).rev() {
                text[place] = b'0' + (value % 10) as u8;
                value /= 10;
            }
        };
        put(0, 4, wall.year().unsigned_abs().into());
        put(5, 2, wall.month().unsigned_abs().into());
        put(8, 2, wall.day().unsigned_abs().into());
        put(11, 2, wall.hour().unsigned_abs().into());
        put(14, 2, wall.minute().unsigned_abs().into());
        put(17, 2, wall.second().unsigned_abs().into());
        serializer.serialize_str(std::str::from_utf8(&text).expect("digits and marks are ASCII"))
    }
}
