//! A schema's file with the places of everything in it.

use std::ops::Range;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{
    Definition, DirectiveList, Document, EnumValueDefinition, FieldDefinition, InputValueDefinition, Type,
};

use super::super::introspection::TypeKind;

/// A definition or extension of a type.
#[derive(Debug)]
pub(super) struct WrittenType {
    pub name: String,
    pub kind: TypeKind,
    pub is_extension: bool,
    pub span: Range<usize>,
    pub interfaces: Vec<String>,
    /// From the name to the end of the interfaces.
    pub interfaces_span: Range<usize>,
    /// Behind the opening brace.
    pub body_start: usize,
    pub members: Vec<Written>,
}

/// A field, input field, enum value or member of a union.
#[derive(Debug)]
pub(super) struct Written {
    pub name: String,
    /// With its description and directives.
    pub span: Range<usize>,
    /// Arguments and type, in the way in which they are compared; empty for values and members.
    pub signature: String,
    /// Where these stand.
    pub signature_span: Range<usize>,
    pub is_deprecated: bool,
}

/// Reads a schema's text. The error is the parser's first.
pub(super) fn read(text: &str) -> Result<Vec<WrittenType>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let document = Document::parse(text, "schema.graphql").map_err(|error| {
        let first = error.errors.iter().next().map(|diagnostic| diagnostic.error.to_string());
        first.unwrap_or_else(|| "it cannot be parsed".to_owned())
    })?;
    Ok(document.definitions.iter().filter_map(|definition| read_type(definition, text)).collect())
}

fn read_type(definition: &Definition, text: &str) -> Option<WrittenType> {
    let reader = Reader { text };
    let none: Vec<Name> = Vec::new();
    // Extensions have no description of their own.
    let (kind, is_extension, description, name, interfaces, directives, members) = match definition {
        Definition::ScalarTypeDefinition(ty) => {
            (TypeKind::Scalar, false, &ty.description, &ty.name, &none, &ty.directives, Vec::new())
        }
        Definition::ObjectTypeDefinition(ty) => {
            let members = ty.fields.iter().map(|field| reader.field(field)).collect();
            (TypeKind::Object, false, &ty.description, &ty.name, &ty.implements_interfaces, &ty.directives, members)
        }
        Definition::ObjectTypeExtension(ty) => {
            let members = ty.fields.iter().map(|field| reader.field(field)).collect();
            (TypeKind::Object, true, &None, &ty.name, &ty.implements_interfaces, &ty.directives, members)
        }
        Definition::InterfaceTypeDefinition(ty) => {
            let members = ty.fields.iter().map(|field| reader.field(field)).collect();
            (TypeKind::Interface, false, &ty.description, &ty.name, &ty.implements_interfaces, &ty.directives, members)
        }
        Definition::InterfaceTypeExtension(ty) => {
            let members = ty.fields.iter().map(|field| reader.field(field)).collect();
            (TypeKind::Interface, true, &None, &ty.name, &ty.implements_interfaces, &ty.directives, members)
        }
        Definition::UnionTypeDefinition(ty) => {
            let members = ty.members.iter().map(|member| reader.named(member)).collect();
            (TypeKind::Union, false, &ty.description, &ty.name, &none, &ty.directives, members)
        }
        Definition::EnumTypeDefinition(ty) => {
            let members = ty.values.iter().map(|value| reader.value(value)).collect();
            (TypeKind::Enum, false, &ty.description, &ty.name, &none, &ty.directives, members)
        }
        Definition::EnumTypeExtension(ty) => {
            let members = ty.values.iter().map(|value| reader.value(value)).collect();
            (TypeKind::Enum, true, &None, &ty.name, &none, &ty.directives, members)
        }
        Definition::InputObjectTypeDefinition(ty) => {
            let members = ty.fields.iter().map(|field| reader.input(field)).collect();
            (TypeKind::InputObject, false, &ty.description, &ty.name, &none, &ty.directives, members)
        }
        Definition::InputObjectTypeExtension(ty) => {
            let members = ty.fields.iter().map(|field| reader.input(field)).collect();
            (TypeKind::InputObject, true, &None, &ty.name, &none, &ty.directives, members)
        }
        // Directives do not show in what a source says of its types, and the root types keep their names.
        _ => return None,
    };
    let name_span = place(name.location());
    let keyword = text[..name_span.start].trim_end();
    let keyword = keyword.len() - keyword.chars().rev().take_while(|c| c.is_alphabetic()).count();
    let extend = text[..keyword].trim_end();
    let start = match description {
        Some(description) => place(description.location()).start,
        None if is_extension && extend.ends_with("extend") => extend.len() - "extend".len(),
        None => keyword,
    };
    let interfaces_end = interfaces.last().map_or(name_span.end, |last| place(last.location()).end);
    let head_end = reader.end_of(directives).unwrap_or(interfaces_end);
    let first = members.first().map(|member: &Written| member.span.start);
    let body_start = first.and_then(|first| text[head_end..first].find('{')).map_or(head_end, |at| head_end + at + 1);
    let end = match members.last() {
        None => head_end,
        Some(last) if kind == TypeKind::Union => last.span.end,
        Some(last) => reader.closing(last.span.end),
    };
    Some(WrittenType {
        name: name.to_string(),
        kind,
        is_extension,
        span: start..end,
        interfaces: interfaces.iter().map(ToString::to_string).collect(),
        interfaces_span: name_span.end..interfaces_end,
        body_start,
        members,
    })
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn field(&self, field: &Node<FieldDefinition>) -> Written {
        let arguments: Vec<String> = field.arguments.iter().map(|argument| input(argument)).collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let signature = format!("{arguments}: {}", field.ty);
        let end = self.end_of_type(&field.ty);
        self.member(field.description.as_ref(), &field.name, signature, end, &field.directives)
    }

    fn input(&self, field: &Node<InputValueDefinition>) -> Written {
        let end = match &field.default_value {
            Some(value) => self.trimmed(place(value.location())).end,
            None => self.end_of_type(&field.ty),
        };
        let signature = input(field)[field.name.len()..].to_owned();
        self.member(field.description.as_ref(), &field.name, signature, end, &field.directives)
    }

    fn value(&self, value: &Node<EnumValueDefinition>) -> Written {
        let end = place(value.value.location()).end;
        self.member(value.description.as_ref(), &value.value, String::new(), end, &value.directives)
    }

    fn named(&self, name: &Name) -> Written {
        self.member(None, name, String::new(), place(name.location()).end, &DirectiveList::new())
    }

    fn member(
        &self,
        description: Option<&Node<str>>,
        name: &Name,
        signature: String,
        signature_end: usize,
        directives: &DirectiveList,
    ) -> Written {
        let name_span = place(name.location());
        let start = description.map_or(name_span.start, |description| place(description.location()).start);
        Written {
            name: name.to_string(),
            span: start..self.end_of(directives).unwrap_or(signature_end),
            signature,
            signature_span: name_span.end..signature_end,
            is_deprecated: directives.has("deprecated"),
        }
    }

    fn end_of(&self, directives: &DirectiveList) -> Option<usize> {
        directives.iter().last().map(|last| self.trimmed(place(last.location())).end)
    }

    /// Behind the brackets and marks that surround the innermost name.
    fn end_of_type(&self, ty: &Type) -> usize {
        let start = place(ty.inner_named_type().location()).end;
        let signs = self.text[start..].chars().take_while(|c| matches!(c, ']' | '!' | ' ')).collect::<String>();
        start + signs.trim_end().len()
    }

    /// Without blanks and comments behind it.
    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let mut text = self.text[range.clone()].trim_end();
        while let Some((before, _)) = text.rsplit_once('\n').filter(|(_, last)| last.trim_start().starts_with('#')) {
            text = before.trim_end();
        }
        range.start..range.start + text.len()
    }

    /// Behind the brace that closes what `at` is in. What stands between are comments.
    fn closing(&self, at: usize) -> usize {
        let mut end = at;
        for line in self.text[at..].split_inclusive('\n') {
            let code = line.split('#').next().unwrap_or_default();
            if let Some(brace) = code.find('}') {
                return end + brace + 1;
            }
            end += line.len();
        }
        end
    }
}

/// An argument or input field, in the way in which it is compared.
fn input(input: &InputValueDefinition) -> String {
    let default = input.default_value.as_ref();
    let default = default.map_or_else(String::new, |value| format!(" = {}", value.serialize().no_indent()));
    format!("{}: {}{default}", input.name, input.ty)
}

fn place(location: Option<apollo_compiler::parser::SourceSpan>) -> Range<usize> {
    location.map_or(0..0, |location| location.offset()..location.end_offset())
}
