//! The rules of matches: one for each pair, and stages that follow each other.

use super::draft::{Draft, Write};
use super::read::Place;
use super::{ChangeKind, Effects, Failure, Kind, Language, Moment, Record, Scope, Value, World};

impl World {
    /// The match of a candidate on a vacancy.
    pub(super) fn match_of(&self, candidate: Record, vacancy: Record) -> Option<Record> {
        let is_of_pair = |&record: &Record| self.exists(record) && self.one(record, "toVacancy") == Some(vacancy);
        self.matches_of_candidate(candidate.row).map(|row| Record::new(Kind::Match, row)).find(is_of_pair)
    }

    /// Whether a match may be written so. `list` is the list that it stands in.
    pub(super) fn check_match(&self, draft: &Draft, list: Option<Place<'_>>) -> Result<(), Failure> {
        let end = |name: &str, kind: Kind| {
            let parent = list.filter(|list| list.kind == kind);
            let linked = draft.linked(name).or_else(|| parent.and_then(|list| list.record));
            (linked, draft.gives(name) || parent.is_some())
        };
        let vacancy = match draft.record {
            Some(record) => {
                self.check_ends(draft, record)?;
                self.one(record, "toVacancy")
            }
            None => {
                let (candidate, has_candidate) = end("toEmployee", Kind::Employee);
                let (vacancy, has_vacancy) = end("toVacancy", Kind::Vacancy);
                let advertised = draft.linked("toPublication").and_then(|it| self.one(it, "toVacancy"));
                let vacancy = vacancy.or_else(|| advertised.filter(|_| !has_vacancy));
                for (name, is_there) in [("toEmployee", has_candidate), ("toVacancy", has_vacancy || vacancy.is_some())]
                {
                    if !is_there {
                        return Err(Failure::bad_request(&format!("The {name} property of CRMatch must not be null")));
                    }
                }
                let there = candidate.zip(vacancy).and_then(|(candidate, vacancy)| self.match_of(candidate, vacancy));
                if let Some(there) = there.filter(|_| !self.habits.second_match_is_reused) {
                    let id = self.id(there);
                    return Err(Failure::precondition(&format!(
                        "The candidate is on the vacancy already: CRMatch {id}"
                    )));
                }
                vacancy
            }
        };
        let (Some(stage), Some(vacancy)) = (draft.linked("statusInfo"), vacancy) else { return Ok(()) };
        self.check_stage(draft.record, vacancy, stage)
    }

    fn check_ends(&self, draft: &Draft, record: Record) -> Result<(), Failure> {
        let is_other = |end: &&&str| {
            let given = draft.writes.iter().any(|(name, _)| name == **end);
            given && draft.linked(end) != self.one(record, end)
        };
        match ["toEmployee", "toVacancy"].iter().find(is_other) {
            Some(end) => Err(Failure::bad_request(&format!("The {end} property of CRMatch cannot be changed"))),
            None => Ok(()),
        }
    }

    /// Whether a match may stand in a stage: it belongs to the vacancy's procedure, and follows the present one.
    fn check_stage(&self, record: Option<Record>, vacancy: Record, stage: Record) -> Result<(), Failure> {
        let present = record.and_then(|record| self.one(record, "statusInfo"));
        if self.habits.any_stage || present == Some(stage) {
            return Ok(());
        }
        let name = |stage: Record| self.text(stage, "displayName").unwrap_or_else(|| self.id(stage));
        let refuse = |problem: String| Err(Failure::precondition(&problem));
        if self.field(stage, "notActive", Language::Dutch) == Value::Int(1) {
            return refuse(format!("The status '{}' is not active", name(stage)));
        }
        let of = |stage| self.one(stage, "toProductGroupNode");
        if of(stage).is_some() && of(stage) != self.one(vacancy, "toProductNode") {
            return refuse(format!("The status '{}' does not belong to the procedure of the vacancy", name(stage)));
        }
        match present {
            Some(present) if of(present).is_some() && !self.list(present, "children").contains(&stage) => {
                refuse(format!("The status '{}' cannot follow '{}'", name(stage), name(present)))
            }
            _ => Ok(()),
        }
    }

    /// The stage that a match begins in: the medium's when it comes through a publication, or that of the procedure.
    pub(super) fn first_stage(&self, publication: Option<Record>, vacancy: Record) -> Option<Record> {
        let procedure = self.one(vacancy, "toProductNode")?;
        let is_of_it = |stage: &Record| self.one(*stage, "toProductGroupNode") == Some(procedure);
        let of_medium = publication
            .and_then(|publication| self.one(publication, "toMedium"))
            .and_then(|medium| self.one(medium, "defaultStatusInfo"));
        let is_default = |stage: &Record| self.field(*stage, "isDefault", Language::Dutch) == Value::Int(1);
        let stages = self.rows(Kind::StatusInfo, Scope::All).map(|row| Record::new(Kind::StatusInfo, row));
        of_medium.filter(is_of_it).or_else(|| {
            let mut open = stages.filter(|stage| self.exists(*stage));
            open.find(|stage| is_of_it(stage) && is_default(stage))
        })
    }

    /// Makes the match of a draft, its ends first; when there is one already, that.
    pub(super) fn begin_match(
        &mut self,
        draft: &mut Draft,
        parent: Option<Record>,
        effects: &mut Effects,
    ) -> Option<Record> {
        let mut end = |world: &mut World, name: &str, kind: Kind| match draft.take(name) {
            Some(target) => Some(world.carry_out(target, None, effects)),
            None => parent.filter(|parent| parent.kind == kind),
        };
        let candidate = end(self, "toEmployee", Kind::Employee);
        let vacancy = end(self, "toVacancy", Kind::Vacancy);
        let publication = draft.linked("toPublication");
        let vacancy = vacancy.or_else(|| self.one(publication?, "toVacancy"))?;
        let candidate = candidate?;
        if let Some(there) = self.match_of(candidate, vacancy) {
            return Some(there);
        }
        let record = self.make_match(candidate, vacancy);
        effects.note(record, ChangeKind::Created, None);
        for end in [candidate, vacancy] {
            effects.note(end, ChangeKind::Updated, Some("matches"));
        }
        if let Some(publication) = publication {
            let medium = self.one(publication, "toMedium");
            let source = medium.and_then(|medium| self.one(medium, "toSourceMatchNode"));
            let owner = self.one(publication, "owner");
            for (name, value) in [("toMedium", medium), ("toSourceNode", source), ("owner", owner), ("toUser", owner)] {
                self.write(record, name, value.into(), effects);
            }
        }
        if !draft.gives("statusInfo")
            && let Some(stage) = self.first_stage(publication, vacancy)
        {
            draft
                .writes
                .push(("statusInfo".to_owned(), Write::One(Some(Box::new(Draft::of(Kind::StatusInfo, Some(stage)))))));
        }
        Some(record)
    }

    /// Notes that a match came into another stage; `is_dated` says that the client gave the moment.
    pub(super) fn moved(&mut self, record: Record, from: Option<Record>, is_dated: bool, effects: &mut Effects) {
        let to = self.one(record, "statusInfo");
        if from == to {
            return;
        }
        let now = Value::Date(Moment::now());
        if !is_dated {
            self.write(record, "statusInfoModificationDate", now.clone(), effects);
        }
        let row = self.make(Kind::AttributeChange, false);
        effects.note(row, ChangeKind::Created, None);
        let name = |world: &World, stage: Option<Record>| stage.and_then(|stage| world.text(stage, "name"));
        let number = |world: &World, end: &str| world.one(record, end).map(|end| world.number(end));
        let values = [
            ("attributeEntityName", Value::from(Kind::Match.name())),
            ("attributeName", Value::from("statusInfo")),
            ("attributeOldValue", from.into()),
            ("attributeValue", to.into()),
            ("oldValue", name(self, from).into()),
            ("value", name(self, to).into()),
            ("effectiveDate", now),
            ("id1", number(self, "toEmployee").into()),
            ("id2", number(self, "toVacancy").into()),
        ];
        self.edits.set(row, values.map(|(name, value)| (name.to_owned(), value)));
        self.add_to(record, "attributeChangesForStatusInfo", row, effects);
    }
}
