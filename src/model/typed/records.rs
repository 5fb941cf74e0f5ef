//! The rows of the models.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::super::{APPLICATION_STAGES, APPLICATIONS, CANDIDATES, JOBS, Model, USERS};
use super::Row;
use super::words::{
    ActiveStatus, EmploymentType, JobStatus, Open, Outcome, PostingStatus, PostingVisibility, RemoteWorkStatus,
    RoleScope, RoleType, SalaryPeriod, Visibility,
};

/// Null is an empty list.
fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Moments as the unified API writes them.
mod moment {
    use super::{Deserialize, Deserializer, Serializer, Timestamp};

    pub fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{moment:.3}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize(deserializer)
    }
}

/// Moments that may be unknown.
mod when {
    use super::{Deserialize, Deserializer, Serializer, Timestamp, moment};

    pub fn serialize<S: Serializer>(when: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match when {
            Some(when) => moment::serialize(when, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Option::deserialize(deserializer)
    }
}

/// Free fields of the source, by key.
type CustomFields = Option<Map<String, Value>>;

macro_rules! rows {
    ($($(#[doc = $about:literal])+ $name:ident of $model:ident { $($(#[$meta:meta])+ $field:ident: $type:ty,)+ })+) => {$(
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            /// The id: 24 characters, the same after every sync.
            pub id: String,
            /// The source's id.
            pub remote_id: String,
            $($(#[$meta])+ pub $field: $type,)+
            /// The source's record as it came, by model; only of connections that show it.
            #[serde(default)]
            pub remote_data: Option<Value>,
            /// When the record last changed in the store.
            #[serde(with = "moment")]
            pub changed_at: Timestamp,
            /// When it was found to be gone at the source.
            #[serde(default, with = "when")]
            pub remote_deleted_at: Option<Timestamp>,
        }

        impl Row for $name {
            const MODEL: &'static Model = &$model;
        }
    )+};
}

rows! {
    /// A person who works in the source.
    User of USERS {
        /// First name.
        #[serde(default)]
        first_name: Option<String>,
        /// Last name, infix included.
        #[serde(default)]
        last_name: Option<String>,
        /// E-mail address.
        #[serde(default)]
        email: Option<String>,
        /// Whether the user can log in.
        #[serde(default)]
        status: Option<ActiveStatus>,
        /// What the user may do everywhere.
        #[serde(default, deserialize_with = "list")]
        system_roles: Vec<SystemRole>,
    }

    /// An opening that candidates apply to.
    Job of JOBS {
        /// Title.
        #[serde(default)]
        name: Option<String>,
        /// The number that people use for the job.
        #[serde(default)]
        job_code: Option<String>,
        /// Text of the job, usually HTML.
        #[serde(default)]
        description: Option<String>,
        /// Superseded by `visibility`.
        #[serde(default)]
        confidential: Option<bool>,
        /// Hours a week.
        #[serde(default)]
        weekly_hours: Option<f64>,
        /// Kind of employment.
        #[serde(default)]
        employment_type: Option<Open<EmploymentType>>,
        /// Where the job is in its life.
        #[serde(default)]
        status: Option<Open<JobStatus>>,
        /// Who can see the job.
        #[serde(default)]
        visibility: Option<Open<Visibility>>,
        /// Field of work.
        #[serde(default)]
        category: Option<String>,
        /// Department or office.
        #[serde(default)]
        department: Option<String>,
        /// Where the job is posted.
        #[serde(default)]
        post_url: Option<String>,
        /// The source's text, unchanged.
        #[serde(default)]
        experience_level: Option<String>,
        /// Where the work is done.
        #[serde(default)]
        remote_work_status: Option<Open<RemoteWorkStatus>>,
        /// The salary when it is one amount.
        #[serde(default)]
        salary_amount: Option<f64>,
        /// Lower end of the salary.
        #[serde(default)]
        salary_amount_from: Option<f64>,
        /// Upper end of the salary.
        #[serde(default)]
        salary_amount_to: Option<f64>,
        /// ISO 4217 where possible.
        #[serde(default)]
        salary_currency: Option<String>,
        /// What the salary is paid for.
        #[serde(default)]
        salary_period: Option<Open<SalaryPeriod>>,
        /// Where the work is.
        #[serde(default)]
        location: Option<Location>,
        /// The source's free fields by key.
        #[serde(default)]
        custom_fields: CustomFields,
        /// Where the job is shown in the source's own user interface.
        #[serde(default)]
        remote_url: Option<String>,
        /// When the job was opened.
        #[serde(default, with = "when")]
        opened_at: Option<Timestamp>,
        /// When the job was or will be closed.
        #[serde(default, with = "when")]
        closed_at: Option<Timestamp>,
        /// When the source created the record.
        #[serde(default, with = "when")]
        remote_created_at: Option<Timestamp>,
        /// When the source last changed the record.
        #[serde(default, with = "when")]
        remote_updated_at: Option<Timestamp>,
        /// The id of the [`User`] in charge; superseded by `hiring_team`.
        #[serde(default)]
        contact_id: Option<String>,
        /// The stages that an application can be in, in order.
        #[serde(default, deserialize_with = "list")]
        stages: Vec<JobStage>,
        /// Public texts of the job.
        #[serde(default, deserialize_with = "list")]
        job_postings: Vec<JobPosting>,
        /// Users who work on the job.
        #[serde(default, deserialize_with = "list")]
        hiring_team: Vec<HiringTeamMember>,
    }

    /// A person who applies.
    Candidate of CANDIDATES {
        /// First name.
        #[serde(default)]
        first_name: Option<String>,
        /// Last name, infix included.
        #[serde(default)]
        last_name: Option<String>,
        /// Current employer.
        #[serde(default)]
        company: Option<String>,
        /// Current job title.
        #[serde(default)]
        title: Option<String>,
        /// Whether only some users may see the candidate.
        #[serde(default)]
        confidential: Option<bool>,
        /// Where the candidate came from.
        #[serde(default)]
        source: Option<String>,
        /// Phone numbers.
        #[serde(default, deserialize_with = "list")]
        phone_numbers: Vec<PhoneNumber>,
        /// E-mail addresses, primary first.
        #[serde(default, deserialize_with = "list")]
        email_addresses: Vec<EmailAddress>,
        /// Links to profiles.
        #[serde(default, deserialize_with = "list")]
        social_media: Vec<SocialMedia>,
        /// Where the candidate lives.
        #[serde(default)]
        location: Option<Location>,
        /// The source's free fields by key.
        #[serde(default)]
        custom_fields: CustomFields,
        /// Where the candidate is shown in the source's own user interface.
        #[serde(default)]
        remote_url: Option<String>,
        /// When the source created the record.
        #[serde(default, with = "when")]
        remote_created_at: Option<Timestamp>,
        /// When the source last changed the record.
        #[serde(default, with = "when")]
        remote_updated_at: Option<Timestamp>,
        /// Labels on the candidate.
        #[serde(default, deserialize_with = "list")]
        tags: Vec<Tag>,
    }

    /// A step that an application can be in.
    ApplicationStage of APPLICATION_STAGES {
        /// Name.
        #[serde(default)]
        name: Option<String>,
        /// Whether the stage is in use.
        #[serde(default)]
        status: Option<ActiveStatus>,
        /// Place in the order of all stages.
        #[serde(default)]
        global_index: Option<i64>,
        /// The source's free fields by key.
        #[serde(default)]
        custom_fields: CustomFields,
    }

    /// One candidate on one job.
    Application of APPLICATIONS {
        /// How it ended, if it did.
        #[serde(default)]
        outcome: Option<Outcome>,
        /// Why it was declined.
        #[serde(default)]
        rejection_reason_name: Option<String>,
        /// When it was declined.
        #[serde(default, with = "when")]
        rejected_at: Option<Timestamp>,
        /// The id of the [`ApplicationStage`] that it is in.
        #[serde(default)]
        current_stage_id: Option<String>,
        /// The id of the [`Job`].
        #[serde(default)]
        job_id: Option<String>,
        /// The id of the [`Candidate`].
        #[serde(default)]
        candidate_id: Option<String>,
        /// The source's free fields by key.
        #[serde(default)]
        custom_fields: CustomFields,
        /// Where the application is shown in the source's own user interface.
        #[serde(default)]
        remote_url: Option<String>,
        /// When the source created the record.
        #[serde(default, with = "when")]
        remote_created_at: Option<Timestamp>,
        /// When the source last changed the record.
        #[serde(default, with = "when")]
        remote_updated_at: Option<Timestamp>,
    }
}

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Location {
    /// City.
    pub city: Option<String>,
    /// ISO 3166-1 alpha-2 code where it can be told, else the source's text.
    pub country: Option<String>,
    /// The place as the source writes it in one line.
    pub raw: Option<String>,
    /// State, province or region.
    pub state: Option<String>,
    /// Street and number.
    pub street_1: Option<String>,
    /// Second line of the street address.
    pub street_2: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
}

/// What a user may do everywhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemRole {
    /// The source's id of the role.
    pub remote_id: Option<String>,
    /// The source's name of the role.
    pub remote_label: Option<String>,
    /// What the role amounts to.
    pub unified_type: Option<RoleType>,
    /// Always [`RoleScope::System`].
    pub scope: Option<RoleScope>,
}

/// What a user does on a job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobRole {
    /// The source's id of the role.
    pub remote_id: Option<String>,
    /// The source's name of the role.
    pub remote_label: Option<String>,
    /// What the role amounts to.
    pub unified_type: Option<RoleType>,
    /// Always [`RoleScope::Job`].
    pub scope: Option<RoleScope>,
}

/// A stage of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobStage {
    /// The id of the [`ApplicationStage`].
    pub id: String,
    /// The source's id of the stage.
    #[serde(default)]
    pub remote_id: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether the stage is in use.
    #[serde(default)]
    pub status: Option<ActiveStatus>,
    /// The source's free fields by key.
    #[serde(default)]
    pub custom_fields: CustomFields,
    /// Place in the order of the job's stages.
    #[serde(default)]
    pub index: Option<i64>,
}

/// A public text of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobPosting {
    /// The id.
    pub id: String,
    /// The source's id of the posting.
    #[serde(default)]
    pub remote_id: Option<String>,
    /// Public title.
    #[serde(default)]
    pub title: Option<String>,
    /// Public text as HTML.
    #[serde(default)]
    pub description_html: Option<String>,
    /// Whether it can be seen.
    #[serde(default)]
    pub status: Option<PostingStatus>,
    /// Who can see it.
    #[serde(default)]
    pub visibility: Option<PostingVisibility>,
    /// Where it can be seen.
    #[serde(default)]
    pub url: Option<String>,
}

/// A user who works on a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HiringTeamMember {
    /// The id of the [`User`].
    pub id: String,
    /// The source's id of the user.
    #[serde(default)]
    pub remote_id: Option<String>,
    /// First name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Last name, infix included.
    #[serde(default)]
    pub last_name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Older form of `job_roles`: the unified types only, and never [`RoleType::Admin`].
    #[serde(default, deserialize_with = "list")]
    pub hiring_team_roles: Vec<RoleType>,
    /// What the user does on this job.
    #[serde(default, deserialize_with = "list")]
    pub job_roles: Vec<JobRole>,
}

/// A label on a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// The id.
    pub id: String,
    /// Its label.
    #[serde(default)]
    pub name: Option<String>,
    /// The source's id of the tag.
    #[serde(default)]
    pub remote_id: Option<String>,
}

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailAddress {
    /// The address.
    pub email_address: String,
    /// Free text such as `PRIVATE`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

/// A telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNumber {
    /// The number as the source writes it.
    pub phone_number: String,
    /// Free text such as `HOME`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

/// A link to a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocialMedia {
    /// The link.
    pub link: String,
    /// Free text such as `LINKEDIN`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The account's name.
    #[serde(default)]
    pub username: Option<String>,
}
