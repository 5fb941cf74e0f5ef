//! The mapping of jobs as one would write it by hand: typed structs that borrow from the raw text, one function, and
//! serde at both ends. It decides what `mappings/carerix/jobs.yaml` with its scripts and tables decides.

use std::borrow::Cow;

use crosswalk::mapping::{Failure, Issue, Mapped, Severity};
use crosswalk::model::Id;
use email_address::EmailAddress;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::raw::{Coded, Company, Date, Labelled, Publication, Role, Text, User, Vacancy, VacancyUser, text};
use crate::words;

/// What the mapping knows beside the record.
pub struct Surroundings<'c> {
    pub connection: &'c str,
    pub tenant: &'c str,
    pub now: Timestamp,
}

#[derive(Serialize)]
struct Job<'a> {
    id: Derived,
    remote_id: &'a str,
    name: Option<&'a str>,
    job_code: Cow<'a, str>,
    description: Option<String>,
    confidential: bool,
    weekly_hours: Option<Number>,
    employment_type: Option<&'a str>,
    status: &'a str,
    visibility: &'static str,
    category: Option<&'a str>,
    department: Option<&'a str>,
    post_url: Option<&'a str>,
    experience_level: Option<&'a str>,
    remote_work_status: Option<&'a str>,
    salary_amount: Option<Number>,
    salary_amount_from: Option<Number>,
    salary_amount_to: Option<Number>,
    salary_currency: Option<&'a str>,
    salary_period: Option<&'a str>,
    location: Option<Location<'a>>,
    custom_fields: Option<&'a RawValue>,
    remote_url: String,
    opened_at: Option<Date>,
    closed_at: Option<Date>,
    remote_created_at: Option<Date>,
    remote_updated_at: Option<Date>,
    contact_id: Option<Derived>,
    job_postings: Vec<Posting<'a>>,
    hiring_team: Vec<Member<'a>>,
}

#[derive(Serialize, Default)]
struct Location<'a> {
    city: Option<&'a str>,
    country: Option<&'a str>,
    raw: Option<&'a str>,
    state: Option<&'a str>,
    street_1: Option<String>,
    street_2: Option<&'a str>,
    zip_code: Option<&'a str>,
}

#[derive(Serialize)]
struct Posting<'a> {
    id: Derived,
    remote_id: &'a str,
    title: Option<&'a str>,
    description_html: Option<String>,
    status: &'static str,
    visibility: &'static str,
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct Member<'a> {
    id: Derived,
    remote_id: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<String>,
    email: Option<&'a str>,
    hiring_team_roles: Listed<&'static str>,
    job_roles: Listed<JobRole<'a>>,
}

#[derive(Serialize)]
struct JobRole<'a> {
    remote_id: Option<&'a str>,
    remote_label: Option<&'a str>,
    unified_type: Option<&'static str>,
    scope: &'static str,
}

/// A list of at most one entry.
struct Listed<T>(Option<T>);

impl<T: Serialize> Serialize for Listed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

struct Derived(Id);

impl Serialize for Derived {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// A number that is written without a fraction where it has none.
#[derive(Clone, Copy, PartialEq)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 { serializer.serialize_i64(self.0 as i64) } else { serializer.serialize_f64(self.0) }
    }
}

/// Maps one record into `mapped`.
pub fn map(raw: &str, around: &Surroundings<'_>, mapped: &mut Mapped) -> Result<(), Failure> {
    mapped.clear();
    let vacancy: Vacancy<'_> = serde_json::from_str(raw).map_err(|error| Failure(error.to_string()))?;
    let remote_id = vacancy.id.trimmed();
    let id = Id::derive(around.connection, "jobs", remote_id);
    let concealed = vacancy.is_confidential == Some(1) || vacancy.is_anonymous == Some(1);
    let (low, high) = (given(vacancy.min_salary), given(vacancy.max_salary));
    let label = labelled(&vacancy.to_status_node);
    let publications = &vacancy.publications.items;
    let job = Job {
        id: Derived(id),
        remote_id,
        name: text(&vacancy.job_title)
            .or_else(|| text(&vacancy.title_information))
            .or_else(|| text(&vacancy.job_title_or_function)),
        job_code: text(&vacancy.vacancy_no).map_or_else(|| vacancy.vacancy_id.to_string().into(), Cow::from),
        description: joined(
            [
                &vacancy.intro_information,
                &vacancy.vacancy_information,
                &vacancy.requirements,
                &vacancy.offer_information,
                &vacancy.company_information,
                &vacancy.additional_information,
            ],
            "\n",
        ),
        confidential: concealed,
        weekly_hours: weekly_hours(&vacancy),
        employment_type: employment_type(&vacancy),
        status: if vacancy.deleted == 1 { "ARCHIVED" } else { status(label, vacancy.end_date, around.now) },
        visibility: visibility(concealed, publications, around.now),
        category: labelled(&vacancy.to_function_level_1).or_else(|| labelled(&vacancy.to_category_node)),
        department: vacancy.agency.as_ref().and_then(|agency| text(&agency.name)),
        post_url: post_url(publications, around.now),
        experience_level: labelled(&vacancy.to_experience_level_node).or_else(|| labelled(&vacancy.to_work_level_node)),
        remote_work_status: labelled(&vacancy.to_workplace_type_node)
            .map(|label| words::keyword(words::REMOTE_WORK_STATUS, label).unwrap_or(label)),
        salary_amount: match (low, high) {
            (Some(low), Some(high)) => (low == high).then_some(low),
            (low, high) => low.or(high),
        },
        salary_amount_from: low,
        salary_amount_to: high,
        salary_currency: currency(vacancy.to_salary_currency_node.as_ref(), low.or(high).is_some()),
        salary_period: salary_period(&vacancy),
        location: location(&vacancy),
        custom_fields: vacancy.additional_info,
        remote_url: format!("https://{}.carerix.net/#{}/{}", around.tenant, vacancy.kind.trimmed(), vacancy.vacancy_id),
        opened_at: publications
            .iter()
            .filter_map(|publication| publication.publication_start)
            .min()
            .or(vacancy.start_date)
            .or(vacancy.creation_date),
        closed_at: closed_at(&vacancy, label, around.now),
        remote_created_at: vacancy.creation_date,
        remote_updated_at: vacancy.modification_date.or(vacancy.creation_date),
        contact_id: vacancy
            .owner
            .as_ref()
            .map(|owner| Derived(Id::derive(around.connection, "users", owner.id.trimmed()))),
        job_postings: publications.iter().map(|publication| posting(publication, around)).collect(),
        hiring_team: hiring_team(&vacancy, around, &mut mapped.issues),
    };
    serde_json::to_writer(&mut mapped.unified, &job).map_err(|error| Failure(error.to_string()))?;
    mapped.remote_id.push_str(remote_id);
    mapped.id = Some(id);
    mapped.deleted = vacancy.deleted == 1;
    mapped.members_of = vacancy.to_product_node.as_ref().map(|product| product.id.trimmed().to_owned());
    Ok(())
}

fn labelled<'t>(node: &'t Option<Labelled<'_>>) -> Option<&'t str> {
    node.as_ref().and_then(|node| text(&node.value))
}

fn joined<'t, const N: usize>(parts: [&'t Option<Text<'t>>; N], with: &str) -> Option<String> {
    let mut joined = String::new();
    for part in parts.into_iter().filter_map(text) {
        if !joined.is_empty() {
            joined.push_str(with);
        }
        joined.push_str(part);
    }
    (!joined.is_empty()).then_some(joined)
}

fn given(amount: Option<f64>) -> Option<Number> {
    amount.filter(|amount| *amount > 0.0).map(Number)
}

fn weekly_hours(vacancy: &Vacancy<'_>) -> Option<Number> {
    given(vacancy.hours_per_week).or_else(|| given(vacancy.fte).map(|Number(fte)| Number(fte * 40.0)))
}

fn employment_type<'t>(vacancy: &'t Vacancy<'_>) -> Option<&'t str> {
    let label = labelled(&vacancy.to_contract_type_node)?;
    match words::keyword(words::EMPLOYMENT_TYPE, label) {
        Some("FULL_TIME") if weekly_hours(vacancy).is_some_and(|hours| hours.0 < 36.0) => Some("PART_TIME"),
        kind => Some(kind.unwrap_or(label)),
    }
}

fn status(label: Option<&str>, end: Option<Date>, now: Timestamp) -> &str {
    match label {
        Some(label) => words::keyword(words::JOB_STATUS, label).unwrap_or(label),
        None if end.is_some_and(|end| end.0 <= now) => "CLOSED",
        None => "OPEN",
    }
}

fn closed_at(vacancy: &Vacancy<'_>, label: Option<&str>, now: Timestamp) -> Option<Date> {
    if status(label, vacancy.end_date, now) != "CLOSED" {
        return None;
    }
    let passed = |end: Option<Date>| end.filter(|end| end.0 <= now);
    let last_end = || {
        let mut ends = vacancy.publications.items.iter().map(|publication| publication.publication_end);
        ends.try_fold(None, |last, end| passed(end).map(|end| last.max(Some(end)))).flatten()
    };
    vacancy.status_changed_date.or(passed(vacancy.end_date)).or_else(last_end)
}

impl Publication<'_> {
    fn is_started(&self, now: Timestamp) -> bool {
        self.publication_start.is_some_and(|start| start.0 <= now)
    }

    fn is_over(&self, now: Timestamp) -> bool {
        let tag = || self.to_status_node.as_ref().and_then(|node| text(&node.tag));
        let stopped = ["PublicationStoppedTag", "PublicationToBeStoppedTag", "PublicationPublishFailedTag"];
        self.deleted == Some(1)
            || self.closed == Some(1)
            || self.publication_end.is_some_and(|end| end.0 <= now)
            || tag().is_some_and(|tag| stopped.iter().any(|stopped| stopped.eq_ignore_ascii_case(tag)))
    }

    fn is_live(&self, now: Timestamp) -> bool {
        self.is_started(now) && !self.is_over(now)
    }

    fn medium(&self) -> Option<&str> {
        self.to_medium.as_ref().and_then(|medium| text(&medium.code))
    }

    fn is_internal(&self) -> bool {
        self.medium().is_some_and(words::is_internal_medium)
    }

    fn url(&self) -> Option<&str> {
        text(&self.vacancy_url).or_else(|| text(&self.apply_url))
    }
}

fn visibility(concealed: bool, publications: &[Publication<'_>], now: Timestamp) -> &'static str {
    if concealed {
        return "CONFIDENTIAL";
    }
    let is_public = |publication: &Publication<'_>| publication.is_live(now) && !publication.is_internal();
    if publications.iter().any(is_public) { "PUBLIC" } else { "INTERNAL" }
}

fn post_url<'t>(publications: &'t [Publication<'_>], now: Timestamp) -> Option<&'t str> {
    let live = || publications.iter().filter(|publication| publication.is_live(now));
    let is_web =
        |publication: &&Publication<'_>| publication.medium().is_some_and(|medium| medium.eq_ignore_ascii_case("web"));
    live()
        .filter(is_web)
        .find_map(Publication::url)
        .or_else(|| live().filter(|publication| !publication.is_internal()).find_map(Publication::url))
        .or_else(|| live().find_map(Publication::url))
}

fn currency<'t>(node: Option<&'t Coded<'_>>, salary_known: bool) -> Option<&'t str> {
    let (code, name) = node.map_or((None, None), |node| (text(&node.export_code), text(&node.value)));
    name.and_then(words::currency_of_name)
        .or_else(|| code.and_then(words::currency))
        .or_else(|| name.and_then(words::currency))
        .or(name)
        .or(code)
        .or(salary_known.then_some("EUR"))
}

fn salary_period<'t>(vacancy: &'t Vacancy<'_>) -> Option<&'t str> {
    let node = vacancy.to_salary_period_node.as_ref()?;
    let of_label = || text(&node.value).map(|label| words::keyword(words::SALARY_PERIOD, label).unwrap_or(label));
    text(&node.tag).and_then(words::salary_period_of_tag).or_else(of_label)
}

fn country<'t>(node: &'t Option<Coded<'_>>) -> Option<&'t str> {
    let node = node.as_ref()?;
    let (code, name) = (text(&node.export_code), text(&node.value));
    name.and_then(words::country_of_name)
        .or_else(|| code.and_then(words::country))
        .or_else(|| name.and_then(words::country))
        .or(name)
        .or(code)
}

fn location<'t>(vacancy: &'t Vacancy<'_>) -> Option<Location<'t>> {
    let Vacancy { work_street, work_postal_code, work_city, work_location, .. } = vacancy;
    if [work_street, work_postal_code, work_city, work_location].into_iter().any(|part| text(part).is_some()) {
        return Some(Location {
            city: text(work_city),
            country: country(&vacancy.to_work_country_node),
            raw: text(work_location),
            state: labelled(&vacancy.to_province_node),
            street_1: joined([work_street, &vacancy.work_number, &vacancy.work_number_suffix], " "),
            street_2: None,
            zip_code: text(work_postal_code),
        });
    }
    if let Some(location) = vacancy.to_company.as_ref().and_then(visiting_address) {
        return Some(location);
    }
    let (country, state) = (country(&vacancy.to_work_country_node), labelled(&vacancy.to_province_node));
    (country.is_some() || state.is_some()).then(|| Location { country, state, ..Location::default() })
}

fn visiting_address<'t>(company: &'t Company<'_>) -> Option<Location<'t>> {
    let Company { visit_street, visit_postal_code, visit_city, .. } = company;
    [visit_street, visit_postal_code, visit_city].into_iter().any(|part| text(part).is_some()).then(|| Location {
        city: text(visit_city),
        country: country(&company.to_visit_country_node),
        raw: None,
        state: labelled(&company.to_visit_province_node),
        street_1: joined([visit_street, &company.visit_number, &company.visit_number_suffix], " "),
        street_2: None,
        zip_code: text(visit_postal_code),
    })
}

fn posting<'t>(publication: &'t Publication<'_>, around: &Surroundings<'_>) -> Posting<'t> {
    let remote_id = publication.id.trimmed();
    Posting {
        id: Derived(Id::derive(around.connection, "job_postings", remote_id)),
        remote_id,
        title: text(&publication.title_information),
        description_html: joined(
            [
                &publication.intro_information,
                &publication.vacancy_information,
                &publication.requirements,
                &publication.offer_information,
                &publication.company_information,
                &publication.contact_information,
            ],
            "\n",
        ),
        status: if publication.is_over(around.now) {
            "INACTIVE"
        } else if publication.is_started(around.now) {
            "ACTIVE"
        } else {
            "DRAFT"
        },
        visibility: if publication.is_internal() { "INTERNAL" } else { "PUBLIC" },
        url: publication.url(),
    }
}

fn hiring_team<'t>(vacancy: &'t Vacancy<'_>, around: &Surroundings<'_>, issues: &mut Vec<Issue>) -> Vec<Member<'t>> {
    let mut team = Vec::with_capacity(vacancy.vacancy_users.items.len() + 1);
    for VacancyUser { to_user, to_vacancy_role_node: role } in &vacancy.vacancy_users.items {
        let Some(user) = to_user else { continue };
        let email = email(user, issues);
        let unified = role.as_ref().and_then(|role| role_of(role, issues));
        let role = role.as_ref().map(|role| JobRole {
            remote_id: Some(role.id.trimmed()),
            remote_label: text(&role.value),
            unified_type: unified,
            scope: "JOB",
        });
        add_member(user, email, unified, role, around, &mut team);
    }
    if let Some(owner) = &vacancy.owner {
        let email = email(owner, issues);
        let recruiter = Some("RECRUITER");
        let role = JobRole { remote_id: None, remote_label: None, unified_type: recruiter, scope: "JOB" };
        add_member(owner, email, recruiter, Some(role), around, &mut team);
    }
    team
}

fn role_of(role: &Role<'_>, issues: &mut Vec<Issue>) -> Option<&'static str> {
    let label = text(&role.value)?;
    let found = words::keyword(words::HIRING_ROLES, label);
    if found.is_none() {
        report(issues, format!("`{label}` is not in table `hiring_roles`"));
    }
    found
}

/// Adds a user to the team unless the team has that user.
fn add_member<'t>(
    user: &'t User<'_>,
    email: Option<&'t str>,
    unified: Option<&'static str>,
    role: Option<JobRole<'t>>,
    around: &Surroundings<'_>,
    team: &mut Vec<Member<'t>>,
) {
    let remote_id = user.id.trimmed();
    if team.iter().any(|member| member.remote_id == remote_id) {
        return;
    }
    team.push(Member {
        id: Derived(Id::derive(around.connection, "users", remote_id)),
        remote_id,
        first_name: text(&user.first_name),
        last_name: joined([&user.last_name_prefix, &user.last_name], " "),
        email,
        hiring_team_roles: Listed(unified),
        job_roles: Listed(role),
    });
}

/// The first address that is one; what stands in the place of one is reported.
fn email<'t>(user: &'t User<'_>, issues: &mut Vec<Issue>) -> Option<&'t str> {
    let written = [&user.primary_email_address, &user.email_address, &user.email_address_business];
    written.into_iter().filter_map(text).find(|email| {
        let is_valid = EmailAddress::is_valid(email);
        if !is_valid {
            report(issues, "the source's value is not an e-mail address".to_owned());
        }
        is_valid
    })
}

/// Adds an issue unless the record has it already.
fn report(issues: &mut Vec<Issue>, message: String) {
    if issues.iter().all(|issue| issue.message != message) {
        issues.push(Issue { field: "hiring_team".to_owned(), severity: Severity::Unmapped, message });
    }
}
