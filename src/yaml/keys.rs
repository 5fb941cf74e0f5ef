//! Tables of keys: what the maps of a file may hold. The reader refuses what they do not list, and the schemas for
//! editors are made from them, so that the two cannot disagree.

/// The keys of one kind of map.
#[derive(Debug)]
pub struct Keys {
    /// What to call the map in messages, such as "a connection".
    pub what: &'static str,
    /// What the map is for, in a sentence for editors.
    pub about: &'static str,
    /// Its keys, in the order in which messages list them.
    pub keys: &'static [Key],
    /// Keys that it has in common with other maps.
    pub shared: &'static [Key],
    /// Keys that exclude each other.
    pub choices: &'static [Choice],
}

/// One key of a map.
#[derive(Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// Whether every such map has it. One that a [`Choice`] asks for is not required by itself.
    pub required: bool,
    /// What its value looks like.
    pub is: Is,
    /// What it says, in a sentence for editors.
    pub about: &'static str,
    /// How its value may be written, in YAML.
    pub example: Option<&'static str>,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub enum Is {
    /// Text. Numbers and flags are taken as they are written.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// `true` or `false`.
    Flag,
    /// A number and a unit, such as `250ms`.
    Duration,
    /// Whatever YAML can say.
    Anything,
    /// One of it, or a list of at least one.
    OneOrMore(&'static Is),
    /// One of it, or a list of any length.
    Several(&'static Is),
    /// A list of at least one of it.
    List(&'static Is),
    /// A map with keys of the writer's own.
    Map(&'static Is),
    /// A map with these keys.
    Keys(&'static Keys),
    /// What a floor above knows more about, such as `path` or `rule`; the schemas define it under this name.
    Defined(&'static str),
}

/// Keys of which a map has no more than one.
#[derive(Debug)]
pub struct Choice {
    /// The keys.
    pub of: &'static [&'static str],
    /// Whether it has one of them at least.
    pub required: bool,
}

impl Keys {
    /// A map with these keys.
    pub const fn new(what: &'static str, about: &'static str, keys: &'static [Key]) -> Keys {
        Keys { what, about, keys, shared: &[], choices: &[] }
    }

    /// The map has these keys as well.
    #[must_use]
    pub const fn and(mut self, shared: &'static [Key]) -> Keys {
        self.shared = shared;
        self
    }

    /// The map has no more than one of each of these.
    #[must_use]
    pub const fn choosing(mut self, choices: &'static [Choice]) -> Keys {
        self.choices = choices;
        self
    }

    /// Its own keys, and then those that it shares.
    pub fn all(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.keys.iter().chain(self.shared)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.all().map(|key| key.name)
    }

    /// Whether it has a key of that name.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

impl Key {
    /// A key that every such map has.
    pub const fn required(name: &'static str, is: Is, about: &'static str) -> Key {
        Key { name, required: true, is, about, example: None }
    }

    /// A key that can be left out.
    pub const fn optional(name: &'static str, is: Is, about: &'static str) -> Key {
        Key { name, required: false, is, about, example: None }
    }

    /// With a value as it may be written, in YAML.
    #[must_use]
    pub const fn example(mut self, example: &'static str) -> Key {
        self.example = Some(example);
        self
    }
}
