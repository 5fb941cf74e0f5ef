//! The words of the unified API.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the words of the contract, or the source's own text where it passes through.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Open<T> {
    /// A word of the contract.
    Known(T),
    /// The source's text.
    Other(String),
}

impl<T> Open<T> {
    /// The word, if it is one of the contract.
    pub fn known(&self) -> Option<&T> {
        match self {
            Open::Known(word) => Some(word),
            Open::Other(_) => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Open<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Open::Known(word) => word.fmt(f),
            Open::Other(text) => f.write_str(text),
        }
    }
}

macro_rules! words {
    ($($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $meaning:literal])+ $word:ident = $text:literal,)+ })+) => {$(
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[doc = $meaning])+ #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// All words of the contract.
            pub const ALL: &'static [$name] = &[$($name::$word,)+];

            /// The word as the contract writes it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$word => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

words! {
    /// Whether a user or a stage is in use.
    ActiveStatus {
        /// In use.
        Active = "ACTIVE",
        /// No longer in use.
        Inactive = "INACTIVE",
    }

    /// What a role amounts to.
    RoleType {
        /// Decides whom to hire.
        HiringManager = "HIRING_MANAGER",
        /// Recruits.
        Recruiter = "RECRUITER",
        /// Plans and coordinates.
        Coordinator = "COORDINATOR",
        /// Looks for candidates.
        Sourcer = "SOURCER",
        /// Interviews.
        Interviewer = "INTERVIEWER",
        /// Administers the source; not on a job.
        Admin = "ADMIN",
    }

    /// Where a role holds.
    RoleScope {
        /// Everywhere.
        System = "SYSTEM",
        /// On one job.
        Job = "JOB",
    }

    /// Kind of employment.
    EmploymentType {
        /// Full time.
        FullTime = "FULL_TIME",
        /// Part time.
        PartTime = "PART_TIME",
        /// For a project or through an agency.
        Contract = "CONTRACT",
        /// For a season.
        Seasonal = "SEASONAL",
        /// As an intern.
        Internship = "INTERNSHIP",
    }

    /// Where a job is in its life.
    JobStatus {
        /// Candidates can apply.
        Open = "OPEN",
        /// They no longer can.
        Closed = "CLOSED",
        /// They cannot yet.
        Draft = "DRAFT",
        /// Put away.
        Archived = "ARCHIVED",
    }

    /// Who can see a job.
    Visibility {
        /// Everybody.
        Public = "PUBLIC",
        /// People of the company.
        Internal = "INTERNAL",
        /// Whoever has the address.
        Unlisted = "UNLISTED",
        /// Some users of the source.
        Confidential = "CONFIDENTIAL",
    }

    /// Where the work is done.
    RemoteWorkStatus {
        /// Anywhere.
        Remote = "REMOTE",
        /// In part at the employer's.
        Hybrid = "HYBRID",
        /// Anywhere, for some time.
        Temporary = "TEMPORARY",
        /// At the employer's.
        OnSite = "ON_SITE",
    }

    /// What a salary is paid for.
    SalaryPeriod {
        /// A year.
        Year = "YEAR",
        /// A month.
        Month = "MONTH",
        /// Two weeks.
        TwoWeeks = "TWO_WEEKS",
        /// A week.
        Week = "WEEK",
        /// A day.
        Day = "DAY",
        /// An hour.
        Hour = "HOUR",
    }

    /// Whether a posting can be seen.
    PostingStatus {
        /// It can.
        Active = "ACTIVE",
        /// No longer.
        Inactive = "INACTIVE",
        /// Not yet.
        Draft = "DRAFT",
    }

    /// Who can see a posting.
    PostingVisibility {
        /// Everybody.
        Public = "PUBLIC",
        /// People of the company.
        Internal = "INTERNAL",
        /// Whoever has the address.
        Unlisted = "UNLISTED",
    }

    /// How an application ended.
    Outcome {
        /// It did not, so far.
        Pending = "PENDING",
        /// The candidate got the job.
        Hired = "HIRED",
        /// One side said no.
        Declined = "DECLINED",
    }

    /// What an address or number is for.
    ContactType {
        /// At home.
        Personal = "PERSONAL",
        /// At work.
        Work = "WORK",
        /// Anything else.
        Other = "OTHER",
    }

    /// Gender of a candidate.
    Gender {
        /// Male.
        Male = "MALE",
        /// Female.
        Female = "FEMALE",
        /// Anything else.
        Other = "OTHER",
    }

    /// What a salary that a candidate wants is paid for.
    SalaryExpectationPeriod {
        /// A month.
        Month = "MONTH",
        /// A year.
        Year = "YEAR",
    }

    /// What a file is.
    AttachmentType {
        /// Curriculum vitae.
        Cv = "CV",
        /// Letter of application.
        CoverLetter = "COVER_LETTER",
        /// Anything else.
        Other = "OTHER",
    }
}
