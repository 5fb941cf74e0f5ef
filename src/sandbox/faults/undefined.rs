//! Fields that a query selects and the schema does not have, in the words of graphql-java.

use apollo_compiler::Schema;
use apollo_compiler::ast::{Definition, Document, OperationType, Selection};

/// A message, and the line and column that it is about.
type Problem = (String, Option<(usize, usize)>);

struct Walk<'d> {
    schema: &'d Schema,
    document: &'d Document,
    /// Fragments that are open, against circles.
    fragments: Vec<&'d str>,
    path: Vec<&'d str>,
    problems: Vec<Problem>,
}

/// Every undefined field of a document.
pub(super) fn fields(schema: &Schema, document: &Document) -> Vec<Problem> {
    let mut walk = Walk { schema, document, fragments: Vec::new(), path: Vec::new(), problems: Vec::new() };
    for definition in &document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            let root = schema.root_operation(operation.operation_type);
            let root =
                root.map(|name| name.as_str()).filter(|_| operation.operation_type != OperationType::Subscription);
            if let Some(root) = root {
                walk.selections(root, &operation.selection_set);
            }
        }
    }
    walk.problems
}

impl<'d> Walk<'d> {
    fn selections(&mut self, type_name: &str, selections: &'d [Selection]) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    let name = field.name.as_str();
                    self.path.push(field.alias.as_ref().unwrap_or(&field.name).as_str());
                    match self.schema.type_field(type_name, name) {
                        Ok(definition) => {
                            let inner = definition.ty.inner_named_type().as_str().to_owned();
                            self.selections(&inner, &field.selection_set);
                        }
                        Err(_) if self.schema.types.contains_key(type_name) => {
                            let path = self.path.join("/");
                            let place = field.line_column_range(&self.document.sources);
                            let place = place.map(|range| (range.start.line, range.start.column));
                            let message = format!(
                                "Validation error (FieldUndefined@[{path}]) : Field '{name}' in type '{type_name}' is undefined"
                            );
                            self.problems.push((message, place));
                        }
                        Err(_) => {}
                    }
                    self.path.pop();
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.type_condition.as_ref().map_or(type_name, |name| name.as_str());
                    let condition = condition.to_owned();
                    self.selections(&condition, &inline.selection_set);
                }
                Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str()),
            }
        }
    }

    fn fragment(&mut self, name: &'d str) {
        if self.fragments.contains(&name) {
            return;
        }
        let document = self.document;
        let definitions = document.definitions.iter().filter_map(|definition| definition.as_fragment_definition());
        if let Some(fragment) = definitions.into_iter().find(|fragment| fragment.name == name) {
            self.fragments.push(name);
            self.selections(fragment.type_condition.as_str(), &fragment.selection_set);
            self.fragments.pop();
        }
    }
}
