//! `CRMatch`: one candidate on one vacancy. Its id is made of both.

use super::labels::Picklist;
use super::users::some_office_user;
use super::words::{CANDIDATE_SENTENCES, prose};
use super::{
    Draw, Kind, Moment, REFERENCE, Record, Value, World, between, dealt_node, employees, node, stages, vacancies,
};
use serde_json::json;
use std::collections::HashMap;

/// How many vacancies a candidate is on.
pub(super) fn count(candidate: Draw) -> u32 {
    candidate.deal("matches", &[1, 2, 1, 3, 0, 2, 1, 2])
}

/// The vacancy of a candidate's nth match. The step is small enough that no vacancy comes twice.
pub(super) fn vacancy(candidate: Draw, nth: u32, vacancies: u32) -> u32 {
    let all = u64::from(vacancies);
    let step = 1 + candidate.below("match step", all / 4);
    ((candidate.below("first vacancy", all) + u64::from(nth) * step) % all) as u32
}

/// Matches that were made while the sandbox ran. Their rows follow those of the drawn ones.
#[derive(Debug, Default)]
pub(super) struct Added {
    matches: Vec<AddedMatch>,
    of_candidates: HashMap<u32, Vec<u32>>,
    of_vacancies: HashMap<u32, Vec<u32>>,
}

#[derive(Debug)]
struct AddedMatch {
    candidate: u32,
    vacancy: u32,
    created: Moment,
}

impl Added {
    pub(super) fn len(&self) -> u32 {
        self.matches.len() as u32
    }
}

impl World {
    /// Puts a candidate on a vacancy, and yields the row of the match.
    pub(super) fn add_match(&mut self, candidate: u32, vacancy: u32, created: Moment) -> u32 {
        let row = self.matches.len() + self.added_matches.len();
        let added = &mut self.added_matches;
        added.matches.push(AddedMatch { candidate, vacancy, created });
        added.of_candidates.entry(candidate).or_default().push(row);
        added.of_vacancies.entry(vacancy).or_default().push(row);
        row
    }

    /// The matches of a candidate, removed ones too.
    pub(super) fn matches_of_candidate(&self, candidate: u32) -> impl Iterator<Item = u32> {
        let added = self.added_matches.of_candidates.get(&candidate);
        self.matches.of(candidate).chain(added.into_iter().flatten().copied())
    }

    /// The matches on a vacancy, removed ones too.
    pub(super) fn matches_on_vacancy(&self, vacancy: u32) -> impl Iterator<Item = u32> {
        let added = self.added_matches.of_vacancies.get(&vacancy);
        self.matches_of_vacancies.of(vacancy).iter().chain(added.into_iter().flatten()).copied()
    }

    fn added_match(&self, row: u32) -> Option<&AddedMatch> {
        self.added_matches.matches.get(row.checked_sub(self.matches.len())? as usize)
    }
}

/// The candidate and the vacancy of a match.
pub(super) fn ends(world: &World, row: u32) -> (u32, u32) {
    if let Some(added) = world.added_match(row) {
        return (added.candidate, added.vacancy);
    }
    let (candidate, nth) = world.matches.parent(row);
    let draw = world.draw(Record::new(Kind::Employee, candidate));
    (candidate, vacancy(draw, nth, world.drawn_vacancies))
}

/// `employeeID.vacancyID`, or the other way round.
pub(super) fn id(world: &World, row: u32) -> String {
    let (candidate, vacancy) = ends(world, row);
    let (candidate, vacancy) = (Kind::Employee.first_id() + candidate, Kind::Vacancy.first_id() + vacancy);
    match world.habits.vacancy_first_in_match_ids {
        true => format!("{vacancy}.{candidate}"),
        false => format!("{candidate}.{vacancy}"),
    }
}

/// The row with this id.
pub(super) fn find(world: &World, id: &str) -> Option<u32> {
    let (first, second) = id.split_once('.')?;
    let candidate = if world.habits.vacancy_first_in_match_ids { second } else { first };
    let candidate = candidate.parse::<u32>().ok()?.checked_sub(Kind::Employee.first_id())?;
    let there = |&row: &u32| self::id(world, row) == id && world.exists(Record::new(Kind::Match, row));
    world.matches_of_candidate(candidate).find(there)
}

fn draw_of(world: &World, row: u32) -> Draw {
    world.draw(Record::new(Kind::Match, row))
}

/// When the match was made: after both its ends were there.
pub(super) fn created(world: &World, row: u32) -> Moment {
    if let Some(added) = world.added_match(row) {
        return added.created;
    }
    let (candidate, vacancy) = ends(world, row);
    let candidate = employees::created(world.draw(Record::new(Kind::Employee, candidate)));
    let vacancy = vacancies::created(world.draw(Record::new(Kind::Vacancy, vacancy)));
    between(draw_of(world, row), "created", candidate.max(vacancy), REFERENCE)
}

/// The stage that was drawn, one of those of the vacancy's procedure; some matches have none.
fn stage(world: &World, row: u32) -> Option<u32> {
    let draw = draw_of(world, row);
    if draw.one_in("no stage", 15) {
        return None;
    }
    let (_, vacancy) = ends(world, row);
    let procedure = vacancies::procedure(world.draw(Record::new(Kind::Vacancy, vacancy)));
    Some(draw.pick("stage", &stages::of_procedure(procedure)))
}

pub(super) fn field(world: &World, row: u32, name: &str) -> Option<Value> {
    stage_field(world, row, name).or_else(|| date_field(world, row, name)).or_else(|| other_field(world, row, name))
}

fn stage_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = draw_of(world, row);
    Some(match name {
        "statusInfo" => stage(world, row).map(|stage| Record::new(Kind::StatusInfo, stage)).into(),
        "toRejectionReasonNode" => {
            let rejected = stage(world, row).and_then(stages::outcome) == Some(false);
            // Some rejections have no reason, and some matches keep one from an earlier rejection.
            let has_reason = if rejected { !draw.one_in("no reason", 5) } else { draw.one_in("old reason", 40) };
            has_reason.then(|| dealt_node(draw, "reason", Picklist::RejectionReason)).into()
        }
        _ => return None,
    })
}

/// The stage is often changed without touching `modificationDate`.
fn date_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = draw_of(world, row);
    let modified = |created| between(draw, "modified", created, REFERENCE);
    Some(match name {
        "creationDate" => created(world, row).into(),
        "modificationDate" => (!draw.one_in("unmodified", 9)).then(|| modified(created(world, row))).into(),
        "statusInfoModificationDate" => {
            let created = created(world, row);
            let (from, to) = match draw.one_in("stage moved later", 3) {
                true => (modified(created), REFERENCE),
                false => (created, modified(created)),
            };
            stage(world, row).map(|_| between(draw, "stage moved", from, to)).into()
        }
        _ => return None,
    })
}

fn other_field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = draw_of(world, row);
    let (candidate, vacancy) = ends(world, row);
    let publication = || {
        let publications = world.publications.of(vacancy);
        let came_in = draw.below("applied", 2) == 0 && !publications.is_empty();
        came_in.then(|| publications.start + draw.below("through", publications.len() as u64) as u32)
    };
    let company = || vacancies::company(world, vacancy).map(|company| Record::new(Kind::Company, company));
    Some(match name {
        "toEmployee" => Record::new(Kind::Employee, candidate).into(),
        "toVacancy" => Record::new(Kind::Vacancy, vacancy).into(),
        "toPublication" => publication().map(|row| Record::new(Kind::Publication, row)).into(),
        "toMedium" => {
            publication().map(|row| Record::new(Kind::Medium, super::publications::medium(world, row))).into()
        }
        "toCompany" => company().into(),
        "owner" | "toUser" | "createdBy" => some_office_user(draw, "owner").into(),
        "toSourceNode" => node(Picklist::MatchSource, u32::from(publication().is_none())).into(),
        "sourceInfo" => draw.one_in("source", 6).then_some("Doorgestuurd door vestiging Utrecht").into(),
        "applySource" => publication().map(|_| draw.pick("apply source", &["google", "indeed", "nieuwsbrief"])).into(),
        "motivation" => publication().map(|_| prose(draw, name, CANDIDATE_SENTENCES, 2)).into(),
        "notes" => draw.one_in("notes", 3).then(|| prose(draw, name, CANDIDATE_SENTENCES, 1)).into(),
        "fitScore" => draw.one_in("scored", 4).then(|| draw.below("score", 101) as i64).into(),
        "toPreferenceNode" => draw.one_in("favourite", 12).then(|| node(Picklist::Preference, 0)).into(),
        "isConfidential" => Value::flag(draw.one_in("confidential", 20)),
        "additionalInfo" | "additionalInfoPartial" => match draw.card("free fields", 4) {
            0 => {
                let key = |field| format!("_{}", Picklist::MatchField.number(field));
                json!({key(0): draw.below("acme score", 101).to_string(), key(1): "Uitnodigen"}).into()
            }
            1 => json!({}).into(),
            _ => Value::Null,
        },
        _ => return None,
    })
}
