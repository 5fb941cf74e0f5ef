//! The words of the source that decide something, as one would write them in Rust.

/// Words and what they mean; the first row with a word that a text contains wins.
type Keywords = &'static [(&'static str, &'static [&'static str])];

pub const EMPLOYMENT_TYPE: Keywords = &[
    ("INTERNSHIP", &["stage", "stagiair", "intern"]),
    ("SEASONAL", &["seizoen", "season"]),
    ("CONTRACT", &["detacher", "interim", "zzp", "freelance", "tijdelijk", "uitzend", "temp"]),
    ("PART_TIME", &["parttime", "part-time", "part time", "deeltijd"]),
    ("FULL_TIME", &["vast", "onbepaalde tijd", "permanent", "fulltime", "full-time", "full time", "voltijd"]),
    ("CONTRACT", &["contract", "bepaalde tijd"]),
];

pub const JOB_STATUS: Keywords = &[
    (
        "CLOSED",
        &[
            "geplaatst",
            "vervuld",
            "filled",
            "verloren",
            "vervallen",
            "ingetrokken",
            "inactief",
            "niet actief",
            "gesloten",
            "lost",
            "cancelled",
            "closed",
        ],
    ),
    ("DRAFT", &["lead", "concept"]),
    ("OPEN", &["nieuw", "new", "actief", "active", "open"]),
];

pub const REMOTE_WORK_STATUS: Keywords = &[
    ("HYBRID", &["hybrid"]),
    ("REMOTE", &["remote", "thuis", "op afstand"]),
    ("ON_SITE", &["on site", "on-site", "onsite", "op locatie", "op kantoor"]),
];

pub const SALARY_PERIOD: Keywords = &[
    ("TWO_WEEKS", &["2 weken", "twee weken", "14 dagen", "2 weeks", "two weeks", "biweekly", "bi-weekly"]),
    ("YEAR", &["jaar", "year"]),
    ("MONTH", &["maand", "month"]),
    ("WEEK", &["week"]),
    ("DAY", &["dag", "day"]),
    ("HOUR", &["uur", "hour"]),
];

pub const HIRING_ROLES: Keywords = &[
    ("RECRUITER", &["recruit", "consultant"]),
    ("HIRING_MANAGER", &["hoofdcontactpersoon", "hiring", "manager"]),
    ("COORDINATOR", &["coordinator", "coördinator"]),
    ("SOURCER", &["sourcer"]),
    ("INTERVIEWER", &["interviewer"]),
];

/// What the first keyword in `text` means.
pub fn keyword(table: Keywords, text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    table.iter().find(|(_, words)| words.iter().any(|word| text.contains(word))).map(|(meaning, _)| *meaning)
}

pub fn salary_period_of_tag(tag: &str) -> Option<&'static str> {
    match tag.to_lowercase().as_str() {
        "yeartag" => Some("YEAR"),
        "monthtag" => Some("MONTH"),
        "weektag" => Some("WEEK"),
        "daytag" => Some("DAY"),
        "hourtag" => Some("HOUR"),
        _ => None,
    }
}

pub fn is_internal_medium(code: &str) -> bool {
    matches!(code.to_lowercase().as_str(), "intranet" | "intern" | "internal")
}

pub fn currency_of_name(name: &str) -> Option<&'static str> {
    match name.to_lowercase().as_str() {
        "€" | "euro" | "euro's" => Some("EUR"),
        "£" | "pond" | "britse pond" | "pound" => Some("GBP"),
        "$" | "us dollar" | "amerikaanse dollar" => Some("USD"),
        "zwitserse frank" => Some("CHF"),
        _ => None,
    }
}

pub fn country_of_name(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "nederland" | "holland" => "NL",
        "belgië" | "belgie" => "BE",
        "duitsland" => "DE",
        "frankrijk" => "FR",
        "luxemburg" => "LU",
        "verenigd koninkrijk" | "groot-brittannië" | "groot-brittannie" | "engeland" => "GB",
        "ierland" => "IE",
        "spanje" => "ES",
        "portugal" => "PT",
        "italië" | "italie" => "IT",
        "zwitserland" => "CH",
        "oostenrijk" => "AT",
        "polen" => "PL",
        "tsjechië" | "tsjechie" => "CZ",
        "slowakije" => "SK",
        "hongarije" => "HU",
        "roemenië" | "roemenie" => "RO",
        "bulgarije" => "BG",
        "kroatië" | "kroatie" => "HR",
        "slovenië" | "slovenie" => "SI",
        "griekenland" => "GR",
        "turkije" => "TR",
        "denemarken" => "DK",
        "zweden" => "SE",
        "noorwegen" => "NO",
        "finland" => "FI",
        "estland" => "EE",
        "letland" => "LV",
        "litouwen" => "LT",
        "oekraïne" | "oekraine" => "UA",
        "marokko" => "MA",
        "verenigde staten" | "verenigde staten van amerika" | "amerika" => "US",
        "zuid-afrika" => "ZA",
        _ => return None,
    })
}

/// An ISO 3166 code from a code or an English name.
pub fn country(text: &str) -> Option<&'static str> {
    let found = match text.len() {
        2 => rust_iso3166::from_alpha2(&text.to_uppercase()),
        3 => rust_iso3166::from_alpha3(&text.to_uppercase()),
        _ => rust_iso3166::ALL.iter().find(|country| country.name.eq_ignore_ascii_case(text)).copied(),
    };
    found.map(|country| country.alpha2)
}

/// The active codes of ISO 4217 for money that is paid with.
#[rustfmt::skip]
const CURRENCIES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF", "BMD",
    "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC",
    "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL",
    "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR",
    "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP",
    "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK",
    "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR",
    "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE",
    "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD",
    "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF",
    "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

/// An ISO 4217 code in any case.
pub fn currency(text: &str) -> Option<&'static str> {
    let code = text.to_ascii_uppercase();
    CURRENCIES.binary_search(&code.as_str()).ok().map(|at| CURRENCIES[at])
}
