//! The inputs of the actions.
//!
//! What has no value is left out when an input is written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::{
    ADD_APPLICATION_ATTACHMENT, ADD_APPLICATION_NOTE, ADD_APPLICATION_RESULT_LINK, ADD_CANDIDATE_ATTACHMENT, Action,
    CREATE_APPLICATION, CREATE_CANDIDATE, SET_APPLICATION_STAGE,
};
use super::ActionInput;
use super::words::{AttachmentType, ContactType, Gender, SalaryExpectationPeriod};

/// Objects whose members are left out when they have no value: `name: type` must have one, `name? type` need not have one,
/// and `name* type` is a list.
macro_rules! inputs {
    ($($(#[doc = $about:literal])+ $name:ident $(for $action:ident)? {
        $($(#[doc = $meaning:literal])+ $(@ $rename:literal)? $field:ident $mark:tt $type:ty,)+
    })+) => {$(
        inputs! { @struct [$(#[doc = $about])+] $name {} $([$(#[doc = $meaning])+ $(#[serde(rename = $rename)])?] $field $mark $type,)+ }

        $(impl ActionInput for $name {
            const ACTION: &'static Action = &$action;
        })?
    )+};
    (@struct [$($about:tt)+] $name:ident { $($done:tt)* }) => {
        $($about)+
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($done)* }
    };
    (@struct $about:tt $name:ident { $($done:tt)* } [$($meta:tt)+] $field:ident : $type:ty, $($rest:tt)*) => {
        inputs! { @struct $about $name { $($done)* $($meta)+ pub $field: $type, } $($rest)* }
    };
    (@struct $about:tt $name:ident { $($done:tt)* } [$($meta:tt)+] $field:ident ? $type:ty, $($rest:tt)*) => {
        inputs! { @struct $about $name {
            $($done)* $($meta)+ #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,
        } $($rest)* }
    };
    (@struct $about:tt $name:ident { $($done:tt)* } [$($meta:tt)+] $field:ident * $type:ty, $($rest:tt)*) => {
        inputs! { @struct $about $name {
            $($done)* $($meta)+ #[serde(default, skip_serializing_if = "Vec::is_empty")] pub $field: Vec<$type>,
        } $($rest)* }
    };
}

inputs! {
    /// Creates a candidate and, when a job is named, the application for it.
    CreateCandidate for CREATE_CANDIDATE {
        /// Who applies.
        candidate: CandidateInput,
        /// What the candidate applies to; without it there is only the candidate.
        application ? ApplicationInput,
        /// Files such as the curriculum vitae.
        attachments * Attachment,
        /// Where the candidate came from.
        source ? Source,
        /// Which user found the candidate.
        sourced_by ? SourcedBy,
        /// What the candidate agreed to.
        gdpr_consent ? GdprConsent,
        /// Answers to questions of the job.
        screening_question_answers * Answer,
        /// Further input for one tool, by the tool's name.
        remote_fields ? Map<String, Value>,
    }

    /// Creates an application on a job, and its candidate where the source does not know them yet.
    CreateApplication for CREATE_APPLICATION {
        /// Who applies.
        candidate: CandidateInput,
        /// What the candidate applies to.
        application: ApplicationInput,
        /// Files such as the curriculum vitae.
        attachments * Attachment,
        /// Where the candidate came from.
        source ? Source,
        /// Which user found the candidate.
        sourced_by ? SourcedBy,
        /// What the candidate agreed to.
        gdpr_consent ? GdprConsent,
        /// Answers to questions of the job.
        screening_question_answers * Answer,
        /// Further input for one tool, by the tool's name.
        remote_fields ? Map<String, Value>,
    }

    /// Puts a file on an application.
    AddApplicationAttachment for ADD_APPLICATION_ATTACHMENT {
        /// The application: a unified id, or `remote:` and the source's.
        application_id: String,
        /// The file.
        attachment: Attachment,
        /// Further input for one tool, by the tool's name.
        remote_fields ? Map<String, Value>,
    }

    /// Moves an application to another stage of its job.
    SetApplicationStage for SET_APPLICATION_STAGE {
        /// The application: a unified id, or `remote:` and the source's.
        application_id: String,
        /// The stage to move to: a unified id, or `remote:` and the source's.
        stage_id: String,
        /// Further input for one tool, by the tool's name.
        remote_fields ? Map<String, Value>,
    }

    /// Puts a link to a result on an application.
    AddApplicationResultLink for ADD_APPLICATION_RESULT_LINK {
        /// The application: a unified id, or `remote:` and the source's.
        application_id: String,
        /// What to call the link.
        label: String,
        /// Where it leads.
        url: String,
        /// What is told beside the link.
        details ? Details,
        /// Further input for one tool, by the tool's name.
        remote_fields ? Map<String, Value>,
    }

    /// Puts a note on an application.
    AddApplicationNote for ADD_APPLICATION_NOTE {
        /// The application: a unified id, or `remote:` and the source's.
        application_id: String,
        /// The note, at most 100,000 characters.
        content: String,
        /// How it is written: only `PLAIN_TEXT` so far, which is also what is meant by none.
        content_type ? String,
        /// Further input for one tool, by the tool's name.
        remote_fields ? Map<String, Value>,
    }

    /// Puts a file on a candidate.
    AddCandidateAttachment for ADD_CANDIDATE_ATTACHMENT {
        /// The candidate: a unified id, or `remote:` and the source's.
        candidate_id: String,
        /// The file.
        attachment: Attachment,
        /// Further input for one tool, by the tool's name.
        remote_fields ? Map<String, Value>,
    }

    /// A candidate to be.
    CandidateInput {
        /// First name.
        first_name: String,
        /// Last name, infix included.
        last_name: String,
        /// The address by which the candidate is known.
        email_address: String,
        /// Further e-mail addresses.
        additional_email_addresses * EmailInput,
        /// Current employer.
        company ? String,
        /// Current job title.
        title ? String,
        /// The first telephone number.
        phone_number ? String,
        /// Further telephone numbers.
        additional_phone_numbers * PhoneInput,
        /// Where the candidate lives.
        location ? HomeInput,
        /// Gender.
        gender ? Gender,
        /// From when the candidate can work: `2026-09-01`, or a moment such as `2026-09-01T08:00:00Z`.
        availability_date ? String,
        /// What the candidate wants to earn.
        salary_expectations ? Salary,
        /// Profiles elsewhere.
        social_links * SocialLink,
    }

    /// A further e-mail address.
    EmailInput {
        /// The address.
        email_address: String,
        /// What the address is for.
        @ "type" kind: ContactType,
    }

    /// A further telephone number.
    PhoneInput {
        /// The number, as the candidate writes it.
        phone_number: String,
        /// What the number is for.
        @ "type" kind: ContactType,
    }

    /// Where a candidate lives.
    HomeInput {
        /// The code of the country, two capitals (ISO 3166-1).
        country: String,
        /// City.
        city ? String,
        /// State, province or region.
        state ? String,
        /// Street and number.
        street_1 ? String,
        /// Postal code.
        zip_code ? String,
    }

    /// What a candidate wants to earn.
    Salary {
        /// How much, in the currency that the source works with.
        amount: f64,
        /// What it is paid for.
        period: SalaryExpectationPeriod,
    }

    /// A profile elsewhere.
    SocialLink {
        /// Its address.
        url: String,
    }

    /// What a candidate applies to.
    ApplicationInput {
        /// The job: a unified id, or `remote:` and the source's.
        job_id: String,
        /// The stage to begin in, one of the job's; its first if none.
        stage_id ? String,
    }

    /// A file: either its content or where it is fetched from.
    Attachment {
        /// File name with its ending.
        name: String,
        /// What the file is.
        @ "type" kind: AttachmentType,
        /// What the content is, such as `application/pdf`; needed beside `data`.
        content_type ? String,
        /// The content, in Base64; this or `data_url`.
        data ? String,
        /// Where the content is fetched from, at once and without credentials; this or `data`.
        data_url ? String,
    }

    /// Where a candidate came from.
    Source {
        /// What to call it.
        name ? String,
        /// The same by a key that is alike in all tools.
        unified_key ? String,
        /// The source's id of it.
        id ? String,
    }

    /// Which user found a candidate.
    SourcedBy {
        /// The user: a unified id, or `remote:` and the source's.
        user_id: String,
    }

    /// What a candidate agreed to.
    GdprConsent {
        /// Until when the candidate's data may be kept: a day, or a moment.
        expires_at ? String,
        /// Whether the candidate agreed to that.
        given ? bool,
    }

    /// An answer to a question of a job.
    Answer {
        /// The question.
        question_id: String,
        /// A text, a number, true or false, a list of options, or a file, as the question wants.
        answer: Value,
    }

    /// What is told beside a link.
    Details {
        /// Stands before each key: `Acme:` makes `Acme: Score`.
        custom_field_name_prefix: String,
        /// What is told.
        attributes: Vec<Attribute>,
    }

    /// One thing that was measured.
    Attribute {
        /// What was measured, such as `Score`.
        key: String,
        /// What came of it.
        value: String,
    }
}

impl Attachment {
    /// A file with this content.
    pub fn with_content(
        name: impl Into<String>,
        kind: AttachmentType,
        content_type: impl Into<String>,
        content: &[u8],
    ) -> Attachment {
        let data = Some(STANDARD.encode(content));
        Attachment { name: name.into(), kind, content_type: Some(content_type.into()), data, data_url: None }
    }

    /// A file that is fetched from an address when the action is done.
    pub fn at(name: impl Into<String>, kind: AttachmentType, address: impl Into<String>) -> Attachment {
        Attachment { name: name.into(), kind, content_type: None, data: None, data_url: Some(address.into()) }
    }
}
