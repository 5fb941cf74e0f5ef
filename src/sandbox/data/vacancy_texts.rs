//! The texts of a vacancy, some with markup, some empty.

use super::labels::Picklist;
use super::words::{VACANCY_SENTENCES, prose};
use super::{Draw, Value, vacancies};
use serde_json::{Map, Value as Json, json};

/// Which title fields are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Titled {
    InOwnField,
    InPublicTitle,
    ByFunction,
    WithBlank,
}

pub(super) fn field(draw: Draw, name: &str) -> Option<Value> {
    let (title, ..) = vacancies::title(draw);
    let habit = match draw.card("title habit", 16) {
        0 | 1 => Titled::InPublicTitle,
        2 => Titled::ByFunction,
        3 => Titled::WithBlank,
        _ => Titled::InOwnField,
    };
    Some(match name {
        "jobTitle" => match habit {
            Titled::InOwnField => title.into(),
            Titled::WithBlank => " ".into(),
            Titled::InPublicTitle | Titled::ByFunction => Value::Null,
        },
        "titleInformation" => match habit {
            Titled::ByFunction => Value::Null,
            _ => format!("{title} in een groeiend team").into(),
        },
        "jobTitleOrFunction" => title.into(),
        "introInformation" => block(draw, name, 2),
        "vacancyInformation" => block(draw, name, 5),
        "requirements" => list(draw, name),
        "offerInformation" => block(draw, name, 4),
        "companyInformation" => block(draw, name, 3),
        "additionalInformation" => block(draw, name, 1),
        "contactInformation" | "applicationContactInformation" => "Bel gerust met de vestiging.".into(),
        "notes" => block(draw, name, 1),
        "additionalInfo" | "additionalInfoPartial" | "additionalInfoList" => free_fields(draw),
        _ => return None,
    })
}

/// A text block: markup, plain text, nothing, an empty text or white space only.
fn block(draw: Draw, fact: &str, sentences: usize) -> Value {
    let text = || prose(draw, fact, VACANCY_SENTENCES, sentences);
    match draw.below(&format!("{fact} form"), 12) {
        0 => Value::Null,
        1 => "".into(),
        2 => " \n ".into(),
        3..=5 => text().into(),
        6 => format!("<div><h3>Over de functie</h3><p>{}</p><br/></div>", text().replace('&', "&amp;")).into(),
        _ => format!("<p>{}</p>", text().replace('&', "&amp;")).into(),
    }
}

fn list(draw: Draw, fact: &str) -> Value {
    if draw.one_in("no list", 11) {
        return Value::Null;
    }
    let start = draw.below(fact, VACANCY_SENTENCES.len() as u64) as usize;
    let items = VACANCY_SENTENCES.iter().cycle().skip(start).take(4);
    let items: String = items.map(|text| format!("<li>{}</li>", text.replace('&', "&amp;"))).collect();
    format!("<ul>{items}</ul>").into()
}

/// Free fields, keyed by the ids of their nodes.
fn free_fields(draw: Draw) -> Value {
    let prefix = match draw.card("free fields", 9) {
        0 => return Value::Null,
        1 => "",
        _ => "_",
    };
    let mut fields = Map::new();
    let mut put = |field: u32, value: Json| {
        fields.insert(format!("{prefix}{}", Picklist::VacancyField.number(field)), value);
    };
    let option = |list: Picklist, option: u32| list.number(option).to_string();
    put(0, format!("KP-{:04}", draw.below("budget", 10_000)).into());
    put(1, option(Picklist::ShiftWork, draw.below("shifts", 3) as u32).into());
    if draw.below("benefits", 3) > 0 {
        put(2, json!([option(Picklist::Benefit, 0), option(Picklist::Benefit, 2)]));
    }
    put(3, prose(draw, "client wishes", VACANCY_SENTENCES, 2).into());
    Value::Json(Json::Object(fields))
}
