//! The record types of the schema.

/// Names each record type once.
macro_rules! kinds {
    ($($kind:ident = $name:literal, first id $first:literal;)*) => {
        /// A record type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Kind { $($kind),* }

        impl Kind {
            /// All types, in the order of their declaration.
            #[cfg(test)]
            pub(crate) const ALL: &[Kind] = &[$(Kind::$kind),*];

            /// The type's name in the schema.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name),* }
            }

            /// The name of the type of its pages.
            pub(crate) const fn page_name(self) -> &'static str {
                match self { $(Kind::$kind => concat!($name, "Page")),* }
            }

            /// The numeric key of the first row.
            pub(crate) const fn first_id(self) -> u32 {
                match self { $(Kind::$kind => $first),* }
            }

            /// The type of a schema name.
            pub(crate) fn from_name(name: &str) -> Option<Kind> {
                match name { $($name => Some(Kind::$kind),)* _ => None }
            }

            /// The type whose pages have this schema name.
            pub(crate) fn from_page_name(name: &str) -> Option<Kind> {
                Kind::from_name(name.strip_suffix("Page")?)
            }
        }
    };
}

kinds! {
    Agency = "CRAgency", first id 1;
    Attachment = "CRAttachment", first id 70_001;
    AttachmentData = "CRAttachmentData", first id 1;
    AttachmentView = "CRAttachmentView", first id 1;
    AttributeChange = "CRAttributeChange", first id 1;
    Company = "CRCompany", first id 301;
    DataNode = "CRDataNode", first id 1;
    DataNodeValue = "CRDataNodeValue", first id 1;
    EmailAddress = "CREmailAddress", first id 40_001;
    Employee = "CREmployee", first id 10_001;
    EmployeeAttachment = "CREmployeeAttachment", first id 1;
    EmployeeDocument = "CREmployeeDocument", first id 1;
    Job = "CRJob", first id 1;
    Match = "CRMatch", first id 1;
    MatchAttachment = "CRMatchAttachment", first id 1;
    Medium = "CRMedium", first id 1;
    NodeType = "CRNodeType", first id 11;
    ObjectAttachment = "CRObjectAttachment", first id 1;
    PhoneNumber = "CRPhoneNumber", first id 50_001;
    Publication = "CRPublication", first id 2_001;
    StatusInfo = "CRStatusInfo", first id 21;
    StatusInfoName = "CRStatusInfoName", first id 1;
    ToDo = "CRToDo", first id 1;
    ToDoNotes = "CRToDoNotes", first id 1;
    Url = "CRUrl", first id 60_001;
    User = "CRUser", first id 101;
    UserRole = "CRUserRole", first id 1;
    Vacancy = "CRVacancy", first id 1_001;
    VacancyUser = "CRVacancyUser", first id 5_001;
    WorkHistory = "CRWorkHistory", first id 30_001;
}
