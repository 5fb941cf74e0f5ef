//! `CRVacancy`: what kind of vacancy it is, what it pays, where and when.

use super::labels::Picklist;
use super::moment::FAR_FUTURE;
use super::organisation::Address;
use super::users::some_office_user;
use super::words::JOB_TITLES;
use super::{
    AGENCIES, COMPANIES, CONTACTS, Draw, Kind, Moment, OFFICE_USERS, REFERENCE, Record, Value, World, between,
    dealt_node, node, office_hour, publications, vacancy_texts,
};

pub(super) fn field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::Vacancy, row));
    key_field(draw, row, name)
        .or_else(|| vacancy_texts::field(draw, name))
        .or_else(|| pay_field(draw, name))
        .or_else(|| place_field(draw, name))
        .or_else(|| picklist_field(draw, name))
        .or_else(|| date_field(draw, name))
        .or_else(|| relation_field(world, draw, row, name))
}

/// What is special about a vacancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Plain,
    Template,
    OpenApplication,
    Confidential,
    Anonymous,
    Hidden,
    Archived,
}

fn habit(draw: Draw) -> Habit {
    match draw.card("habit", 24) {
        0 => Habit::Template,
        1 => Habit::OpenApplication,
        2 => Habit::Confidential,
        3 => Habit::Anonymous,
        4 => Habit::Hidden,
        5 | 6 => Habit::Archived,
        _ => Habit::Plain,
    }
}

fn key_field(draw: Draw, row: u32, name: &str) -> Option<Value> {
    let habit = habit(draw);
    let is = |wanted| Value::flag(habit == wanted);
    Some(match name {
        "vacancyID" => (Kind::Vacancy.first_id() + row).into(),
        "vacancyNo" => number_text(draw, row).into(),
        "externalIdentifier" => draw.one_in("external", 9).then(|| format!("EXT-{row:05}")).into(),
        "isTemplate" => is(Habit::Template),
        "isOpenApplication" => is(Habit::OpenApplication),
        "isConfidential" => is(Habit::Confidential),
        "isAnonymous" => is(Habit::Anonymous),
        "isHidden" => is(Habit::Hidden),
        "deleted" => is(Habit::Archived),
        "isSalaryPublic" => draw.pick("salary public", &[Some(1_i64), Some(0), None]).into(),
        "numberOfVacancies" => (1 + draw.below("openings", 3) as i64).into(),
        _ => return None,
    })
}

/// The number that people use; some vacancies have none.
pub(super) fn number_text(draw: Draw, row: u32) -> Option<String> {
    (!draw.one_in("no number", 8)).then(|| format!("V{}-{:05}", 2023 + row % 4, 100 + row))
}

/// How the salary is written down.
#[derive(Debug, Clone, Copy)]
enum Pay {
    Range,
    Equal,
    FromOnly,
    UpToOnly,
    Zeros,
    Unsaid,
}

/// The place of a salary period in its list.
const HOURLY: u32 = 1;
const YEARLY: u32 = 2;
const WEEKLY: u32 = 3;

fn pay_field(draw: Draw, name: &str) -> Option<Value> {
    let pay =
        draw.deal("pay", &[Pay::Range, Pay::Equal, Pay::FromOnly, Pay::UpToOnly, Pay::Zeros, Pay::Unsaid, Pay::Range]);
    let period =
        draw.deal("period", &[Some(0), Some(HOURLY), Some(YEARLY), Some(0), Some(WEEKLY), None, Some(4), Some(0)]);
    let currency = draw.deal("currency", &[Some(0), Some(0), Some(1), Some(2), None, Some(0)]);
    let step = draw.below("salary", 20) as f64;
    let (from, spread) = match period {
        Some(HOURLY) => (14.0 + 0.75 * step, 6.5),
        Some(YEARLY) => (32_000.0 + 1_500.0 * step, 12_000.0),
        Some(WEEKLY) => (520.0 + 20.0 * step, 110.0),
        _ => (2_300.0 + 125.0 * step, 900.0),
    };
    let (least, most) = match pay {
        Pay::Range => (Some(from), Some(from + spread)),
        Pay::Equal => (Some(from), Some(from)),
        Pay::FromOnly => (Some(from), None),
        Pay::UpToOnly => (Some(0.0), Some(from)),
        Pay::Zeros => (Some(0.0), Some(0.0)),
        Pay::Unsaid => (None, None),
    };
    let (hours, fte, days) = draw.deal(
        "hours",
        &[
            (Some(40.0), Some(1.0), Some(5_i64)),
            (Some(36.0), None, None),
            (None, Some(0.8), Some(4)),
            (Some(32.0), Some(0.8), None),
            (None, None, None),
            (Some(24.0), None, Some(3)),
            (None, Some(0.6), None),
            (Some(38.5), None, None),
        ],
    );
    Some(match name {
        "minSalary" => least.into(),
        "maxSalary" => most.into(),
        "toSalaryPeriodNode" => period.map(|period| node(Picklist::SalaryPeriod, period)).into(),
        "toSalaryCurrencyNode" => currency.map(|currency| node(Picklist::Currency, currency)).into(),
        "salaryScale" => draw.one_in("scale", 7).then_some("Schaal 8").into(),
        "hoursPerWeek" => hours.into(),
        "fte" => fte.into(),
        "daysPerWeek" => days.into(),
        _ => return None,
    })
}

/// How much of the place of work is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Whole,
    CityOnly,
    /// Only the company's visit address tells.
    Nowhere,
}

fn place_field(draw: Draw, name: &str) -> Option<Value> {
    let place = draw
        .deal("place", &[Place::Whole, Place::Whole, Place::CityOnly, Place::Nowhere, Place::Whole, Place::Nowhere]);
    let whole = place == Place::Whole;
    let known = place != Place::Nowhere;
    let address = || Address::of(draw);
    Some(match name {
        "workStreet" => whole.then(|| address().street).into(),
        "workNumber" => whole.then(|| address().number()).into(),
        "workNumberSuffix" => whole.then(|| address().suffix).flatten().into(),
        "workPostalCode" => whole.then(|| address().postal_code()).into(),
        "workCity" => known.then(|| address().city).into(),
        "workFullAddress" => whole.then(|| address().in_one_line()).into(),
        "workLocation" | "rawWorkLocation" => known.then(|| format!("Regio {}", address().city)).into(),
        "toWorkCountryNode" => whole.then(|| dealt_node(draw, "country", Picklist::Country)).into(),
        "toProvinceNode" => known.then(|| node(Picklist::Province, address().province)).into(),
        "toWorkplaceTypeNode" => draw
            .card("workplace", Picklist::Workplace.len() + 1)
            .checked_sub(1)
            .map(|it| node(Picklist::Workplace, it))
            .into(),
        _ => return None,
    })
}

/// The place of a status in its list; `None` for a vacancy without status.
fn status(draw: Draw) -> Option<u32> {
    draw.deal(
        "status",
        &[Some(1), Some(2), Some(0), Some(3), Some(1), Some(4), None, Some(5), Some(1), Some(6), None, Some(2)],
    )
}

fn is_closed(status: Option<u32>) -> bool {
    matches!(status, Some(3..=5))
}

/// The place of the vacancy's procedure in its list.
pub(super) fn procedure(draw: Draw) -> Option<u32> {
    draw.deal("procedure", &[Some(0), Some(1), Some(2), Some(0), None, Some(1), Some(2), Some(0)])
}

/// The title with the two functions that go with it.
pub(super) fn title(draw: Draw) -> (&'static str, u32, u32) {
    draw.pick("title", JOB_TITLES)
}

fn picklist_field(draw: Draw, name: &str) -> Option<Value> {
    let (_, function0, function1) = title(draw);
    let one_more =
        |fact, list: Picklist| draw.card(fact, list.len() + 1).checked_sub(1).map(|option| node(list, option));
    Some(match name {
        "toStatusNode" => status(draw).map(|status| node(Picklist::VacancyStatus, status)).into(),
        "toContractTypeNode" => one_more("contract", Picklist::ContractType).into(),
        "toProductNode" => procedure(draw).map(|procedure| node(Picklist::Procedure, procedure)).into(),
        "toProductTypeNode" => one_more("business line", Picklist::BusinessLine).into(),
        "toCategoryNode" => one_more("category", Picklist::Category).into(),
        "toVacancyTypeNode" => one_more("type", Picklist::VacancyType).into(),
        "toSourceNode" => one_more("source", Picklist::VacancySource).into(),
        "toExperienceLevelNode" => one_more("experience", Picklist::Experience).into(),
        "toWorkLevelNode" => one_more("work level", Picklist::WorkLevel).into(),
        "toFunctionLevel1" => (!draw.one_in("no function", 6)).then(|| node(Picklist::Function0, function0)).into(),
        "toFunctionLevel2" => (!draw.one_in("no function", 6)).then(|| node(Picklist::Function1, function1)).into(),
        "toBrancheLevel1" => dealt_node(draw, "branch", Picklist::Branch).into(),
        "groupNodes" => Value::Many(one_more("group", Picklist::VacancyGroup).into_iter().collect()),
        _ => return None,
    })
}

/// When a vacancy was entered.
pub(super) fn created(draw: Draw) -> Moment {
    office_hour(draw, "created", 1_000)
}

fn date_field(draw: Draw, name: &str) -> Option<Value> {
    let created = created(draw);
    let status = status(draw);
    let closed = is_closed(status);
    let ended = between(draw, "end", created, REFERENCE);
    let end = match status {
        _ if closed => Some(ended),
        None if draw.below("expired", 2) == 0 => Some(ended),
        _ => draw.pick("far end", &[None, None, Some(FAR_FUTURE)]),
    };
    Some(match name {
        "creationDate" => created.into(),
        "modificationDate" | "trackingModificationDate" => {
            (!draw.one_in("unmodified", 12)).then(|| between(draw, "modified", created, REFERENCE)).into()
        }
        "startDate" => draw.pick("start", &[None, Some(created.plus_days(3))]).into(),
        "endDate" => end.into(),
        "statusChangedDate" => (closed && !draw.one_in("silent change", 4)).then_some(ended).into(),
        "deadline" | "reactionEndDate" => draw.pick("deadline", &[None, None, Some(created.plus_days(45))]).into(),
        _ => return None,
    })
}

/// The company of a vacancy; open applications have none.
pub(super) fn company(world: &World, row: u32) -> Option<u32> {
    let vacancy = Record::new(Kind::Vacancy, row);
    if world.made.is_blank(vacancy) {
        return world.one(vacancy, "toCompany").map(|company| company.row);
    }
    let draw = world.draw(vacancy);
    (habit(draw) != Habit::OpenApplication).then(|| draw.below("company", COMPANIES.into()) as u32)
}

fn relation_field(world: &World, draw: Draw, row: u32, name: &str) -> Option<Value> {
    let company = company(world, row);
    let contact = || Record::new(Kind::User, OFFICE_USERS + draw.below("contact", CONTACTS.into()) as u32);
    let publications = world.publications.of(row);
    Some(match name {
        "agency" => Record::new(Kind::Agency, draw.card("agency", AGENCIES)).into(),
        "toCompany" => company.map(|company| Record::new(Kind::Company, company)).into(),
        "companyName" => company
            .map(|company| super::organisation::company_name(world.draw(Record::new(Kind::Company, company))))
            .into(),
        "toContact" | "toUser" => company.map(|_| contact()).into(),
        "owner" => (!draw.one_in("no owner", 14)).then(|| some_office_user(draw, "owner")).into(),
        "createdBy" | "modifiedBy" => some_office_user(draw, "created by").into(),
        "vacancyUsers" => Value::many(Kind::VacancyUser, world.team.of(row)),
        "activePublicationsCount" => {
            (publications.filter(|&row| publications::is_live(world, row)).count() as u32).into()
        }
        "publications" => Value::many(Kind::Publication, publications),
        "mediumList" => Value::many(Kind::Medium, publications.map(|row| publications::medium(world, row))),
        _ => return matches_field(world, row, name),
    })
}

/// The matches on a vacancy.
pub(super) fn matches_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let matches = || world.matches_on_vacancy(row).filter(|&row| world.exists(Record::new(Kind::Match, row)));
    Some(match name {
        "matches" => Value::many(Kind::Match, matches()),
        "matchCount" => (matches().count() as u32).into(),
        _ => return None,
    })
}
