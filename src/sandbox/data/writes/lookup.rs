//! `_lookup`: a node by its tag or its text in place of its id.

use super::super::labels::Picklist;
use super::{Failure, Kind, Language, Record, Scope, Value, World};

/// The list that a field takes its options from. Fields that are not here take any node.
fn list_of(kind: Kind, field: &str) -> Option<Picklist> {
    Some(match (kind, field) {
        (Kind::Employee, "toStatusNode") => Picklist::CandidateStatus,
        (Kind::Employee | Kind::Medium, "toSourceNode") => Picklist::CandidateSource,
        (Kind::Match, "toSourceNode") | (_, "toSourceMatchNode") => Picklist::MatchSource,
        (Kind::Vacancy, "toSourceNode") => Picklist::VacancySource,
        (Kind::Vacancy, "toStatusNode") => Picklist::VacancyStatus,
        (Kind::Publication, "toStatusNode") => Picklist::PublicationStatus,
        (Kind::User, "toStatusNode" | "toSingleStatusNode") => Picklist::UserStatus,
        (Kind::Vacancy, "toContractTypeNode") => Picklist::ContractType,
        (Kind::Vacancy | Kind::Employee, "toProductNode") | (_, "toProductGroupNode") => Picklist::Procedure,
        (_, "toProductTypeNode") => Picklist::BusinessLine,
        (Kind::Vacancy, "toCategoryNode") => Picklist::Category,
        (_, "toVacancyTypeNode") => Picklist::VacancyType,
        (_, "toVacancyRoleNode") => Picklist::VacancyRole,
        (_, "toWorkplaceTypeNode") => Picklist::Workplace,
        (_, "toExperienceNode" | "toExperienceLevelNode") => Picklist::Experience,
        (_, "toWorkLevelNode") => Picklist::WorkLevel,
        (_, "toBrancheLevel1") => Picklist::Branch,
        (_, "toGenderNode") => Picklist::Gender,
        (_, "toNationalityNode") => Picklist::Nationality,
        (_, "toAvailableWithinNode") => Picklist::NoticePeriod,
        (_, "toLanguageNode") => Picklist::Language,
        (_, "toRejectionReasonNode") => Picklist::RejectionReason,
        (_, "toPreferenceNode") => Picklist::Preference,
        (Kind::Attachment, "toTypeNode") | (_, "toDocumentNode") => Picklist::DocumentType,
        (_, "toUrlLabel") => Picklist::UrlLabel,
        (_, "toEmailAddressLabel") => Picklist::EmailLabel,
        (_, "toPhoneNumberLabel") => Picklist::PhoneLabel,
        (Kind::Vacancy, "groupNodes") => Picklist::VacancyGroup,
        _ => return list_by_name(field),
    })
}

/// Families of fields that share a list.
fn list_by_name(field: &str) -> Option<Picklist> {
    let has = |part: &str| field.contains(part);
    Some(match field {
        _ if has("CountryNode") => Picklist::Country,
        _ if has("ProvinceNode") => Picklist::Province,
        _ if has("SalaryPeriodNode") => Picklist::SalaryPeriod,
        _ if has("SalaryCurrencyNode") => Picklist::Currency,
        _ if has("unction") && (has("Level1Node") || field.ends_with("Level1")) => Picklist::Function0,
        _ if has("unction") && (has("Level2Node") || field.ends_with("Level2")) => Picklist::Function1,
        "level1Functions" => Picklist::Function0,
        "level2Functions" => Picklist::Function1,
        _ => return None,
    })
}

impl World {
    /// The node that a `_lookup` means, among those of the field's list. Archived nodes are not found.
    pub(super) fn look_up(&self, (kind, field): (Kind, &str), key: &str, value: &str) -> Result<Record, Failure> {
        let list = list_of(kind, field).map(|list| Record::new(Kind::NodeType, list as u32));
        let is_wanted = |node: Record| match key {
            "tag" | "tags" => self.text(node, "tag").as_deref() == Some(value),
            _ => [Language::Dutch, Language::English]
                .into_iter()
                .any(|language| self.field(node, "value", language) == Value::from(value.to_owned())),
        };
        if !matches!(key, "tag" | "tags" | "value") {
            return Err(Failure::bad_request(&format!(
                "{field}: a _lookup has the key `tags` or `value`, not `{key}`"
            )));
        }
        let nodes = self.rows(Kind::DataNode, Scope::All).map(|row| Record::new(Kind::DataNode, row));
        let mut open = nodes.filter(|&node| self.exists(node) && !self.is_archived(node));
        open.find(|&node| list.is_none_or(|list| self.one(node, "type") == Some(list)) && is_wanted(node))
            .ok_or_else(|| Failure::not_found(&format!("{field}: no CRDataNode has the {key} '{value}'")))
    }
}
