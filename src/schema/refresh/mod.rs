//! A schema's file, brought up to what the source says of itself now.
//!
//! The file is edited and not written anew: what stays as it is keeps its line, its place and every comment.

mod change;
mod edit;
mod print;
mod written;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::edit::Edits;
use self::written::{Written, WrittenType};
use super::introspection::{
    FieldDescription, InputDescription, Introspection, TypeDescription, TypeKind, is_of_graphql,
};

pub use change::{Change, ChangeKind};

/// A file that was brought up to date.
#[derive(Debug)]
pub struct Refreshed {
    /// The new text.
    pub text: String,
    /// What is different, type by type in the order of the file.
    pub changes: Vec<Change>,
}

/// Brings `text` up to what the source says. It keeps the types that it has: fields, arguments and values of these that
/// are new are added when their own types are scalars, enums or kept; `all` adds every type. The error says why the
/// text cannot be read.
pub fn refresh(text: &str, source: &Introspection, all: bool) -> Result<Refreshed, String> {
    let written = written::read(text)?;
    let kept: BTreeSet<&str> = source
        .types
        .keys()
        .map(String::as_str)
        .filter(|name| all || written.iter().any(|ty| ty.name == *name))
        .collect();
    let mut refresh = Refresh { source, kept, named: BTreeSet::new(), edits: Edits::new(text), changes: Vec::new() };
    for ty in &written {
        refresh.ty(ty, &written);
    }
    refresh.new_types(&written);
    let Refresh { edits, changes, .. } = refresh;
    Ok(Refreshed { text: edits.apply(), changes })
}

struct Refresh<'a> {
    source: &'a Introspection,
    /// The types of the source that the file keeps.
    kept: BTreeSet<&'a str>,
    /// Scalars and enums that the file needs and may not have.
    named: BTreeSet<&'a str>,
    edits: Edits<'a>,
    changes: Vec<Change>,
}

/// A field, input field or enum value of the source, as the file would write it.
struct Member {
    name: String,
    /// Arguments and type; empty for values.
    signature: String,
    description: Option<String>,
    deprecated: Option<String>,
}

impl<'a> Refresh<'a> {
    fn ty(&mut self, ty: &WrittenType, all: &[WrittenType]) {
        let Some(description) = self.source.types.get(ty.name.as_str()) else {
            self.changes.push(Change::ty(&ty.name, ChangeKind::Went));
            self.edits.remove_definition(ty.span.clone());
            return;
        };
        if description.kind != ty.kind {
            self.changes.push(Change::ty(
                &ty.name,
                ChangeKind::Changed { from: describe(ty.kind).to_owned(), to: describe(description.kind).to_owned() },
            ));
            let printed = self.print(description);
            self.edits.replace(ty.span.clone(), printed.trim_end().to_owned());
            return;
        }
        self.interfaces(ty, description);
        match ty.kind {
            TypeKind::Union => self.union(ty, description),
            _ => {
                let members = self.members(description);
                self.compare(ty, &members, all);
            }
        }
    }

    /// The interfaces of a type, as far as the file keeps them.
    fn interfaces(&mut self, ty: &WrittenType, description: &TypeDescription) {
        if ty.is_extension || !matches!(ty.kind, TypeKind::Object | TypeKind::Interface) {
            return;
        }
        let now: Vec<&str> = self.names_of(description.interfaces.iter().flatten().map(|named| named.name.as_str()));
        let as_set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
        if as_set(&now) == ty.interfaces.iter().cloned().collect() {
            return;
        }
        for name in &now {
            if !ty.interfaces.iter().any(|known| known == name) {
                self.changes.push(Change::member(&ty.name, "implements", ChangeKind::Came((*name).to_owned())));
            }
        }
        for name in ty.interfaces.iter().filter(|known| !now.contains(&known.as_str())) {
            self.changes.push(Change::member(&ty.name, &format!("implements {name}"), ChangeKind::Went));
        }
        let text = if now.is_empty() { String::new() } else { format!(" implements {}", now.join(" & ")) };
        self.edits.replace(ty.interfaces_span.clone(), text);
    }

    fn names_of(&self, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        names.filter(|name| self.kept.contains(name)).collect()
    }

    fn union(&mut self, ty: &WrittenType, description: &'a TypeDescription) {
        let now = self.names_of(description.possible_types.iter().flatten().map(|named| named.name.as_str()));
        let before: BTreeSet<&str> = ty.members.iter().map(|member| member.name.as_str()).collect();
        if before == now.iter().copied().collect() {
            return;
        }
        for name in now.iter().filter(|name| !before.contains(**name)) {
            self.changes.push(Change::member(&ty.name, name, ChangeKind::Came(String::new())));
        }
        for name in before.iter().filter(|name| !now.contains(*name)) {
            self.changes.push(Change::member(&ty.name, name, ChangeKind::Went));
        }
        if let Some((first, last)) = ty.members.first().zip(ty.members.last()) {
            self.edits.replace(first.span.start..last.span.end, now.join(" | "));
        }
    }

    /// What the source says a type has, as far as the file can write it.
    fn members(&mut self, ty: &'a TypeDescription) -> Vec<Member> {
        match ty.kind {
            TypeKind::Object | TypeKind::Interface => {
                ty.fields.iter().flatten().filter_map(|field| self.field(field)).collect()
            }
            TypeKind::InputObject => {
                let inputs = ty.input_fields.iter().flatten().filter(|input| self.is_usable(input.ty.named()));
                let inputs: Vec<&InputDescription> = inputs.collect();
                inputs.into_iter().map(|input| self.input(input)).collect()
            }
            TypeKind::Enum => {
                let values = ty.enum_values.iter().flatten().map(|value| Member {
                    name: value.name.clone(),
                    signature: String::new(),
                    description: value.description.clone(),
                    deprecated: reason(value.is_deprecated, value.deprecation_reason.as_ref()),
                });
                values.collect()
            }
            _ => Vec::new(),
        }
    }

    /// A field, unless its type or an argument that it requires is not kept.
    fn field(&mut self, field: &'a FieldDescription) -> Option<Member> {
        let usable = self.is_usable(field.ty.named());
        let (args, lost): (Vec<&InputDescription>, Vec<_>) =
            field.args.iter().partition(|argument| self.is_usable(argument.ty.named()));
        if !usable || lost.iter().any(|argument| argument.ty.is_required() && argument.default_value.is_none()) {
            return None;
        }
        self.note(field.ty.named());
        let args: Vec<String> = args
            .into_iter()
            .map(|argument| {
                self.note(argument.ty.named());
                print::input(argument)
            })
            .collect();
        let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
        Some(Member {
            name: field.name.clone(),
            signature: format!("{args}: {}", field.ty.written()),
            description: field.description.clone(),
            deprecated: reason(field.is_deprecated, field.deprecation_reason.as_ref()),
        })
    }

    fn input(&mut self, input: &'a InputDescription) -> Member {
        self.note(input.ty.named());
        let written = print::input(input);
        Member {
            name: input.name.clone(),
            signature: written[input.name.len()..].to_owned(),
            description: input.description.clone(),
            deprecated: None,
        }
    }

    /// Whether the file can name a type: it has it, or may simply be given it.
    fn is_usable(&self, name: &str) -> bool {
        is_of_graphql(name)
            || self.kept.contains(name)
            || self.source.types.get(name).is_some_and(|ty| matches!(ty.kind, TypeKind::Enum | TypeKind::Scalar))
    }

    fn note(&mut self, name: &'a str) {
        if !is_of_graphql(name) && !self.kept.contains(name) {
            self.named.insert(name);
        }
    }

    fn compare(&mut self, ty: &WrittenType, now: &[Member], all: &[WrittenType]) {
        let by_name: BTreeMap<&str, &Member> = now.iter().map(|member| (member.name.as_str(), member)).collect();
        for written in &ty.members {
            let Some(member) = by_name.get(written.name.as_str()) else {
                let gone = Change::member(&ty.name, &written.name, ChangeKind::Went);
                self.changes.push(gone);
                self.edits.remove_member(written.span.clone());
                continue;
            };
            self.member(ty, written, member);
        }
        if ty.is_extension {
            return;
        }
        let known: BTreeSet<&str> = all
            .iter()
            .filter(|other| other.name == ty.name)
            .flat_map(|other| other.members.iter().map(|member| member.name.as_str()))
            .collect();
        let staying: Vec<&Written> =
            ty.members.iter().filter(|written| by_name.contains_key(written.name.as_str())).collect();
        let mut new: Vec<&Member> = now.iter().filter(|member| !known.contains(member.name.as_str())).collect();
        new.sort_by(|one, other| one.name.cmp(&other.name));
        for member in new {
            let kind = ChangeKind::Came(member.signature.trim_start_matches(": ").to_owned());
            self.changes.push(Change::member(&ty.name, &member.name, kind));
            let before =
                staying.iter().filter(|written| written.name < member.name).max_by_key(|written| written.span.end);
            let after = before.map(|written| written.span.clone());
            self.edits.insert_member(after, ty.body_start, &print::member(member));
        }
    }

    fn member(&mut self, ty: &WrittenType, written: &Written, member: &Member) {
        if squeezed(&written.signature) != squeezed(&member.signature) {
            self.changes.push(Change::member(
                &ty.name,
                &written.name,
                ChangeKind::Changed {
                    from: written.signature.trim_start_matches(": ").to_owned(),
                    to: member.signature.trim_start_matches(": ").to_owned(),
                },
            ));
            self.edits.replace(written.signature_span.clone(), member.signature.clone());
        }
        if let Some(reason) = member.deprecated.as_ref().filter(|_| !written.is_deprecated) {
            let kind = ChangeKind::Deprecated(reason.clone());
            self.changes.push(Change::member(&ty.name, &written.name, kind));
            self.edits.insert(written.signature_span.end, print::deprecated(reason));
        }
    }

    /// Types that the file does not have yet, in the order of their names.
    fn new_types(&mut self, written: &[WrittenType]) {
        if written.is_empty() {
            self.roots();
        }
        let has = |name: &str| written.iter().any(|ty| ty.name == name && !ty.is_extension);
        let mut done: BTreeSet<&str> = BTreeSet::new();
        loop {
            let open = self.kept.union(&self.named).copied().find(|name| !has(name) && !done.contains(name));
            let Some(name) = open else { break };
            done.insert(name);
            // A type may need scalars and enums of its own.
            let printed = self.print(&self.source.types[name]);
            self.changes.push(Change::ty(name, ChangeKind::Came(String::new())));
            self.edits.append(&printed);
        }
    }

    /// The root types, where they have other names than usual.
    fn roots(&mut self) {
        let roots = [("query", "Query", &self.source.query), ("mutation", "Mutation", &self.source.mutation)];
        if roots.iter().any(|(_, usual, name)| name.as_deref().is_some_and(|name| name != *usual)) {
            let named = roots.iter().filter_map(|(root, _, name)| Some(format!("  {root}: {}\n", name.as_ref()?)));
            self.edits.append(&format!("schema {{\n{}}}\n", named.collect::<String>()));
        }
    }

    fn print(&mut self, ty: &'a TypeDescription) -> String {
        let interfaces = self.names_of(ty.interfaces.iter().flatten().map(|named| named.name.as_str()));
        let possible = self.names_of(ty.possible_types.iter().flatten().map(|named| named.name.as_str()));
        let members = self.members(ty);
        print::definition(ty, &interfaces, &possible, &members)
    }
}

/// Without the blanks and commas that mean nothing to GraphQL: sources write default values in ways of their own.
fn squeezed(signature: &str) -> String {
    let mut in_quotes = false;
    let mut before = ' ';
    let matters = |c: &char| {
        in_quotes ^= *c == '"' && before != '\\';
        before = *c;
        in_quotes || !(c.is_whitespace() || *c == ',')
    };
    signature.chars().filter(matters).collect()
}

fn reason(is_deprecated: bool, reason: Option<&String>) -> Option<String> {
    is_deprecated.then(|| reason.cloned().unwrap_or_default())
}

fn describe(kind: TypeKind) -> &'static str {
    match kind {
        TypeKind::Scalar => "a scalar",
        TypeKind::Object => "an object",
        TypeKind::Interface => "an interface",
        TypeKind::Union => "a union",
        TypeKind::Enum => "an enum",
        TypeKind::InputObject => "an input object",
        TypeKind::List | TypeKind::NonNull => "no type of its own",
    }
}
