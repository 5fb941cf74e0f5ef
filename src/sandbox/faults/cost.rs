//! What a query costs.

use super::call::paging_number;
use super::plan::Cost;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;

/// Sizes of pages when none is asked for: those of a query, and those of lists in records.
const SIZES: [i64; 2] = [20, 100];

/// The cost of an operation.
pub(super) fn of(cost: &Cost, document: &ExecutableDocument, operation: &Operation, variables: &JsonMap) -> f64 {
    let count = Count { cost, document, operation, variables };
    count.selections(&operation.selection_set, 0, &mut Vec::new())
}

struct Count<'c> {
    cost: &'c Cost,
    document: &'c ExecutableDocument,
    operation: &'c Operation,
    variables: &'c JsonMap,
}

impl<'c> Count<'c> {
    fn selections(&self, set: &'c SelectionSet, depth: usize, open: &mut Vec<&'c str>) -> f64 {
        let mut sum = 0.0;
        for selection in &set.selections {
            sum += match selection {
                Selection::Field(field) => {
                    let times = if self.cost.multiply { self.times(field, depth) } else { 1.0 };
                    self.price(&set.ty, field) + times * self.selections(&field.selection_set, depth + 1, open)
                }
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set, depth, open),
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    match self.document.fragments.get(name).filter(|_| !open.contains(&name)) {
                        Some(fragment) => {
                            open.push(name);
                            let inner = self.selections(&fragment.selection_set, depth, open);
                            open.pop();
                            inner
                        }
                        None => 0.0,
                    }
                }
            };
        }
        sum
    }

    fn price(&self, owner: &str, field: &Field) -> f64 {
        let weights = &self.cost.weights;
        let yields = field.definition.ty.inner_named_type();
        let own = weights.get(&format!("{owner}.{}", field.name)).or_else(|| weights.get(field.name.as_str()));
        let other = if field.selection_set.is_empty() { 0.0 } else { self.cost.object };
        own.or_else(|| weights.get(yields.as_str())).copied().unwrap_or(other)
    }

    /// How many rows a page has at most; 1 for what is no page.
    fn times(&self, field: &Field, depth: usize) -> f64 {
        if !field.definition.ty.inner_named_type().ends_with("Page") {
            return 1.0;
        }
        let size = paging_number(field, "size", self.operation, self.variables);
        size.unwrap_or(SIZES[depth.min(1)]).max(0) as f64
    }
}
