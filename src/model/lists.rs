//! How the rows of each model are given out in lists: what stands beside the stored record, and by what a list is
//! narrowed.

use super::{APPLICATION_STAGES, APPLICATIONS, CANDIDATES, Field, JOBS, Kind, Model, USERS};

/// The list of a model.
#[derive(Debug)]
pub struct List {
    /// The model.
    pub model: &'static Model,
    /// Rows of other models that its rows show.
    pub linked: &'static [Linked],
    /// Keys that stand in every row although nothing fills them so far.
    pub empty: &'static [Empty],
    /// By what it can be narrowed, beside what all lists can be.
    pub filters: &'static [Filter],
}

/// Rows of another model that a row shows.
#[derive(Debug)]
pub struct Linked {
    /// The key under which they stand.
    pub name: &'static str,
    /// What it means, for documentation.
    pub about: &'static str,
    /// The model of the rows.
    pub model: &'static str,
    /// How they are found.
    pub link: Link,
    /// Key of the shown object and the field of the row that it repeats.
    pub fields: &'static [(&'static str, &'static str)],
    /// Rows of others that the shown ones show.
    pub linked: &'static [Linked],
}

/// How the rows are found that a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The one whose id stands in this field of the row.
    One {
        /// The field.
        by: &'static str,
        /// Whether a change of the shown row counts as one of this row, for those who ask what changed.
        counts: bool,
    },
    /// Those in whose field of this name the row's id stands, in the order in which they came. Each change of one counts,
    /// and that one comes or goes.
    Many {
        /// The field.
        by: &'static str,
    },
}

/// A key that nothing fills so far.
#[derive(Debug)]
pub struct Empty {
    /// The key.
    pub name: &'static str,
    /// Whether it is an empty list, or null.
    pub list: bool,
    /// What it means, for documentation.
    pub about: &'static str,
}

/// A parameter that narrows a list.
#[derive(Debug)]
pub struct Filter {
    /// Its name.
    pub name: &'static str,
    /// What it looks for.
    pub test: Test,
    /// What it is given.
    pub takes: Takes,
    /// Whether another one has taken its place.
    pub superseded: bool,
    /// What it means, for documentation.
    pub about: &'static str,
}

/// What a filter is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A text.
    Text,
    /// Texts, of which one must fit.
    Texts,
    /// A moment, of which the day counts.
    Day,
}

/// What a filter looks for. A row without the field never fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// The field is one of the texts.
    OneOf(&'static str),
    /// The same, whatever the case of ASCII letters.
    OneOfAddresses(&'static str),
    /// The field is the text, whatever the case of its letters.
    Caseless(&'static str),
    /// The field has the text in it, whatever the case of ASCII letters.
    Contains(&'static str),
    /// The field is a moment of the day or of a later one.
    FromDay(&'static str),
    /// One of [`EMAIL_ADDRESSES`] is the text, whatever the case of ASCII letters.
    Email,
    /// The field is the id of one of the rows with these remote ids.
    OneOfRemote(&'static str),
    /// Rows of another model that are not gone name this one in their field `by`, and one of the ids in their field `field`.
    Through {
        /// The other model.
        model: &'static str,
        /// Their field with the id of this row.
        by: &'static str,
        /// Their field with one of the ids.
        field: &'static str,
    },
}

/// The list of addresses that [`Test::Email`] looks into.
pub const EMAIL_ADDRESSES: &str = "email_addresses";

impl Test {
    /// The fields, with their models, without which a source has nothing to find.
    pub fn needs(&self, model: &'static Model) -> Vec<(&'static str, &'static str)> {
        match *self {
            Test::OneOf(field)
            | Test::OneOfAddresses(field)
            | Test::Caseless(field)
            | Test::Contains(field)
            | Test::FromDay(field)
            | Test::OneOfRemote(field) => vec![(model.name, field)],
            Test::Email => vec![(model.name, EMAIL_ADDRESSES)],
            Test::Through { model, by, field } => vec![(model, by), (model, field)],
        }
    }
}

impl List {
    /// The list of a model.
    pub fn of(model: &Model) -> &'static List {
        LISTS.iter().find(|list| list.model == model).unwrap_or_else(|| unreachable!("every model has a list"))
    }

    /// The filter of that name.
    pub fn filter(&self, name: &str) -> Option<&'static Filter> {
        self.filters.iter().find(|filter| filter.name == name)
    }

    /// The models whose rows its rows show, themselves or through others, without its own.
    pub fn shown_models(&self) -> Vec<&'static Model> {
        fn collect(linked: &'static [Linked], found: &mut Vec<&'static str>) {
            for linked in linked {
                found.push(linked.model);
                collect(linked.linked, found);
            }
        }
        let mut found = Vec::new();
        collect(self.linked, &mut found);
        found.extend(self.members().map(|(_, members)| members.model));
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(Model::named).collect()
    }

    /// The fields that show the rows of a group.
    pub fn members(&self) -> impl Iterator<Item = (&'static Field, &'static super::Members)> {
        self.model.fields.iter().filter_map(|field| match field.kind {
            Kind::Members(members) => Some((field, members)),
            _ => None,
        })
    }
}

const fn filter(name: &'static str, takes: Takes, test: Test, about: &'static str) -> Filter {
    Filter { name, test, takes, superseded: false, about }
}

const fn superseded(name: &'static str, test: Test, about: &'static str) -> Filter {
    Filter { name, test, takes: Takes::Text, superseded: true, about }
}

const fn same(name: &'static str) -> (&'static str, &'static str) {
    (name, name)
}

const REMOTE_CREATED_AFTER: Filter = filter(
    "remote_created_after",
    Takes::Day,
    Test::FromDay("remote_created_at"),
    "Those that the source created on this day (UTC) or later",
);

static JOB: &[(&str, &str)] = &[same("id"), same("remote_id"), same("name")];

static STAGE: &[(&str, &str)] = &[same("id"), same("name"), same("remote_id"), ("index", "global_index")];

/// The list of every model, in the order of [`super::MODELS`].
pub static LISTS: &[List] = &[
    List {
        model: &USERS,
        linked: &[],
        empty: &[],
        filters: &[filter(
            "emails",
            Takes::Texts,
            Test::OneOfAddresses("email"),
            "Those with one of these addresses; case does not matter",
        )],
    },
    List { model: &APPLICATION_STAGES, linked: &[], empty: &[], filters: &[] },
    List {
        model: &JOBS,
        linked: &[],
        empty: &[Empty { name: "screening_questions", list: true, about: "Questions to applicants" }],
        filters: &[
            filter("job_codes", Takes::Texts, Test::OneOf("job_code"), "Those with one of these codes"),
            filter("post_url", Takes::Text, Test::OneOf("post_url"), "Those that are posted at this address"),
            filter("statuses", Takes::Texts, Test::OneOf("status"), "Those with one of these statuses"),
            superseded("status", Test::OneOf("status"), "Older form of statuses, with one value"),
            filter(
                "employment_types",
                Takes::Texts,
                Test::OneOf("employment_type"),
                "Those with one of these kinds of employment",
            ),
            filter("visibilities", Takes::Texts, Test::OneOf("visibility"), "Those with one of these visibilities"),
            REMOTE_CREATED_AFTER,
            filter(
                "name_contains",
                Takes::Text,
                Test::Contains("name"),
                "Those with this text in their name; the case of ASCII letters does not matter",
            ),
        ],
    },
    List {
        model: &CANDIDATES,
        linked: &[Linked {
            name: "applications",
            about: "What the candidate applied to",
            model: "applications",
            link: Link::Many { by: "candidate_id" },
            fields: &[
                same("id"),
                same("remote_id"),
                same("outcome"),
                same("rejection_reason_name"),
                same("rejected_at"),
                same("remote_url"),
                same("changed_at"),
                same("remote_created_at"),
                same("remote_updated_at"),
            ],
            linked: &[
                Linked {
                    name: "current_stage",
                    about: "Where it is",
                    model: "application_stages",
                    link: Link::One { by: "current_stage_id", counts: false },
                    fields: STAGE,
                    linked: &[],
                },
                Linked {
                    name: "job",
                    about: "The job",
                    model: "jobs",
                    link: Link::One { by: "job_id", counts: false },
                    fields: JOB,
                    linked: &[],
                },
            ],
        }],
        empty: &[],
        filters: &[
            filter("email", Takes::Text, Test::Email, "Those with this address; case does not matter"),
            filter(
                "job_ids",
                Takes::Texts,
                Test::Through { model: "applications", by: "candidate_id", field: "job_id" },
                "Those who applied to one of these jobs",
            ),
            filter(
                "first_name",
                Takes::Text,
                Test::Caseless("first_name"),
                "Those with this whole first name; case does not matter",
            ),
            filter(
                "last_name",
                Takes::Text,
                Test::Caseless("last_name"),
                "Those with this whole last name; case does not matter",
            ),
        ],
    },
    List {
        model: &APPLICATIONS,
        linked: &[
            Linked {
                name: "candidate",
                about: "The candidate",
                model: "candidates",
                link: Link::One { by: "candidate_id", counts: true },
                fields: &[
                    same("id"),
                    same("remote_id"),
                    same("first_name"),
                    same("last_name"),
                    same("email_addresses"),
                    same("phone_numbers"),
                    same("social_media"),
                    same("source"),
                    same("remote_url"),
                    same("tags"),
                ],
                linked: &[],
            },
            Linked {
                name: "current_stage",
                about: "Where it is",
                model: "application_stages",
                link: Link::One { by: "current_stage_id", counts: false },
                fields: &[
                    same("id"),
                    same("remote_id"),
                    same("name"),
                    same("status"),
                    same("custom_fields"),
                    ("index", "global_index"),
                ],
                linked: &[],
            },
            Linked {
                name: "job",
                about: "The job",
                model: "jobs",
                link: Link::One { by: "job_id", counts: false },
                fields: JOB,
                linked: &[],
            },
        ],
        empty: &[
            Empty { name: "interviews", list: true, about: "Meetings with the candidate" },
            Empty { name: "offers", list: true, about: "Offers to the candidate" },
            Empty {
                name: "screening_question_answers",
                list: false,
                about: "What the candidate was asked and answered",
            },
        ],
        filters: &[
            filter("outcomes", Takes::Texts, Test::OneOf("outcome"), "Those with one of these outcomes"),
            superseded("outcome", Test::OneOf("outcome"), "Older form of outcomes, with one value"),
            filter("job_ids", Takes::Texts, Test::OneOf("job_id"), "Those on one of these jobs"),
            filter(
                "job_remote_ids",
                Takes::Texts,
                Test::OneOfRemote("job_id"),
                "Those on one of the jobs with these ids of the source",
            ),
            filter("current_stage_ids", Takes::Texts, Test::OneOf("current_stage_id"), "Those in one of these stages"),
            REMOTE_CREATED_AFTER,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MODELS;

    fn check(holder: &'static Model, linked: &'static [Linked]) {
        for linked in linked {
            let model = Model::named(linked.model).unwrap();
            let by = match linked.link {
                Link::One { by, .. } => {
                    assert!(matches!(holder.field(by).unwrap().kind, Kind::Id(of) if of == model.name), "{by}");
                    continue;
                }
                Link::Many { by } => by,
            };
            assert!(matches!(model.field(by).unwrap().kind, Kind::Id(of) if of == holder.name), "{by}");
            check(model, linked.linked);
        }
    }

    #[test]
    fn lists_name_what_the_models_have() {
        assert_eq!(LISTS.len(), MODELS.len());
        for (list, model) in LISTS.iter().zip(MODELS) {
            assert_eq!(list.model, *model);
            check(model, list.linked);
            let mut linked: Vec<&Linked> = list.linked.iter().collect();
            while let Some(one) = linked.pop() {
                let model = Model::named(one.model).unwrap();
                for (_, field) in one.fields {
                    assert!(matches!(*field, "id" | "changed_at") || model.field(field).is_some(), "{field}");
                }
                linked.extend(one.linked);
            }
            for filter in list.filters {
                for (model, field) in filter.test.needs(list.model) {
                    assert!(Model::named(model).unwrap().field(field).is_some(), "{field}");
                }
            }
            assert!(list.empty.iter().all(|empty| model.field(empty.name).is_none()));
        }
    }

    #[test]
    fn a_list_waits_for_all_that_it_shows() {
        let shown = |model| List::of(model).shown_models().iter().map(|model| model.name).collect::<Vec<_>>();
        assert_eq!(shown(&CANDIDATES), ["application_stages", "applications", "jobs"]);
        assert_eq!(shown(&JOBS), ["application_stages"]);
        assert_eq!(shown(&USERS), Vec::<&str>::new());
    }
}
