//! Rows that come, change and go between two pages.

use crosswalk::sandbox::{Churn, ChurnRule, Faults};
use crosswalk::sync::SyncOptions;

use crate::tenant::Tenant;

/// Small pages: many places for something to slip through.
async fn tenant_in_small_pages(candidates: u32) -> Tenant {
    let tenant = Tenant::start(candidates).await;
    tenant.edit("mappings/carerix/connector.yaml", "  size: 100\n", "  size: 10\n");
    // Half a tenant is gone in the end, and that is meant.
    tenant.connect("{ deletions: { most: 100 } }");
    tenant
}

fn churning(seed: u64) -> Faults {
    let changes = Churn { seed, edits: 4, inserts: 1, archives: 1, deletes: 1 };
    Faults { churn: Some(ChurnRule { every: 2, times: None, changes }), ..Faults::default() }
}

#[tokio::test]
async fn nothing_is_lost_while_rows_come_and_go_between_pages() {
    for seed in [1, 2, 3] {
        let tenant = tenant_in_small_pages(120).await;
        tenant.sandbox.set_faults(churning(seed)).unwrap();
        for _ in 0..3 {
            tenant.report(&SyncOptions::default()).await;
        }
        let changes: u64 = tenant.sandbox.stats().changes.values().sum();
        assert!(changes > 100, "{changes}");
        tenant.sandbox.set_faults(Faults::default()).unwrap();
        let last = tenant.report(&SyncOptions::default()).await;
        assert_eq!(last.source_error().map(ToString::to_string), None);
        tenant.assert_equal(&format!("seed {seed}")).await;
    }
}
