//! What a token opens.

/// The scopes of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scopes(Vec<Scope>);

/// `urn:cx/{component}:{resources}:{action}`, as far as records are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Scope {
    /// A type in lower case; all of them when there is none.
    entity: Option<String>,
    may_write: bool,
}

/// The component that records are behind.
const RECORDS: &str = "urn:cx/cx5Wrapper:data";

/// Whether a scope is one that every realm knows.
pub(crate) fn is_known(scope: &str) -> bool {
    if matches!(scope, "openid" | "profile" | "email") {
        return true;
    }
    let Some(rest) = scope.strip_prefix("urn:cx/") else { return false };
    let parts: Vec<&str> = rest.split(':').collect();
    let [component, resources, action] = parts[..] else { return false };
    matches!(component, "cx5Wrapper" | "graphql" | "cx5Acl" | "webhooks" | "xmlapi")
        && (resources == "data" || resources.starts_with("data/"))
        && matches!(action, "manage" | "read")
}

impl Scopes {
    /// Reads scopes parted by blanks. Those that open no records are passed over.
    pub(crate) fn of(text: &str) -> Scopes {
        let scope = |text: &str| {
            let (entity, action) = text.strip_prefix(RECORDS)?.rsplit_once(':')?;
            Some(Scope { entity: entity.strip_prefix('/').map(str::to_lowercase), may_write: action == "manage" })
        };
        Scopes(text.split_whitespace().filter_map(scope).collect())
    }

    /// Every scope there is.
    pub(crate) fn whole() -> Scopes {
        Scopes(vec![Scope { entity: None, may_write: true }])
    }

    /// Whether each of the other scopes lies within these.
    pub(crate) fn cover(&self, other: &Scopes) -> bool {
        let covers = |wide: &Scope, narrow: &Scope| {
            (wide.entity.is_none() || wide.entity == narrow.entity) && (wide.may_write || !narrow.may_write)
        };
        other.0.iter().all(|narrow| self.0.iter().any(|wide| covers(wide, narrow)))
    }

    /// Whether records of a type may be read, or written. Stages are behind the scopes of matches too.
    pub(crate) fn open(&self, type_name: &str, to_write: bool) -> bool {
        let entity = type_name.to_lowercase();
        let is_of_it = |scope: &Scope| match scope.entity.as_deref() {
            None => true,
            Some("crmatch") if entity == "crstatusinfo" && !to_write => true,
            Some(known) => known == entity,
        };
        self.0.iter().any(|scope| is_of_it(scope) && (scope.may_write || !to_write))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_opens_all_types_or_one_and_reading_or_both() {
        let read = Scopes::of("urn:cx/cx5Wrapper:data:read openid");
        assert!(read.open("CRMatch", false) && !read.open("CRMatch", true));
        let one = Scopes::of("urn:cx/cx5Wrapper:data/crmatch:manage");
        assert!(one.open("CRMatch", true) && one.open("CRStatusInfo", false));
        assert!(!one.open("CRUser", false) && !one.open("CRStatusInfo", true));
        assert!(!Scopes::of("urn:cx/webhooks:data:manage").open("CRMatch", false));
    }

    #[test]
    fn a_wide_scope_covers_narrow_ones() {
        let [all, read] = ["manage", "read"].map(|action| Scopes::of(&format!("{RECORDS}:{action}")));
        let one = Scopes::of("urn:cx/cx5Wrapper:data/cruser:read");
        assert!(all.cover(&read) && read.cover(&one) && all.cover(&Scopes::of("openid")));
        assert!(!read.cover(&all) && !one.cover(&read));
        assert_eq!(Scopes::whole(), all);
    }
}
