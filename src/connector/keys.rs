//! The keys of `connector.yaml` and of connection files.

use super::limits::LIMITS;
use super::webhooks::WEBHOOKS;
use crate::mapping::LABELS;
use crate::script::Limits;
use crate::yaml::{Choice, Is, Key, Keys};

const ADDRESS: Is = Is::Defined("address");
const REFERENCE: Is = Is::Defined("reference");

/// The keys of `connector.yaml`.
pub(crate) static CONNECTOR: Keys = Keys::new(
    "a connector",
    "How a source is reached, and how it writes dates, flags and deletions",
    &[
        Key::required("name", Is::Text, "The connector's name"),
        Key::required("title", Is::Text, "The name of the source, for people"),
        Key::optional(
            "settings",
            Is::Map(&Is::Keys(&SETTING)),
            "What a connection says about its tenant, by name; `{name}` stands for it in addresses and in the defaults of settings below it, `$name` in mappings",
        )
        .example("{ tenant: { about: Name of the tenant } }"),
        Key::required("endpoint", ADDRESS, "The address of the GraphQL endpoint, with settings in braces"),
        Key::optional("oauth2", Is::Keys(&OAUTH2), "How an access token is got"),
        Key::optional(
            "headers",
            Is::Map(&Is::Defined("header")),
            "What every request carries, with credentials of the connection and settings in braces",
        )
        .example("{ Authorization: \"Bearer {api_key}\" }"),
        Key::required("pages", Is::Defined("pages"), "How lists are asked for, and what a page of one looks like"),
        Key::optional("arguments", Is::Map(&Is::Anything), "Arguments that every query field gets when it has them"),
        Key::optional("filters", Is::Keys(&FILTERS), "How values stand in the filters of actions; without it no filter can have any"),
        Key::optional("writes", Is::Keys(&WRITES), "How the source wants to be written to"),
        Key::optional("scalars", Is::Map(&Is::Keys(&SCALAR)), "What each scalar of the schema means")
            .example("{ Timestamp: { kind: datetime, format: rfc3339 } }"),
        Key::optional(
            "flags",
            Is::Defined("flags"),
            "What whole numbers mean where true or false is wanted; the numbers are the keys",
        )
        .example("{ \"0\": false, \"1\": true }"),
        Key::optional("deletion", Is::Keys(&DELETION), "How the source marks rows as deleted"),
        Key::optional("changes", Is::Keys(&CHANGES), "How the source is asked for rows that changed; without it all are read each time"),
        Key::optional(
            "webhooks",
            Is::Keys(&WEBHOOKS),
            "How the source tells of changes by itself; without it only syncs find them",
        ),
        Key::optional("custom_fields", Is::Keys(&FREE_FIELDS), "How the source writes free fields"),
        Key::optional(
            "limits",
            Is::Keys(&LIMITS),
            "How much the source is asked, when to give up, and when to try again",
        ),
        Key::optional("faults", Is::Keys(&FAULTS), "What the source's refusals mean"),
        Key::optional("scripts", Is::Keys(&SCRIPTS), "What one call of a script function may use"),
        Key::optional(
            "permissions",
            Is::Keys(&PERMISSIONS),
            "What the source calls its permissions and where its customers set them, for the messages of `connect` and `check --online`",
        ),
    ],
);

pub(super) static FILTERS: Keys = Keys::new(
    "`filters`",
    "How values stand in the filters of actions: texts between quotes that they lack, numbers as they are",
    &[
        Key::required(
            "quotes",
            Is::OneOrMore(&Is::Defined("sign")),
            "The quotes that a text may stand between, the preferred one first. A text with all of them is refused",
        )
        .example("[\"'\", '\"']"),
        Key::optional(
            "refused",
            Is::Several(&Is::Defined("sign")),
            "Signs that no text in a filter may have, such as one that takes the meaning from a quote. Control characters are always refused",
        ),
    ],
);

pub(super) static WRITES: Keys = Keys::new(
    "`writes`",
    "How the source wants to be written to",
    &[Key::optional("kind", Is::Keys(&WRITES_KIND), "The member of input objects that names their type")],
);

pub(super) static WRITES_KIND: Keys = Keys::new(
    "`kind`",
    "The member of input objects that names their type; it is filled wherever an object has it",
    &[
        Key::required("member", Is::Text, "The name of the member"),
        Key::optional("without", Is::Text, "What the names of input types end with and the member does not"),
    ],
);

pub(super) static PERMISSIONS: Keys = Keys::new(
    "`permissions`",
    "What the source calls its permissions and where its customers set them",
    &[
        Key::optional("general", Is::Text, "The permission that opens everything that the mappings read"),
        Key::optional(
            "by_query",
            Is::Map(&Is::Several(&Is::Text)),
            "By query, narrower permissions of which one is enough",
        )
        .example("{ jobs: [\"jobs:read\"] }"),
        Key::optional(
            "denied",
            Is::Several(&Is::Text),
            "Words in an error that say that a permission is missing, where neither the status nor the kind of the error says it; capitals or not",
        ),
        Key::optional(
            "tokens_off",
            Is::Several(&Is::Text),
            "Words by which the identity server says that a client gets no tokens of its own; capitals or not",
        ),
        Key::optional("help", Is::Keys(&PERMISSION_HELP), "What to do when something is refused, for people"),
    ],
);

pub(super) static PERMISSION_HELP: Keys = Keys::new(
    "`help`",
    "What to do when something is refused, for people",
    &[
        Key::optional("permission", Is::Text, "Where a client is given a permission"),
        Key::optional("client", Is::Text, "Where the credentials come from"),
        Key::optional("tokens", Is::Text, "Where a client is allowed tokens of its own"),
        Key::optional("refused_token", Is::Text, "What to do when tokens are refused that were only just issued"),
    ],
);

pub(super) static SETTING: Keys = Keys::new(
    "a setting",
    "Something that a connection says",
    &[
        Key::optional("about", Is::Text, "What it is and where to find it, for whoever writes a connection"),
        Key::optional("default", Is::Text, "Its value where a connection does not say it"),
        Key::optional("values", Is::Several(&Is::Text), "What it can be; anything where nothing is listed")
            .example("[quiet, loud]"),
    ],
);

pub(super) static OAUTH2: Keys = Keys::new(
    "`oauth2`",
    "How an access token is got: OAuth2 with a client's own credentials",
    &[
        Key::required("token_url", ADDRESS, "The address that gives tokens, with settings in braces"),
        Key::optional("scopes", Is::Several(&Is::Text), "What a token is asked for"),
        Key::optional(
            "placement",
            Is::OneOf(PLACEMENTS),
            "Where the client's id and secret stand: members of the form (`body`, which is usual) or an HTTP Basic header",
        ),
        Key::optional(
            "expiry_margin",
            Is::Duration,
            "How long before its end a token is no longer used; 60s where it is not said",
        ),
    ],
);

/// What `placement` takes.
pub(super) const PLACEMENTS: &[&str] = &["body", "basic"];

/// The keys of `pages` where pages have numbers.
pub(crate) static PAGES: Keys = Keys::new(
    "`pages`",
    "How lists are asked for, and what a page of one looks like; pages have numbers",
    &[
        BY,
        SIZE,
        ITEMS,
        LAST,
        HAS_NEXT,
        ARGUMENT,
        Key::optional("prefetch", Is::Integer(1, 64), "Pages under way at the same time; 4 where it is not said"),
        Key::required("page", Is::Text, "The argument, or member of `argument`, for the page's number, counted from 0"),
        TOTAL,
        SIZE_ARGUMENT,
        FILTER,
        Key::required(
            "sort",
            Is::Defined("order"),
            "How an order is asked for; `null` where the source takes none, though pages without an order lose rows",
        ),
        NESTED_LISTS,
    ],
)
.choosing(&[Choice { of: &["last", "has_next"], required: true }]);

/// The keys of `pages` where each page begins at a cursor.
pub(crate) static PAGES_BY_CURSOR: Keys = Keys::new(
    "`pages` by cursor",
    "How lists are asked for, and what a page of one looks like; each page begins at a cursor that the one before gave",
    &[
        BY,
        SIZE,
        ITEMS,
        LAST,
        HAS_NEXT,
        ARGUMENT,
        Key::required("next", Is::Text, "The path from a page to the cursor of the next, such as `pageInfo.endCursor`"),
        Key::required("cursor", Is::Text, "The argument, or member of `argument`, for the cursor"),
        TOTAL,
        SIZE_ARGUMENT,
        FILTER,
        Key::optional("sort", Is::Keys(&SORT), "How an order is asked for, if it is"),
        NESTED_LISTS,
    ],
)
.choosing(&[Choice { of: &["last", "has_next"], required: false }]);

/// What `by` takes.
pub(super) const MANNERS: &[&str] = &["number", "cursor"];

const BY: Key = Key::optional("by", Is::OneOf(MANNERS), "How pages are told apart; by number where it is not said");
const SIZE: Key = Key::optional("size", Is::Integer(1, 10_000), "Rows asked for at once; 100 where it is not said");
const ITEMS: Key =
    Key::required("items", Is::Text, "The path from a page to its rows, such as `items` or `edges.node`");
const LAST: Key = Key::optional("last", Is::Text, "The path from a page to the flag that none follows");
const HAS_NEXT: Key =
    Key::optional("has_next", Is::Text, "The path from a page to the flag that one follows, where there is no `last`");
const ARGUMENT: Key = Key::optional(
    "argument",
    Is::Text,
    "The argument that takes all that asks for a page as one object; without it each is an argument of its own",
);
const TOTAL: Key = Key::optional("total", Is::Text, "The path from a page to the count of the rows of all pages");
const SIZE_ARGUMENT: Key =
    Key::required("size_argument", Is::Text, "The argument, or member of `argument`, for the number of rows");
const FILTER: Key = Key::optional("filter", Is::Text, "The argument that takes the `where` of a mapping");
const NESTED_LISTS: Key = Key::optional(
    "nested",
    Is::Keys(&NESTED),
    "How much is asked of lists inside a row; without it the source decides how many it gives",
);

pub(crate) static SORT: Keys = Keys::new(
    "`sort`",
    "How an order is asked for",
    &[
        Key::required("argument", Is::Text, "The member that takes the list of sort keys"),
        Key::required("property", Is::Text, "The member of a sort key that names the property"),
        Key::required("direction", Is::Text, "The member of a sort key that names the direction"),
        Key::required("ascending", Is::Text, "The enum value for ascending"),
        Key::required("descending", Is::Text, "The enum value for descending"),
    ],
);

pub(super) static NESTED: Keys = Keys::new(
    "`nested`",
    "How much is asked of lists inside a row",
    &[
        Key::optional(
            "argument",
            Is::Text,
            "The argument of such a list that asks for a page of it; that of the size where pages take no object",
        ),
        Key::optional("size", Is::Integer(1, 10_000), "Rows asked for; 100 where it is not said"),
    ],
);

pub(super) static SCALAR: Keys = Keys::new(
    "a scalar",
    "What a scalar of the schema means",
    &[
        Key::required("kind", Is::OneOf(SCALAR_KINDS), "What its values are"),
        Key::optional(
            "format",
            Is::Text,
            "How a datetime is written, such as `yyyy-MM-dd HH:mm:ss`; `rfc3339` where it is not said",
        ),
        Key::optional(
            "zone",
            Is::Text,
            "The time zone of a datetime that is written without one, by its name in the time zone database; UTC where it is not said",
        )
        .example("Europe/Amsterdam"),
    ],
);

/// What `kind` of a scalar takes.
pub(super) const SCALAR_KINDS: &[&str] = &["text", "int", "float", "boolean", "json", "datetime"];

pub(super) static DELETION: Keys = Keys::new(
    "`deletion`",
    "How the source marks rows as deleted",
    &[
        Key::required("path", Is::Text, "The field of a row that marks it; rows of types without it have no such mark"),
        Key::optional(
            "equals",
            Is::Defined("mark"),
            "Its value then, a whole number or a flag; 1 where it is not said",
        ),
    ],
);

pub(super) static CHANGES: Keys = Keys::new(
    "`changes`",
    "How the source is asked for rows that changed since a moment. A model whose rows lack what `sort` names is read whole each time",
    &[
        Key::required("since", Is::Keys(&DATE), "How the moment is written that stands for `{since}`"),
        Key::required(
            "reads",
            Is::List(&Is::Keys(&CHANGED_ROWS)),
            "The reads that together give every row that changed, one after the other. A row that changes meanwhile may go from one to a later one, and to the end of each",
        ),
        Key::optional(
            "with",
            Is::Defined("joined_filters"),
            "A mapping's own `where` and that of a read, as the source joins them: `{where}` and `{changes}` stand for them",
        )
        .example("({where}) AND ({changes})"),
        Key::optional(
            "overlap",
            Is::Duration,
            "How much earlier than the last sync began is asked for, because clocks differ; 5m where it is not said",
        ),
    ],
);

pub(super) static CHANGED_ROWS: Keys = Keys::new(
    "a read of changed rows",
    "Some of the rows that changed since a moment, in the order in which they did",
    &[
        Key::required(
            "where",
            Is::Defined("filter_of_changes"),
            "The filter, in the source's own language; `{since}` stands for the moment",
        )
        .example("updated >= '{since}'"),
        Key::required(
            "sort",
            Is::OneOrMore(&Is::Text),
            "The order in which rows change, the earliest first; that of the mapping follows",
        ),
    ],
);

pub(super) static FREE_FIELDS: Keys = Keys::new(
    "`custom_fields`",
    "How the source writes free fields: a dictionary whose keys are the ids of fields and whose choices are the ids of options",
    &[
        Key::optional(
            "keys",
            Is::Several(&Is::Defined("spelling")),
            "How the id of a field stands in the keys of the dictionary, the usual way first; all are understood",
        )
        .example("[\"_{id}\", \"{id}\"]"),
        Key::optional("dates", Is::List(&Is::Keys(&DATE)), "How dates in the dictionary are written; each is tried"),
        Key::optional("labels", Is::Keys(&LABELS), "The list of the source that names fields and options"),
    ],
);

pub(super) static DATE: Keys = Keys::new(
    "a date",
    "A way to write dates",
    &[
        Key::required(
            "format",
            Is::Text,
            "`y`, `M`, `d`, `H`, `m`, `s` as often as there are digits, `x` for an offset, letters in single quotes; or `rfc3339`",
        )
        .example("yyyy-MM-dd HH:mm:ss"),
        Key::optional("zone", Is::Text, "The time zone of a date without an offset; UTC where it is not said")
            .example("Europe/Amsterdam"),
    ],
);

pub(super) static FAULTS: Keys = Keys::new(
    "`faults`",
    "What the source's refusals mean",
    &[Key::optional(
        "too_complex",
        Is::Several(&Is::Text),
        "Words in the message or the kind of a refused query that say that it asks for too much at once; it is then asked in parts",
    )
    .example("[complex, cost]")],
);

pub(super) static SCRIPTS: Keys = Keys::new(
    "`scripts`",
    "What one call of a script function may use",
    &[
        Key::optional(
            "operations",
            Is::Integer(1000, CEILING.operations as i64),
            "Steps of evaluation; 500,000 where it is not said",
        ),
        Key::optional(
            "call_depth",
            Is::Integer(1, CEILING.call_depth as i64),
            "Functions that have called each other and not returned; 32 where it is not said",
        ),
        Key::optional(
            "string",
            Is::Integer(1000, CEILING.string as i64),
            "Bytes of one text, and of all texts in one array or map together; 4 MiB where it is not said",
        ),
        Key::optional("array", Is::Integer(1, CEILING.array as i64), "Items of one array; 20,000 where it is not said"),
        Key::optional("map", Is::Integer(1, CEILING.map as i64), "Entries of one map; 10,000 where it is not said"),
        Key::optional(
            "memory",
            Is::Integer(1 << 20, CEILING.memory as i64),
            "Bytes that all variables hold at a time; 64 MiB where it is not said",
        ),
        Key::optional("time", Is::Duration, "Time on the clock, 5s at most; 300ms where it is not said"),
    ],
);

const CEILING: Limits = Limits::CEILING;

/// The keys of a connection file.
pub(crate) static CONNECTION: Keys = Keys::new(
    "a connection",
    "One tenant of a source",
    &[
        Key::required("connector", Is::Text, "The connector that it uses: a folder in mappings/"),
        Key::optional("settings", Is::Map(&Is::Text), "What the connector asks of a connection")
            .example("{ tenant: acme }"),
        Key::optional(
            "sandbox",
            Is::Keys(&SANDBOX),
            "The made-up source that is started in place of a remote one; `{sandbox}` in a setting stands for its address",
        ),
        Key::optional(
            "credentials",
            Is::Map(&REFERENCE),
            "Where the credentials are kept that the connector asks for: `env:NAME` is an environment variable, `file:PATH` a file, `vault:NAME` an entry of the vault. Never the secret itself",
        )
        .example("{ client_id: \"env:ACME_CLIENT_ID\", client_secret: \"env:ACME_CLIENT_SECRET\" }"),
        Key::optional(
            "webhooks",
            Is::Keys(&WEBHOOK_CREDENTIALS),
            "What the webhooks of its source prove themselves with",
        ),
        Key::optional("options", Is::Keys(&OPTIONS), "What is done with its records"),
        Key::optional(
            "limits",
            Is::Keys(&LIMITS),
            "How much its source is asked: each goes before that of the connector. The rate and concurrency of a connector are not those of a `sandbox`",
        )
        .example("{ concurrency: 2 }"),
        Key::optional(
            "overlay",
            Is::Text,
            "A folder in connections/ with mappings, tables and scripts that go before those of the connector",
        ),
    ],
)
.choosing(&[Choice { of: &["sandbox", "credentials"], required: true }]);

pub(super) static WEBHOOK_CREDENTIALS: Keys = Keys::new(
    "`webhooks` of a connection",
    "What the webhooks of its source prove themselves with, as references like those of `credentials`",
    &[
        Key::optional(
            "key",
            REFERENCE,
            "Where the public key is kept that their signatures fit, as PEM or as DER in base64; where it is not said, it is fetched as the connector says",
        ),
        Key::optional("secret", REFERENCE, "Where the secret is kept that they carry in a header, if they do"),
    ],
);

pub(super) static SANDBOX: Keys = Keys::new(
    "`sandbox`",
    "The made-up source that is started in place of a remote one",
    &[
        Key::optional("seed", Is::Integer(0, i64::MAX), "The same seed makes the same data"),
        Key::optional("candidates", Is::Integer(0, 1_000_000), "How many candidates there are"),
        Key::optional("latency_ms", Is::Integer(0, 60_000), "Milliseconds that every request takes longer"),
    ],
);

pub(super) static OPTIONS: Keys = Keys::new(
    "`options`",
    "What is done with the records of a connection, and when `crosswalk run` reads them",
    &[
        Key::optional("remote_data", Is::Flag, "Show the source's own record in `remote_data`"),
        EVERY,
        CRON,
        Key::optional("zone", Is::Text, "The time zone of `cron`, by its name in the time zone database; UTC where it is not said")
            .example("Europe/Amsterdam"),
        Key::optional(
            "jitter",
            Is::Duration,
            "The span over which connections with the same clock are spread; a tenth of the interval where it is not said, and at most 5m",
        ),
        Key::optional("models", Is::Defined("clocks"), "Models that are read by a clock of their own, or not at all")
            .example("{ users: { every: 6h }, applications: { every: 5m } }"),
        Key::optional("paused", Is::Flag, "Do not read it by the clock; what is stored stays"),
        Key::optional(
            "invalid_after",
            Is::Duration,
            "How long the source may refuse the credentials before the connection counts as invalid; 3d where it is not said",
        ),
        Key::optional(
            "full_every",
            Is::Duration,
            "How long after everything was read a sync reads everything again, and not only what changed; 1d where it is not said",
        ),
        Key::optional(
            "deletions",
            Is::Keys(&DELETIONS),
            "What is believed of records that are gone, and what is kept of them",
        ),
    ],
)
.choosing(&[Choice { of: &["every", "cron"], required: false }]);

pub(super) static DELETIONS: Keys = Keys::new(
    "`deletions`",
    "What is believed of records that are gone, and what is kept of them",
    &[
        Key::optional(
            "most",
            Is::Integer(0, 100),
            "How many of a hundred records may be gone at once; more are only marked as deleted by `crosswalk sync --accept-deletions`. 20 where it is not said",
        ),
        Key::optional(
            "few",
            Is::Integer(0, i64::MAX),
            "So many may be gone at once whatever their share is; 10 where it is not said",
        ),
        Key::optional(
            "clear_after",
            Is::Duration,
            "How long a deleted record keeps its fields and what the source sent; 14d where it is not said",
        ),
    ],
);

pub(crate) static CLOCK: Keys = Keys::new(
    "the clock of a model",
    "When a model is read, where that differs from its connection",
    &[EVERY, CRON, Key::optional("off", Is::Flag, "Do not read it by the clock; what is stored stays")],
)
.choosing(&[Choice { of: &["every", "cron"], required: false }]);

const EVERY: Key = Key::optional(
    "every",
    Is::Duration,
    "How long after the beginning of a sync the next one begins at the latest; 1h where it is not said, and at least 1s",
);
const CRON: Key = Key::optional(
    "cron",
    Is::Defined("cron"),
    "The times at which a sync begins, in the place of `every`: minute, hour, day of the month, month, day of the week",
)
.example("0 2 * * *");
