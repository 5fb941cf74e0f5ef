//! Words and numbers replaced: the same word by the same, wherever it stands.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_lc_rs::{digest, rand};
use fastrand::Rng;

use crate::table::Table;

/// What replacements are drawn from. Without it nobody can try names until one gives the same replacement.
#[derive(Clone)]
pub struct Salt([u8; 32]);

impl Salt {
    /// A salt that nobody knows.
    ///
    /// # Panics
    ///
    /// When the operating system gives no random bytes.
    pub fn random() -> Salt {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).expect("the operating system gives random bytes");
        Salt(bytes)
    }

    /// The salt of a number, for tests: whoever knows the number can look up what a replacement stands for.
    pub fn of_seed(seed: u64) -> Salt {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Salt(bytes)
    }

    /// Draws for a text. What is drawn says nothing about the text to whoever does not know the salt.
    pub(super) fn draw(&self, purpose: &str, text: &str, attempt: u32) -> Rng {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.0);
        for part in [purpose, text] {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part.as_bytes());
        }
        context.update(&attempt.to_le_bytes());
        let hash = context.finish();
        let seed = hash.as_ref()[..8].try_into().expect("a hash has more than eight bytes");
        Rng::with_seed(u64::from_le_bytes(seed))
    }
}

/// No vowels: so no replacement is a word, least of all one that a table looks for.
const LETTERS: &[u8; 20] = b"bcdfghjklmnpqrstvwxz";
const ACCENTED: [char; 12] = ['ç', 'ñ', 'š', 'ž', 'č', 'ř', 'ś', 'ź', 'ł', 'ď', 'ť', 'ň'];
const FIRST_WITHOUT_CASE: u32 = 0x4e00;
const FIRST_OTHER_DIGIT: u32 = 0x0660;

/// Enough to find one that is free wherever there is one.
const ATTEMPTS: u32 = 200;

/// A word of fewer letters tells nobody's name, and is met by chance.
pub(super) const TELLING: usize = 4;

/// Words and numbers, and what they are replaced by.
pub(super) struct Words<'s> {
    salt: &'s Salt,
    /// What no replacement may be found in.
    tables: Vec<Arc<Table>>,
    /// Words of what is replaced, in lower case.
    personal: HashSet<String>,
    given: HashMap<String, String>,
    taken: HashSet<String>,
}

impl<'s> Words<'s> {
    pub fn new(salt: &'s Salt, tables: Vec<Arc<Table>>) -> Words<'s> {
        let (personal, given, taken) = Default::default();
        Words { salt, tables, personal, given, taken }
    }

    /// Notes the words of a text that will be replaced.
    pub fn note(&mut self, text: &str) {
        let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= TELLING);
        self.personal.extend(words.map(str::to_lowercase));
    }

    /// Whether a word stands in something that is replaced.
    pub fn is_personal(&self, word: &str) -> bool {
        self.personal.contains(&word.to_lowercase())
    }

    /// The replacement of a run of letters: each stays one of its kind, and capitals stay capitals.
    pub fn word(&mut self, word: &str) -> String {
        let lower = word.to_lowercase();
        // Letters that are two in lower case have no place in the other's order.
        let key = if lower.chars().count() == word.chars().count() { lower } else { word.to_owned() };
        let new =
            self.replacement("word", &key, |random| key.chars().map(|letter| drawn_letter(letter, random)).collect());
        word.chars().zip(new.chars()).map(|(old, new)| in_case_of(old, new)).collect()
    }

    /// The replacement of a run of digits. It begins with a zero where the run does, so a number has as many digits.
    pub fn number(&mut self, digits: &str) -> String {
        self.replacement("number", digits, |random| {
            let mut first = true;
            let draw = |digit: char| {
                let is_first = std::mem::take(&mut first);
                match digit {
                    '0' if is_first => '0',
                    // So that nineteen digits are never more than fit a number.
                    digit if is_first && digits.len() > 18 => digit,
                    digit if digit.is_ascii_digit() => digit_of(random.u8(u8::from(is_first)..10)),
                    _ => char::from_u32(FIRST_OTHER_DIGIT + random.u32(0..10)).expect("a digit"),
                }
            };
            digits.chars().map(draw).collect()
        })
    }

    /// `length` digits for a number, other ones for each.
    pub fn ending(&mut self, number: &str, length: usize) -> String {
        let key = format!("…{number}");
        let old = &number[number.len().saturating_sub(length)..];
        if let Some(given) = self.given.get(&key) {
            return given.clone();
        }
        let mut new = String::new();
        for attempt in 0..ATTEMPTS {
            let mut random = self.salt.draw("ending", number, attempt);
            new = (0..length).map(|_| digit_of(random.u8(0..10))).collect();
            if new != old && self.taken.insert(format!("…{new}")) {
                break;
            }
        }
        self.given.insert(key, new.clone());
        new
    }

    fn replacement(&mut self, purpose: &str, key: &str, draw: impl Fn(&mut Rng) -> String) -> String {
        if let Some(given) = self.given.get(key) {
            return given.clone();
        }
        let mut new = String::new();
        for attempt in 0..ATTEMPTS {
            new = draw(&mut self.salt.draw(purpose, key, attempt));
            if self.is_free(key, &new) {
                break;
            }
        }
        self.given.insert(key.to_owned(), new.clone());
        self.taken.insert(new.clone());
        new
    }

    fn is_free(&self, old: &str, new: &str) -> bool {
        let is_found = || self.tables.iter().any(|table| table.find(new).is_some() && table.find(old).is_none());
        new != old && !self.taken.contains(new) && !self.personal.contains(new) && !is_found()
    }
}

fn drawn_letter(letter: char, random: &mut Rng) -> char {
    if letter.is_ascii() {
        char::from(LETTERS[random.usize(..LETTERS.len())])
    } else if letter.is_lowercase() || letter.is_uppercase() {
        ACCENTED[random.usize(..ACCENTED.len())]
    } else {
        char::from_u32(FIRST_WITHOUT_CASE + random.u32(..4096)).expect("a letter")
    }
}

fn in_case_of(old: char, new: char) -> char {
    match (old.is_uppercase(), old.is_ascii()) {
        (true, true) if new.is_ascii() => new.to_ascii_uppercase(),
        (true, true) => 'X',
        // A capital beyond ASCII whose small letter is not.
        (true, false) if new.is_ascii() => 'Ç',
        (true, false) => new.to_uppercase().next().unwrap_or(new),
        // A letter that is a capital and a small one in one.
        (false, _) if !old.is_lowercase() && new.is_lowercase() => {
            char::from_u32(FIRST_WITHOUT_CASE + new as u32).unwrap_or('字')
        }
        (false, _) => new,
    }
}

fn digit_of(value: u8) -> char {
    char::from(b'0' + value)
}
