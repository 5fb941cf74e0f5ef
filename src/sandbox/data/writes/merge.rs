//! `crEmployeeMerge`: two files of one person become one.

use super::draft::Draft;
use super::{Effects, Failure, Kind, Record, Value, World};
use serde_json::{Map, Value as Json};

/// Lists that go over to the leading file.
const MOVED: &[&str] = &["emailAddresses", "phoneNumbers", "urls", "workHistories", "documents", "jobs", "_todos"];

/// What a match keeps when it goes over.
const OF_A_MATCH: &[&str] =
    &["statusInfo", "motivation", "notes", "sourceInfo", "applySource", "toSourceNode", "owner"];

impl World {
    /// What the following file has goes over to the leading one, and the following one is archived. Of two matches on
    /// the same vacancy the leading one stays.
    pub(super) fn merge(&mut self, arguments: &Map<String, Json>, effects: &mut Effects) -> Result<Record, Failure> {
        let leading = self.named(Kind::Employee, arguments, "leadingID")?;
        let following = self.named(Kind::Employee, arguments, "followingID")?;
        if leading == following {
            return Err(Failure::bad_request("leadingID and followingID are the same candidate"));
        }
        for list in MOVED {
            let (from, to) = (self.owner_of(following, list), self.owner_of(leading, list));
            for item in self.list(from, list) {
                if item.kind == Kind::EmailAddress {
                    self.write(item, "isPrimary", Value::Int(0), effects);
                }
                self.drop_from(from, list, item, effects);
                self.put_in(to, list, item, effects);
            }
        }
        for file in self.list(following, "attachments") {
            self.detach(following, file, effects);
            self.attach(leading, file, effects);
        }
        for old in self.list(following, "matches") {
            self.move_match(old, leading, effects);
        }
        self.touch(leading, effects);
        self.delete(following, effects);
        Ok(leading)
    }

    /// The id of a match holds its candidate, so another candidate's is another match.
    fn move_match(&mut self, old: Record, candidate: Record, effects: &mut Effects) {
        if let Some(vacancy) = self.one(old, "toVacancy")
            && self.match_of(candidate, vacancy).is_none()
        {
            let values: Vec<(&str, Value)> =
                OF_A_MATCH.iter().map(|name| (*name, self.field(old, name, super::Language::Dutch))).collect();
            let files = self.list(old, "attachments");
            let mut draft = Draft::of(Kind::Match, None);
            let link = |record: Record| super::draft::Write::One(Some(Box::new(Draft::of(record.kind, Some(record)))));
            draft.writes.push(("toVacancy".to_owned(), link(vacancy)));
            let new = self.carry_out(draft, Some(candidate), effects);
            for (name, value) in values {
                self.write(new, name, value, effects);
            }
            for file in files {
                self.attach(new, file, effects);
            }
        }
        self.delete(old, effects);
    }
}
