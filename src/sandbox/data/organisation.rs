//! `CRAgency`, `CRCompany` and `CRMedium`.

use super::labels::Picklist;
use super::words::{CITIES, FIRM_FORMS, FIRM_NAMES, HOUSE_SUFFIXES, STREETS};
use super::{
    CONTACTS, Draw, Kind, OFFICE_USERS, REFERENCE, Record, Value, World, between, dealt_node, node, office_hour,
};

const AGENCY_NAMES: [&str; 3] = ["Vestiging Zwolle", "Vestiging Utrecht", "Vestiging Café-Noord"];

pub(super) fn agency_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let city = CITIES[(row as usize * 4 + 1) % CITIES.len()].0;
    Some(match name {
        "agencyID" => (Kind::Agency.first_id() + row).into(),
        "name" => AGENCY_NAMES[row as usize].into(),
        "shortName" => format!("V{}", row + 1).into(),
        "isMainAgency" => Value::flag(row == 0),
        "parent" => (row > 0).then(|| Record::new(Kind::Agency, 0)).into(),
        "emailAddress" => format!("vestiging{}@example.org", row + 1).into(),
        "phoneNumber" => format!("+31 20 000 00 {:02}", row + 1).into(),
        "visitCity" => city.into(),
        "creationDate" => office_hour(world.draw(Record::new(Kind::Agency, row)), "created", 2_500).into(),
        _ => return None,
    })
}

/// A postal address of made-up house numbers in a real city.
pub(super) struct Address {
    pub(super) street: &'static str,
    house: u64,
    pub(super) suffix: Option<&'static str>,
    postal_digits: u32,
    postal_letters: &'static str,
    pub(super) city: &'static str,
    pub(super) province: u32,
}

impl Address {
    pub(super) fn of(draw: Draw) -> Address {
        let (city, postal_digits, province) = draw.pick("city", CITIES);
        Address {
            street: draw.pick("street", STREETS),
            house: 1 + draw.below("house number", 240),
            suffix: draw.pick("house suffix", HOUSE_SUFFIXES),
            postal_digits,
            postal_letters: draw.pick("postal letters", &["AB", "CD", "EK", "PX", "ZZ"]),
            city,
            province,
        }
    }

    pub(super) fn number(&self) -> String {
        self.house.to_string()
    }

    pub(super) fn postal_code(&self) -> String {
        format!("{} {}", self.postal_digits, self.postal_letters)
    }

    pub(super) fn in_one_line(&self) -> String {
        let suffix = self.suffix.unwrap_or_default();
        format!("{} {}{suffix}, {} {}", self.street, self.house, self.postal_code(), self.city)
    }
}

pub(super) fn company_name(draw: Draw) -> String {
    format!("{}{}", draw.deal("firm", FIRM_NAMES), draw.pick("legal form", FIRM_FORMS))
}

pub(super) fn company_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::Company, row));
    if let Some(place) = name.strip_prefix("visit").or_else(|| name.strip_prefix("toVisit")) {
        return if draw.one_in("no address", 10) { Some(Value::Null) } else { visit_field(draw, place) };
    }
    let created = office_hour(draw, "created", 2_400);
    let has = |fact| draw.below(fact, 3) > 0;
    Some(match name {
        "companyID" => (Kind::Company.first_id() + row).into(),
        "name" => company_name(draw).into(),
        "shortName" => draw.deal("firm", FIRM_NAMES).into(),
        "emailAddress" => has("e-mail").then(|| format!("info{row}@example.com")).into(),
        "phoneNumber" => has("phone").then(|| format!("+31 20 000 {:02} 00", row % 100)).into(),
        "url" => has("url").then(|| format!("https://www.example.com/{row}")).into(),
        "linkedInUrl" => has("linkedin").then(|| format!("https://www.linkedin.com/company/example-{row}")).into(),
        "kvkNumber" => has("kvk").then(|| format!("000{:05}", draw.below("kvk number", 100_000))).into(),
        "companyInformation" => has("text").then_some("<p>Familiebedrijf met oog voor vakmanschap.</p>").into(),
        "toBrancheLevel1" => dealt_node(draw, "branch", Picklist::Branch).into(),
        "owner" => Record::new(Kind::User, draw.below("owner", OFFICE_USERS.into()) as u32).into(),
        "agency" => Record::new(Kind::Agency, draw.card("agency", super::AGENCIES)).into(),
        "users" => Value::many(Kind::User, contacts_of(world, row)),
        "vacancies" => {
            let rows = 0..world.vacancies;
            Value::many(Kind::Vacancy, rows.filter(|&vacancy| super::vacancies::company(world, vacancy) == Some(row)))
        }
        "deleted" => Value::flag(draw.one_in("archived", 20)),
        "creationDate" => created.into(),
        "modificationDate" => {
            (!draw.one_in("unmodified", 9)).then(|| between(draw, "modified", created, REFERENCE)).into()
        }
        _ => return None,
    })
}

fn visit_field(draw: Draw, name: &str) -> Option<Value> {
    let address = Address::of(draw);
    Some(match name {
        "Street" => address.street.into(),
        "Number" => address.number().into(),
        "NumberSuffix" => address.suffix.into(),
        "PostalCode" => address.postal_code().into(),
        "City" => address.city.into(),
        "FullAddress" => address.in_one_line().into(),
        "CountryNode" => dealt_node(draw, "country", Picklist::Country).into(),
        "ProvinceNode" => node(Picklist::Province, address.province).into(),
        _ => return None,
    })
}

fn contacts_of(world: &World, company: u32) -> impl Iterator<Item = u32> {
    let contacts = OFFICE_USERS..OFFICE_USERS + CONTACTS;
    contacts.filter(move |&user| super::users::company_of_contact(world, user) == company)
}

struct Medium {
    code: Option<&'static str>,
    name: &'static str,
    active: bool,
    /// The stage that matches through this medium begin in, by procedure.
    begins_in: Option<u32>,
}

static MEDIA: [Medium; 6] = [
    Medium { code: Some("web"), name: "Eigen website", active: true, begins_in: Some(0) },
    Medium { code: Some("indeed"), name: "Indeed", active: true, begins_in: None },
    Medium { code: Some("linkedin"), name: "LinkedIn", active: true, begins_in: Some(1) },
    Medium { code: Some("intranet"), name: "Intranet", active: true, begins_in: None },
    Medium { code: None, name: "Vakblad", active: true, begins_in: None },
    Medium { code: Some("krant"), name: "Regionale krant", active: false, begins_in: None },
];

/// The media that publications are drawn on.
pub(super) const WEB: u32 = 0;
pub(super) const BOARDS: [u32; 2] = [1, 2];
pub(super) const INTRANET: u32 = 3;
pub(super) const PAPER: u32 = 4;

pub(super) fn media_count() -> u32 {
    MEDIA.len() as u32
}

pub(super) fn medium_field(row: u32, name: &str) -> Option<Value> {
    let medium = &MEDIA[row as usize];
    Some(match name {
        "mediumID" => (Kind::Medium.first_id() + row).into(),
        "code" => medium.code.into(),
        "name" => medium.name.into(),
        "active" => Value::flag(medium.active),
        "isDefault" | "isSystem" => Value::flag(row == WEB),
        "defaultStatusInfo" => medium.begins_in.and_then(super::stages::start_of).into(),
        "toSourceNode" => (row < 3).then(|| node(Picklist::CandidateSource, row)).into(),
        "toSourceMatchNode" => node(Picklist::MatchSource, 0).into(),
        "creationDate" => REFERENCE.plus_days(-2_600).into(),
        _ => return None,
    })
}
