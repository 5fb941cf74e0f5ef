//! `CREmployee`, the candidates, and their `CRWorkHistory`.

use super::contact_points::{addresses, numbers};
use super::labels::Picklist;
use super::moment::{AUTUMN_HALF_PAST_TWO, FAR_FUTURE, SPRING_EDGES};
use super::organisation::Address;
use super::users::{Person, of_candidate, some_office_user};
use super::words::{CANDIDATE_SENTENCES, EMPLOYERS, JOB_TITLES, prose};
use super::{
    AGENCIES, Draw, Kind, Language, Moment, REFERENCE, Record, Value, World, between, dealt_node, node, office_hour,
    organisation,
};
use serde_json::{Map, Value as Json, json};

pub(super) fn field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::Employee, row));
    person_field(world, row, name)
        .or_else(|| place_field(draw, name))
        .or_else(|| work_field(world, draw, row, name))
        .or_else(|| text_field(draw, name))
        .or_else(|| state_field(draw, row, name))
        .or_else(|| list_field(world, draw, row, name))
}

/// When a candidate was entered; a few on the edges of the spring clock change.
pub(super) fn created(draw: Draw) -> Moment {
    match draw.card("clock change", 150) {
        edge @ (0 | 1) => SPRING_EDGES[edge as usize],
        _ => office_hour(draw, "created", 2_000),
    }
}

/// When a candidate was last changed: for some never, for a few in the doubled hour of the autumn clock change.
fn modified(draw: Draw) -> Option<Moment> {
    match draw.card("clock change", 150) {
        pass @ (2 | 3) => Some(AUTUMN_HALF_PAST_TWO[pass as usize - 2].max(created(draw))),
        _ if draw.one_in("unmodified", 12) => None,
        _ => Some(between(draw, "modified", created(draw), REFERENCE)),
    }
}

fn person_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let user = of_candidate(row);
    let draw = world.draw(Record::new(Kind::User, user));
    let number = Kind::User.first_id() + user;
    let person = Person::of(draw);
    Some(match name {
        "firstName" | "fullFirstNames" => person.first_name.into(),
        "lastNamePrefix" => person.infix.into(),
        "lastName" => person.last_name.into(),
        "name" => person.name().into(),
        "initials" => person.initials().into(),
        "title" => draw.pick("form of address", &[None, None, None, Some("drs."), Some("ir.")]).into(),
        "salutation" => ["Geachte heer", "Geachte mevrouw", "Beste"][person.gender as usize].into(),
        "toGenderNode" => node(Picklist::Gender, person.gender).into(),
        "emailAddress" | "primaryEmailAddress" | "firstEmailAddress" => addresses(draw, number).primary.into(),
        "emailAddressPrivate" | "privateEmailAddress" => addresses(draw, number).private.into(),
        "emailAddressBusiness" | "businessEmailAddress" => addresses(draw, number).business.into(),
        "phoneNumber" => numbers(draw, number).private.into(),
        "mobileNumber" => numbers(draw, number).mobile.into(),
        "phoneNumberBusiness" => numbers(draw, number).business.into(),
        "mobileNumberBusiness" => numbers(draw, number).business_mobile.into(),
        _ => return None,
    })
}

/// Which of the address families of a candidate are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Home,
    Plain,
    Visit,
    HomeCityOnly,
    Nowhere,
}

fn place_field(draw: Draw, name: &str) -> Option<Value> {
    let place = draw.deal(
        "place",
        &[Place::Home, Place::Home, Place::Plain, Place::Home, Place::Visit, Place::HomeCityOnly, Place::Nowhere],
    );
    let at = |wanted| place == wanted;
    let address = || Address::of(draw);
    let (home, plain) = (at(Place::Home), at(Place::Plain));
    Some(match name {
        "homeStreet" => home.then(|| address().street).into(),
        "homeNumber" => home.then(|| address().number()).into(),
        "homeNumberSuffix" => home.then(|| address().suffix).flatten().into(),
        "homePostalCode" => home.then(|| address().postal_code()).into(),
        "homeCity" => (home || at(Place::HomeCityOnly)).then(|| address().city).into(),
        "homeFullAddress" => home.then(|| address().in_one_line()).into(),
        "toHomeCountryNode" => home.then(|| dealt_node(draw, "country", Picklist::Country)).into(),
        "toHomeProvinceNode" => home.then(|| node(Picklist::Province, address().province)).into(),
        "street" => plain.then(|| address().street).into(),
        "houseNumber" => plain.then(|| address().number()).into(),
        "houseNumberSuffix" => plain.then(|| address().suffix).flatten().into(),
        "postalCode" => plain.then(|| address().postal_code()).into(),
        "city" => plain.then(|| address().city).into(),
        "fullAddress" => plain.then(|| address().in_one_line()).into(),
        "toCountryNode" => plain.then(|| dealt_node(draw, "country", Picklist::Country)).into(),
        "toProvinceNode" => plain.then(|| node(Picklist::Province, address().province)).into(),
        "visitCity" => at(Place::Visit).then(|| address().city).into(),
        "visitPostalCode" => at(Place::Visit).then(|| address().postal_code()).into(),
        _ => return None,
    })
}

fn work_field(world: &World, draw: Draw, row: u32, name: &str) -> Option<Value> {
    let (_, function0, function1) = draw.pick("function", JOB_TITLES);
    let has_function = !draw.one_in("no function", 3);
    let wants = draw.below("salary wish", 3) > 0;
    Some(match name {
        "toCurrentFunctionLevel1" => has_function.then(|| node(Picklist::Function0, function0)).into(),
        "toCurrentFunctionLevel2" => has_function.then(|| node(Picklist::Function1, function1)).into(),
        "toFunction1Level1Node" => (!draw.one_in("no wish", 4)).then(|| node(Picklist::Function0, function0)).into(),
        "toFunction1Level2Node" => (!draw.one_in("no wish", 4)).then(|| node(Picklist::Function1, function1)).into(),
        "level1Functions" => Value::Many(vec![node(Picklist::Function0, function0)]),
        "level2Functions" => Value::Many(vec![node(Picklist::Function1, function1)]),
        "currentEmployerName" => (draw.below("employed", 2) == 0).then(|| draw.pick("employer", EMPLOYERS)).into(),
        "workHistories" => Value::many(Kind::WorkHistory, world.work_histories.of(row)),
        "hoursPerWeek" => draw.pick("hours", &[Some(40.0), Some(36.0), None, Some(24.0), Some(32.0)]).into(),
        "minSalary" => wants.then(|| 2_200.0 + 50.0 * draw.below("salary", 60) as f64).into(),
        "toMinSalaryCurrencyNode" => wants.then(|| node(Picklist::Currency, 0)).into(),
        "toMinSalaryPeriodNode" => wants.then(|| node(Picklist::SalaryPeriod, 0)).into(),
        "toWorkLevelNode" => dealt_node(draw, "work level", Picklist::WorkLevel).into(),
        "toExperienceNode" => dealt_node(draw, "experience", Picklist::Experience).into(),
        "toAvailableWithinNode" => dealt_node(draw, "notice", Picklist::NoticePeriod).into(),
        "availableDate" => {
            (draw.below("available", 3) == 0).then(|| REFERENCE.plus_days(30).plus_seconds(43_200)).into()
        }
        _ => return None,
    })
}

fn text_field(draw: Draw, name: &str) -> Option<Value> {
    let text = |fact: &str, sentences| Value::from(prose(draw, fact, CANDIDATE_SENTENCES, sentences));
    Some(match name {
        "employeeInformation" => text(name, 3),
        "experienceInformation" => format!("<p>{}</p>", prose(draw, name, CANDIDATE_SENTENCES, 3)).into(),
        "cvSummary" => text(name, 4),
        "educationInformation" => text(name, 1),
        "notes" => match draw.below("notes", 4) {
            0 => Value::Null,
            1 => "  ".into(),
            _ => text(name, 2),
        },
        "ambition" => {
            if draw.one_in("ambition", 3) {
                text(name, 1)
            } else {
                Value::Null
            }
        }
        "additionalInfo" | "additionalInfoPartial" | "additionalInfoList" => free_fields(draw),
        _ => return None,
    })
}

/// Free fields, keyed by the ids of their nodes: with an underscore, on some records without, on some not at all.
fn free_fields(draw: Draw) -> Value {
    let mut fields = Map::new();
    let prefix = match draw.card("free fields", 10) {
        0 => return Value::Null,
        1 => "",
        2 => return Value::Json(json!({})),
        _ => "_",
    };
    let mut put = |field: u32, value: Json| {
        fields.insert(format!("{prefix}{}", Picklist::CandidateField.number(field)), value);
    };
    let option = |list: Picklist, option: u64| Json::from(list.number(option as u32).to_string());
    put(0, prose(draw, "motivation", CANDIDATE_SENTENCES, 2).into());
    put(1, option(Picklist::DrivingLicence, draw.below("licence", 4)));
    put(2, (0..=draw.below("spoken", 3)).map(|nth| option(Picklist::SpokenLanguage, nth)).collect());
    put(3, prose(draw, "intake", CANDIDATE_SENTENCES, 10).into());
    put(4, (5 + draw.below("travel", 60)).to_string().into());
    put(5, json!("2026-10-02T12:00:00Z+0200"));
    Value::Json(Json::Object(fields))
}

fn state_field(draw: Draw, row: u32, name: &str) -> Option<Value> {
    let created = || created(draw);
    let [with_node, with_info, with_medium] = draw.deal(
        "source",
        &[[true, false, false], [false, true, false], [false, false, true], [false; 3], [true, true, false]],
    );
    Some(match name {
        "employeeID" => (Kind::Employee.first_id() + row).into(),
        "deleted" => Value::flag(draw.one_in("archived", 25)),
        "isConfidential" => Value::flag(draw.one_in("confidential", 18)),
        "toStatusNode" => {
            draw.card("status", 4).checked_sub(1).map(|status| node(Picklist::CandidateStatus, status)).into()
        }
        "toSourceNode" => with_node.then(|| dealt_node(draw, "source node", Picklist::CandidateSource)).into(),
        "sourceInfo" => {
            with_info.then(|| draw.pick("source text", &["Beurs Zwolle 2025", "Tip van Anouk", "Flyer café"])).into()
        }
        "toMedium" => {
            with_medium.then(|| Record::new(Kind::Medium, draw.card("medium", organisation::media_count()))).into()
        }
        "toNationalityNode" => dealt_node(draw, "nationality", Picklist::Nationality).into(),
        "toLanguageNode" => node(Picklist::Language, 0).into(),
        "privacyApprovalDate" => (draw.below("approved", 2) == 0).then(created).into(),
        "consentExpiryDate" => (draw.below("approved", 2) == 0).then(|| created().plus_days(1_460)).into(),
        "lastContactDate" => {
            (draw.below("contacted", 2) == 0).then(|| between(draw, "contact", created(), REFERENCE)).into()
        }
        "creationDate" => created().into(),
        "modificationDate" | "trackingModificationDate" => modified(draw).into(),
        "createdBy" | "owner" => some_office_user(draw, "owner").into(),
        "modifiedBy" => modified(draw).map(|_| some_office_user(draw, "modified by")).into(),
        "agency" => Record::new(Kind::Agency, draw.card("agency", AGENCIES)).into(),
        _ => return None,
    })
}

fn list_field(world: &World, draw: Draw, row: u32, name: &str) -> Option<Value> {
    Some(match name {
        "toUser" => Record::new(Kind::User, of_candidate(row)).into(),
        "groups" | "activeGroups" => {
            let (count, all) = (draw.card("group count", 4), Picklist::CandidateGroup.len());
            let first = draw.below("first group", all.into()) as u32;
            Value::Many((0..count).map(|nth| node(Picklist::CandidateGroup, (first + nth) % all)).collect())
        }
        "attachments" => Value::many(Kind::Attachment, world.attachments.of(row)),
        _ => return matches_field(world, row, name),
    })
}

/// The matches of a candidate.
pub(super) fn matches_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let matches = || world.matches_of_candidate(row).filter(|&row| world.exists(Record::new(Kind::Match, row)));
    Some(match name {
        "matches" => Value::many(Kind::Match, matches()),
        "matchCount" => (matches().count() as u32).into(),
        "newestMatch" => matches()
            .map(|row| Record::new(Kind::Match, row))
            .max_by_key(|record| (super::matches::created(world, record.row), record.row))
            .into(),
        _ => return None,
    })
}

/// What is told from the lists of a candidate, drawn or written.
pub(super) fn told_field(world: &World, candidate: Record, name: &str) -> Option<Value> {
    let cv = node(Picklist::DocumentType, 0);
    let cvs = || {
        let files = world.list(candidate, "attachments").into_iter();
        files.filter(|&file| world.one(file, "toTypeNode") == Some(cv))
    };
    Some(match name {
        "emailAddresses" | "phoneNumbers" | "urls" => {
            world.one(candidate, "toUser").map_or(Value::Many(Vec::new()), |user| Value::Many(world.list(user, name)))
        }
        "cvAttachments" => Value::Many(cvs().collect()),
        "cvAttachment" => cvs().next().into(),
        "mostRecentWorkHistory" | "toCurrentWorkHistory" => latest_position(world, candidate).into(),
        _ => return None,
    })
}

/// The position that has not ended, or that began last; the first row of those that are alike.
fn latest_position(world: &World, candidate: Record) -> Option<Record> {
    let date = |record, name, otherwise: Moment| match world.field(record, name, Language::Dutch) {
        Value::Date(moment) => moment,
        _ => otherwise,
    };
    let place = |&record: &Record| {
        let begun = date(record, "startDate", date(record, "creationDate", REFERENCE));
        (date(record, "endDate", FAR_FUTURE), begun)
    };
    let positions = world.list(candidate, "workHistories").into_iter().rev();
    positions.max_by_key(place)
}

/// How many past positions are known.
pub(super) fn work_history_count(candidate: Draw) -> u32 {
    candidate.deal("positions", &[0, 1, 2, 3, 1])
}

/// `CRWorkHistory`; the first row of a candidate is the latest position.
pub(super) fn work_history_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::WorkHistory, row));
    let (candidate, nth) = world.work_histories.parent(row);
    let end = REFERENCE.plus_days(-900 * i64::from(nth) - 60 - draw.below("end", 400) as i64);
    let (title, function0, function1) = draw.pick("title", JOB_TITLES);
    Some(match name {
        "workHistoryID" => (Kind::WorkHistory.first_id() + row).into(),
        "function" => (!draw.one_in("no title", 8)).then_some(title).into(),
        "employer" => (!draw.one_in("no employer", 9)).then(|| draw.pick("employer", EMPLOYERS)).into(),
        "startDate" => end.plus_days(-400).into(),
        "endDate" => (nth > 0 || draw.one_in("ended", 2)).then_some(end).into(),
        "info" => prose(draw, name, CANDIDATE_SENTENCES, 1).into(),
        "toEmployee" => Record::new(Kind::Employee, candidate).into(),
        "toFunctionLevel1" => node(Picklist::Function0, function0).into(),
        "toFunctionLevel2" => node(Picklist::Function1, function1).into(),
        "creationDate" => created(world.draw(Record::new(Kind::Employee, candidate))).into(),
        _ => return None,
    })
}
