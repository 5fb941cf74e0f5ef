//! Names of cases with wildcards.

/// Whether `pattern` means the case `name` of `model`. `*` stands for any characters and `?` for one; without a
/// slash the pattern is about the model.
pub(super) fn fits(pattern: &str, model: &str, name: &str) -> bool {
    match pattern.trim_end_matches('/').split_once('/') {
        None => matches(pattern.trim_end_matches('/'), model),
        Some((of_model, of_name)) => matches(of_model, model) && matches(of_name, name),
    }
}

/// Whether a pattern may mean more than one case.
pub(super) fn is_open(pattern: &str) -> bool {
    pattern.contains(['*', '?']) || !pattern.trim_end_matches('/').contains('/')
}

fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Where the last `*` stands in the pattern, and up to where in the text it reaches.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut read) = (0, 0);
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(&sign) if sign == '?' || sign == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((place, reach)) = star else { return false };
                star = Some((place, reach + 1));
                (at, read) = (place + 1, reach + 1);
            }
        }
    }
    pattern[at..].iter().all(|sign| *sign == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pattern_means_a_case_a_model_or_some_of_them() {
        let all = |pattern: &str, yes: &[(&str, &str)], no: &[(&str, &str)]| {
            assert!(yes.iter().all(|(model, name)| fits(pattern, model, name)), "{pattern}");
            assert!(!no.iter().any(|(model, name)| fits(pattern, model, name)), "{pattern}");
        };
        all("jobs", &[("jobs", "full"), ("jobs", "x")], &[("users", "jobs")]);
        all("jobs/", &[("jobs", "full")], &[("users", "full")]);
        all("jobs/full", &[("jobs", "full")], &[("jobs", "full_time"), ("users", "full")]);
        all("jobs/closed_*", &[("jobs", "closed_by_label"), ("jobs", "closed_")], &[("jobs", "closed")]);
        all("*/minimal", &[("jobs", "minimal"), ("users", "minimal")], &[("jobs", "full")]);
        all("jobs/*_b?_*", &[("jobs", "closed_by_label")], &[("jobs", "closed_b_label")]);
        assert!(is_open("jobs") && is_open("jobs/*") && !is_open("jobs/full"));
    }

    proptest! {
        #[test]
        fn a_star_in_place_of_any_part_still_means_the_name(name in "[a-c_]{0,12}", from in 0_usize..13, to in 0_usize..13) {
            let (from, to) = (from.min(to).min(name.len()), from.max(to).min(name.len()));
            let pattern = format!("{}*{}", &name[..from], &name[to..]);
            prop_assert!(matches(&pattern, &name), "{}", pattern);
            let wider = format!("*{pattern}*");
            prop_assert!(matches(&wider, &name));
        }
    }
}
