//! Names, places and sentences that records are made of. All people and firms are made up.

use super::draw::Draw;

/// First names with an index into the gender list: 0 male, 1 female, 2 other.
pub(crate) const FIRST_NAMES: &[(&str, u32)] = &[
    ("Anouk", 1),
    ("Bram", 0),
    ("Çağla", 1),
    ("Daan", 0),
    ("Eline", 1),
    ("Femke", 1),
    ("Giel", 0),
    ("Hanna", 1),
    ("Ilse", 1),
    ("Joris", 0),
    ("Kasia", 1),
    ("Lotte", 1),
    ("Łukasz", 0),
    ("Maud", 1),
    ("Noor", 1),
    ("Olivier", 0),
    ("Pien", 1),
    ("Quinten", 0),
    ("Renée", 1),
    ("Sem", 0),
    ("Tess", 1),
    ("Umut", 0),
    ("Veerle", 1),
    ("Wout", 0),
    ("Xander", 0),
    ("Yara", 1),
    ("Zoë", 1),
    ("Robin", 2),
    ("André", 0),
    ("Björn", 0),
    ("Esmée", 1),
    ("François", 0),
];

/// Infixes of last names; most people have none.
pub(crate) const INFIXES: &[Option<&str>] =
    &[None, None, None, None, None, Some("van der"), Some("de"), Some("van"), None, Some("van den"), None, Some("ter")];

pub(crate) const LAST_NAMES: &[&str] = &[
    "Akkerman",
    "Berg",
    "Beek",
    "Bosch",
    "Çelik",
    "Dijkstra",
    "Elzinga",
    "Feenstra",
    "Groot",
    "Haan",
    "Hoekstra",
    "Ikink",
    "Jansen",
    "Kok",
    "Kowalski",
    "Leeuw",
    "Linden",
    "Meer",
    "Müller",
    "Nijhof",
    "Oosterhuis",
    "Postma",
    "Postmus-Wiersma",
    "Quist",
    "Rijn",
    "Şahin",
    "Smit",
    "Steen",
    "Tuinstra",
    "Uittenbogaard",
    "Veen",
    "Vos",
    "Waal",
    "Wieringa",
    "Ydema",
    "Zandt",
];

/// A city with the digits of its postal code and an index into the province list.
pub(crate) const CITIES: &[(&str, u32, u32)] = &[
    ("Amsterdam", 1012, 7),
    ("Utrecht", 3511, 9),
    ("Rotterdam", 3011, 11),
    ("'s-Hertogenbosch", 5211, 6),
    ("Groningen", 9711, 4),
    ("Zwolle", 8011, 8),
    ("Maastricht", 6211, 5),
    ("Middelburg", 4331, 10),
    ("Assen", 9401, 0),
    ("Almere", 1315, 1),
    ("Súdwest-Fryslân", 8601, 2),
    ("Nijmegen", 6511, 3),
    ("Den Haag", 2511, 11),
    ("Alphen aan den Rijn", 2401, 11),
];

pub(crate) const STREETS: &[&str] = &[
    "Voorbeeldstraat",
    "Dorpsstraat",
    "Laan van Overveen",
    "Kerkweg",
    "Burgemeester Jansenlaan",
    "Molenpad",
    "Singel",
    "Zuiderkade",
    "Prof. Zeemanweg",
    "Oude Gracht",
];

pub(crate) const HOUSE_SUFFIXES: &[Option<&str>] =
    &[None, None, Some("A"), None, Some("bis"), None, None, Some("3hoog")];

/// Job titles with an index into the first and the second function list.
pub(crate) const JOB_TITLES: &[(&str, u32, u32)] = &[
    ("Backend developer Rust", 0, 0),
    ("Front-end developer (m/v/x)", 0, 0),
    ("Linux-beheerder", 0, 1),
    ("Servicemonteur koeltechniek", 1, 2),
    ("Werkvoorbereider W-installaties", 1, 3),
    ("Verpleegkundige wijkzorg", 2, 4),
    ("Doktersassistent huisartsenpraktijk", 2, 5),
    ("Assistent-boekhouder", 3, 6),
    ("Financieel controller", 3, 7),
    ("Orderpicker nachtdienst", 4, 8),
    ("Transportplanner internationaal", 4, 9),
    ("Accountmanager Noordoost", 5, 10),
    ("Medewerker commerciële binnendienst", 5, 11),
    ("Data-engineer 🚀", 0, 0),
    ("Hoofdmonteur élektra", 1, 2),
];

/// Words that firms are named with.
pub(crate) const FIRM_NAMES: &[&str] = &[
    "Voorbeeld Techniek",
    "Noordster Zorg",
    "Polderdata",
    "Kranendonk Logistiek",
    "Blauwe Brug",
    "Tulpenveld",
    "Ijzersterk Installaties",
    "Café 't Hoekje",
    "Zuiderzee Verzekeringen",
    "Stadswerk",
    "Groene Daken",
    "Delta Metaal",
    "Zorgpunt",
    "Rietveld & Zonen",
    "Ørsted Voorbeeld",
    "Smid Software",
];

pub(crate) const FIRM_FORMS: &[&str] = &[" B.V.", "", " Holding N.V.", " Groep", " VOF"];

/// Sentences for the texts of vacancies.
pub(crate) const VACANCY_SENTENCES: &[&str] = &[
    "Je werkt in een hecht team van acht collega's dat elke dag het verschil maakt voor onze klanten.",
    "De functie vraagt om iemand die zelfstandig plant, helder communiceert en niet wegloopt voor een uitdaging.",
    "Samen met de teamleider bepaal je welke verbeteringen als eerste worden opgepakt.",
    "We werken met korte lijnen: een goed idee van maandag kan op woensdag al draaien.",
    "Reiskosten worden volledig vergoed & een laptop naar keuze hoort erbij.",
    "Je ontvangt 25 vakantiedagen, een pensioenregeling en ruimte om opleidingen te volgen.",
    "Ervaring met vergelijkbare werkzaamheden is een pré, maar motivatie weegt voor ons zwaarder.",
    "Ons kantoor ligt op vijf minuten lopen van het station, met uitzicht over het water.",
    "Een deel van de week werk je vanuit huis; op dinsdag en donderdag is iedereen aanwezig.",
    "Bij ons telt wat je kunt en wie je bent, niet waar je vandaan komt ☕.",
];

/// Sentences for the texts of candidates.
pub(crate) const CANDIDATE_SENTENCES: &[&str] = &[
    "Zoekt een functie dichter bij huis, het liefst binnen dertig minuten reizen.",
    "Heeft ruime ervaring met het begeleiden van nieuwe collega's en leerlingen.",
    "Is open over de salariswens en hecht vooral aan een goede sfeer en doorgroeimogelijkheden.",
    "Werkte eerder in wisseldiensten en heeft daar geen bezwaar tegen, zolang het rooster op tijd bekend is.",
    "Spreekt vloeiend Nederlands en Engels, en redt zich prima in het Duits.",
    "Volgt in de avonduren een opleiding die in het voorjaar wordt afgerond.",
    "Komt in het gesprek rustig over, luistert goed en stelt scherpe vragen.",
    "Referenties zijn gecontroleerd en zonder uitzondering positief.",
    "Wil graag vier dagen werken in verband met de zorg voor twee jonge kinderen 👶.",
    "Heeft een opzegtermijn van één maand, in overleg is eerder starten mogelijk.",
];

pub(crate) const EMPLOYERS: &[&str] = &[
    "Voorbeeld Techniek B.V.",
    "Polderdata",
    "Gemeente Voorbeeldstad",
    "Zorgpunt",
    "Eigen onderneming",
    "Delta Metaal & Zn.",
];

/// Turns a name into the local part of an address: ASCII letters and digits only.
pub(crate) fn ascii_slug(text: &str) -> String {
    text.chars()
        .filter_map(|character| {
            let plain = match character {
                'Ç' | 'ç' => 'c',
                'ğ' => 'g',
                'Ł' | 'ł' => 'l',
                'é' | 'ë' | 'è' | 'É' => 'e',
                'ö' | 'ø' | 'Ø' => 'o',
                'ü' => 'u',
                'Ş' | 'ş' => 's',
                other => other,
            };
            plain.is_ascii_alphanumeric().then(|| plain.to_ascii_lowercase())
        })
        .collect()
}

/// A text of so many sentences, starting anywhere in the list.
pub(crate) fn prose(draw: Draw, fact: &str, from: &[&str], sentences: usize) -> String {
    let start = draw.below(fact, from.len() as u64) as usize;
    let chosen: Vec<&str> = from.iter().cycle().skip(start).take(sentences).copied().collect();
    chosen.join(" ")
}
