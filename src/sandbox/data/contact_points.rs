//! `CREmailAddress`, `CRPhoneNumber` and `CRUrl`: how people can be reached. They hang on the user of a person.

use super::labels::Picklist;
use super::users::{Person, is_at_work};
use super::{Draw, Kind, REFERENCE, Record, Value, World, node};

const PRIVATE: Option<u32> = Some(0);
const BUSINESS: Option<u32> = Some(1);
const MOBILE: Option<u32> = Some(2);

/// Which rows of a kind a person has.
struct Entry {
    /// The place in the label list.
    label: Option<u32>,
    primary: bool,
    valid: bool,
    malformed: bool,
}

const fn entry(label: Option<u32>, primary: bool) -> Entry {
    Entry { label, primary, valid: true, malformed: false }
}

const fn invalid(label: Option<u32>, primary: bool, malformed: bool) -> Entry {
    Entry { label, primary, valid: false, malformed }
}

/// What the address rows of candidates look like; the plain fields follow from them, except that the persons of
/// the fifth pattern have plain fields only.
static EMAILS: [&[Entry]; 9] = [
    &[],
    &[entry(PRIVATE, true)],
    &[entry(BUSINESS, true), entry(PRIVATE, false)],
    &[entry(PRIVATE, true), entry(BUSINESS, false), invalid(None, false, true)],
    &[],
    &[invalid(PRIVATE, true, false), entry(BUSINESS, false)],
    &[entry(None, false), entry(None, false)],
    &[entry(PRIVATE, true)],
    &[invalid(PRIVATE, true, true)],
];
const PLAIN_EMAIL_ONLY: u32 = 4;

static PHONES: [&[Entry]; 7] = [
    &[],
    &[entry(MOBILE, true)],
    &[entry(MOBILE, true), entry(PRIVATE, false)],
    &[],
    &[entry(PRIVATE, false), entry(BUSINESS, false), entry(MOBILE, true)],
    &[invalid(MOBILE, true, false), entry(None, false)],
    &[entry(MOBILE, true)],
];
const PLAIN_PHONE_ONLY: u32 = 3;

static URLS: [&[Option<u32>]; 6] = [&[Some(0)], &[], &[Some(1)], &[Some(0), Some(1), None], &[], &[None]];

fn emails(draw: Draw, user: u32) -> &'static [Entry] {
    if is_at_work(user) {
        return &[];
    }
    EMAILS[draw.card("e-mail pattern", EMAILS.len() as u32) as usize]
}

fn phones(draw: Draw, user: u32) -> &'static [Entry] {
    if is_at_work(user) {
        return &[];
    }
    PHONES[draw.card("phone pattern", PHONES.len() as u32) as usize]
}

fn urls(draw: Draw, user: u32) -> &'static [Option<u32>] {
    if is_at_work(user) {
        return &[];
    }
    URLS[draw.card("url pattern", URLS.len() as u32) as usize]
}

pub(super) fn email_count(draw: Draw, user: u32) -> u32 {
    emails(draw, user).len() as u32
}

pub(super) fn phone_count(draw: Draw, user: u32) -> u32 {
    phones(draw, user).len() as u32
}

pub(super) fn url_count(draw: Draw, user: u32) -> u32 {
    urls(draw, user).len() as u32
}

/// The plain address fields of a candidate.
pub(super) struct Addresses {
    pub(super) primary: Option<String>,
    pub(super) private: Option<String>,
    pub(super) business: Option<String>,
}

/// The plain fields, told from the rows.
pub(super) fn addresses(draw: Draw, number: u32) -> Addresses {
    let user = number - Kind::User.first_id();
    let rows = emails(draw, user);
    let with = |wanted: &dyn Fn(&Entry) -> bool| {
        let found = rows.iter().position(wanted);
        found.map(|nth| email_text(draw, number, nth, rows[nth].malformed))
    };
    if draw.card("e-mail pattern", EMAILS.len() as u32) == PLAIN_EMAIL_ONLY {
        let address = Some(email_text(draw, number, 0, false));
        return Addresses { primary: address.clone(), private: address, business: None };
    }
    Addresses {
        primary: with(&|entry| entry.primary),
        private: with(&|entry| entry.label == PRIVATE),
        business: with(&|entry| entry.label == BUSINESS),
    }
}

fn email_text(draw: Draw, number: u32, nth: usize, malformed: bool) -> String {
    let mailbox = Person::of(draw).mailbox(number);
    match (malformed, nth) {
        (true, _) => format!("{mailbox}@@example"),
        (false, 0) => format!("{mailbox}@example.org"),
        (false, nth) => format!("{mailbox}.{nth}@example.com"),
    }
}

/// The plain phone fields of a person.
pub(super) struct Numbers {
    pub(super) private: Option<String>,
    pub(super) mobile: Option<String>,
    pub(super) business: Option<String>,
    pub(super) business_mobile: Option<String>,
}

/// The plain fields: those of the fourth pattern stand alone, others repeat a row, written differently.
pub(super) fn numbers(draw: Draw, number: u32) -> Numbers {
    let user = number - Kind::User.first_id();
    let rows = phones(draw, user);
    let plain_only = draw.card("phone pattern", PHONES.len() as u32) == PLAIN_PHONE_ONLY;
    let has = |label| rows.iter().any(|entry| entry.label == label);
    let works_here = is_at_work(user);
    let last = number % 100;
    Numbers {
        private: (plain_only || has(PRIVATE)).then(|| format!("020-0000 0{last:02}")),
        mobile: (plain_only || has(MOBILE) || works_here).then(|| format!("06 0000 00{last:02}")),
        business: (has(BUSINESS) || works_here).then(|| format!("+31 20 001 00 {last:02}")),
        business_mobile: (plain_only && number.is_multiple_of(2)).then(|| format!("+31 6 0001 00{last:02}")),
    }
}

fn labelled(list: Picklist, label: Option<u32>) -> Value {
    label.map(|label| node(list, label)).into()
}

pub(super) fn email_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let (user, nth) = world.emails.parent(row);
    let draw = world.draw(Record::new(Kind::User, user));
    let entry = &emails(draw, user)[nth as usize];
    Some(match name {
        "emailAddressID" => (Kind::EmailAddress.first_id() + row).into(),
        "emailAddress" => email_text(draw, Kind::User.first_id() + user, nth as usize, entry.malformed).into(),
        "isPrimary" => Value::flag(entry.primary),
        "invalid" => Value::flag(!entry.valid),
        "toEmailAddressLabel" => labelled(Picklist::EmailLabel, entry.label),
        "toUser" => Record::new(Kind::User, user).into(),
        "creationDate" => REFERENCE.plus_days(-400).into(),
        _ => return None,
    })
}

pub(super) fn phone_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let (user, nth) = world.phones.parent(row);
    let draw = world.draw(Record::new(Kind::User, user));
    let entry = &phones(draw, user)[nth as usize];
    let number = Kind::User.first_id() + user;
    let last = number % 100;
    Some(match name {
        "phoneNumberID" => (Kind::PhoneNumber.first_id() + row).into(),
        "phoneNumber" => match entry.label {
            PRIVATE => format!("+31 20 000 00 {last:02}"),
            BUSINESS => format!("+31 20 001 00 {last:02}"),
            MOBILE => format!("+31 6 0000 00{last:02}"),
            _ => format!("tel. 0{last:02} (thuis)"),
        }
        .into(),
        "isPrimary" => Value::flag(entry.primary),
        "isInvalid" => Value::flag(!entry.valid),
        "toPhoneNumberLabel" => labelled(Picklist::PhoneLabel, entry.label),
        "sourceEntityID" => number.into(),
        "sourceEntityName" => Kind::User.name().into(),
        "creationDate" => REFERENCE.plus_days(-400).into(),
        _ => return None,
    })
}

pub(super) fn url_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let (user, nth) = world.urls.parent(row);
    let draw = world.draw(Record::new(Kind::User, user));
    let label = urls(draw, user)[nth as usize];
    let mailbox = || Person::of(draw).mailbox(Kind::User.first_id() + user);
    let unlabelled = || match draw.below("unlabelled url", 4) {
        0 => format!("https://github.com/example-{}", mailbox()),
        1 => format!("www.linkedin.com/in/example-{}", mailbox()),
        2 => format!("https://x.com/example-{}", mailbox()),
        _ => "geen".to_owned(),
    };
    Some(match name {
        "urlID" => (Kind::Url.first_id() + row).into(),
        "url" => match label {
            Some(0) => format!("https://www.linkedin.com/in/example-{}", mailbox()),
            Some(_) => format!("https://{}.example.org/", mailbox()),
            None => unlabelled(),
        }
        .into(),
        "toUrlLabel" => labelled(Picklist::UrlLabel, label),
        "toUser" => Record::new(Kind::User, user).into(),
        "creationDate" => REFERENCE.plus_days(-300).into(),
        _ => return None,
    })
}
