//! Measured by hand: `cargo test --release --lib sandbox::tests::scale -- --ignored --nocapture`.

use super::*;
use std::time::{Duration, Instant};

/// What a connector reads of a candidate.
const CANDIDATE: &str = "_id _kind employeeID firstName lastNamePrefix lastName deleted isConfidential creationDate \
    modificationDate currentEmployerName sourceInfo toSourceNode { value } toMedium { name } \
    mostRecentWorkHistory { employer function } toCurrentFunctionLevel2 { value } toFunction1Level2Node { value } \
    phoneNumber mobileNumber phoneNumberBusiness mobileNumberBusiness \
    phoneNumbers { items { phoneNumber isPrimary isInvalid toPhoneNumberLabel { value } } } \
    emailAddress primaryEmailAddress emailAddressPrivate emailAddressBusiness businessEmailAddress \
    emailAddresses { items { emailAddress isPrimary invalid toEmailAddressLabel { value } } } \
    urls { items { url toUrlLabel { tag value } } } homeStreet homeNumber homeNumberSuffix homePostalCode homeCity \
    toHomeCountryNode { exportCode value } toHomeProvinceNode { value } street houseNumber houseNumberSuffix \
    postalCode city toCountryNode { exportCode value } toProvinceNode { value } visitPostalCode visitCity \
    groups { items { _id value } } additionalInfo employeeInformation experienceInformation cvSummary notes";

/// What a connector reads of a vacancy.
const VACANCY: &str = "_id _kind vacancyID vacancyNo deleted jobTitle titleInformation jobTitleOrFunction \
    introInformation vacancyInformation requirements offerInformation companyInformation additionalInformation \
    isConfidential isAnonymous isOpenApplication hoursPerWeek fte toContractTypeNode { value } \
    toStatusNode { value } startDate endDate statusChangedDate creationDate modificationDate additionalInfo \
    toFunctionLevel1 { value } toCategoryNode { value } agency { name } toExperienceLevelNode { value } \
    toWorkLevelNode { value } toWorkplaceTypeNode { value } minSalary maxSalary \
    toSalaryCurrencyNode { exportCode value } toSalaryPeriodNode { tag value } workStreet workNumber \
    workNumberSuffix workPostalCode workCity workLocation toWorkCountryNode { exportCode value } \
    toProvinceNode { value } toProductNode { _id } owner { _id firstName lastNamePrefix lastName } \
    toCompany { name visitStreet visitNumber visitPostalCode visitCity toVisitCountryNode { exportCode value } } \
    publications { items { _id publicationStart publicationEnd deleted closed toStatusNode { tag } \
    toMedium { code } vacancyUrl applyUrl titleInformation vacancyInformationHTML offerInformationHTML } } \
    vacancyUsers { items { toUser { _id firstName lastName primaryEmailAddress } toVacancyRoleNode { value } } }";

/// Ids alone, and nothing of the rows beside them.
const IDS: &str = "_id";

/// The page and how long it took.
async fn timed(session: &Session, query: &str, page: usize) -> (usize, Duration) {
    let begin = Instant::now();
    let response = session.post(json!({"query": query, "variables": {"page": page}})).await;
    assert_eq!(response.status(), StatusCode::OK);
    (response.bytes().await.unwrap().len(), begin.elapsed())
}

fn page_query(root: &str, sort: &str, fields: &str) -> String {
    format!(
        "query($page: Int) {{ {root}(norestrict: true, pageable: {{page: $page, size: 100, sort: {sort}}}) \
         {{ last items {{ {fields} }} }} }}"
    )
}

#[tokio::test]
async fn records_have_the_weight_of_real_ones() {
    let session = Session::open(small()).await;
    for (root, sort, fields) in [
        ("crEmployeePage", "{property: \"employeeID\"}", CANDIDATE),
        ("crVacancyPage", "{property: \"vacancyID\"}", VACANCY),
    ] {
        let (bytes, _) = timed(&session, &page_query(root, sort, fields), 0).await;
        let weight = bytes / 100;
        assert!((3_000..=6_000).contains(&weight), "{root}: {weight} bytes a record");
    }
}

#[tokio::test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "a person reads the measurement")]
async fn a_hundred_thousand_candidates() {
    let begin = Instant::now();
    let session = Session::open(Options { candidates: 100_000, ..Options::default() }).await;
    println!("ready after {:?}", begin.elapsed());
    let sort = "[{property: \"creationDate\"}, {property: \"employeeID\"}]";
    let query = page_query("crEmployeePage", sort, CANDIDATE);
    println!("first page after {:?}", timed(&session, &query, 0).await.1);
    let mut times = Vec::new();
    for page in 900..1_000 {
        times.push(timed(&session, &query, page).await.1);
    }
    times.sort();
    println!("a page of 100 at a deep offset: median {:?}, slowest {:?}", times[50], times[99]);
    let matches =
        page_query("crMatchPage", "{property: \"creationDate\"}", "_id toEmployee { _id } statusInfo { _id }");
    println!("first page of matches after {:?}", timed(&session, &matches, 0).await.1);
    for (root, sort) in [
        ("crEmployeePage", "[{property: \"creationDate\"}, {property: \"employeeID\"}]"),
        ("crMatchPage", "[{property: \"creationDate\"}, {property: \"toEmployee.employeeID\"}]"),
    ] {
        let query = page_query(root, sort, IDS);
        println!("{root}: first page of ids after {:?}", timed(&session, &query, 0).await.1);
        let mut times = Vec::new();
        for page in (0..1_000).step_by(10) {
            times.push(timed(&session, &query, page).await.1);
        }
        times.sort();
        println!("{root}: a page of ids: median {:?}, slowest {:?}", times[50], times[99]);
    }
    let query = page_query("crEmployeePage", "[{property: \"creationDate\"}, {property: \"employeeID\"}]", IDS);
    let mut times = Vec::new();
    for page in 0..100 {
        session.sandbox.churn(page, 5);
        times.push(timed(&session, &query, page as usize * 10).await.1);
    }
    times.sort();
    println!("a page of ids after five changes: median {:?}, slowest {:?}", times[50], times[99]);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("memory unknown"));
}
