//! The store as other programs read it.

use std::process::Stdio;

use sqlx::Row;

use crate::home::TempHome;

#[tokio::test]
async fn views_can_be_read_while_a_sync_writes() {
    let home = TempHome::new();
    home.write_sandbox("seed: 7, candidates: 60, latency_ms: 30");
    home.set_page_size(5);
    let mut child = home.command(&["sync", "sandbox"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !home.store().exists() && child.try_wait().unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let mut seen = Vec::new();
    while child.try_wait().unwrap().is_none() {
        // The first moments belong to the one who makes the tables.
        if let Ok(count) =
            sqlx::query_scalar::<_, i64>("SELECT count(*) FROM candidates").fetch_one(&mut home.database().await).await
        {
            seen.push(count);
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(child.wait().unwrap().success());
    assert!(seen.is_sorted(), "rows never vanish: {seen:?}");
    assert!(seen.iter().any(|count| (1..60).contains(count)), "pages were seen as they came: {seen:?}");

    let row = sqlx::query(
        "SELECT count(*), count(DISTINCT id), sum(typeof(weekly_hours) IN ('real', 'null')), \
         sum(typeof(confidential) = 'integer'), sum(json_valid(location)), sum(json_type(job_postings) = 'array') \
         FROM jobs",
    )
    .fetch_one(&mut home.database().await)
    .await
    .unwrap();
    let column = |index: usize| row.get::<i64, _>(index);
    assert!(column(0) > 0);
    assert_eq!((column(1), column(2), column(3), column(5)), (column(0), column(0), column(0), column(0)));
    let outcomes: Vec<String> = sqlx::query_scalar("SELECT DISTINCT outcome FROM applications ORDER BY outcome")
        .fetch_all(&mut home.database().await)
        .await
        .unwrap();
    assert_eq!(outcomes, ["DECLINED", "HIRED", "PENDING"]);
}
