//! Relations have two ends, and a write at one of them shows at the other.

use super::{ChangeKind, Effects, Kind, Record, Value, World};

/// A list whose rows belong to the record that has it.
struct Owned {
    owner: Kind,
    list: &'static str,
    child: Kind,
    /// The field of the child that points back.
    back: &'static str,
}

const fn owned(owner: Kind, list: &'static str, child: Kind, back: &'static str) -> Owned {
    Owned { owner, list, child, back }
}

static OWNED: &[Owned] = &[
    owned(Kind::User, "emailAddresses", Kind::EmailAddress, "toUser"),
    owned(Kind::User, "urls", Kind::Url, "toUser"),
    owned(Kind::User, "userVacancies", Kind::VacancyUser, "toUser"),
    owned(Kind::Employee, "workHistories", Kind::WorkHistory, "toEmployee"),
    owned(Kind::Employee, "documents", Kind::EmployeeDocument, "toEmployee"),
    owned(Kind::Employee, "jobs", Kind::Job, "toEmployee"),
    owned(Kind::Employee, "_todos", Kind::ToDo, "toEmployee"),
    owned(Kind::Vacancy, "publications", Kind::Publication, "toVacancy"),
    owned(Kind::Vacancy, "vacancyUsers", Kind::VacancyUser, "toVacancy"),
    owned(Kind::Vacancy, "jobs", Kind::Job, "toVacancy"),
    owned(Kind::Match, "jobs", Kind::Job, "toMatch"),
    owned(Kind::DataNode, "values", Kind::DataNodeValue, "toDataNode"),
    owned(Kind::NodeType, "dataNodes", Kind::DataNode, "type"),
    owned(Kind::StatusInfo, "names", Kind::StatusInfoName, "toStatusInfo"),
];

/// Lists that are each other's other end.
const PAIRS: &[(Kind, &str, &str)] =
    &[(Kind::DataNode, "parentNodes", "childrenNodes"), (Kind::StatusInfo, "children", "parents")];

impl World {
    /// The record that has a list: the addresses of a candidate are those of its user.
    pub(super) fn owner_of(&self, record: Record, list: &str) -> Record {
        match (record.kind, list) {
            (Kind::Employee, "emailAddresses" | "phoneNumbers" | "urls") => {
                self.one(record, "toUser").unwrap_or(record)
            }
            _ => record,
        }
    }

    /// Points a relation to one record somewhere else, or nowhere.
    pub(super) fn relate(&mut self, record: Record, name: &str, target: Option<Record>, effects: &mut Effects) {
        let before = self.one(record, name);
        self.write(record, name, target.into(), effects);
        let lists = OWNED.iter().filter(|owned| owned.child == record.kind && owned.back == name);
        for owned in lists {
            for (owner, is_there) in [(before, false), (target, true)] {
                let Some(owner) = owner.filter(|owner| owner.kind == owned.owner) else { continue };
                match is_there {
                    true => self.add_to(owner, owned.list, record, effects),
                    false if before != target => self.drop_from(owner, owned.list, record, effects),
                    false => {}
                }
            }
        }
        if let Some(target) = target.filter(|_| before != target) {
            self.touch_parent(target, record, effects);
        }
    }

    /// Puts a record into a list.
    pub(super) fn put_in(&mut self, owner: Record, list: &str, item: Record, effects: &mut Effects) {
        if item.kind == Kind::Match {
            return;
        }
        if let Some(owned) = OWNED.iter().find(|owned| owned.owner == owner.kind && owned.list == list) {
            self.relate(item, owned.back, Some(owner), effects);
        } else if list == "attachments" {
            self.attach(owner, item, effects);
        } else {
            self.add_to(owner, list, item, effects);
        }
        if item.kind == Kind::PhoneNumber {
            let number = Value::from(self.number(owner));
            self.write(item, "sourceEntityID", number, effects);
            self.write(item, "sourceEntityName", Value::from(owner.kind.name()), effects);
        }
        self.follow_pairs(owner, list, item, true, effects);
        self.touch_parent(owner, item, effects);
        self.settle_item(item, effects);
    }

    /// Takes a record out of a list. One that belongs to the list's owner is gone with that; a file or a node stays.
    pub(super) fn take_out(&mut self, owner: Record, list: &str, item: Record, effects: &mut Effects) {
        let belongs = OWNED.iter().any(|owned| owned.owner == owner.kind && owned.list == list);
        if belongs || matches!(item.kind, Kind::Match | Kind::PhoneNumber) {
            self.drop_from(owner, list, item, effects);
            self.delete(item, effects);
        } else if list == "attachments" {
            self.detach(owner, item, effects);
        } else {
            self.drop_from(owner, list, item, effects);
        }
        self.follow_pairs(owner, list, item, false, effects);
        self.touch_parent(owner, item, effects);
    }

    fn follow_pairs(&mut self, owner: Record, list: &str, item: Record, is_there: bool, effects: &mut Effects) {
        for (kind, one, other) in PAIRS.iter().filter(|(kind, ..)| *kind == owner.kind && item.kind == *kind) {
            let Some(back) =
                [(one, other), (other, one)].iter().find(|(name, _)| **name == list).map(|(_, back)| *back)
            else {
                continue;
            };
            match is_there {
                true => self.add_to(item, back, owner, effects),
                false => self.drop_from(item, back, owner, effects),
            }
            if *kind == Kind::DataNode {
                for node in [owner, item] {
                    let parents = self.list(node, "parentNodes");
                    self.write(node, "parentNode", parents.first().copied().into(), effects);
                    self.write(node, "activeParentNodes", Value::Many(parents), effects);
                }
            }
        }
    }

    pub(super) fn add_to(&mut self, owner: Record, list: &str, item: Record, effects: &mut Effects) {
        let mut items = self.list(owner, list);
        if !items.contains(&item) {
            items.push(item);
            self.write(owner, list, Value::Many(items), effects);
        }
    }

    pub(super) fn drop_from(&mut self, owner: Record, list: &str, item: Record, effects: &mut Effects) {
        let mut items = self.list(owner, list);
        if items.contains(&item) {
            items.retain(|other| *other != item);
            self.write(owner, list, Value::Many(items), effects);
        }
    }

    /// Moves the `modificationDate` of a record that something was put on, where that is the source's habit.
    fn touch_parent(&mut self, parent: Record, child: Record, effects: &mut Effects) {
        let is_child = OWNED.iter().any(|owned| owned.owner == parent.kind && owned.child == child.kind)
            || matches!(child.kind, Kind::PhoneNumber | Kind::Attachment | Kind::ToDo);
        if !self.habits.children_touch_parents || !is_child {
            return;
        }
        for parent in [Some(parent), self.same_person(parent)].into_iter().flatten() {
            self.touch(parent, effects);
        }
    }

    /// What a removed record was part of.
    pub(super) fn forget(&mut self, record: Record, effects: &mut Effects) {
        match record.kind {
            Kind::EmailAddress => self.forget_address(record, effects),
            Kind::EmployeeAttachment | Kind::ObjectAttachment => {
                let ends = self.owner_of_link(record).zip(self.one(record, "toAttachment"));
                if let Some((owner, file)) = ends {
                    self.detach(owner, file, effects);
                }
            }
            Kind::Match => {
                for end in ["toEmployee", "toVacancy"] {
                    if let Some(end) = self.one(record, end) {
                        effects.note(end, ChangeKind::Updated, Some("matches"));
                    }
                }
            }
            _ => {}
        }
    }
}
