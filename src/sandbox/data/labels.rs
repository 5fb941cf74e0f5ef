//! The picklists of the made-up tenant: node types and their options, in Dutch and English.

/// One option of a picklist.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) dutch: &'static str,
    pub(crate) english: &'static str,
    /// System tag, or empty.
    pub(crate) tag: &'static str,
    /// Export code, or empty.
    pub(crate) code: &'static str,
    /// The node above this one.
    pub(crate) parent: Option<(Picklist, u32)>,
}

/// A node type with its options.
#[derive(Debug)]
pub(crate) struct NodeType {
    pub(crate) list: Picklist,
    pub(crate) name: &'static str,
    pub(crate) identifier: &'static str,
    pub(crate) first_id: u32,
    pub(crate) labels: &'static [Label],
}

const fn label(dutch: &'static str, english: &'static str) -> Label {
    Label { dutch, english, tag: "", code: "", parent: None }
}

const fn same(text: &'static str) -> Label {
    label(text, text)
}

impl Label {
    const fn tagged(self, tag: &'static str) -> Label {
        Label { tag, ..self }
    }

    const fn coded(self, code: &'static str) -> Label {
        Label { code, ..self }
    }

    const fn under(self, list: Picklist, option: u32) -> Label {
        Label { parent: Some((list, option)), ..self }
    }
}

/// Declares the enum and the table together, so that a list's number is its place in the table.
macro_rules! node_types {
    ($($list:ident: $name:literal, $identifier:literal, from $first_id:literal, [$($label:expr),* $(,)?];)*) => {
        /// The picklists by their English names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Picklist { $($list),* }

        /// All node types; ids ascend.
        pub(crate) static NODE_TYPES: &[NodeType] = &[$(NodeType {
            list: Picklist::$list,
            name: $name,
            identifier: $identifier,
            first_id: $first_id,
            labels: &[$($label),*],
        }),*];
    };
}

impl Picklist {
    /// The node type of this list.
    pub(crate) fn node_type(self) -> &'static NodeType {
        &NODE_TYPES[self as usize]
    }

    /// The numeric key of an option.
    pub(crate) fn number(self, option: u32) -> u32 {
        self.node_type().first_id + option
    }

    /// How many options there are.
    pub(crate) fn len(self) -> u32 {
        self.node_type().labels.len() as u32
    }
}

node_types! {
    Language: "Taal", "Language", from 101, [
        label("Nederlands", "Dutch").coded("nl"), label("Engels", "English").coded("en"),
    ];
    SystemTag: "Systeemlabel", "System tag", from 201, [
        same("CandidateActiveTag").tagged("CandidateActiveTag"),
        same("CandidateInactiveTag").tagged("CandidateInactiveTag"),
    ];
    VacancyStatus: "Vacature-status", "Vacancy status", from 301, [
        label("Concept", "Draft"), label("Actief", "Active"), label("Nieuw", "New"), label("Vervuld", "Filled"),
        label("Vervallen", "Lapsed"), label("Ingetrokken", "Withdrawn"), same("On hold"),
    ];
    ContractType: "Dienstverband", "Employment", from 401, [
        label("Vast", "Permanent"), same("Fulltime"), same("Parttime"), label("Detachering", "Secondment"),
        same("Interim"), label("ZZP", "Freelance"), label("Uitzenden", "Temping"), label("Stage", "Internship"),
        label("Seizoenswerk", "Seasonal work"), label("In overleg", "To be discussed"),
    ];
    SalaryPeriod: "Salarisperiode", "Salary period", from 501, [
        label("Per maand", "Per month").tagged("MonthTag"), label("Per uur", "Per hour").tagged("HourTag"),
        label("Per jaar", "Per year").tagged("YearTag"), label("Per week", "Per week"), label("4 weken", "4 weeks"),
    ];
    Currency: "Valuta", "Currency", from 601, [
        same("Euro").coded("EUR"), same("€"), label("Britse pond", "Pound sterling").coded("GBP"),
    ];
    Workplace: "Werkplek", "Workplace type", from 701, [
        label("Op locatie", "On site"), label("Hybride", "Hybrid"), label("Thuiswerken", "Remote"),
        label("Wisselend", "Varying"),
    ];
    Country: "Land", "Country", from 801, [
        label("Nederland", "Netherlands").coded("NL"), label("België", "Belgium").coded("BE"),
        label("Duitsland", "Germany").coded("DE"), label("Nederland", "The Netherlands"),
        label("Polen", "Poland").coded("PL"),
    ];
    Province: "Provincie", "Province", from 901, [
        same("Drenthe"), same("Flevoland"), label("Friesland", "Frisia"), same("Gelderland"), same("Groningen"),
        same("Limburg"), label("Noord-Brabant", "North Brabant"), label("Noord-Holland", "North Holland"),
        same("Overijssel"), same("Utrecht"), label("Zeeland", "Zealand"), label("Zuid-Holland", "South Holland"),
    ];
    Function0: "Functie0", "Function0", from 1001, [
        same("ICT"), label("Techniek", "Engineering"), label("Zorg", "Health care"), label("Financieel", "Finance"),
        label("Logistiek", "Logistics"), label("Commercieel", "Sales"),
    ];
    Function1: "Functie1", "Function1", from 1101, [
        label("Softwareontwikkelaar", "Software developer"), label("Systeembeheerder", "System administrator"),
        label("Servicemonteur", "Service engineer"), label("Werkvoorbereider", "Work planner"),
        label("Verpleegkundige", "Nurse"), label("Doktersassistent", "Medical assistant"),
        label("Boekhouder", "Bookkeeper"), same("Controller"), label("Magazijnmedewerker", "Warehouse worker"),
        label("Planner", "Transport planner"), label("Accountmanager", "Account manager"),
        label("Binnendienstmedewerker", "Inside sales representative"),
    ];
    Experience: "Ervaring", "Experience", from 1201, [label("Starter", "Starter"), same("Medior"), same("Senior")];
    WorkLevel: "Functieniveau", "Work level", from 1301, [same("MBO"), same("HBO"), same("WO")];
    Category: "Vacature-categorie", "Vacancy category", from 1401, [
        label("Regulier", "Regular"), label("Spoed", "Urgent"),
    ];
    VacancyType: "Vacature-type", "Vacancy type", from 1501, [
        label("Exclusief", "Exclusive"), label("Gedeeld", "Shared"),
    ];
    Procedure: "Productgroep", "Product group", from 1601, [
        label("Werving & selectie", "Recruitment & selection"), label("Detachering", "Secondment"),
        label("Uitzenden", "Temping"),
    ];
    BusinessLine: "Product", "Product", from 1701, [
        same("Techniek & ICT"), label("Zorg en welzijn", "Health and care"),
    ];
    VacancySource: "Bron-Vacature", "Vacancy source", from 1801, [
        label("Bestaande klant", "Existing client"), label("Acquisitie", "Acquisition"),
    ];
    CandidateSource: "Bron-Kandidaat", "Candidate source", from 1901, [
        label("Eigen website", "Own website"), same("LinkedIn"), same("Indeed"), label("Via via", "Referral"),
    ];
    MatchSource: "Bron-Match", "Match source", from 2001, [
        label("Sollicitatie", "Application"), label("Zelf gezocht", "Sourced"),
    ];
    PublicationStatus: "Publicatie-status", "Publication status", from 2101, [
        label("Gepubliceerd", "Published").tagged("PublicationPublishedTag"),
        label("Gestopt", "Stopped").tagged("PublicationStoppedTag"),
        label("Te stoppen", "To be stopped").tagged("PublicationToBeStoppedTag"),
        label("Publiceren mislukt", "Publishing failed").tagged("PublicationPublishFailedTag"),
        label("Concept", "Draft"),
    ];
    CandidateStatus: "Kandidaat-status", "Candidate status", from 2201, [
        label("Nieuw", "New").under(Picklist::SystemTag, 0), label("Actief", "Active").under(Picklist::SystemTag, 0),
        label("Niet beschikbaar", "Not available").under(Picklist::SystemTag, 1),
    ];
    RejectionReason: "Afwijzingsreden", "Rejection reason", from 2301, [
        label("Onvoldoende ervaring", "Not enough experience"),
        label("Salariswens te hoog", "Salary expectation too high"),
        label("Andere kandidaat gekozen", "Other candidate chosen"), label("Heeft zelf afgezien", "Withdrew"),
    ];
    VacancyRole: "Vacature-rol", "Vacancy role", from 2401, [
        same("Recruiter"), same("Consultant"), label("Hoofdcontactpersoon", "Main contact"), same("Sourcer"),
        label("Coördinator", "Coordinator"), label("Interviewer", "Interviewer"), label("Meelezer", "Observer"),
    ];
    EmailLabel: "E-mailadres-label", "E-mail label", from 2501, [
        label("Privé", "Private"), label("Zakelijk", "Business"),
    ];
    PhoneLabel: "Telefoonnummer-label", "Phone label", from 2601, [
        label("Privé", "Private"), label("Zakelijk", "Business"), label("Mobiel", "Mobile"),
    ];
    UrlLabel: "URL-label", "URL label", from 2701, [
        same("LinkedIn").tagged("UrlLinkedInTag"), same("Website").tagged("UrlWebsiteTag"),
    ];
    CandidateGroup: "Groep-Kandidaat", "Candidate group", from 2801, [
        label("Topkandidaat", "Top candidate"), label("Flexpool", "Flex pool"), label("Alumni", "Alumni"),
        label("Jong talent", "Young talent"), label("Niet benaderen", "Do not contact"),
    ];
    VacancyGroup: "Groep-Vacature", "Vacancy group", from 2901, [
        label("Uitgelicht", "Featured"), label("Raamcontract", "Framework contract"),
    ];
    Gender: "Geslacht", "Gender", from 3001, [
        label("Man", "Male"), label("Vrouw", "Female"), label("Anders", "Other"),
    ];
    Nationality: "Nationaliteit", "Nationality", from 3101, [
        label("Nederlandse", "Dutch"), label("Belgische", "Belgian"), label("Poolse", "Polish"),
    ];
    NoticePeriod: "Opzegtermijn", "Notice period", from 3201, [
        label("Per direct", "Immediately"), label("1 maand", "1 month"), label("2 maanden", "2 months"),
    ];
    DocumentType: "Document-type", "Document type", from 3301, [
        same("CV").tagged("CVTag"), label("Motivatiebrief", "Cover letter"), same("Diploma"),
    ];
    Branch: "Branche", "Branch", from 3401, [
        label("Bouw", "Construction"), label("Zakelijke dienstverlening", "Business services"),
        label("Industrie", "Industry"),
    ];
    Preference: "Match-Favoriet", "Match favourite", from 3501, [label("Favoriet", "Favourite")];
    UserStatus: "Gebruiker-status", "User status", from 3601, [
        label("In dienst", "Employed"), label("Uit dienst", "Left"),
    ];
    ContactFunction: "Contact-functie", "Contact function", from 3701, [
        label("HR-manager", "HR manager"), label("Teamleider", "Team lead"), label("Directeur", "Director"),
    ];
    CandidateField: "Extra velden kandidaat", "Attribute employee", from 10361, [
        label("Motivatie", "Motivation"), label("Rijbewijs", "Driving licence"), label("Talen", "Languages"),
        label("Intakeverslag", "Intake report"), label("Reisafstand (km)", "Travel distance (km)"),
        label("Laatste gesprek", "Last talk"),
    ];
    VacancyField: "Extra velden vacature", "Attribute vacancy", from 10381, [
        label("Budgetcode", "Budget code"), label("Ploegendienst", "Shift work"),
        label("Secundaire voorwaarden", "Benefits"),
        label("Klantwensen", "Client wishes"),
    ];
    MatchField: "Extra velden match", "Attribute match", from 10401, [
        label("Acme: Score", "Acme: Score"), label("Acme: Advies", "Acme: Advice"),
    ];
    UserField: "Extra velden contact", "Attribute contact", from 10421, [
        label("Telefonisch spreekuur", "Calling hours"),
    ];
    DrivingLicence: "Keuze rijbewijs", "Choice driving licence", from 10441, [
        same("B").under(Picklist::CandidateField, 1), same("BE").under(Picklist::CandidateField, 1),
        same("C").under(Picklist::CandidateField, 1), label("Geen", "None").under(Picklist::CandidateField, 1),
    ];
    SpokenLanguage: "Keuze talen", "Choice languages", from 10461, [
        label("Nederlands", "Dutch").under(Picklist::CandidateField, 2),
        label("Engels", "English").under(Picklist::CandidateField, 2),
        label("Duits", "German").under(Picklist::CandidateField, 2),
        label("Pools", "Polish").under(Picklist::CandidateField, 2),
    ];
    ShiftWork: "Keuze ploegendienst", "Choice shift work", from 10481, [
        label("Geen", "None").under(Picklist::VacancyField, 1),
        label("2 ploegen", "2 shifts").under(Picklist::VacancyField, 1),
        label("5 ploegen", "5 shifts").under(Picklist::VacancyField, 1),
    ];
    Benefit: "Keuze voorwaarden", "Choice benefits", from 10501, [
        label("Leaseauto", "Lease car").under(Picklist::VacancyField, 2),
        label("Bonus", "Bonus").under(Picklist::VacancyField, 2),
        label("13e maand", "13th month").under(Picklist::VacancyField, 2),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stand_at_their_number_and_ids_do_not_overlap() {
        let mut free_from = 1;
        for (place, node_type) in NODE_TYPES.iter().enumerate() {
            assert_eq!(node_type.list as usize, place);
            assert!(node_type.first_id >= free_from, "{}", node_type.name);
            free_from = node_type.first_id + node_type.labels.len() as u32;
        }
    }

    #[test]
    fn parents_exist() {
        for label in NODE_TYPES.iter().flat_map(|node_type| node_type.labels) {
            if let Some((list, option)) = label.parent {
                assert!(option < list.len(), "{}", label.dutch);
            }
        }
    }
}
