//! Sorting arrays, and taking repeated items out. What Rhai has for it goes on when a comparison fails, however often,
//! and sorting gives up with a panic when comparisons contradict each other, as those with NaN do.

use std::cmp::Ordering;

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext};

type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Puts functions in place of those of Rhai.
pub(super) fn register(engine: &mut Engine) {
    for name in ["sort", "sort_by"] {
        engine.register_fn(name, |context: NativeCallContext, array: &mut Array, comparer: FnPtr| {
            *array = sorted_by(&context, std::mem::take(array), &comparer)?;
            Fallible::Ok(())
        });
    }
    for name in ["order", "order_by"] {
        engine.register_fn(name, |context: NativeCallContext, array: &mut Array, comparer: FnPtr| {
            sorted_by(&context, array.clone(), &comparer)
        });
    }
    engine.register_fn("dedup", |context: NativeCallContext, array: &mut Array, comparer: FnPtr| {
        let mut kept = Array::new();
        for item in std::mem::take(array) {
            let repeated = match kept.last() {
                Some(last) => {
                    let said = comparer.call_raw(&context, None, [last.clone(), item.clone()])?;
                    said.as_bool().map_err(|_| "a comparison says whether two items are the same")?
                }
                None => false,
            };
            if !repeated {
                kept.push(item);
            }
        }
        *array = kept;
        Fallible::Ok(())
    });
    for (sort, order, turn) in [
        ("sort", "order", std::convert::identity as fn(Ordering) -> Ordering),
        ("sort_desc", "order_desc", Ordering::reverse),
    ] {
        engine.register_fn(sort, move |array: &mut Array| {
            *array = sorted(std::mem::take(array), |one, other| natural(one, other).map(turn))?;
            Fallible::Ok(())
        });
        engine.register_fn(order, move |array: &mut Array| {
            sorted(array.clone(), |one, other| natural(one, other).map(turn))
        });
    }
}

/// Sorted by what a function says: a number, or whether the first comes first.
fn sorted_by(context: &NativeCallContext<'_>, array: Array, comparer: &FnPtr) -> Fallible<Array> {
    sorted(array, |one, other| {
        let said = comparer.call_raw(context, None, [one.clone(), other.clone()])?;
        match (said.as_int(), said.as_bool()) {
            (Ok(number), _) => Ok(number.cmp(&0)),
            (_, Ok(first)) => Ok(if first { Ordering::Less } else { Ordering::Greater }),
            _ => Err("a comparison gives a whole number, or true when the first comes first".into()),
        }
    })
}

fn natural(one: &Dynamic, other: &Dynamic) -> Fallible<Ordering> {
    if let (Ok(one), Ok(other)) = (one.as_int(), other.as_int()) {
        return Ok(one.cmp(&other));
    }
    if let (Ok(one), Ok(other)) = (one.as_float(), other.as_float()) {
        return Ok(one.total_cmp(&other));
    }
    if let (Ok(one), Ok(other)) = (one.as_char(), other.as_char()) {
        return Ok(one.cmp(&other));
    }
    if let (Ok(one), Ok(other)) = (one.as_bool(), other.as_bool()) {
        return Ok(one.cmp(&other));
    }
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        return Ok(one.as_str().cmp(other.as_str()));
    }
    if one.is_unit() && other.is_unit() {
        return Ok(Ordering::Equal);
    }
    Err("only numbers, characters, texts or flags can be sorted, and all of one kind".into())
}

/// A merge sort: it is stable, ends whatever is said, and stops at the first failure.
fn sorted(items: Array, mut compare: impl FnMut(&Dynamic, &Dynamic) -> Fallible<Ordering>) -> Fallible<Array> {
    let mut runs: Vec<Array> = items.into_iter().map(|item| Array::from([item])).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(one) = pairs.next() {
            merged.push(match pairs.next() {
                Some(other) => merge(one, other, &mut compare)?,
                None => one,
            });
        }
        runs = merged;
    }
    Ok(runs.pop().unwrap_or_default())
}

fn merge(
    one: Array,
    other: Array,
    compare: &mut impl FnMut(&Dynamic, &Dynamic) -> Fallible<Ordering>,
) -> Fallible<Array> {
    let mut merged = Array::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        let next = if compare(left, right)? == Ordering::Greater { other.next() } else { one.next() };
        merged.extend(next);
    }
    merged.extend(one);
    merged.extend(other);
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(numbers in prop::collection::vec(-20_i64..20, 0..60)) {
            let items: Array = numbers.iter().map(|number| Dynamic::from(*number)).collect();
            let ours: Vec<i64> = sorted(items, natural).unwrap().iter().map(|item| item.as_int().unwrap()).collect();
            let mut wanted = numbers;
            wanted.sort();
            prop_assert_eq!(ours, wanted);
        }

        #[test]
        fn contradictions_lose_nothing(numbers in prop::collection::vec(0_i64..9, 0..60), said in prop::collection::vec(-1_i64..2, 1..9)) {
            let items: Array = numbers.iter().map(|number| Dynamic::from(*number)).collect();
            let mut said = said.into_iter().cycle();
            let ours = sorted(items, |_, _| Ok(said.next().unwrap().cmp(&0))).unwrap();
            let mut ours: Vec<i64> = ours.iter().map(|item| item.as_int().unwrap()).collect();
            let mut wanted = numbers;
            ours.sort();
            wanted.sort();
            prop_assert_eq!(ours, wanted);
        }
    }
}
