//! `connector.yaml`: how a source is reached and how it writes things.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::changes::{self, Changes};
use super::headers::HeaderPattern;
use super::keys::{
    CONNECTOR, DATE, DELETION, FAULTS, FILTERS, FREE_FIELDS, OAUTH2, PLACEMENTS, SCALAR, SCALAR_KINDS, SCRIPTS,
    SETTING, WRITES, WRITES_KIND,
};
use super::limits::SaidLimits;
use super::pages::Pages;
use super::permissions::Permissions;
use super::remote::{Faults, OAUTH2_CREDENTIALS, Placement};
use super::{headers, pages, webhooks};
use crate::diagnostics::{Problem, Problems, SourceFile, Span};
use crate::mapping::action::Quoting;
use crate::mapping::{DateFormat, FreeFields, LabelsSource, Spelling, TypeMark};
use crate::schema::Scalar;
use crate::script;
use crate::yaml::{self, Entry, Fields, Keys, Located, Node};

/// What `connector.yaml` says.
#[derive(Debug)]
pub(crate) struct Definition {
    pub file: Arc<SourceFile>,
    pub name: String,
    pub title: String,
    pub settings: Vec<Setting>,
    pub endpoint: Located<String>,
    pub oauth2: Option<OAuth2>,
    pub headers: Vec<HeaderPattern>,
    pub pages: Pages,
    pub arguments: Vec<Entry>,
    /// How values stand in filters.
    pub quoting: Option<Quoting>,
    /// The member of input objects that names their type.
    pub type_mark: Option<TypeMark>,
    pub scalars: BTreeMap<String, Scalar>,
    /// Whether it is clear what each of them means.
    pub all_scalars_known: bool,
    /// Where the scalars stand, for messages about them.
    pub scalar_keys: Vec<Located<String>>,
    pub dates: BTreeMap<String, DateFormat>,
    pub flags: BTreeMap<i64, bool>,
    pub deletion: Option<(Located<String>, i64)>,
    pub changes: Option<Changes>,
    pub webhooks: Option<webhooks::Pattern>,
    pub free_fields: FreeFields,
    pub limits: SaidLimits,
    pub faults: Faults,
    pub scripts: script::Limits,
    pub permissions: Permissions,
}

/// Something that a connection says.
#[derive(Debug)]
pub(crate) struct Setting {
    pub name: Located<String>,
    pub about: String,
    pub default: Option<String>,
    /// What it can be; anything when nothing is listed.
    pub values: Vec<String>,
}

impl Setting {
    /// Whether it can have a value. That it is blank is another matter.
    pub fn takes(&self, value: &str) -> bool {
        self.values.is_empty() || value.trim().is_empty() || self.values.iter().any(|known| known == value)
    }
}

/// How access tokens are got, before settings are filled in.
#[derive(Debug)]
pub(crate) struct OAuth2 {
    pub token_url: Located<String>,
    pub scopes: Vec<String>,
    pub placement: Placement,
    pub expiry_margin: Duration,
}

impl Definition {
    /// The credentials that a connection has to name.
    pub fn credentials(&self) -> Vec<String> {
        let of_tokens = OAUTH2_CREDENTIALS.iter().filter(|_| self.oauth2.is_some()).map(|name| (*name).to_owned());
        let mut names: Vec<String> = of_tokens.collect();
        for name in self.headers.iter().flat_map(HeaderPattern::names) {
            let is_setting = self.settings.iter().any(|setting| setting.name.value == name);
            if !is_setting && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    pub fn parse(file: &Arc<SourceFile>, problems: &Problems) -> Option<Definition> {
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, &CONNECTOR, file, problems)?;
        let reader = Reader { file, problems };
        let name = fields.required_text("name");
        let title = fields.required_text("title");
        let settings = fields.map("settings").iter().filter_map(|entry| reader.setting(entry)).collect();
        let endpoint = fields.required_text("endpoint");
        let oauth2 = fields.get("oauth2").map(|node| reader.oauth2(node));
        let headers = headers::parse(fields.map("headers"), fields.entry("oauth2"), file, problems);
        if fields.get("oauth2").is_none() && fields.get("headers").is_none() {
            problems.report(
                Problem::error("M0004", "a connector needs `oauth2` or `headers`")
                    .at(file, fields.span(), "no request would be let in")
                    .help("write such as `headers: { Authorization: \"Bearer {api_key}\" }`"),
            );
        }
        let pages = fields.require("pages").and_then(|node| pages::parse(node, file, problems));
        let arguments = fields.map("arguments").to_vec();
        let quoting = fields.get("filters").and_then(|node| reader.quoting(node));
        let type_mark = fields.get("writes").and_then(|node| reader.type_mark(node));
        let mut scalars = BTreeMap::new();
        let mut dates = BTreeMap::new();
        let mut all_scalars_known = true;
        for entry in fields.map("scalars") {
            match reader.scalar(entry) {
                Some((scalar, format)) => {
                    scalars.insert(entry.key.value.clone(), scalar);
                    dates.extend(format.map(|format| (entry.key.value.clone(), format)));
                }
                None => all_scalars_known = false,
            }
        }
        let scalar_keys = fields.map("scalars").iter().map(|entry| entry.key.clone()).collect();
        let flags = fields.map("flags").iter().filter_map(|entry| reader.flag(entry)).collect();
        let deletion = fields.get("deletion").and_then(|node| reader.deletion(node));
        let changes =
            fields.get("changes").and_then(|node| changes::parse(node, |date| reader.date(date), file, problems));
        let webhooks = fields.get("webhooks").map(|node| webhooks::parse(node, file, problems));
        let free_fields = fields.get("custom_fields").and_then(|node| reader.free_fields(node)).unwrap_or_default();
        let limits = match fields.get("limits") {
            Some(node) => SaidLimits::parse(node, file, problems),
            None => Some(SaidLimits::default()),
        };
        let faults = fields.get("faults").map_or_else(|| Some(Faults::default()), |node| reader.faults(node));
        let scripts =
            fields.get("scripts").map_or_else(|| Some(script::Limits::default()), |node| reader.scripts(node));
        let permissions = fields.get("permissions").map(|node| Permissions::parse(node, file, problems));
        fields.close();
        let oauth2 = match oauth2 {
            Some(oauth2) => Some(oauth2?),
            None => None,
        };
        Some(Definition {
            file: Arc::clone(file),
            name: name?.value,
            title: title?.value,
            settings,
            endpoint: endpoint?,
            oauth2,
            headers,
            pages: pages?,
            arguments,
            quoting,
            type_mark,
            scalars,
            all_scalars_known,
            scalar_keys,
            dates,
            flags,
            deletion,
            changes,
            webhooks: match webhooks {
                Some(webhooks) => Some(webhooks?),
                None => None,
            },
            free_fields,
            limits: limits?,
            faults: faults?,
            scripts: scripts?,
            permissions: match permissions {
                Some(permissions) => permissions?,
                None => Permissions::default(),
            },
        })
    }
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    problems: &'a Problems,
}

impl Reader<'_> {
    fn open<'a>(&'a self, node: &'a Node, keys: &'static Keys) -> Option<Fields<'a>> {
        Fields::open(node, keys, self.file, self.problems)
    }

    fn setting(&self, entry: &Entry) -> Option<Setting> {
        let fields = self.open(&entry.value, &SETTING)?;
        let about = fields.text("about").map_or_else(String::new, |about| about.value);
        let default = fields.text("default");
        let values: Vec<String> = fields.texts("values").into_iter().map(|value| value.value).collect();
        fields.close();
        let setting = Setting { name: entry.key.clone(), about, default: None, values };
        if let Some(default) = default.as_ref().filter(|default| !setting.takes(&default.value)) {
            self.problems.report(
                Problem::error("M0619", format!("`{}` is no value of this setting", default.value))
                    .at(self.file, default.span, "no such value")
                    .suggest(&default.value, setting.values.iter().map(String::as_str)),
            );
        }
        Some(Setting { default: default.map(|default| default.value), ..setting })
    }

    /// How values stand in filters.
    fn quoting(&self, node: &Node) -> Option<Quoting> {
        let fields = self.open(node, &FILTERS)?;
        fields.require("quotes");
        let quotes = self.signs(fields.texts("quotes"));
        let refused = self.signs(fields.texts("refused"));
        fields.close();
        Some(Quoting { quotes, refused })
    }

    fn signs(&self, texts: Vec<Located<String>>) -> Vec<char> {
        let sign = |text: Located<String>| {
            let mut signs = text.value.chars();
            let found = signs.next().filter(|_| signs.next().is_none());
            if found.is_none() {
                self.problems.report(
                    Problem::error("M0609", format!("`{}` is not one sign", text.value))
                        .at(self.file, text.span, "one sign is expected here")
                        .help("write each sign by itself, such as `quotes: [\"'\", '\"']`"),
                );
            }
            found
        };
        texts.into_iter().filter_map(sign).collect()
    }

    /// How input objects name their type.
    fn type_mark(&self, node: &Node) -> Option<TypeMark> {
        let fields = self.open(node, &WRITES)?;
        let kind = fields.get("kind").and_then(|node| {
            let fields = self.open(node, &WRITES_KIND)?;
            let member = fields.required_text("member");
            let without = fields.text("without").map_or_else(String::new, |text| text.value);
            fields.close();
            Some(TypeMark { member: member?.value, without })
        });
        fields.close();
        kind
    }

    fn oauth2(&self, node: &Node) -> Option<OAuth2> {
        let fields = self.open(node, &OAUTH2)?;
        let token_url = fields.required_text("token_url");
        let scopes = fields.texts("scopes").into_iter().map(|scope| scope.value).collect();
        let placement = match fields.text("placement") {
            None => Placement::Body,
            Some(text) => match text.value.as_str() {
                "body" => Placement::Body,
                "basic" => Placement::Basic,
                other => {
                    self.problems.report(
                        Problem::error("M0601", format!("`{other}` is no place for credentials"))
                            .at(self.file, text.span, "unknown place")
                            .suggest(other, PLACEMENTS.iter().copied()),
                    );
                    return None;
                }
            },
        };
        let margin = fields.duration("expiry_margin").unwrap_or(Duration::from_secs(60));
        fields.close();
        Some(OAuth2 { token_url: token_url?, scopes, placement, expiry_margin: margin })
    }

    fn scalar(&self, entry: &Entry) -> Option<(Scalar, Option<DateFormat>)> {
        let fields = self.open(&entry.value, &SCALAR)?;
        let kind = fields.required_text("kind");
        let format = fields.text("format");
        let zone = fields.text("zone");
        fields.close();
        let kind = kind?;
        let scalar = match kind.value.as_str() {
            "text" => Scalar::Text,
            "int" => Scalar::Int,
            "float" => Scalar::Float,
            "boolean" => Scalar::Boolean,
            "json" => Scalar::Json,
            "datetime" => Scalar::DateTime,
            other => {
                self.problems.report(
                    Problem::error("M0602", format!("`{other}` is no kind of scalar"))
                        .at(self.file, kind.span, "unknown kind")
                        .suggest(other, SCALAR_KINDS.iter().copied()),
                );
                return None;
            }
        };
        if scalar != Scalar::DateTime {
            if let Some(stray) = format.or(zone) {
                self.problems.report(
                    Problem::error("M0603", "only a datetime has a format and a zone")
                        .at(self.file, stray.span, format!("on a scalar of the kind {}", kind.value))
                        .help("remove it, or write `kind: datetime`"),
                );
            }
            return Some((scalar, None));
        }
        // That it is a date is clear, whatever its format.
        Some((scalar, self.date_format(format.as_ref(), zone.as_ref(), entry.key.span)))
    }

    fn flag(&self, entry: &Entry) -> Option<(i64, bool)> {
        match (entry.key.value.parse(), &entry.value.value) {
            (Ok(number), yaml::Value::Bool(flag)) => Some((number, *flag)),
            _ => {
                self.problems.report(
                    Problem::error("M0604", "a flag says whether a whole number means true or false")
                        .at(self.file, entry.key.span, "does not")
                        .help("write such as `\"1\": true`"),
                );
                None
            }
        }
    }

    fn free_fields(&self, node: &Node) -> Option<FreeFields> {
        let fields = self.open(node, &FREE_FIELDS)?;
        let keys = fields.texts("keys").into_iter().filter_map(|pattern| {
            let spelling = Spelling::new(&pattern.value);
            if spelling.is_none() {
                self.problems.report(
                    Problem::error(
                        "M0606",
                        format!("`{}` says not where the id of a free field stands", pattern.value),
                    )
                    .at(self.file, pattern.span, "without `{id}`")
                    .help("write such as `_{id}`"),
                );
            }
            spelling
        });
        let keys = keys.collect();
        let dates = fields.list("dates").iter().filter_map(|node| self.date(node)).collect();
        let labels = fields.get("labels").and_then(|node| LabelsSource::parse(node, self.file, self.problems));
        fields.close();
        Some(FreeFields { keys, dates, labels })
    }

    fn date(&self, node: &Node) -> Option<DateFormat> {
        let fields = self.open(node, &DATE)?;
        let (format, zone) = (fields.required_text("format"), fields.text("zone"));
        fields.close();
        let format = format?;
        self.date_format(Some(&format), zone.as_ref(), format.span)
    }

    fn date_format(
        &self,
        format: Option<&Located<String>>,
        zone: Option<&Located<String>>,
        span: Span,
    ) -> Option<DateFormat> {
        let written = format.map_or("rfc3339", |format| format.value.as_str());
        let clock = zone.map_or("UTC", |zone| zone.value.as_str());
        match DateFormat::new(written, clock) {
            Ok(format) => Some(format),
            Err(why) => {
                let (span, help) = match zone.filter(|_| why.contains("time zone")) {
                    Some(zone) => (zone.span, "write a name of the time zone database, such as `Europe/Amsterdam`"),
                    None => {
                        (format.map_or(span, |text| text.span), "write such as `yyyy-MM-dd HH:mm:ss`, or `rfc3339`")
                    }
                };
                self.problems.report(Problem::error("M0603", why).at(self.file, span, "cannot be used").help(help));
                None
            }
        }
    }

    fn deletion(&self, node: &Node) -> Option<(Located<String>, i64)> {
        let fields = self.open(node, &DELETION)?;
        let path = fields.required_text("path");
        // Where a flag is true or false, true is 1.
        let equals = match fields.get("equals").map(|node| &node.value) {
            Some(yaml::Value::Bool(flag)) => i64::from(*flag),
            _ => fields.integer("equals").unwrap_or(1),
        };
        fields.close();
        Some((path?, equals))
    }

    /// What refusals mean.
    fn faults(&self, node: &Node) -> Option<Faults> {
        let fields = self.open(node, &FAULTS)?;
        let words = fields.texts("too_complex").into_iter().map(|word| word.value.to_lowercase());
        let faults = Faults { too_complex: words.filter(|word| !word.trim().is_empty()).collect() };
        fields.close();
        Some(faults)
    }

    /// How much a call of a script may use.
    fn scripts(&self, node: &Node) -> Option<script::Limits> {
        let fields = self.open(node, &SCRIPTS)?;
        let (usual, most) = (script::Limits::default(), script::Limits::CEILING);
        let count =
            |key, usual: usize| fields.integer(key).and_then(|count| usize::try_from(count).ok()).unwrap_or(usual);
        let operations = fields.integer("operations");
        let limits = script::Limits {
            operations: operations.and_then(|count| u64::try_from(count).ok()).unwrap_or(usual.operations),
            call_depth: count("call_depth", usual.call_depth),
            string: count("string", usual.string),
            array: count("array", usual.array),
            map: count("map", usual.map),
            memory: count("memory", usual.memory),
            time: self.at_most(&fields, "time", most.time).unwrap_or(usual.time),
        };
        fields.close();
        Some(limits)
    }

    /// The duration of a key, which has a ceiling.
    fn at_most(&self, fields: &Fields<'_>, key: &'static str, most: Duration) -> Option<Duration> {
        let duration = fields.duration(key)?;
        if duration <= most && !duration.is_zero() {
            return Some(duration);
        }
        let span = fields.get(key)?.span;
        let (found, most) = (duration.as_millis(), most.as_millis());
        self.problems.report(Problem::error("M0003", format!("`{key}` is from 1ms to {most}ms, not {found}ms")).at(
            self.file,
            span,
            "out of range",
        ));
        None
    }
}
