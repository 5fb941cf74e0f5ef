//! `CRUser`: office users, contacts at companies, and the person behind each candidate; roles and vacancy teams.

use super::contact_points::{Addresses, addresses, numbers};
use super::labels::Picklist;
use super::words::{FIRST_NAMES, INFIXES, LAST_NAMES, ascii_slug};
use super::{
    AGENCIES, COMPANIES, CONTACTS, Draw, Kind, OFFICE_USERS, REFERENCE, Record, Value, World, between, dealt_node,
    node, office_hour,
};
use serde_json::json;

/// The first row of office users who were added while the sandbox ran; the rows below grow with the candidates.
pub(super) const ADDED: u32 = 5_000_000;

/// The user row of a candidate.
pub(super) fn of_candidate(candidate: u32) -> u32 {
    OFFICE_USERS + CONTACTS + candidate
}

fn candidate_of(user: u32) -> Option<u32> {
    user.checked_sub(OFFICE_USERS + CONTACTS).filter(|_| user < ADDED)
}

fn is_office(user: u32) -> bool {
    !(OFFICE_USERS..ADDED).contains(&user)
}

/// Whether the user is of the office or of a company: someone with a job rather than someone who wants one.
pub(super) fn is_at_work(user: u32) -> bool {
    candidate_of(user).is_none()
}

fn is_contact(user: u32) -> bool {
    (OFFICE_USERS..OFFICE_USERS + CONTACTS).contains(&user)
}

/// The company that a contact works for.
pub(super) fn company_of_contact(world: &World, user: u32) -> u32 {
    world.draw(Record::new(Kind::User, user)).below("company", COMPANIES.into()) as u32
}

/// A user of the office, as owner or creator of something.
pub(super) fn some_office_user(draw: Draw, fact: &str) -> Record {
    Record::new(Kind::User, draw.below(fact, OFFICE_USERS.into()) as u32)
}

/// The names of a person.
pub(super) struct Person {
    pub(super) first_name: &'static str,
    pub(super) infix: Option<&'static str>,
    pub(super) last_name: &'static str,
    /// The place in the gender list.
    pub(super) gender: u32,
}

impl Person {
    pub(super) fn of(draw: Draw) -> Person {
        let (first_name, gender) = draw.pick("first name", FIRST_NAMES);
        let infix = draw.pick("infix", INFIXES);
        Person { first_name, infix, last_name: draw.pick("last name", LAST_NAMES), gender }
    }

    pub(super) fn name(&self) -> String {
        match self.infix {
            Some(infix) => format!("{} {infix} {}", self.first_name, self.last_name),
            None => format!("{} {}", self.first_name, self.last_name),
        }
    }

    pub(super) fn initials(&self) -> String {
        let first = self.first_name.chars().next().unwrap_or('N');
        format!("{first}.")
    }

    /// The local part of an address; the number keeps namesakes apart.
    pub(super) fn mailbox(&self, number: u32) -> String {
        format!("{}.{}.{number}", ascii_slug(self.first_name), ascii_slug(self.last_name))
    }
}

/// What is odd about an office user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Plain,
    Blocked,
    Inactive,
    Archived,
    NoPrimaryAddress,
    NoAddress,
}

fn habit(draw: Draw, user: u32) -> Habit {
    if !is_office(user) {
        return Habit::Plain;
    }
    let deck = [
        Habit::Plain,
        Habit::Blocked,
        Habit::Plain,
        Habit::Inactive,
        Habit::Plain,
        Habit::Archived,
        Habit::Plain,
        Habit::NoPrimaryAddress,
        Habit::Plain,
        Habit::NoAddress,
    ];
    draw.deal("habit", &deck)
}

pub(super) fn field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::User, row));
    name_field(draw, name).or_else(|| address_field(world, row, name)).or_else(|| state_field(world, row, name))
}

fn name_field(draw: Draw, name: &str) -> Option<Value> {
    let person = Person::of(draw);
    Some(match name {
        "firstName" => person.first_name.into(),
        "lastNamePrefix" => person.infix.into(),
        "lastName" => person.last_name.into(),
        "name" => person.name().into(),
        "initials" => person.initials().into(),
        _ => return None,
    })
}

fn address_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::User, row));
    let number = Kind::User.first_id() + row;
    let plain = || plain_addresses(draw, row);
    Some(match name {
        "emailAddress" | "primaryEmailAddress" | "firstEmailAddress" => plain().primary.into(),
        "emailAddressBusiness" | "businessEmailAddress" => plain().business.into(),
        "emailAddressPrivate" => plain().private.into(),
        "emailAddresses" => Value::many(Kind::EmailAddress, world.emails.of(row)),
        "phoneNumbers" => Value::many(Kind::PhoneNumber, world.phones.of(row)),
        "phoneNumber" | "phoneNumberBusiness" => numbers(draw, number).business.into(),
        "mobileNumber" => numbers(draw, number).mobile.into(),
        "urls" => Value::many(Kind::Url, world.urls.of(row)),
        "userName" => is_office(row).then(|| Person::of(draw).mailbox(number)).into(),
        _ => return None,
    })
}

/// Those who work here or at a client have a business address; some lack it, or have not made it their primary one.
fn plain_addresses(draw: Draw, row: u32) -> Addresses {
    let number = Kind::User.first_id() + row;
    if candidate_of(row).is_some() {
        return addresses(draw, number);
    }
    let work = || Some(format!("{}@example.org", Person::of(draw).mailbox(number)));
    match habit(draw, row) {
        Habit::NoAddress => Addresses { primary: None, private: None, business: None },
        Habit::NoPrimaryAddress => Addresses { primary: None, private: None, business: work() },
        _ => Addresses { primary: work(), private: None, business: work() },
    }
}

fn state_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::User, row));
    let habit = habit(draw, row);
    let created = office_hour(draw, "created", 2_200);
    let role = is_office(row).then(|| role_of(draw)).flatten();
    Some(match name {
        "userID" => (Kind::User.first_id() + row).into(),
        "isActive" => Value::flag(is_office(row) && !matches!(habit, Habit::Inactive | Habit::Archived)),
        "isLoginBlocked" => Value::flag(habit == Habit::Blocked),
        "deleted" => Value::flag(habit == Habit::Archived),
        "isAdmin" => Value::flag(role == Some(1)),
        "isContact" => Value::flag(is_contact(row)),
        "isEmployee" => Value::flag(candidate_of(row).is_some()),
        "jobTitle" => {
            is_office(row).then(|| draw.deal("job title", &["Recruiter", "Consultant", "Vestigingsmanager"])).into()
        }
        "roleName" => role.map(|role| ROLES[role as usize].name).into(),
        "toUserRole" | "toEffectiveUserRole" => role.map(|role| Record::new(Kind::UserRole, role)).into(),
        "userRoleID" => role.map(|role| Kind::UserRole.first_id() + role).into(),
        "toStatusNode" | "toSingleStatusNode" => {
            let left = matches!(habit, Habit::Inactive | Habit::Archived);
            is_office(row).then(|| node(Picklist::UserStatus, u32::from(left))).into()
        }
        "toFunctionNode" => is_contact(row).then(|| dealt_node(draw, "function", Picklist::ContactFunction)).into(),
        "toCompany" => is_contact(row).then(|| Record::new(Kind::Company, company_of_contact(world, row))).into(),
        "toEmployee" => candidate_of(row).map(|candidate| Record::new(Kind::Employee, candidate)).into(),
        "agency" => is_office(row).then(|| Record::new(Kind::Agency, draw.card("agency", AGENCIES))).into(),
        "additionalInfo" => Value::Json(match draw.one_in("calling hours", 6) {
            true => json!({format!("_{}", Picklist::UserField.number(0)): "werkdagen 09:00–12:00"}),
            false => json!({}),
        }),
        "lastLoginDate" => is_office(row).then(|| office_hour(draw, "login", 30)).into(),
        "creationDate" => created.into(),
        "modificationDate" => {
            (!draw.one_in("unmodified", 8)).then(|| between(draw, "modified", created, REFERENCE)).into()
        }
        _ => return None,
    })
}

struct Role {
    name: &'static str,
    iam: Option<&'static str>,
    deleted: bool,
}

static ROLES: [Role; 6] = [
    Role { name: "Consultant", iam: Some("user"), deleted: false },
    Role { name: "Beheerder", iam: Some("administrator"), deleted: false },
    Role { name: "Hoofdcontactpersoon", iam: Some("user"), deleted: false },
    Role { name: "Recruiter", iam: Some("user"), deleted: false },
    Role { name: "Planner (inval)", iam: None, deleted: false },
    Role { name: "Stagiair (oud)", iam: None, deleted: true },
];

fn role_of(draw: Draw) -> Option<u32> {
    draw.deal("role", &[Some(0), Some(1), Some(2), Some(3), Some(4), None, Some(0), Some(5)])
}

pub(super) fn role_count() -> u32 {
    ROLES.len() as u32
}

pub(super) fn role_field(row: u32, name: &str) -> Option<Value> {
    let role = &ROLES[row as usize];
    Some(match name {
        "userRoleID" => (Kind::UserRole.first_id() + row).into(),
        "name" => role.name.into(),
        "iamRole" => role.iam.into(),
        "deleted" => Value::flag(role.deleted),
        "isActive" => Value::flag(!role.deleted),
        "creationDate" => REFERENCE.plus_days(-2_700).into(),
        _ => return None,
    })
}

/// How many people are on the team of a vacancy.
pub(super) fn team_size(vacancy: Draw) -> u32 {
    vacancy.deal("team", &[1, 2, 0, 3, 1])
}

/// `CRVacancyUser`.
pub(super) fn team_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::VacancyUser, row));
    let (vacancy, nth) = world.team.parent(row);
    let team_draw = world.draw(Record::new(Kind::Vacancy, vacancy));
    let member = (team_draw.below("first team member", OFFICE_USERS.into()) as u32 + 7 * nth) % OFFICE_USERS;
    let role = draw.card("role", Picklist::VacancyRole.len() + 1).checked_sub(1);
    Some(match name {
        "toUser" => Record::new(Kind::User, member).into(),
        "toVacancy" => Record::new(Kind::Vacancy, vacancy).into(),
        "toVacancyRoleNode" => role.map(|role| node(Picklist::VacancyRole, role)).into(),
        "creationDate" => super::vacancies::created(team_draw).into(),
        _ => return None,
    })
}
