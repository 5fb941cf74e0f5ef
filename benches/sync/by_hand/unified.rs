//! The unified candidate, and how one is made: what the mapping of candidates says, as typed Rust.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crosswalk::model::Id;
use email_address::EmailAddress;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::candidate::{Candidate, Country, Email, Phone, Tagged, Text, label, text};
use crate::CONNECTION;

#[derive(Serialize)]
pub struct Unified<'a> {
    id: Derived,
    remote_id: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<String>,
    company: Option<&'a str>,
    title: Option<&'a str>,
    confidential: Option<bool>,
    source: Option<&'a str>,
    phone_numbers: Vec<PhoneNumber<'a>>,
    email_addresses: Vec<Address<'a>>,
    social_media: Vec<Profile<'a>>,
    location: Option<Location<'a>>,
    custom_fields: Option<FreeFields<'a>>,
    remote_url: String,
    remote_created_at: Option<Date>,
    remote_updated_at: Option<Date>,
    tags: Vec<Tag<'a>>,
}

#[derive(Serialize)]
struct PhoneNumber<'a> {
    phone_number: &'a str,
    r#type: Option<&'a str>,
}

#[derive(Serialize)]
struct Address<'a> {
    email_address: &'a str,
    r#type: Option<&'a str>,
}

#[derive(Serialize)]
struct Profile<'a> {
    link: &'a str,
    r#type: Option<&'a str>,
    username: Option<&'a str>,
}

#[derive(Serialize, Default)]
struct Location<'a> {
    city: Option<&'a str>,
    country: Option<&'a str>,
    raw: Option<&'a str>,
    state: Option<&'a str>,
    street_1: Option<String>,
    street_2: Option<&'a str>,
    zip_code: Option<&'a str>,
}

#[derive(Serialize)]
struct Tag<'a> {
    id: Derived,
    name: Option<&'a str>,
    remote_id: &'a str,
}

struct Derived(Id);

impl Serialize for Derived {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

struct Date(Timestamp);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}

/// The unified form of a candidate.
pub fn unify<'a>(candidate: &'a Candidate<'a>, id: Id) -> Unified<'a> {
    let history = candidate.most_recent_work_history.as_ref();
    let title = label(&candidate.current_function).or_else(|| history.and_then(|history| text(&history.function)));
    let medium = || candidate.to_medium.as_ref().and_then(|medium| text(&medium.name));
    Unified {
        id: Derived(id),
        remote_id: candidate.id.trimmed(),
        first_name: text(&candidate.first_name),
        last_name: joined([&candidate.last_name_prefix, &candidate.last_name]),
        company: text(&candidate.current_employer_name).or_else(|| history.and_then(|history| text(&history.employer))),
        title: title.or_else(|| label(&candidate.wanted_function)),
        confidential: candidate.is_confidential.map(|flag| flag == 1),
        source: label(&candidate.to_source_node).or_else(|| text(&candidate.source_info)).or_else(medium),
        phone_numbers: phone_numbers(candidate),
        email_addresses: email_addresses(candidate),
        social_media: candidate
            .urls
            .items
            .iter()
            .filter_map(|link| profile(text(&link.url)?, &link.to_url_label))
            .collect(),
        location: location(candidate),
        custom_fields: candidate
            .additional_info
            .filter(|fields| fields.get().starts_with('{') && fields.get() != "{}")
            .map(FreeFields),
        remote_url: format!("https://sandbox.carerix.net/#CREmployee/{}", candidate.number),
        remote_created_at: date(&candidate.creation_date),
        remote_updated_at: date(&candidate.modification_date).or_else(|| date(&candidate.creation_date)),
        tags: candidate
            .groups
            .items
            .iter()
            .map(|group| Tag {
                id: Derived(Id::derive(CONNECTION, "tags", group.id.trimmed())),
                name: text(&group.value),
                remote_id: group.id.trimmed(),
            })
            .collect(),
    }
}

fn phone_numbers<'a>(candidate: &'a Candidate<'a>) -> Vec<PhoneNumber<'a>> {
    let items = &candidate.phone_numbers.items;
    let mut numbers: Vec<PhoneNumber<'_>> = Vec::with_capacity(items.len() + 2);
    let mut push = |phone_number: &'a str, r#type| {
        if !numbers.iter().any(|known| known.phone_number.eq_ignore_ascii_case(phone_number)) {
            numbers.push(PhoneNumber { phone_number, r#type });
        }
    };
    let valid = || items.iter().filter(|item: &&Phone<'_>| item.is_invalid != Some(1));
    let (first, rest): (Vec<_>, Vec<_>) = valid().partition(|item| item.is_primary == Some(1));
    for item in first.into_iter().chain(rest) {
        if let Some(number) = text(&item.phone_number) {
            push(number, label(&item.to_phone_number_label).map(contact_label));
        }
    }
    for (field, kind) in [
        (&candidate.mobile_number, "MOBILE"),
        (&candidate.phone_number, "HOME"),
        (&candidate.mobile_number_business, "WORK_MOBILE"),
        (&candidate.phone_number_business, "WORK"),
    ] {
        if let Some(number) = text(field)
            && !items.iter().any(|item| text(&item.phone_number).is_some_and(|listed| same_number(listed, number)))
        {
            push(number, Some(kind));
        }
    }
    numbers
}

fn email_addresses<'a>(candidate: &'a Candidate<'a>) -> Vec<Address<'a>> {
    let items = &candidate.email_addresses.items;
    let mut addresses: Vec<Address<'_>> = Vec::with_capacity(items.len() + 2);
    let mut push = |email_address: &'a str, r#type| {
        let known = |known: &Address<'_>| known.email_address.eq_ignore_ascii_case(email_address);
        if EmailAddress::is_valid(email_address) && !addresses.iter().any(known) {
            addresses.push(Address { email_address, r#type });
        }
    };
    let listed = |item: &'a Email<'a>| Some((text(&item.email_address)?, label(&item.to_email_address_label)));
    let valid = || items.iter().filter(|item: &&Email<'_>| item.invalid != Some(1));
    let primary = |item: &&Email<'_>| item.is_primary == Some(1);
    let unlisted =
        |field| text(field).filter(|address| !items.iter().any(|item| same(text(&item.email_address), address)));
    for (address, kind) in valid().filter(primary).filter_map(listed) {
        push(address, kind.map(contact_label));
    }
    if let Some(address) = unlisted(&candidate.primary_email_address) {
        push(address, None);
    }
    for (address, kind) in valid().filter(|item| !primary(item)).filter_map(listed) {
        push(address, kind.map(contact_label));
    }
    for (field, kind) in [
        (&candidate.email_address, None),
        (&candidate.email_address_private, Some("PRIVATE")),
        (&candidate.email_address_business, Some("WORK")),
        (&candidate.business_email_address, Some("WORK")),
    ] {
        if let Some(address) = unlisted(field) {
            push(address, kind);
        }
    }
    addresses
}

/// Whether two numbers are one: either may lack the country's code.
fn same_number(one: &str, other: &str) -> bool {
    if one.chars().next_back() != other.chars().next_back() {
        return false;
    }
    let (one, other) = (bare(one), bare(other));
    one == other || (other.len() >= 8 && one.ends_with(&other)) || (one.len() >= 8 && other.ends_with(&one))
}

/// A number without blanks, marks and leading zeros.
fn bare(number: &str) -> String {
    let without = number.replace("(0)", "").replace(['(', ')', ' ', '-', '.', '/', '+'], "");
    without.trim_start_matches('0').to_owned()
}

fn same(listed: Option<&str>, value: &str) -> bool {
    listed.is_some_and(|listed| listed.to_lowercase() == value.to_lowercase())
}

fn profile<'a>(link: &'a str, label: &'a Option<Tagged<'a>>) -> Option<Profile<'a>> {
    const HOSTS: [(&str, &str); 10] = [
        ("linkedin.com", "LINKEDIN"),
        ("twitter.com", "TWITTER"),
        ("//x.com", "TWITTER"),
        ("//www.x.com", "TWITTER"),
        ("facebook.com", "FACEBOOK"),
        ("instagram.com", "INSTAGRAM"),
        ("xing.com", "XING"),
        ("github.com", "GITHUB"),
        ("youtube.com", "YOUTUBE"),
        ("youtu.be", "YOUTUBE"),
    ];
    let by_tag = match label.as_ref().and_then(|label| text(&label.tag)) {
        Some(tag) if tag.eq_ignore_ascii_case("UrlLinkedInTag") => Some("LINKEDIN"),
        Some(tag) if tag.eq_ignore_ascii_case("UrlWebsiteTag") => Some("WEBSITE"),
        _ => None,
    };
    let by_host = || {
        let link = link.to_lowercase();
        HOSTS.iter().find(|(host, _)| link.contains(host)).map(|(_, kind)| *kind)
    };
    let by_label = || label.as_ref().and_then(|label| text(&label.value));
    link.contains('.').then(|| Profile { link, r#type: by_tag.or_else(by_host).or_else(by_label), username: None })
}

fn location<'a>(candidate: &'a Candidate<'a>) -> Option<Location<'a>> {
    let home = [&candidate.home_street, &candidate.home_postal_code, &candidate.home_city];
    let plain = [&candidate.street, &candidate.postal_code, &candidate.city];
    let visit = [&candidate.visit_postal_code, &candidate.visit_city];
    let known = |parts: &[&Option<Text<'_>>]| parts.iter().any(|part| text(part).is_some());
    let state = || label(&candidate.to_home_province_node).or_else(|| label(&candidate.to_province_node));
    if known(&home) {
        return Some(Location {
            city: text(&candidate.home_city),
            country: country(&candidate.to_home_country_node),
            state: label(&candidate.to_home_province_node),
            street_1: joined([&candidate.home_street, &candidate.home_number, &candidate.home_number_suffix]),
            zip_code: text(&candidate.home_postal_code),
            ..Location::default()
        });
    }
    if known(&plain) {
        return Some(Location {
            city: text(&candidate.city),
            country: country(&candidate.to_country_node),
            state: label(&candidate.to_province_node),
            street_1: joined([&candidate.street, &candidate.house_number, &candidate.house_number_suffix]),
            zip_code: text(&candidate.postal_code),
            ..Location::default()
        });
    }
    if known(&visit) {
        let (city, zip_code) = (text(&candidate.visit_city), text(&candidate.visit_postal_code));
        return Some(Location { city, zip_code, ..Location::default() });
    }
    let country = country(&candidate.to_home_country_node).or_else(|| country(&candidate.to_country_node));
    (country.is_some() || state().is_some()).then(|| Location { country, state: state(), ..Location::default() })
}

fn country<'a>(node: &'a Option<Country<'a>>) -> Option<&'a str> {
    let node = node.as_ref()?;
    let (name, code) = (text(&node.value), text(&node.export_code));
    let by_table = name.and_then(|name| COUNTRIES.get(name.to_lowercase().as_str()).copied());
    by_table.or_else(|| code.and_then(standard)).or_else(|| name.and_then(standard)).or(name).or(code)
}

fn standard(text: &str) -> Option<&'static str> {
    let found = match text.len() {
        2 => rust_iso3166::from_alpha2(&text.to_uppercase()),
        3 => rust_iso3166::from_alpha3(&text.to_uppercase()),
        _ => rust_iso3166::ALL.iter().find(|country| country.name.eq_ignore_ascii_case(text)).copied(),
    };
    found.map(|country| country.alpha2)
}

static COUNTRIES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    HashMap::from([
        ("nederland", "NL"),
        ("holland", "NL"),
        ("belgië", "BE"),
        ("belgie", "BE"),
        ("duitsland", "DE"),
        ("frankrijk", "FR"),
        ("luxemburg", "LU"),
        ("verenigd koninkrijk", "GB"),
        ("ierland", "IE"),
        ("spanje", "ES"),
        ("italië", "IT"),
        ("zwitserland", "CH"),
        ("oostenrijk", "AT"),
        ("polen", "PL"),
        ("roemenië", "RO"),
        ("bulgarije", "BG"),
        ("turkije", "TR"),
        ("verenigde staten", "US"),
    ])
});

static CONTACT_LABELS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    HashMap::from([
        ("privé", "PRIVATE"),
        ("prive", "PRIVATE"),
        ("persoonlijk", "PRIVATE"),
        ("private", "PRIVATE"),
        ("personal", "PRIVATE"),
        ("thuis", "HOME"),
        ("home", "HOME"),
        ("zakelijk", "WORK"),
        ("werk", "WORK"),
        ("work", "WORK"),
        ("business", "WORK"),
        ("mobiel", "MOBILE"),
        ("mobile", "MOBILE"),
        ("gsm", "MOBILE"),
        ("mobiel zakelijk", "WORK_MOBILE"),
        ("zakelijk mobiel", "WORK_MOBILE"),
        ("mobile work", "WORK_MOBILE"),
    ])
});

fn contact_label(label: &str) -> &str {
    CONTACT_LABELS.get(label.to_lowercase().as_str()).copied().unwrap_or(label)
}

fn joined<const N: usize>(parts: [&Option<Text<'_>>; N]) -> Option<String> {
    let mut whole = String::new();
    for part in parts.into_iter().filter_map(|part| text(part)) {
        if !whole.is_empty() {
            whole.push(' ');
        }
        whole.push_str(part);
    }
    (!whole.is_empty()).then_some(whole)
}

static AMSTERDAM: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Amsterdam").expect("the time zone database has it"));

/// Reads `yyyy-MM-dd HH:mm:ss` on the clock of Amsterdam.
fn date(field: &Option<Text<'_>>) -> Option<Date> {
    let text: &[u8; 19] = text(field)?.as_bytes().try_into().ok()?;
    let digits = |range: std::ops::Range<usize>| {
        text[range]
            .iter()
            .try_fold(0_i16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0')))
    };
    let small = |range| digits(range).map(|number| number as i8);
    if [text[4], text[7], text[10], text[13], text[16]] != *b"-- ::" {
        return None;
    }
    let (year, month, day) = (digits(0..4)?, small(5..7)?, small(8..10)?);
    let wall = DateTime::new(year, month, day, small(11..13)?, small(14..16)?, small(17..19)?, 0).ok()?;
    AMSTERDAM.to_ambiguous_timestamp(wall).compatible().ok().map(Date)
}

/// The dictionary of free fields, its keys spelled in one way.
struct FreeFields<'a>(&'a RawValue);

impl Serialize for FreeFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields: BTreeMap<&str, &RawValue> = serde_json::from_str(self.0.get()).map_err(S::Error::custom)?;
        serializer.collect_map(fields.iter().map(|(key, value)| (format!("_{}", key.trim_start_matches('_')), value)))
    }
}
