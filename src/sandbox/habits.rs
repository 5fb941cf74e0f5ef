//! How the source takes writes, where that is not known or differs between tenants.

use serde::{Deserialize, Serialize};

/// What the sandbox does where the source's way of taking writes is not documented. The defaults are the guesses of the
/// reference, and the stricter ones where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Habits {
    /// A `_lookup` that finds nothing leaves the relation empty, in place of an error.
    pub failed_lookups_are_null: bool,
    /// A text that is too long for its field is cut, in place of an error.
    pub long_texts_are_cut: bool,
    /// A match may move to any stage, as for users who may step outside the procedure.
    pub any_stage: bool,
    /// A second match of the same candidate and vacancy updates the first, in place of an error.
    pub second_match_is_reused: bool,
    /// What is put on a record, such as a file or an address, changes the record's `modificationDate`.
    pub children_touch_parents: bool,
    /// A plain address such as `emailAddress` is a row of `emailAddresses` too.
    pub plain_addresses_make_rows: bool,
    /// The id of a match is `vacancyID.employeeID`, in place of `employeeID.vacancyID`.
    pub vacancy_first_in_match_ids: bool,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits {
            failed_lookups_are_null: false,
            long_texts_are_cut: false,
            any_stage: false,
            second_match_is_reused: false,
            children_touch_parents: false,
            plain_addresses_make_rows: true,
            vacancy_first_in_match_ids: false,
        }
    }
}
