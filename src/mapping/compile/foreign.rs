//! Values of the source's own types, which actions write.

use apollo_compiler::ast::Type;
use serde_json::{Map, Value as Json};

use super::super::action::lasting;
use super::super::document::{self, Spec};
use super::super::plan::{Constant, FieldPlan, Origin, Rule};
use super::super::time;
use super::Compiler;
use super::view::View;
use crate::diagnostics::{Problem, Span};
use crate::model::{Foreign, Kind};
use crate::schema::{InputMember, Scalar};
use crate::yaml::{Located, Node, Value};

/// The member of input objects that names their type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeMark {
    /// The member.
    pub member: String,
    /// What the name of the type ends with and the member does not.
    pub without: String,
}

impl TypeMark {
    fn of<'n>(&self, type_name: &'n str) -> &'n str {
        type_name.strip_suffix(self.without.as_str()).unwrap_or(type_name)
    }
}

impl Compiler<'_> {
    /// What is written where the source wants a value of this type. None when nothing says what a scalar means.
    pub(in crate::mapping) fn kind_of(&self, ty: &Type) -> Option<&'static Kind> {
        if ty.is_list() {
            return Some(lasting::kind(Kind::List(self.kind_of(ty.item_type())?)));
        }
        let name = ty.inner_named_type().as_str();
        if self.schema.input_object(name).is_some() {
            return Some(lasting::kind(Kind::Foreign(Foreign::Object(lasting::name(name)))));
        }
        if self.schema.enum_values(name).is_some() {
            return Some(lasting::kind(Kind::Foreign(Foreign::Choice(lasting::name(name)))));
        }
        Some(match self.schema.meaning(name)? {
            Scalar::Text => &Kind::Text,
            Scalar::Int => &Kind::Foreign(Foreign::Whole),
            Scalar::Float => &Kind::Number,
            Scalar::Boolean => &Kind::Boolean,
            Scalar::DateTime => lasting::kind(Kind::Foreign(Foreign::Moment(lasting::name(name)))),
            Scalar::Json => &Kind::Foreign(Foreign::Json),
        })
    }

    /// What is written into an argument or a member of an input object. What has no meaning is reported.
    pub(in crate::mapping) fn written(
        &self,
        name: &Located<String>,
        ty: &Type,
        required: bool,
        spec: &Spec,
        view: &mut View<'_>,
    ) -> Option<FieldPlan> {
        let Some(kind) = self.kind_of(ty) else {
            self.problems.report(
                Problem::error(
                    "M0202",
                    format!("`{}` is of type `{ty}`, which this connector cannot write", name.value),
                )
                .at(self.file, name.span, "of a type without a meaning here")
                .help("scalars get their meaning under `scalars` in connector.yaml"),
            );
            return None;
        };
        if spec.off {
            return None;
        }
        Some(self.field_of(&name.value, kind, required, spec, view))
    }

    /// A member of that name and kind.
    pub(in crate::mapping) fn field_of(
        &self,
        name: &str,
        kind: &'static Kind,
        required: bool,
        spec: &Spec,
        view: &mut View<'_>,
    ) -> FieldPlan {
        let rules = self.rules(spec, kind, view);
        FieldPlan { place: Some(Box::new(self.place(spec.span))), rules, ..field(name, kind, required) }
    }

    /// An input object: each member whatever a field takes.
    pub(super) fn input_object_rule(
        &self,
        type_name: &'static str,
        entries: &[(Located<String>, Spec)],
        rule: &document::Rule,
        view: &mut View<'_>,
    ) -> Option<Origin> {
        let members = self.schema.input_object(type_name)?;
        let mut fields = Vec::new();
        for (key, spec) in entries {
            match members.iter().find(|member| member.name == key.value) {
                Some(InputMember { ty, required, .. }) => fields.extend(self.written(key, ty, *required, spec, view)),
                None => self.no_member(type_name, key, &members),
            }
        }
        let written = |name: &str| entries.iter().any(|(key, spec)| key.value == name && !spec.off);
        if let Some((name, mark)) = self.type_mark(type_name, &members).filter(|(name, _)| !written(name)) {
            let rule = Rule {
                place: Box::new(self.place(rule.span)),
                each: None,
                when: None,
                origin: Origin::Value(json(&Json::from(mark))),
                fit: None,
                default: None,
                unique: None,
                take: None,
            };
            fields.insert(0, FieldPlan { rules: vec![rule], ..field(name, &Kind::Text, false) });
        }
        self.all_given(type_name, &members, written, rule.span);
        Some(Origin::Input(fields))
    }

    fn no_member(&self, type_name: &str, key: &Located<String>, members: &[InputMember<'_>]) {
        self.problems.report(
            Problem::error("M0105", format!("{type_name} has no member `{}`", key.value))
                .at(self.file, key.span, "no such member")
                .suggest(&key.value, members.iter().map(|member| member.name)),
        );
    }

    /// The member that names the type, and the name.
    fn type_mark<'m>(&self, type_name: &'m str, members: &[InputMember<'m>]) -> Option<(&'m str, &'m str)> {
        let mark = self.dialect.type_mark.as_ref()?;
        let member = members.iter().find(|member| member.name == mark.member)?;
        Some((member.name, mark.of(type_name)))
    }

    /// Members that must have a value are all written.
    fn all_given(&self, type_name: &str, members: &[InputMember<'_>], written: impl Fn(&str) -> bool, span: Span) {
        let mark = self.type_mark(type_name, members).map(|(name, _)| name);
        let missing = members.iter().filter(|member| member.required && !written(member.name));
        for member in missing.filter(|member| Some(member.name) != mark) {
            self.problems.report(
                Problem::error("M0804", format!("{type_name} must have a value for `{}`", member.name))
                    .at(self.file, span, format!("without `{}`", member.name))
                    .help(format!("add `{}` to the object", member.name)),
            );
        }
    }

    /// A constant of one of the source's types. What does not fit is reported.
    pub(super) fn foreign_constant(&self, node: &Node, foreign: Foreign) -> Option<Constant> {
        let value = self.foreign_value(node, foreign)?;
        Some(json(&value))
    }

    /// The same for the value of a table's row.
    pub(super) fn foreign_text(&self, text: &str, span: Span, foreign: Foreign) -> Option<Constant> {
        self.foreign_constant(&Node { value: Value::Text(text.to_owned()), span }, foreign)
    }

    fn foreign_value(&self, node: &Node, foreign: Foreign) -> Option<Json> {
        let flag = |flag: bool| {
            let number = self.dialect.flags.iter().find(|(_, meaning)| **meaning == flag);
            number.map(|(number, _)| Json::from(*number))
        };
        let found = match (foreign, &node.value) {
            (Foreign::Object(name), Value::Map(_)) => return self.object_value(node, name),
            (Foreign::Whole | Foreign::Operand, Value::Int(value)) => Some(Json::from(*value)),
            (Foreign::Whole | Foreign::Operand, Value::Bool(value)) => flag(*value),
            (Foreign::Whole, Value::Text(value)) => value.trim().parse::<i64>().ok().map(Json::from),
            (Foreign::Operand, Value::Float(value)) => Some(Json::from(*value)),
            (Foreign::Operand, Value::Text(value)) => Some(Json::from(value.as_str())),
            (Foreign::Choice(name), Value::Text(value)) => {
                let values = self.schema.enum_values(name).unwrap_or_default();
                if !values.contains(&value.as_str()) {
                    self.problems.report(
                        Problem::error("M0203", format!("`{value}` is not a value of {name}"))
                            .at(self.file, node.span, "no such value")
                            .suggest(value, values),
                    );
                    return None;
                }
                Some(Json::from(value.as_str()))
            }
            (Foreign::Moment(name), Value::Text(value)) => {
                let moment = time::parse_utc(value).and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
                moment.zip(self.dialect.dates.get(name)).map(|(moment, format)| Json::from(format.print(moment)))
            }
            (Foreign::Json, _) => Some(free(node)),
            _ => None,
        };
        if found.is_none() {
            let written = &self.file.text[node.span.start..node.span.end];
            let kind = Kind::Foreign(foreign);
            self.problems.report(Problem::error("M0203", format!("`{written}` is not {}", kind.describe())).at(
                self.file,
                node.span,
                "does not fit the field",
            ));
        }
        found
    }

    /// A constant object.
    fn object_value(&self, node: &Node, type_name: &'static str) -> Option<Json> {
        let Value::Map(entries) = &node.value else { return None };
        let members = self.schema.input_object(type_name)?;
        let mut object = Map::new();
        if let Some((name, mark)) = self.type_mark(type_name, &members) {
            object.insert(name.to_owned(), Json::from(mark));
        }
        let mut sound = true;
        for entry in entries {
            let Some(member) = members.iter().find(|member| member.name == entry.key.value) else {
                self.no_member(type_name, &entry.key, &members);
                sound = false;
                continue;
            };
            let value = self.kind_of(member.ty).and_then(|kind| self.any_constant(&entry.value, kind));
            match value.and_then(|value| serde_json::from_slice(&value).ok()) {
                Some(value) => {
                    object.insert(entry.key.value.clone(), value);
                }
                None => sound = false,
            }
        }
        self.all_given(type_name, &members, |name| entries.iter().any(|entry| entry.key.value == name), node.span);
        sound.then_some(Json::Object(object))
    }

    /// A constant of any kind, a list of them where the kind is a list.
    fn any_constant(&self, node: &Node, kind: &'static Kind) -> Option<Constant> {
        let (Kind::List(item), Value::List(items)) = (kind, &node.value) else { return self.constant(node, kind) };
        let items: Vec<Option<Json>> =
            items.iter().map(|node| serde_json::from_slice(&self.any_constant(node, item)?).ok()).collect();
        let items: Option<Vec<Json>> = items.into_iter().collect();
        Some(json(&Json::Array(items?)))
    }
}

fn field(name: &str, kind: &'static Kind, required: bool) -> FieldPlan {
    FieldPlan {
        name: lasting::name(name),
        place: None,
        replaces: None,
        key: format!("\"{name}\":").into_bytes().into(),
        kind,
        required,
        rules: Vec::new(),
    }
}

fn json(value: &Json) -> Constant {
    value.to_string().into_bytes().into()
}

/// JSON of no particular type.
fn free(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(value) => Json::from(*value),
        Value::Text(text) => Json::from(text.as_str()),
        Value::List(items) => items.iter().map(free).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.value.clone(), free(&entry.value))).collect())
        }
    }
}
