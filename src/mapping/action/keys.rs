//! The keys of files of actions.

use super::plan::{FailCode, Word};
use crate::yaml::{Choice, Is, Key, Keys};

const PATH: Is = Is::Defined("path");
const RULES: Is = Is::Map(&Is::Defined("written"));
const STEPS: Is = Is::List(&Is::Defined("step"));
const MESSAGE: Is = Is::Defined("message");

const WHERE: Key = Key::optional(
    "where",
    Is::Text,
    "A filter in the source's own language. `$name` stands for a value of `with`, `$key` for the mark of the step; both are quoted as `filters` of connector.yaml says",
)
.example("mail = $mail and deleted = 0");
const WITH: Key = Key::optional("with", RULES, "What the names in `where` stand for: a path or a rule for each");
const ARGUMENTS: Key =
    Key::optional("arguments", RULES, "What the field is given: a path or a rule for each of its arguments");
const SORT: Key = Key::optional(
    "sort",
    Is::OneOrMore(&Is::Defined("sort_key")),
    "The order of the rows, of which the first counts; a leading `-` sorts descending",
);
const AT: Key = Key::optional("at", Is::Defined("pointer"), "A JSON pointer to what is wrong in the input")
    .example("/application/job_id");
const NAME: Is = Is::Defined("name");

pub(crate) static ACTION: Keys = Keys::new(
    "an action",
    "How a source does what an action of the unified API asks for: steps that read, decide and write",
    &[
        Key::required("action", Is::Defined("action"), "The action, which is also the name of the file"),
        Key::optional(
            "scripts",
            Is::Several(&Is::Text),
            "The scripts whose functions this file calls: names of files in the connector's folder of scripts, without `.rhai`",
        ),
        Key::optional(
            "conditions",
            Is::Map(&Is::Defined("condition")),
            "Named conditions. One means whatever its paths mean where it is used",
        ),
        Key::optional(
            "accepts",
            Is::Map(&Is::Text),
            "Input fields that the source has no place for, each with the warning that is given when it was filled",
        ),
        Key::required("steps", STEPS, "What is done, in this order"),
        Key::optional(
            "touches",
            RULES,
            "The records that are read anew in the end: for each model the path of the source's id",
        ),
    ],
);

/// An action in a connection's overlay.
pub(crate) static ACTION_OVERLAY: Keys = Keys::new(
    "an action of an overlay",
    "What a connection says in the place of steps of an action; what it does not name stays as the connector says",
    &[
        Key::required("action", Is::Defined("action"), "The action, which is also the name of the file"),
        Key::optional("scripts", Is::Several(&Is::Text), "Scripts beside those of the action"),
        Key::optional(
            "conditions",
            Is::Map(&Is::Defined("condition")),
            "Named conditions, each in the place of that of its name",
        ),
        Key::optional(
            "steps",
            Is::Map(&Is::Defined("step_change")),
            "Steps by their ids, such as `create_candidate`: `null` switches one off, `arguments` replace those of their names",
        ),
    ],
);

/// What an overlay says of a step.
pub(crate) static STEP_CHANGE: Keys =
    Keys::new("a changed step", "What a connection says in the place of parts of a step", &[ARGUMENTS]);

/// The kinds of steps: the first key is the kind, the others go with it.
pub(crate) static KINDS: &[Keys] = &[
    Keys::new(
        "`find`",
        "Asks the source for one object. Without one the name is null",
        &[
            Key::required("find", NAME, "The name by which later steps read the object"),
            Key::required(
                "query",
                Is::Text,
                "A field of the query type: one object, or pages of which the first row counts",
            ),
            ARGUMENTS,
            WHERE,
            WITH,
            SORT,
            Key::optional("none", Is::Keys(&NONE), "The error by which the action ends when there is no such object"),
        ],
    )
    .and(WHEN),
    change(&[Key::required(Word::Create.as_str(), NAME, "Makes something new; the name by which later steps read it")]),
    change(&[Key::required(Word::Update.as_str(), NAME, "Changes something; the name by which later steps read it")]),
    change(&[Key::required(
        Word::Call.as_str(),
        NAME,
        "Does something else; the name by which later steps read what it returns",
    )]),
    Keys::new(
        "`for_each`",
        "Does steps for each entry of a list of objects",
        &[
            Key::required("for_each", PATH, "The list"),
            Key::required("as", NAME, "The name of an entry, inside"),
            Key::required("steps", STEPS, "What is done for each, in this order"),
        ],
    )
    .and(WHEN),
    Keys::new(
        "`fetch_file`",
        "Takes a file out of the input, or fetches it from its address",
        &[
            Key::required(
                "fetch_file",
                NAME,
                "The name by which later steps read `name`, `content_type`, `size` and `content` (Base64) of the file",
            ),
            Key::required("from", PATH, "The object that says what the file is: `name`, and `data` or `data_url`"),
            Key::optional("max_size", Is::Defined("size"), "The largest file that the source takes").example("7MB"),
            Key::optional("types", Is::Several(&Is::Text), "The media types that the source takes")
                .example("[application/pdf]"),
        ],
    )
    .and(WHEN),
    Keys::new(
        "`fail`",
        "Ends the action with an error",
        &[
            Key::required("fail", CODE, "The kind of error"),
            AT,
            Key::required("message", MESSAGE, "What to say: a text, or a rule that makes one"),
        ],
    )
    .and(WHEN),
    Keys::new(
        "`warn`",
        "Adds a warning to the result",
        &[Key::required("warn", MESSAGE, "What to say: a text, or a rule that makes one")],
    )
    .and(WHEN),
    Keys::new("`stop`", "Ends the action well", &[Key::required("stop", Is::Flag, "Always `true`")]).and(WHEN),
];

const WHEN_KEY: Key = Key::optional("when", Is::Defined("condition"), "The step is left out unless this holds");

static WHEN: &[Key] = &[WHEN_KEY];

const CODE: Is = Is::OneOf(&FailCode::NAMES);

/// The keys of a step of no kind.
pub(super) static NO_KIND: Keys = Keys::new("a step", "One step of an action", &[]).and(WHEN);

/// The error for what was not found.
pub(super) static NONE: Keys = Keys::new(
    "`none`",
    "The error by which the action ends when there is no such object",
    &[
        Key::required("fail", CODE, "The kind of error"),
        AT,
        Key::required("message", MESSAGE, "What to say: a text, or a rule that makes one"),
    ],
);

/// The search for what a change makes.
pub(super) static ALREADY: Keys = Keys::new(
    "`already`",
    "What the source is asked for before the change is sent again: a result means that it happened, and is the step's own",
    &[Key::required("query", Is::Text, "A field of the query type"), ARGUMENTS, WHERE, WITH, SORT],
);

/// What becomes of a refusal.
pub(super) static ON_ERROR: Keys = Keys::new(
    "`on_error`",
    "What becomes of a clear refusal, in place of the end of the action",
    &[Key::required("warn", MESSAGE, "The warning that is given; the name is null")],
);

const fn change(keys: &'static [Key]) -> Keys {
    Keys::new("a change", "Changes something at the source", keys).and(CHANGE).choosing(REPETITION)
}

static CHANGE: &[Key] = &[
    Key::required("mutation", Is::Text, "A field of the mutation type"),
    ARGUMENTS,
    Key::optional(
        "already",
        Is::Keys(&ALREADY),
        "Asks whether it happened, before it is sent again. This or `repeatable`",
    ),
    Key::optional("repeatable", Is::Flag, "Twice is the same as once. This or `already`"),
    Key::optional("on_error", Is::Keys(&ON_ERROR), "What becomes of a clear refusal"),
    WHEN_KEY,
];

static REPETITION: &[Choice] = &[Choice { of: &["already", "repeatable"], required: true }];

/// The name of the kind that the keys of a step begin with.
pub(super) fn name(keys: &Keys) -> &'static str {
    keys.keys.first().map_or("", |key| key.name)
}

/// The kind of step of that name.
pub(super) fn named(name: &str) -> Option<&'static Keys> {
    KINDS.iter().find(|keys| self::name(keys) == name)
}
