//! The keys of mapping files.

use super::custom::CustomKind;
use crate::yaml::{Choice, Is, Key, Keys};

const PATH: Is = Is::Defined("path");
const PATHS: Is = Is::OneOrMore(&PATH);
const ARGUMENT: Is = Is::Defined("argument");
const PART: Is = Is::Defined("part");
const SORT_KEY: Is = Is::Defined("sort_key");
const CONDITION: Is = Is::Defined("condition");
const RULE: Is = Is::Defined("rule");
const CONSTANT: Is = Is::Defined("constant");

const MODEL: Key = Key::required("model", Is::Defined("model"), "The unified model that the file fills");
const SCRIPTS: Key = Key::optional(
    "scripts",
    Is::Several(&Is::Text),
    "The scripts whose functions this file calls: names of files in the connector's folder of scripts, without `.rhai`",
);
const CONDITIONS: Key = Key::optional(
    "conditions",
    Is::Map(&CONDITION),
    "Named conditions. One means whatever its paths mean where it is used",
)
.example("{ gone: deleted = 1 or ends <= $now }");
const GROUP: Key = Key::optional(
    "group",
    PATH,
    "The group that the `members` of other models find a record by; records without one belong to every group",
);
const ALSO: Key =
    Key::optional("also", Is::Several(&PATH), "Paths that are fetched and kept in `remote_data`, but not mapped");
const CUSTOM: Key =
    Key::optional("custom_fields", Is::Keys(&CUSTOM_FIELDS), "The source's free fields, under keys of your choice");
const WHERE: Key = Key::optional("where", Is::Text, "A filter in the source's own language, which is sent as it is");
const ARGUMENTS: Key = Key::optional("arguments", Is::Map(&Is::Anything), "Further arguments of the query field");
const QUERY: Key =
    Key::required("query", Is::Text, "A field of the schema's query type; the items of its pages are the rows");
const SORT_ABOUT: &str = "What rows are sorted by, where the source is asked for an order; a leading `-` sorts descending. Choose what never changes and end with a unique number: without a fixed order rows slip through between pages";
const SORT: Key = Key::optional("sort", Is::OneOrMore(&SORT_KEY), SORT_ABOUT).example("[created, number]");

pub(crate) static MAPPING: Keys = Keys::new(
    "a mapping",
    "How a record of the source becomes a record of one unified model",
    &[
        MODEL,
        SCRIPTS,
        Key::required("read", Is::Keys(&READ), "What is asked of the source"),
        CONDITIONS,
        GROUP,
        CUSTOM,
        ALSO,
        Key::required(
            "fields",
            Is::Defined("fields"),
            "What fills each field of the model: a path, `null`, a list of alternatives, or a rule",
        ),
    ],
);

/// The keys of a mapping in a connection's overlay.
pub(crate) static OVERLAY: Keys = Keys::new(
    "an overlay",
    "What a connection says in the place of parts of a mapping; what it does not name stays as the connector says",
    &[
        MODEL,
        SCRIPTS,
        Key::optional("read", Is::Keys(&OVERLAY_READ), "What is asked of the source"),
        CONDITIONS,
        GROUP,
        CUSTOM,
        ALSO,
        Key::optional(
            "fields",
            Is::Defined("fields"),
            "Fields that are filled in another way; each takes the place of the whole field, `null` switches it off",
        ),
    ],
);

pub(super) static READ: Keys = Keys::new(
    "`read`",
    "What is asked of the source. What is selected is derived from the paths of the file",
    &[
        QUERY,
        Key::optional(
            "one",
            Is::Text,
            "A field of the schema's query type that yields one such record for its id, for whoever asks for a single one",
        ),
        WHERE,
        ARGUMENTS,
        SORT,
        Key::optional(
            "whole",
            Is::Flag,
            "Read all rows each time, though the source can be asked for those that changed: for rows that show what changes elsewhere",
        ),
    ],
);

pub(super) static OVERLAY_READ: Keys = Keys::new(
    "`read` of an overlay",
    "What is asked of the source",
    &[WHERE, ARGUMENTS, Key::optional("sort", Is::OneOrMore(&SORT_KEY), SORT_ABOUT).example("[created, number]")],
);

/// The keys of `labels` in `connector.yaml`: a read, and what of its rows counts.
pub(crate) static LABELS: Keys = Keys::new(
    "`labels`",
    "The list of the source that names free fields and their options; read whole at the beginning of a sync",
    &[
        QUERY,
        WHERE,
        ARGUMENTS,
        SORT,
        Key::required("id", PATH, "The path of the id that stands in the dictionary"),
        Key::required("label", PATH, "The path of the name"),
    ],
);

pub(super) static CUSTOM_FIELDS: Keys = Keys::new(
    "`custom_fields`",
    "The source's free fields, under keys of your choice",
    &[
        Key::optional("from", PATH, "The path of the dictionary that holds the free fields of a record"),
        Key::optional(
            "others",
            Is::OneOf(OTHERS),
            "Whether free fields that `fields` does not name are kept under the source's own keys; dropped where it is not said",
        ),
        Key::optional(
            "fields",
            Is::Map(&Is::Defined("custom_field")),
            "Keys, and the free field for each: what the source calls it, its id, or a map with `field` and `type`; `null` takes out one that an overlay is laid over",
        )
        .example("{ driving_licence: { field: Driving licence, type: choice } }"),
    ],
);

/// What `others` takes.
pub(super) const OTHERS: &[&str] = &["keep", "drop"];

pub(crate) static CUSTOM_FIELD: Keys = Keys::new(
    "a custom field",
    "A free field of the source, and the type of its values",
    &[
        Key::required("field", Is::Text, "What the source calls it, whatever the case, or its id"),
        Key::optional(
            "type",
            Is::OneOf(CustomKind::NAMES),
            "What becomes of a value; `any`, where it is not said, leaves it as it stands. `choice` and `choices` become the labels of the options",
        ),
    ],
);

/// The origins of a rule: the first key is the origin, the others go with it.
pub(crate) static RULES: &[Keys] = &[
    origin(&[Key::required("path", PATHS, "A path from the row, or several, of which the first that is not empty counts")
        .example("[title, name]")]),
    origin(&[
        Key::required(
            "join",
            Is::OneOrMore(&PART),
            "Parts that are put together, those that are empty left out: paths, paths over a list, and settings such as `$tenant`",
        )
        .example("[infix, surname]"),
        Key::optional("with", Is::Text, "What stands between the parts").example("\" \""),
    ]),
    origin(&[Key::required("value", CONSTANT, "A constant")]),
    origin(&[
        Key::required("call", Is::Text, "A function of the file's scripts"),
        Key::optional(
            "args",
            Is::Several(&ARGUMENT),
            "What the function gets, in this order: paths, paths over lists, `$now`, or `$` and the name of a setting",
        )
        .example("[postings.ends, $now]"),
    ]),
    origin(&[Key::required(
        "object",
        Is::Defined("object"),
        "An object, or an entry of a list of objects; each key takes whatever a field takes",
    )]),
    origin(&[
        Key::required("ref", Is::Defined("entity"), "The unified id of a record of this entity, by its id in the source"),
        Key::required("path", PATHS, "The path of the other record's id in the source"),
    ]),
    origin(&[Key::required("all", Is::List(&RULE), "The items of every rule, one after the other; for lists")]),
    origin(&[
        Key::required("members", Is::Defined("model"), "The rows of this model whose `group` is the value of `of`"),
        Key::required("of", PATH, "The path of the group"),
    ]),
];

/// The keys of a rule that has no origin.
pub(super) static NO_ORIGIN: Keys = origin(&[]);

const fn origin(keys: &'static [Key]) -> Keys {
    Keys::new("a rule", "One origin, and steps that follow it", keys)
        .and(STEPS)
        .choosing(&[Choice { of: &["lookup", "keywords", "as"], required: false }])
}

/// What follows the origin, which applies in a fixed order however the keys are written.
static STEPS: &[Key] = &[
    Key::optional(
        "lookup",
        Is::Text,
        "The table that replaces the value; the whole text must equal an entry, case aside. Needs `otherwise`",
    ),
    Key::optional(
        "keywords",
        Is::Text,
        "The table that replaces the value; the first keyword that the text contains counts. Needs `otherwise`",
    ),
    Key::optional("as", Is::Defined("kind"), "Reads the value as one of a kind. Needs `otherwise`"),
    Key::optional(
        "otherwise",
        Is::Defined("otherwise"),
        "What becomes of a value that did not fit: `keep` passes it on, `null` reports an issue, `error` fails the record, `next` tries the next alternative, and any other value is used instead",
    ),
    Key::optional(
        "each",
        PATH,
        "Runs the rule for every item of this list, or for this object when it is there. Paths inside start at the item",
    ),
    Key::optional("when", CONDITION, "The rule yields nothing unless this holds; with `each` it chooses the items")
        .example("ends is not empty and deleted = 0"),
    Key::optional("default", CONSTANT, "The value when there was none; with `each`, for each item"),
    Key::optional(
        "unique",
        Is::Text,
        "Keeps the first item for each value of this key, whatever its case; for lists of objects",
    ),
    Key::optional(
        "take",
        Is::OneOf(TAKES),
        "Which of all the dates that the paths lead to; for fields that hold a date",
    ),
];

/// What `take` takes.
pub(super) const TAKES: &[&str] = &["earliest", "latest"];

/// The name of the origin that the keys of a rule begin with.
pub(super) fn name(keys: &Keys) -> &'static str {
    keys.keys.first().map_or("", |key| key.name)
}

/// The origin of that name.
pub(super) fn named(name: &str) -> Option<&'static Keys> {
    RULES.iter().find(|keys| self::name(keys) == name)
}

/// The origin that a key goes with.
pub(super) fn companion_of(key: &str) -> Option<(&'static str, &'static str)> {
    RULES.iter().find_map(|keys| {
        let companion = keys.keys.iter().skip(1).find(|companion| companion.name == key)?;
        Some((companion.name, name(keys)))
    })
}
