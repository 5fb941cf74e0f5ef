//! "Did you mean".

/// What is longer was not meant to be a name, and comparing it would take its time.
const LONGEST: usize = 100;

/// The name of `known` that a person most likely meant by `name`, when one is close enough.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&wanted, &known.to_lowercase()), known))
        .filter(|(score, _)| *score >= 0.85)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["jobTitle", "jobTitleOrFunction", "minSalary"];
        assert_eq!(closest("jobTittle", known), Some("jobTitle"));
        assert_eq!(closest("minsalary", known), Some("minSalary"));
        assert_eq!(closest("workCity", known), None);
    }
}
