//! What is different about a schema.

use std::fmt;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The type.
    pub ty: String,
    /// Its field, value or member, unless the type itself changed.
    pub member: Option<String>,
    /// What became of it.
    pub kind: ChangeKind,
}

/// What became of a part of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new, and looks like this.
    Came(String),
    /// The source has it no longer.
    Went,
    /// It looks different.
    Changed {
        /// How it was written.
        from: String,
        /// How it is written now.
        to: String,
    },
    /// The source asks not to use it any more, for this reason.
    Deprecated(String),
}

impl Change {
    pub(super) fn ty(ty: &str, kind: ChangeKind) -> Change {
        Change { ty: ty.to_owned(), member: None, kind }
    }

    pub(super) fn member(ty: &str, member: &str, kind: ChangeKind) -> Change {
        Change { member: Some(member.to_owned()), ..Change::ty(ty, kind) }
    }

    /// The part of the schema that it is about, such as `Job.title`.
    pub fn place(&self) -> String {
        match &self.member {
            Some(member) => format!("{}.{member}", self.ty),
            None => self.ty.clone(),
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChangeKind::Came(what) if what.is_empty() => f.write_str("came"),
            ChangeKind::Came(what) => write!(f, "came: {what}"),
            ChangeKind::Went => f.write_str("went"),
            ChangeKind::Changed { from, to } => write!(f, "was {from}, is {to}"),
            ChangeKind::Deprecated(reason) if reason.is_empty() => f.write_str("is deprecated"),
            ChangeKind::Deprecated(reason) => write!(f, "is deprecated: {reason}"),
        }
    }
}
