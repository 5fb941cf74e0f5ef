//! `CRPublication`: a vacancy on one medium for one period, in every state that a publication can be in.

use super::labels::Picklist;
use super::moment::FAR_FUTURE;
use super::organisation::{BOARDS, INTRANET, PAPER, WEB};
use super::users::some_office_user;
use super::words::{VACANCY_SENTENCES, prose};
use super::{Draw, Kind, Moment, REFERENCE, Record, Value, World, node, vacancies};

/// How many publications a vacancy has.
pub(super) fn count(vacancy: Draw) -> u32 {
    vacancy.deal("publications", &[2, 1, 3, 2, 0, 2, 4, 2])
}

/// The life of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Live,
    LiveUntilFarAway,
    Draft,
    Future,
    Ended,
    Closed,
    Stopped,
    ToBeStopped,
    Failed,
    Deleted,
}

/// The state and the medium that go together.
fn state(draw: Draw) -> (State, u32) {
    let board = draw.pick("board", &BOARDS);
    match draw.card("state", 16) {
        0 | 1 => (State::Live, WEB),
        2 => (State::LiveUntilFarAway, WEB),
        3 => (State::Live, board),
        4 => (State::LiveUntilFarAway, board),
        5 => (State::Live, INTRANET),
        6 => (State::Draft, WEB),
        7 => (State::Future, WEB),
        8 => (State::Ended, WEB),
        9 => (State::Ended, board),
        10 => (State::Closed, WEB),
        11 => (State::Stopped, WEB),
        12 => (State::ToBeStopped, board),
        13 => (State::Failed, board),
        14 => (State::Deleted, WEB),
        _ => (State::Live, PAPER),
    }
}

fn draw_of(world: &World, row: u32) -> Draw {
    world.draw(Record::new(Kind::Publication, row))
}

/// The medium of a publication.
pub(super) fn medium(world: &World, row: u32) -> u32 {
    state(draw_of(world, row)).1
}

/// Whether people can see it now.
pub(super) fn is_live(world: &World, row: u32) -> bool {
    matches!(state(draw_of(world, row)).0, State::Live | State::LiveUntilFarAway)
}

/// Live ones are open-ended or end in 2099, future ones start in 2099, ended ones ended in 2026: so each stays what it
/// is whatever the day.
fn period(draw: Draw) -> (Option<Moment>, Option<Moment>) {
    let days = 20 + draw.below("days", 250) as i64;
    let start = REFERENCE.plus_days(-days);
    match state(draw).0 {
        State::Draft => (None, None),
        State::Future => (Some(FAR_FUTURE), None),
        State::Ended => (Some(start.plus_days(-30)), Some(start)),
        State::LiveUntilFarAway => (Some(start), Some(FAR_FUTURE)),
        _ => (Some(start), None),
    }
}

fn status_option(state: State) -> Option<u32> {
    match state {
        State::Live | State::LiveUntilFarAway | State::Future | State::Deleted => Some(0),
        State::Stopped => Some(1),
        State::ToBeStopped => Some(2),
        State::Failed => Some(3),
        State::Draft => Some(4),
        State::Ended | State::Closed => None,
    }
}

pub(super) fn field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = draw_of(world, row);
    life_field(draw, row, name).or_else(|| text_field(draw, name)).or_else(|| relation_field(world, draw, row, name))
}

fn life_field(draw: Draw, row: u32, name: &str) -> Option<Value> {
    let (state, medium) = state(draw);
    let (start, end) = period(draw);
    let number = Kind::Publication.first_id() + row;
    let created = start.filter(|_| state != State::Future).unwrap_or(REFERENCE.plus_days(-15)).plus_days(-2);
    Some(match name {
        "publicationID" => number.into(),
        "publicationStart" => start.into(),
        "publicationEnd" => end.into(),
        "closed" => Value::flag(state == State::Closed),
        "deleted" => Value::flag(state == State::Deleted),
        "status" => (status_option(state).unwrap_or(9)).into(),
        "toStatusNode" => status_option(state).map(|status| node(Picklist::PublicationStatus, status)).into(),
        "toMedium" => Record::new(Kind::Medium, medium).into(),
        "vacancyUrl" => {
            (draw.below("no url", 4) > 0).then(|| format!("https://jobs.example.org/vacature/{number}")).into()
        }
        "applyUrl" => {
            (draw.below("no form", 8) > 0).then(|| format!("https://jobs.example.org/solliciteren/{number}")).into()
        }
        "numberOfPublications" => Value::Int(1),
        "creationDate" => created.into(),
        "modificationDate" => draw.pick("modified", &[None, Some(created.plus_days(1))]).into(),
        _ => return None,
    })
}

/// Each text has a twin with markup.
fn text_field(draw: Draw, name: &str) -> Option<Value> {
    let (block, markup) = match name.strip_suffix("HTML") {
        Some(block) => (block, true),
        None => (name, false),
    };
    let sentences = match block {
        "introInformation" | "companyInformation" => 1,
        "vacancyInformation" | "requirementsInformation" | "offerInformation" => 2,
        "applicationContactInformation" => 0,
        _ => return None,
    };
    if sentences == 0 || draw.below(block, 9) == 0 {
        return Some(Value::Null);
    }
    let text = prose(draw, block, VACANCY_SENTENCES, sentences);
    Some(if markup { format!("<p>{}</p>", text.replace('&', "&amp;")).into() } else { text.into() })
}

fn relation_field(world: &World, draw: Draw, row: u32, name: &str) -> Option<Value> {
    let (vacancy, _) = world.publications.parent(row);
    let vacancy_draw = world.draw(Record::new(Kind::Vacancy, vacancy));
    Some(match name {
        "toVacancy" => Record::new(Kind::Vacancy, vacancy).into(),
        "toCompany" => vacancies::company(world, vacancy).map(|company| Record::new(Kind::Company, company)).into(),
        "titleInformation" => (!draw.one_in("no title", 9)).then(|| vacancies::title(vacancy_draw).0).into(),
        "vacancyNo" => vacancies::number_text(vacancy_draw, vacancy).into(),
        "owner" | "toUser" | "createdBy" => some_office_user(vacancy_draw, "owner").into(),
        _ => return None,
    })
}
