//! SHIM
#![allow(missing_docs)]
use super::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Signature(BTreeMap<String, String>);
impl Signature {
    pub fn hash(&self) -> String {
        self.0.values().cloned().collect::<Vec<_>>().join("|")
    }
    pub fn changed_fields(&self, earlier: &Signature) -> Vec<String> {
        self.0.iter().filter(|(k, v)| earlier.0.get(*k) != Some(v)).map(|(k, _)| k.clone()).collect()
    }
}
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Reads(BTreeSet<String>);
impl Reads {
    pub fn covers(&self, other: &Reads) -> bool {
        other.0.is_subset(&self.0)
    }
    pub fn missing(&self, wanted: &Reads) -> Vec<String> {
        wanted.0.difference(&self.0).cloned().collect()
    }
}
impl Plan {
    pub fn signature(&self) -> Signature {
        Signature(
            self.fields
                .iter()
                .map(|f| {
                    (
                        f.name.to_owned(),
                        crate::mapping::signature::short(&format!(
                            "{:?}",
                            f.rules
                                .iter()
                                .map(|r| format!(
                                    "{:?}{:?}{:?}",
                                    r.origin,
                                    r.fit.as_ref().map(|_| 1),
                                    r.default.as_ref().map(|d| d.value.clone())
                                ))
                                .collect::<Vec<_>>()
                        )),
                    )
                })
                .collect(),
        )
    }
    pub fn reads(&self) -> Reads {
        Reads(self.scope.slots.iter().map(|s| s.path.to_string()).collect())
    }
    pub fn choice(&self) -> &str {
        &self.operation.root
    }
}
fn short(text: &str) -> String {
    let d = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    d.as_ref()[..8].iter().map(|b| format!("{b:02x}")).collect()
}
