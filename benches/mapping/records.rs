//! Made-up jobs, the same in every run: their members are those of the derived query, in its order, and between them
//! they reach every branch of the mapping.

use std::fmt::Write;

use fastrand::Rng;

/// Raw jobs as the source sends them.
pub fn jobs(count: u32) -> Vec<String> {
    let mut rng = Rng::with_seed(34);
    (1..=count).map(|number| vacancy(&mut rng, number)).collect()
}

/// An object under construction.
struct Object(String);

impl Object {
    fn new() -> Object {
        Object("{".to_owned())
    }

    fn raw(mut self, name: &str, value: &str) -> Object {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        write!(self.0, "\"{name}\":{value}").expect("writing to a String cannot fail");
        self
    }

    fn text(self, name: &str, value: Option<&str>) -> Object {
        match value {
            Some(value) => self.raw(name, &serde_json::to_string(value).expect("a text is JSON")),
            None => self.raw(name, "null"),
        }
    }

    /// An object with one text, or null.
    fn node(self, name: &str, member: &str, value: Option<&str>) -> Object {
        match value {
            Some(_) => self.raw(name, &Object::new().text(member, value).end()),
            None => self.raw(name, "null"),
        }
    }

    fn page(self, name: &str, items: &[String]) -> Object {
        self.raw(name, &format!("{{\"items\":[{}]}}", items.join(",")))
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn one_of<'t>(rng: &mut Rng, values: &[&'t str]) -> &'t str {
    values[rng.usize(..values.len())]
}

/// A value in `share` of a hundred cases.
fn sometimes<'t>(rng: &mut Rng, share: u8, values: &[&'t str]) -> Option<&'t str> {
    (rng.u8(..100) < share).then(|| one_of(rng, values))
}

fn date(rng: &mut Rng, years: std::ops::RangeInclusive<u16>) -> String {
    let (year, month, day) = (rng.u16(years), rng.u8(1..=12), rng.u8(1..=28));
    let (hour, minute, second) = (rng.u8(..24), rng.u8(..60), rng.u8(..60));
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

fn some_date(rng: &mut Rng, share: u8, years: std::ops::RangeInclusive<u16>) -> Option<String> {
    (rng.u8(..100) < share).then(|| date(rng, years))
}

fn number(rng: &mut Rng, share: u8, values: &[&str]) -> String {
    sometimes(rng, share, values).unwrap_or("null").to_owned()
}

const SENTENCES: &[&str] = &[
    "Kom jij ons team versterken?",
    "Je bouwt mee aan slimme systemen voor klanten in heel Nederland.",
    "Samen met je collega's verbeter je elke week iets wat ertoe doet.",
    "Hbo-niveau en enkele jaren ervaring zijn mooi meegenomen, maar nieuwsgierigheid telt zwaarder.",
    "Een goed salaris, 27 vakantiedagen en een <b>persoonlijk</b> opleidingsbudget.",
    "Werken kan op kantoor én thuis; de trein stopt voor de deur.",
    "Wij zijn een bureau met vestigingen in Utrecht, Zwolle en Eindhoven.",
    "Bel of mail gerust met <a href=\"https://werk.example.org\">de recruiter</a> voor meer informatie.",
];

/// HTML as editors write it: paragraphs, here and there a link, in some texts with line ends.
fn html(rng: &mut Rng, sentences: std::ops::RangeInclusive<u8>) -> String {
    let end = if rng.u8(..3) == 0 { "</p>\n" } else { "</p>" };
    (0..rng.u8(sentences)).fold(String::new(), |html, _| html + "<p>" + one_of(rng, SENTENCES) + end)
}

fn some_html(rng: &mut Rng, share: u8, sentences: std::ops::RangeInclusive<u8>) -> Option<String> {
    (rng.u8(..100) < share).then(|| html(rng, sentences))
}

const PLACES: &[(&str, &str)] = &[
    ("Utrecht", "Utrecht"),
    ("Zwolle", "Overijssel"),
    ("'s-Hertogenbosch", "Noord-Brabant"),
    ("Gent", "Oost-Vlaanderen"),
];
const COUNTRIES: &[(&str, &str)] =
    &[("Nederland", "NL"), ("Nederland", ""), ("België", "BE"), ("Belgium", ""), ("NLD", "NLD"), ("Luilekkerland", "")];

fn country(rng: &mut Rng) -> String {
    if rng.u8(..10) == 0 {
        return "null".to_owned();
    }
    let (value, code) = COUNTRIES[rng.usize(..COUNTRIES.len()).saturating_sub(rng.usize(..3))];
    Object::new().text("value", Some(value)).text("exportCode", Some(code).filter(|code| !code.is_empty())).end()
}

fn company(rng: &mut Rng) -> String {
    let known = rng.u8(..3) > 0;
    let (city, province) = PLACES[rng.usize(..PLACES.len())];
    let some = |value| known.then_some(value);
    Object::new()
        .text("visitStreet", some("Marktplein"))
        .text("visitPostalCode", some("2000 AB"))
        .text("visitCity", some(city))
        .raw("toVisitCountryNode", &country(rng))
        .node("toVisitProvinceNode", "value", some(province))
        .text("visitNumber", some("3"))
        .text("visitNumberSuffix", sometimes(rng, 20, &["-5", "bis"]))
        .text("name", Some("Voorbeeld Techniek B.V."))
        .end()
}

const FIRST_NAMES: &[&str] = &["Femke", "Joris", "Zoë", "Sem", "Noor", "Max"];
const LAST_NAMES: &[&str] = &["Meer", "Hendriks", "Blom", "Kuipers", "Leeuwen"];

fn user(rng: &mut Rng) -> String {
    let id = rng.u16(100..120).to_string();
    let (first, last) = (one_of(rng, FIRST_NAMES), one_of(rng, LAST_NAMES));
    let address = format!("{}.{}@example.org", first.to_ascii_lowercase(), last.to_ascii_lowercase());
    let primary = match rng.u8(..20) {
        0 => Some("geen"),
        1..4 => None,
        _ => Some(address.as_str()),
    };
    Object::new()
        .text("_id", Some(&id))
        .text("firstName", Some(first))
        .text("lastNamePrefix", sometimes(rng, 30, &["van", "van der", "ter"]))
        .text("lastName", Some(last))
        .text("primaryEmailAddress", primary)
        .text("emailAddress", sometimes(rng, 50, &["team@example.com"]))
        .text("emailAddressBusiness", sometimes(rng, 20, &["werk@example.com"]))
        .end()
}

const ROLES: &[(&str, &str)] = &[
    ("601", "Hoofdcontactpersoon"),
    ("602", "Recruitment manager"),
    ("603", "Hiring manager"),
    ("604", "Coördinator"),
    ("605", "Sourcer"),
    ("606", "Interviewer"),
    ("609", "Toehoorder"),
];

fn vacancy_user(rng: &mut Rng) -> String {
    let user = if rng.u8(..20) == 0 { "null".to_owned() } else { user(rng) };
    let role = if rng.u8(..10) == 0 {
        "null".to_owned()
    } else {
        let (id, label) = ROLES[rng.usize(..ROLES.len())];
        Object::new().text("value", Some(label)).text("_id", Some(id)).end()
    };
    Object::new().raw("toUser", &user).raw("toVacancyRoleNode", &role).end()
}

const STATUS_TAGS: &[&str] = &["PublicationStoppedTag", "PublicationPublishFailedTag", "PublicationStartedTag"];

fn publication(rng: &mut Rng, id: u32) -> String {
    let link = |kind: &str| format!("https://werk.example.org/{kind}/{id}");
    let (vacancy_url, apply_url) = (link("vacature"), link("solliciteer"));
    let mut text = |share| some_html(rng, share, 2..=6);
    let texts = [text(80), text(90), text(80), text(80), text(60), text(50)];
    Object::new()
        .text("publicationStart", some_date(rng, 90, 2025..=2027).as_deref())
        .raw("deleted", if rng.u8(..15) == 0 { "1" } else { "0" })
        .raw("closed", if rng.u8(..15) == 0 { "1" } else { "0" })
        .text("publicationEnd", some_date(rng, 60, 2026..=2028).as_deref())
        .node("toStatusNode", "tag", sometimes(rng, 20, STATUS_TAGS))
        .node("toMedium", "code", sometimes(rng, 90, &["web", "web", "intranet", "jobboard"]))
        .text("vacancyUrl", Some(vacancy_url.as_str()).filter(|_| rng.u8(..3) > 0))
        .text("applyUrl", Some(apply_url.as_str()).filter(|_| rng.u8(..3) > 0))
        .text("_id", Some(&id.to_string()))
        .text("titleInformation", sometimes(rng, 80, TITLES))
        .text("introInformationHTML", texts[0].as_deref())
        .text("vacancyInformationHTML", texts[1].as_deref())
        .text("requirementsInformationHTML", texts[2].as_deref())
        .text("offerInformationHTML", texts[3].as_deref())
        .text("companyInformationHTML", texts[4].as_deref())
        .text("applicationContactInformationHTML", texts[5].as_deref())
        .end()
}

const TITLES: &[&str] = &["Software engineer", "Verpleegkundige (m/v/x)", "Receptionist hotel", "Café-manager Gent"];
const CONTRACTS: &[&str] = &[
    "Vast contract",
    "Tijdelijk met uitzicht op vast",
    "Parttime",
    "Stage",
    "Contract voor bepaalde tijd",
    "Seizoenswerk",
    "Vrijwilliger",
];
const STATUSES: &[&str] = &["Actief", "Actief", "Nieuw", "Vervuld", "Inactief", "Concept", "On hold"];
const PERIODS: &[(Option<&str>, &str)] =
    &[(Some("MonthTag"), "Per maand"), (Some("HourTag"), "Per uur"), (None, "Per jaar"), (None, "4 weken")];
const CURRENCIES: &[(&str, Option<&str>)] =
    &[("Euro", Some("EUR")), ("Euro", None), ("Kroon", Some("DKK")), ("gbp", None), ("Florijnen", None)];

fn vacancy(rng: &mut Rng, number_of_job: u32) -> String {
    let id = number_of_job.to_string();
    let code = format!("V-2026-{number_of_job:04}");
    let mut text = |share, sentences| some_html(rng, share, sentences);
    let texts = [text(90, 1..=3), text(95, 4..=8), text(90, 2..=6), text(90, 2..=5), text(70, 1..=4), text(50, 1..=2)];
    let publications: Vec<String> = (0..rng.u32(..=2)).map(|at| publication(rng, number_of_job * 10 + at)).collect();
    let team: Vec<String> = (0..rng.u8(..=2)).map(|_| vacancy_user(rng)).collect();
    let (city, province) = PLACES[rng.usize(..PLACES.len())];
    let is_placed = rng.u8(..10) > 2;
    let placed = |value| is_placed.then_some(value);
    let currency = match rng.u8(..10) {
        0..3 => "null".to_owned(),
        _ => {
            let (value, code) = CURRENCIES[rng.usize(..CURRENCIES.len())];
            Object::new().text("value", Some(value)).text("exportCode", code).end()
        }
    };
    let period = match rng.u8(..10) {
        0..3 => "null".to_owned(),
        _ => {
            let (tag, value) = PERIODS[rng.usize(..PERIODS.len())];
            Object::new().text("tag", tag).text("value", Some(value)).end()
        }
    };
    let company = if rng.u8(..10) == 0 { "null".to_owned() } else { company(rng) };
    let custom = if rng.u8(..4) == 0 { "null" } else { r#"{"_10361":"881","_10370":"Lease-auto","_10402":"ja"}"# };
    let owner = if rng.u8(..10) == 0 { "null".to_owned() } else { user(rng) };
    Object::new()
        .text("_id", Some(&id))
        .text("jobTitle", sometimes(rng, 80, TITLES))
        .text("titleInformation", sometimes(rng, 70, &["Kom werken in Utrecht!", "  "]))
        .text("jobTitleOrFunction", Some(one_of(rng, TITLES)))
        .text("vacancyNo", Some(code.as_str()).filter(|_| rng.u8(..4) > 0))
        .raw("vacancyID", &id)
        .text("introInformation", texts[0].as_deref())
        .text("vacancyInformation", texts[1].as_deref())
        .text("requirements", texts[2].as_deref())
        .text("offerInformation", texts[3].as_deref())
        .text("companyInformation", texts[4].as_deref())
        .text("additionalInformation", texts[5].as_deref())
        .raw("isConfidential", if rng.u8(..20) == 0 { "1" } else { "0" })
        .raw("isAnonymous", if rng.u8(..20) == 0 { "1" } else { "0" })
        .raw("hoursPerWeek", &number(rng, 70, &["40.0", "36.0", "32.0", "24.5", "0.0"]))
        .raw("fte", &number(rng, 60, &["1.0", "0.8", "0.5"]))
        .node("toContractTypeNode", "value", sometimes(rng, 90, CONTRACTS))
        .raw("deleted", if rng.u8(..15) == 0 { "1" } else { "0" })
        .node("toStatusNode", "value", sometimes(rng, 85, STATUSES))
        .text("endDate", some_date(rng, 50, 2026..=2027).as_deref())
        .page("publications", &publications)
        .node("toFunctionLevel1", "value", sometimes(rng, 70, &["ICT", "Zorg", "Horeca"]))
        .node("toCategoryNode", "value", sometimes(rng, 70, &["Techniek", "Gastvrijheid"]))
        .node("agency", "name", sometimes(rng, 80, &["Vestiging Utrecht", "Vestiging Gent"]))
        .node("toExperienceLevelNode", "value", sometimes(rng, 60, &["Medior", "Senior"]))
        .node("toWorkLevelNode", "value", sometimes(rng, 70, &["Hbo", "Mbo", "Wo"]))
        .node(
            "toWorkplaceTypeNode",
            "value",
            sometimes(rng, 70, &["Hybride (thuis en op kantoor)", "Op kantoor", "Ambulant"]),
        )
        .raw("minSalary", &number(rng, 70, &["3500.0", "2812.5", "0.0", "4800.0"]))
        .raw("maxSalary", &number(rng, 70, &["4800.0", "5200.75", "0.0"]))
        .raw("toSalaryCurrencyNode", &currency)
        .raw("toSalaryPeriodNode", &period)
        .text("workStreet", placed("Stationsplein"))
        .text("workPostalCode", placed("3511 ED"))
        .text("workCity", placed(city))
        .text("workLocation", placed("Op loopafstand van het station").filter(|_| rng.bool()))
        .raw("toWorkCountryNode", &country(rng))
        .node("toProvinceNode", "value", Some(province).filter(|_| rng.u8(..4) > 0))
        .text("workNumber", placed("1"))
        .text("workNumberSuffix", sometimes(rng, 30, &["A", "bis"]))
        .raw("toCompany", &company)
        .raw("additionalInfo", custom)
        .text("_kind", Some("CRVacancy"))
        .text("startDate", some_date(rng, 70, 2025..=2026).as_deref())
        .text("creationDate", Some(&date(rng, 2024..=2026)))
        .text("statusChangedDate", some_date(rng, 60, 2025..=2026).as_deref())
        .text("modificationDate", some_date(rng, 90, 2025..=2026).as_deref())
        .raw("owner", &owner)
        .node("toProductNode", "_id", sometimes(rng, 90, &["501", "502"]))
        .page("vacancyUsers", &team)
        .raw("isOpenApplication", "0")
        .end()
}
