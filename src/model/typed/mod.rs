//! Unified records and the inputs of actions as Rust types, for those who embed the engine.
//!
//! The types follow the tables of [`MODELS`](super::MODELS) and [`ACTIONS`](super::ACTIONS); a test holds them together.
//! They read what the engine gives out, and what it may give out one day: members that are not known are skipped, and a
//! list without a value is empty.
//!
//! ```no_run
//! # async fn example(engine: crosswalk::engine::Engine) -> Result<(), crosswalk::engine::EngineError> {
//! use crosswalk::model::typed::{Job, JobStatus, Open};
//!
//! let listing = engine.list_of::<Job>(Some("acme"), None, 100).await?;
//! for job in listing.records.iter().filter(|job| job.status == Some(Open::Known(JobStatus::Open))) {
//!     println!("{}", job.name.as_deref().unwrap_or("without a title"));
//! }
//! # Ok(())
//! # }
//! ```

mod inputs;
mod records;
#[cfg(test)]
mod tests;
mod words;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use inputs::{
    AddApplicationAttachment, AddApplicationNote, AddApplicationResultLink, AddCandidateAttachment, Answer,
    ApplicationInput, Attachment, Attribute, CandidateInput, CreateApplication, CreateCandidate, Details, EmailInput,
    GdprConsent, HomeInput, PhoneInput, Salary, SetApplicationStage, SocialLink, Source, SourcedBy,
};
pub use records::{
    Application, ApplicationStage, Candidate, EmailAddress, HiringTeamMember, Job, JobPosting, JobRole, JobStage,
    Location, PhoneNumber, SocialMedia, SystemRole, Tag, User,
};
pub use words::{
    ActiveStatus, AttachmentType, ContactType, EmploymentType, Gender, JobStatus, Open, Outcome, PostingStatus,
    PostingVisibility, RemoteWorkStatus, RoleScope, RoleType, SalaryExpectationPeriod, SalaryPeriod, Visibility,
};

use super::input::{Input, Limits, Problem, check};
use super::{Action, Model};

/// A unified record as a Rust type.
pub trait Row: DeserializeOwned {
    /// The model that it is a row of.
    const MODEL: &'static Model;
}

/// What an action is given, as a Rust type.
pub trait ActionInput: Serialize {
    /// The action.
    const ACTION: &'static Action;

    /// The input as JSON, which is what the engine takes.
    fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("texts, numbers, lists and maps by name are JSON")
    }

    /// The same, [checked](super::input::check).
    fn check(&self, limits: &Limits) -> Result<Input, Vec<Problem>> {
        check(Self::ACTION, &self.to_value(), limits)
    }
}
