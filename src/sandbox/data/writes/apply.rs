//! `crEmployeeApply`: a candidate with an application, the rules of duplicates, and the e-mails that follow.

use super::super::outbox::Mail;
use super::draft::Draft;
use super::read::{Place, Reader};
use super::{Effects, Failure, Kind, Language, Moment, Record, Scope, Value, World, flag, text};
use serde_json::{Map, Value as Json, json};

/// Files that may be of the same person.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    /// Last name, postal code and birth date agree.
    pub(super) likely: Option<Record>,
    /// The birth date agrees, and one of last name, postal code and city.
    pub(super) possible: Option<Record>,
}

/// What is compared of a person. An e-mail address is no criterion.
struct Traits {
    birth: Option<String>,
    last_name: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
}

impl Traits {
    fn of(text: impl Fn(&str) -> Option<String>, birth: Option<Moment>) -> Traits {
        let folded = |names: [&str; 2]| {
            let found = names.into_iter().find_map(&text);
            let folded =
                found.map(|text| text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase());
            folded.filter(|text| !text.is_empty())
        };
        Traits {
            birth: birth.map(|moment| moment.to_string().chars().take(10).collect()),
            last_name: folded(["lastName", "lastName"]),
            postal_code: folded(["homePostalCode", "postalCode"]),
            city: folded(["homeCity", "city"]),
        }
    }
}

impl World {
    /// The candidates that a draft may be about already. None is drawn with a birth date, so only those that were
    /// written can be.
    pub(super) fn duplicates(&self, draft: &Draft) -> Duplicates {
        let date = |value: Option<&Value>| match value {
            Some(Value::Date(moment)) => Some(*moment),
            _ => None,
        };
        let wanted = Traits::of(|name| draft.text(name).map(str::to_owned), date(draft.value("birthDate")));
        let mut found = Duplicates::default();
        if wanted.birth.is_none() {
            return found;
        }
        for candidate in self.edits.written(Kind::Employee, "birthDate") {
            if !self.exists(candidate) || self.is_archived(candidate) {
                continue;
            }
            let birth = self.field(candidate, "birthDate", Language::Dutch);
            let traits = Traits::of(|name| self.text(candidate, name), date(Some(&birth)));
            let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
            if !same(&wanted.birth, &traits.birth) {
                continue;
            }
            let by_name = same(&wanted.last_name, &traits.last_name);
            let by_postal_code = same(&wanted.postal_code, &traits.postal_code);
            if by_name && by_postal_code {
                found.likely = found.likely.or(Some(candidate));
            } else if by_name || by_postal_code || same(&wanted.city, &traits.city) {
                found.possible = found.possible.or(Some(candidate));
            }
        }
        found
    }

    pub(super) fn apply(&mut self, arguments: &Map<String, Json>, effects: &mut Effects) -> Result<Record, Failure> {
        let named = |name: &str, kind| {
            let given = arguments.get(name).is_some_and(|id| !id.is_null());
            given.then(|| self.named(kind, arguments, name)).transpose()
        };
        let publication = named("pub", Kind::Publication)?;
        named("orgpub", Kind::Publication)?;
        let product = named("prod", Kind::DataNode)?;
        let vacancy = match publication {
            Some(publication) => self.one(publication, "toVacancy"),
            None => product.and_then(|product| self.open_application(product)),
        };
        let vacancy = vacancy.filter(|_| !flag(arguments, "nomatch", false));

        let mut request = arguments.get("request").and_then(Json::as_object).cloned().unwrap_or_default();
        let nested = request.remove("matches");
        let mut draft = Reader::of(self).root(Kind::Employee, &request, None)?;
        let duplicates = if flag(arguments, "dedupe", true) { self.duplicates(&draft) } else { Duplicates::default() };
        draft.record = duplicates.likely;
        let there = duplicates.likely.zip(vacancy).and_then(|(candidate, vacancy)| self.match_of(candidate, vacancy));
        let application = match vacancy {
            Some(vacancy) => {
                let place = Place { kind: Kind::Employee, record: draft.record, field: "matches", is_item: true };
                let request = self.application_request(nested.as_ref(), there.is_none(), publication, vacancy);
                Some(Reader::of(self).draft(Kind::Match, &request, there, Some(place))?)
            }
            None => None,
        };

        let candidate = self.carry_out(draft, None, effects);
        if let Some(medium) = publication.and_then(|publication| self.one(publication, "toMedium")) {
            for (name, value) in [("toMedium", Some(medium)), ("toSourceNode", self.one(medium, "toSourceNode"))] {
                if self.one(candidate, name).is_none() {
                    self.write(candidate, name, value.into(), effects);
                }
            }
        }
        let application = application.map(|draft| self.carry_out(draft, Some(candidate), effects));
        let is_doubtful = duplicates.likely.is_none() && duplicates.possible.is_some();
        let letters = Letters { candidate, application, publication, is_second: there.is_some(), is_doubtful };
        self.send(arguments, &letters);
        Ok(candidate)
    }

    /// The vacancy that holds open applications, that of the business line before others.
    fn open_application(&self, product: Record) -> Option<Record> {
        let is_open = |vacancy: &Record| {
            self.exists(*vacancy)
                && !self.is_archived(*vacancy)
                && self.field(*vacancy, "isOpenApplication", Language::Dutch) == Value::Int(1)
        };
        let all = self.rows(Kind::Vacancy, Scope::All).map(|row| Record::new(Kind::Vacancy, row));
        let open: Vec<Record> = all.filter(is_open).collect();
        let of_it = |vacancy: &&Record| self.one(**vacancy, "toProductTypeNode") == Some(product);
        open.iter().find(of_it).or(open.first()).copied()
    }

    /// The match that is made, with what the request says of it.
    fn application_request(
        &self,
        nested: Option<&Json>,
        is_new: bool,
        publication: Option<Record>,
        vacancy: Record,
    ) -> Map<String, Json> {
        let given = nested.and_then(|list| list.get("items")).and_then(|items| items.get(0).or(Some(items)));
        let mut request = given.and_then(Json::as_object).cloned().unwrap_or_default();
        request.entry("_kind").or_insert_with(|| json!(Kind::Match.name()));
        let link = |record: Record| json!({"_kind": record.kind.name(), "_id": self.id(record)});
        if is_new {
            request.insert("toVacancy".to_owned(), link(vacancy));
            if let Some(publication) = publication {
                request.insert("toPublication".to_owned(), link(publication));
            }
        }
        request
    }

    /// Puts the e-mails into the outbox that nobody declined.
    fn send(&mut self, arguments: &Map<String, Json>, letters: &Letters) {
        let address = |record: Option<Record>| self.text(record?, "emailAddress");
        let owner = letters.publication.and_then(|publication| self.one(publication, "owner"));
        let (to_candidate, to_owner) = (address(Some(letters.candidate)), address(owner));
        let mut mails = Vec::new();
        let mut mail = |is_due: bool, decline: &str, template: &str, to: &Option<String>| {
            if is_due && !flag(arguments, decline, false) {
                mails.push(Mail {
                    at: Moment::now().to_string(),
                    template: template.to_owned(),
                    to: to.clone(),
                    candidate: self.id(letters.candidate),
                    application: letters.application.map(|application| self.id(application)),
                });
            }
        };
        let confirm = text(arguments, "confirmMail").unwrap_or("web-confirm");
        let second = text(arguments, "dupmatchMail").unwrap_or("web-dupmatch");
        mail(!letters.is_second, "webConfirmDeclineEmail", confirm, &to_candidate);
        mail(!letters.is_second && letters.application.is_some(), "webNotifyDeclineEmail", "web-notify", &to_owner);
        mail(letters.is_doubtful, "webDupwarnDeclineEmail", "web-dupwarn", &to_owner);
        mail(letters.is_second, "webDupmatchDeclineEmail", second, &to_candidate);
        self.outbox.append(&mut mails);
    }
}

/// What the e-mails of an application are about.
struct Letters {
    candidate: Record,
    application: Option<Record>,
    publication: Option<Record>,
    /// Whether the candidate was on the vacancy already.
    is_second: bool,
    /// Whether the new file may be of someone who has one.
    is_doubtful: bool,
}
