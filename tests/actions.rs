//! Every case in `tests/actions` is an action's input with what the source answers; what the steps ask and write, in their
//! order, is a snapshot.
//!
//! A case is `{ "input": …, "answers": { "<step>": <object or null> }, "settings": { … } }`. A step without an answer finds
//! nothing, or makes something with an id of its own; `"refused"` is a refusal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crosswalk::connector::{Connection, Home, Revision};
use crosswalk::mapping::action::{ActionContext, ActionPlan, Evaluation, Fail, Message, Request, Step, StepKind};
use crosswalk::model::input::{Limits, check};
use crosswalk::model::{ACTIONS, Action};
use crosswalk::yaml::Located;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn revision(settings: &Value) -> Revision {
    let home = Home::new(ROOT);
    let mut connection = Connection::load(&home, "sandbox").unwrap_or_else(|report| panic!("{report}"));
    for (name, value) in settings.as_object().into_iter().flatten() {
        let span = connection.settings.values().next().unwrap().span;
        let value = Located { value: value.as_str().unwrap().to_owned(), span };
        connection.settings.insert(name.clone(), value);
    }
    Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"))
}

/// A run without a source.
struct Run<'r> {
    plan: &'r ActionPlan,
    answers: &'r Value,
    environment: Map<String, Value>,
    told: Vec<Value>,
    used: BTreeSet<String>,
    /// The documents that were sent, by the names of their operations.
    documents: &'r mut BTreeMap<String, String>,
}

/// Why no further step has its turn.
struct Ended;

impl<'r> Run<'r> {
    fn evaluate<T>(&self, step: &'r Step, path: &str, take: impl for<'a> FnOnce(&mut Evaluation<'r, 'a>) -> T) -> T {
        let environment = Value::Object(self.environment.clone()).to_string();
        let key = format!("key-of-{path}");
        let context = ActionContext { now: "2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap(), key: &key };
        let mut evaluation = Evaluation::new(self.plan, step, &context, &environment)
            .unwrap_or_else(|issues| panic!("{path}: {issues:?}"));
        take(&mut evaluation)
    }

    fn say(&self, step: &'r Step, path: &str, message: &'r Message) -> String {
        self.evaluate(step, path, |one| one.message(message)).unwrap_or_else(|issues| panic!("{path}: {issues:?}"))
    }

    fn asked(&mut self, path: &str, request: &Request, already: Option<Request>) {
        for sent in [Some(request), already.as_ref()].into_iter().flatten() {
            self.documents.insert(sent.name.clone(), sent.document.to_string());
        }
        let mut told = json!({ "step": path, "asks": request.root, "variables": request.variables });
        if let Some(already) = already {
            told["already"] = json!({ "asks": already.root, "variables": already.variables });
        }
        self.told.push(told);
    }

    fn answer(&mut self, path: &str) -> Option<Value> {
        let answer = self.answers.get(path).cloned();
        if answer.is_some() {
            self.used.insert(path.to_owned());
        }
        answer
    }

    fn steps(&mut self, steps: &'r [Step], before: &str) -> Result<(), Ended> {
        for step in steps {
            let path = format!("{before}{}", step.id());
            if self.evaluate(step, &path, |one| one.holds()) {
                self.step(step, &path)?;
            } else if let Some(name) = step.name().filter(|_| !matches!(step.kind(), StepKind::ForEach(_))) {
                self.environment.entry(name.to_owned()).or_insert(Value::Null);
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &'r Step, path: &str) -> Result<(), Ended> {
        match step.kind() {
            StepKind::Find(find) => {
                let request =
                    self.evaluate(step, path, |one| one.request()).unwrap_or_else(|issues| panic!("{issues:?}"));
                let mut found = Value::Null;
                if let Some(request) = request {
                    self.asked(path, &request, None);
                    found = self.answer(path).unwrap_or_default();
                }
                let nothing = found.is_null();
                self.environment.insert(find.name().to_owned(), found);
                if let (true, Some(fail)) = (nothing, find.none()) {
                    return self.fails(step, path, fail);
                }
            }
            StepKind::Mutate(mutate) => {
                let request = self.evaluate(step, path, |one| one.request());
                let Ok(Some(request)) = request else { panic!("{path}: {request:?}") };
                let already =
                    self.evaluate(step, path, |one| one.already()).unwrap_or_else(|issues| panic!("{issues:?}"));
                self.asked(path, &request, already);
                let result = self.answer(path).unwrap_or_else(|| json!({ "_id": format!("new {}", mutate.name()) }));
                if result == "refused" {
                    self.environment.insert(mutate.name().to_owned(), Value::Null);
                    let Some(message) = mutate.on_error() else { panic!("{path} may not be refused") };
                    let message = self.say(step, path, message);
                    self.told.push(json!({ "warns": message }));
                } else {
                    self.environment.insert(mutate.name().to_owned(), result);
                }
            }
            StepKind::ForEach(each) => {
                let items = self.evaluate(step, path, |one| one.items());
                let outside: Vec<String> = self.environment.keys().cloned().collect();
                for (at, item) in items.into_iter().enumerate() {
                    self.environment.insert(each.name().to_owned(), item);
                    self.steps(each.steps(), &format!("{path}[{at}]."))?;
                    self.environment.retain(|name, _| outside.contains(name));
                }
            }
            StepKind::FetchFile(fetch) => {
                let file = self.evaluate(step, path, |one| one.file()).unwrap();
                self.told
                    .push(json!({ "step": path, "fetches": file.get("data_url").unwrap_or(&json!("what was given")) }));
                let content = file.get("data").cloned().unwrap_or_else(|| json!("RmV0Y2hlZA=="));
                let fetched =
                    json!({ "name": file["name"], "content_type": "application/pdf", "size": 7, "content": content });
                self.environment.insert(fetch.name().to_owned(), fetched);
            }
            StepKind::Fail(fail) => return self.fails(step, path, fail),
            StepKind::Warn(message) => {
                let message = self.say(step, path, message);
                self.told.push(json!({ "warns": message }));
            }
            StepKind::Stop => return Err(Ended),
        }
        Ok(())
    }

    fn fails(&mut self, step: &'r Step, path: &str, fail: &'r Fail) -> Result<(), Ended> {
        let message = self.say(step, path, fail.message());
        self.told.push(json!({ "fails": format!("{:?}", fail.code()), "at": fail.at(), "message": message }));
        Err(Ended)
    }
}

/// The ids of the source in place of `remote:` and the id, as the engine does before the steps.
fn resolved(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(id) = text.strip_prefix("remote:") {
                *text = id.to_owned();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(resolved),
        Value::Object(members) => members.values_mut().for_each(resolved),
        _ => {}
    }
}

fn outcome(action: &'static Action, case: &Value, title: &str, documents: &mut BTreeMap<String, String>) -> Value {
    let input = match check(action, &case["input"], &Limits::default()) {
        Ok(input) => input,
        Err(problems) => return json!({ "problems": problems.iter().map(ToString::to_string).collect::<Vec<_>>() }),
    };
    let revision = revision(&case["settings"]);
    let plan = revision.action(action.name).unwrap_or_else(|| panic!("no file says how {} is done", action.name));
    let mut input = input.into_value();
    resolved(&mut input);
    let left_out = plan.warnings(&input);
    let environment = Map::from_iter([("input".to_owned(), input)]);
    let mut run =
        Run { plan, answers: &case["answers"], environment, told: Vec::new(), used: BTreeSet::new(), documents };
    let ended = run.steps(plan.steps(), "").is_err();
    let mut outcome = json!({ "steps": run.told, "left_out": left_out });
    if !ended {
        let context = ActionContext { now: Timestamp::UNIX_EPOCH, key: "" };
        let touched = plan.touched(&context, &Value::Object(run.environment).to_string()).unwrap();
        let touched = touched.into_iter().map(|one| (one.model.name.to_owned(), Value::from(one.remote_id)));
        outcome["touches"] = Value::Object(touched.collect());
    }
    let answers: BTreeSet<String> =
        case["answers"].as_object().into_iter().flatten().map(|(step, _)| step.clone()).collect();
    assert_eq!(run.used, answers, "{title}: answers to what nobody asked");
    outcome
}

/// The cases by action and name.
fn cases() -> BTreeMap<(String, String), Value> {
    let mut cases = BTreeMap::new();
    for folder in std::fs::read_dir(Path::new(ROOT).join("tests/actions")).unwrap() {
        let folder = folder.unwrap().path();
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
            let case = serde_json::from_str(&std::fs::read_to_string(&file).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            cases.insert((name(&folder), name(&file)), case);
        }
    }
    cases
}

fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(ROOT).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn cases_ask_and_write_what_their_snapshots_say() {
    let cases = cases();
    for action in ACTIONS {
        assert!(cases.keys().any(|(of, _)| of == action.name), "{} has no case", action.name);
    }
    let mut documents: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for ((action, name), case) in &cases {
        let title = format!("action__{action}__{name}");
        let action = Action::named(action).unwrap_or_else(|| panic!("there is no action {action}"));
        let outcome = outcome(action, case, &title, documents.entry(action.name).or_default());
        snapshots().bind(|| insta::assert_json_snapshot!(title, outcome));
    }
    for (action, documents) in documents {
        let name = format!("action_operations__{action}");
        let documents: Vec<String> = documents.into_values().collect();
        snapshots().bind(|| insta::assert_snapshot!(name, documents.join("\n")));
    }
}

#[test]
fn no_snapshot_of_an_action_is_left_without_its_case() {
    let cases: BTreeSet<String> =
        cases().into_keys().map(|(action, name)| format!("action__{action}__{name}.snap")).collect();
    for entry in std::fs::read_dir(Path::new(ROOT).join("snapshots")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.starts_with("action__") || cases.contains(&name), "{name} has no case");
    }
}
