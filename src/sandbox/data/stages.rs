//! `CRStatusInfo`: the stages of three procedures, and one that belongs to none.

use super::labels::Picklist;
use super::{Kind, Language, REFERENCE, Record, Value, node};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Start,
    Middle,
    Screening,
    Proposal,
    Interview,
    Filled,
    Rejected,
    /// Taken out of use; matches may still stand in it.
    Retired,
}

struct Stage {
    procedure: Option<u32>,
    dutch: &'static str,
    english: &'static str,
    value: u32,
    order: Option<u32>,
    role: Role,
}

const fn stage(
    procedure: Option<u32>,
    dutch: &'static str,
    english: &'static str,
    value: u32,
    order: Option<u32>,
    role: Role,
) -> Stage {
    Stage { procedure, dutch, english, value, order, role }
}

/// Names repeat over procedures, and some stages have no sort order, as in tenants that grew over the years.
static STAGES: &[Stage] = &[
    stage(Some(0), "Nieuw", "New", 10, Some(100), Role::Start),
    stage(Some(0), "Telefonische screening", "Phone screening", 25, Some(250), Role::Screening),
    stage(Some(0), "Voorgesteld", "Proposed", 30, Some(300), Role::Proposal),
    stage(Some(0), "Gesprek bij klant", "Interview with client", 41, Some(410), Role::Interview),
    stage(Some(0), "Arbeidsvoorwaarden", "Terms", 50, None, Role::Middle),
    stage(Some(0), "Geplaatst", "Placed", 90, Some(900), Role::Filled),
    stage(Some(0), "Afgewezen", "Rejected", 99, Some(990), Role::Rejected),
    stage(Some(1), "Nieuw", "New", 110, Some(100), Role::Start),
    stage(Some(1), "Intake", "Intake", 120, Some(200), Role::Screening),
    stage(Some(1), "Voorgesteld", "Proposed", 130, Some(300), Role::Proposal),
    stage(Some(1), "Gesprek bij klant", "Interview with client", 141, Some(410), Role::Interview),
    stage(Some(1), "Tariefafspraak", "Rate agreement", 150, Some(500), Role::Middle),
    stage(Some(1), "Gedetacheerd", "Seconded", 190, Some(900), Role::Filled),
    stage(Some(1), "Afgewezen", "Rejected", 199, None, Role::Rejected),
    stage(Some(2), "Ingeschreven", "Registered", 210, Some(100), Role::Start),
    stage(Some(2), "Uitgenodigd", "Invited", 220, Some(200), Role::Middle),
    stage(Some(2), "Proefdag", "Trial day", 230, Some(230), Role::Interview),
    stage(Some(2), "Wachtlijst (oud)", "Waiting list (old)", 240, Some(240), Role::Retired),
    stage(Some(2), "Ingepland", "Scheduled", 250, None, Role::Middle),
    stage(Some(2), "Geplaatst", "Placed", 290, Some(900), Role::Filled),
    stage(Some(2), "Teruggetrokken", "Withdrawn", 299, Some(990), Role::Rejected),
    stage(None, "Open sollicitatie", "Open application", 5, Some(50), Role::Middle),
];

const LANGUAGES: [Language; 2] = [Language::Dutch, Language::English];

/// How many stages there are.
pub(super) fn count() -> u32 {
    STAGES.len() as u32
}

/// The stages that a match on a vacancy of this procedure may be in.
pub(super) fn of_procedure(procedure: Option<u32>) -> Vec<u32> {
    (0..count()).filter(|&row| [procedure, None].contains(&STAGES[row as usize].procedure)).collect()
}

/// Whether the stage ends a match, and if so whether with a hire.
pub(super) fn outcome(row: u32) -> Option<bool> {
    match STAGES[row as usize].role {
        Role::Filled => Some(true),
        Role::Rejected => Some(false),
        _ => None,
    }
}

/// The default stage of a procedure.
pub(super) fn start_of(procedure: u32) -> Option<Record> {
    let is_start = |stage: &Stage| stage.procedure == Some(procedure) && stage.role == Role::Start;
    STAGES.iter().position(is_start).map(|row| Record::new(Kind::StatusInfo, row as u32))
}

/// One may go to the next open stage of the procedure, or end it.
fn leads_to(from: usize, to: usize) -> bool {
    let (start, end) = (&STAGES[from], &STAGES[to]);
    let same_procedure = start.procedure == end.procedure && start.procedure.is_some();
    let ended = matches!(start.role, Role::Filled | Role::Rejected);
    same_procedure && !ended && to > from && (to == from + 1 || matches!(end.role, Role::Filled | Role::Rejected))
}

fn neighbours(row: u32, linked: impl Fn(usize, usize) -> bool) -> Value {
    let row = row as usize;
    Value::many(Kind::StatusInfo, (0..STAGES.len()).filter(|&other| linked(row, other)).map(|other| other as u32))
}

pub(super) fn field(row: u32, name: &str, language: Language) -> Option<Value> {
    let stage = &STAGES[row as usize];
    let is = |role| Value::flag(stage.role == role);
    let text = language.choose(stage.dutch, stage.english);
    Some(match name {
        "statusInfoID" => (Kind::StatusInfo.first_id() + row).into(),
        "statusValue" => stage.value.into(),
        // One stage was never translated: only its status name is left.
        "name" if stage.role == Role::Retired => Value::Null,
        "name" => text.into(),
        "statusName" => stage.dutch.into(),
        "displayName" => format!("{}.{} {text}", stage.value / 10, stage.value % 10).into(),
        "names" => Value::many(Kind::StatusInfoName, [2 * row, 2 * row + 1]),
        "sortOrder" => stage.order.into(),
        "isDefault" => is(Role::Start),
        "isScreening" => is(Role::Screening),
        "isProposedCandidate" => is(Role::Proposal),
        "isInterviewWithClient" => is(Role::Interview),
        "isFinal" => Value::flag(outcome(row).is_some()),
        "isSuccessfullyFilled" => is(Role::Filled),
        "notActive" => is(Role::Retired),
        "active" => Value::flag(stage.role != Role::Retired),
        "toProductGroupNode" => stage.procedure.map(|procedure| node(Picklist::Procedure, procedure)).into(),
        "children" => neighbours(row, leads_to),
        "parents" => neighbours(row, |row, other| leads_to(other, row)),
        "creationDate" | "modificationDate" => REFERENCE.plus_days(-2_500).into(),
        _ => return None,
    })
}

/// `CRStatusInfoName`: two rows a stage, the Dutch text and the English one.
pub(super) fn name_field(row: u32, name: &str) -> Option<Value> {
    let (stage_row, language) = (row / 2, row % 2);
    let stage = &STAGES[stage_row as usize];
    Some(match name {
        "name" => LANGUAGES[language as usize].choose(stage.dutch, stage.english).into(),
        "toLanguageNode" => node(Picklist::Language, language).into(),
        "toStatusInfo" => Record::new(Kind::StatusInfo, stage_row).into(),
        _ => return None,
    })
}
