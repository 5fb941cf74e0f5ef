//! From a document to a plan: every path, argument and value is checked against the unified input and the source's schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::compile::{Compiler, Named, State, Surroundings, View, named};
use super::super::plan::When;
use super::super::shape::{Node, Scope, Shape};
use super::super::signature::Digest;
use super::super::time::DateFormat;
use super::super::write::Terms;
use super::ask::Draft;
use super::document::{self, ActionDocument, Kind as Written};
use super::names::{self, Bound, Names, Reads};
use super::plan::{
    ActionPlan, Ask, Fail, FetchFile, Find, ForEach, MadeMessage, Message, Mutate, Repetition, Step, StepKind, Touches,
};
use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::model::{ACTIONS, Action, Kind, MODELS, Model};
use crate::schema::{Schema, Target};
use crate::script::Library;
use crate::yaml::Located;

/// Compiles a file of an action. Everything that is wrong with it is reported; then there is no plan.
pub fn compile(document: &ActionDocument, around: Surroundings<'_>, problems: &Problems) -> Option<ActionPlan> {
    let file = &document.file;
    let name = &document.action;
    let Some(action) = Action::named(&name.value) else {
        problems.report(
            Problem::error("M0806", format!("there is no action `{}`", name.value))
                .at(file, name.span, "unknown action")
                .suggest(&name.value, ACTIONS.iter().map(|action| action.name)),
        );
        return None;
    };
    let before = problems.count();
    let scripts: Vec<_> = document.scripts.iter().map(|part| (&part.file, &part.value)).collect();
    let library = around.scripts.library(&scripts, problems);
    let conditions = named(&document.conditions, problems);
    let mut schema = around.schema.clone();
    let names = Names::new(action, &mut schema, &document.steps, file, name.span);
    let mut dates: BTreeMap<String, Arc<DateFormat>> =
        around.dialect.dates.iter().map(|(name, format)| (name.clone(), Arc::new(format.clone()))).collect();
    dates.extend([names::dates()]);
    let state = State::default();
    let mut work = Work {
        around,
        schema,
        names,
        library: &library,
        conditions: &conditions,
        state: &state,
        file,
        problems,
        dates,
        reads: Reads::default(),
    };
    let steps = work.steps(&document.steps);
    let touches = work.touches(document);
    let unread = work.unread(action, document);
    if problems.count() != before {
        return None;
    }
    let steps = steps.into_iter().map(|step| work.finished(step, action.name)).collect::<Vec<_>>();
    let steps = steps.into_iter().collect::<Option<Vec<_>>>()?;
    if problems.wants_warnings() {
        document.warn(&work.reads, problems);
    }
    let signature = signature(document, &steps);
    let choices = around.schema.enums();
    let choices = choices.map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()));
    let terms = Terms { dates: around.dialect.dates.clone(), choices: choices.collect() };
    Some(ActionPlan {
        action,
        file: Arc::clone(file),
        steps,
        touches,
        unread,
        flags: around.dialect.flags.clone(),
        terms,
        rows_of_page: around.dialect.pages.items.split('.').map(Into::into).collect(),
        quoting: around.dialect.quoting.clone().unwrap_or_default(),
        signature,
        library,
    })
}

/// Names what an action does, by what it was compiled from.
fn signature(document: &ActionDocument, steps: &[Step]) -> String {
    fn documents(steps: &[Step], digest: &mut Digest) {
        for step in steps {
            digest.text(&step.id);
            match &step.kind {
                StepKind::Find(find) => digest.text(&find.ask.document),
                StepKind::Mutate(mutate) => digest.text(&mutate.ask.document),
                StepKind::ForEach(each) => documents(&each.steps, digest),
                _ => {}
            }
        }
    }
    let mut digest = Digest::default();
    digest.text(&document.file.text);
    for part in &document.scripts {
        digest.text(&part.file.text);
    }
    documents(steps, &mut digest);
    digest.finish()
}

/// A step whose requests are not written yet: what is selected is known when all steps are.
struct Unfinished<'d> {
    id: &'d str,
    place: Place,
    when: Option<When>,
    scope: Scope,
    kind: Unsent<'d>,
}

enum Unsent<'d> {
    Find { name: &'d str, ask: Draft<'d>, none: Option<Fail> },
    Change { name: &'d str, word: super::Word, ask: Draft<'d>, already: Option<Draft<'d>>, on_error: Option<Message> },
    ForEach { name: &'d str, list: &'d str, steps: Vec<Unfinished<'d>> },
    Other(StepKind),
}

/// What changes while a file is compiled.
pub(super) struct Work<'a> {
    pub around: Surroundings<'a>,
    /// The source's, with the types of names.
    pub schema: Schema,
    pub names: Names,
    pub library: &'a Library,
    pub conditions: &'a [Named],
    pub state: &'a State,
    pub file: &'a Arc<SourceFile>,
    pub problems: &'a Problems,
    pub dates: BTreeMap<String, Arc<DateFormat>>,
    pub reads: Reads,
}

impl<'a> Work<'a> {
    pub fn compiler(&self) -> Compiler<'_> {
        Compiler {
            schema: &self.schema,
            dialect: self.around.dialect,
            tables: self.around.tables,
            scripts: self.around.scripts,
            library: self.library,
            conditions: self.conditions,
            state: self.state,
            names: Some(&self.names),
            file: self.file,
            problems: self.problems,
        }
    }

    fn steps<'d>(&mut self, steps: &'d [document::Step]) -> Vec<Unfinished<'d>> {
        steps.iter().filter_map(|step| self.step(step)).collect()
    }

    fn step<'d>(&mut self, step: &'d document::Step) -> Option<Unfinished<'d>> {
        let row_type = self.names.define(&mut self.schema);
        let place = Place::new(self.file, step.span);
        let mut scope = Scope::default();
        let because = (place.clone(), self.names.describe());
        let mut view = View::new(&mut scope, row_type, String::new(), because);
        let when = step.when.as_ref().map(|text| {
            let test = self.compiler().test(text, &mut view)?;
            Some(When { test, text: text.value.as_str().into(), place: Box::new(Place::new(self.file, text.span)) })
        });
        let kind = self.kind(&step.kind, &mut view);
        self.note(&scope);
        if let Written::FetchFile { from, .. } = &step.kind {
            let from = self.stands_for(&from.value);
            self.reads.take(&from);
        }
        if let Written::ForEach { list, name, steps } = &step.kind {
            return self.for_each(step, (list, name), steps, scope, when);
        }
        let kind = kind?;
        self.bind(&step.kind, &kind);
        scope.set_dates(&self.dates);
        Some(Unfinished { id: &step.id, place, when: transpose(when)?, scope, kind })
    }

    fn kind<'d>(&self, kind: &'d Written, view: &mut View<'_>) -> Option<Unsent<'d>> {
        Some(match kind {
            Written::Find { name, ask, none } => {
                let none = none.as_ref().map(|fail| self.fail(fail, view));
                Unsent::Find { name: &name.value, ask: self.draft(ask, false, view)?, none }
            }
            Written::Change { word, name, ask, already, on_error } => {
                let on_error = on_error.as_ref().map(|message| self.message(message, view));
                let draft = self.draft(ask, true, view);
                let already = already.as_ref().map(|already| {
                    let draft = self.draft(already, false, view)?;
                    self.yields_the_same(ask, already)?;
                    Some(draft)
                });
                Unsent::Change { name: &name.value, word: *word, ask: draft?, already: transpose(already)?, on_error }
            }
            Written::ForEach { list, name, .. } => {
                let steps = self.compiler().relation(view, list)?;
                let full = view.full(&steps);
                if !steps.last()?.target.is_list() {
                    self.problems.report(
                        Problem::error("M0807", format!("`{}` is no list", list.value))
                            .at(self.file, list.span, "a single object")
                            .help("its members can be read without `for_each`"),
                    );
                    return None;
                }
                view.scope.list(&full);
                Unsent::ForEach { name: &name.value, list: &list.value, steps: Vec::new() }
            }
            Written::FetchFile { name, from, max_size, types } => {
                self.file_object(from, view)?;
                Unsent::Other(StepKind::FetchFile(FetchFile {
                    name: name.value.clone(),
                    from: from.value.clone(),
                    max_size: *max_size,
                    types: types.clone(),
                }))
            }
            Written::Fail(fail) => Unsent::Other(StepKind::Fail(self.fail(fail, view))),
            Written::Warn(message) => Unsent::Other(StepKind::Warn(self.message(message, view))),
            Written::Stop => Unsent::Other(StepKind::Stop),
            Written::Off => return None,
        })
    }

    /// Whether `fetch_file` can go by an object.
    fn file_object(&self, from: &Located<String>, view: &mut View<'_>) -> Option<()> {
        let steps = self.compiler().walk(view, from)?;
        let target = &steps.last()?.target;
        let has = |name: &str| target.object().is_some_and(|object| self.schema.walk(object, name).is_ok());
        if !matches!(target, Target::Object(_)) || !(has("data") || has("data_url")) {
            self.problems.report(
                Problem::error("M0807", format!("`{}` is no file", from.value))
                    .at(self.file, from.span, "has neither `data` nor `data_url`")
                    .help("name an object such as `input.attachment`"),
            );
            return None;
        }
        view.scope.presence(&view.full(&steps));
        Some(())
    }

    /// What is found in place of a change is of the same type as what the change returns.
    fn yields_the_same(&self, ask: &document::Ask, already: &document::Ask) -> Option<()> {
        let (changed, found) = (self.yields(&ask.field, true, false)?, self.yields(&already.field, false, false)?);
        if changed.0 == found.0 {
            return Some(());
        }
        self.problems.report(
            Problem::error(
                "M0803",
                format!("`{}` yields something else than `{}`", already.field.value, ask.field.value),
            )
            .at(self.file, already.field.span, format!("yields a {}", found.0))
            .because(Place::new(self.file, ask.field.span), format!("yields a {}", changed.0))
            .help("what is found takes the place of what the change returns, so both are of one type"),
        );
        None
    }

    /// Binds what a step yields.
    fn bind(&mut self, written: &Written, kind: &Unsent<'_>) {
        let (name, target) = match (written, kind) {
            (Written::Find { name, .. }, Unsent::Find { ask, .. })
            | (Written::Change { name, .. }, Unsent::Change { ask, .. }) => {
                (name, Target::Object(ask.row_type.clone()))
            }
            (Written::FetchFile { name, .. }, _) => (name, Names::file()),
            _ => return,
        };
        let place = Place::new(self.file, name.span);
        let name = name.value.clone();
        self.names.bind(Bound { stands_for: name.clone(), name, target, place }, self.problems);
    }

    fn for_each<'d>(
        &mut self,
        step: &'d document::Step,
        (list, name): (&'d Located<String>, &'d Located<String>),
        inner: &'d [document::Step],
        mut scope: Scope,
        when: Option<Option<When>>,
    ) -> Option<Unfinished<'d>> {
        let before = self.names.enter();
        let place = Place::new(self.file, name.span);
        let mut sound = false;
        if let Some(target) = self.list_of(&list.value) {
            let stands_for = self.stands_for(&list.value);
            if self.names.get(&name.value).is_some() {
                self.names.bind(Bound { name: name.value.clone(), target, stands_for, place }, self.problems);
            } else {
                self.names.bind(Bound { name: name.value.clone(), target, stands_for, place }, self.problems);
                sound = true;
            }
        }
        // Without the entry every path inside would be wrong.
        let steps = if sound { self.steps(inner) } else { Vec::new() };
        self.names.leave(before);
        scope.set_dates(&self.dates);
        sound.then_some(())?;
        let kind = Unsent::ForEach { name: &name.value, list: &list.value, steps };
        Some(Unfinished { id: &step.id, place: Place::new(self.file, step.span), when: transpose(when)?, scope, kind })
    }

    /// The type of the entries of a list, if the path leads to one.
    fn list_of(&mut self, path: &str) -> Option<Target> {
        let row_type = self.names.define(&mut self.schema);
        let last = self.schema.walk(&row_type, path).ok()?.pop()?;
        match last.target {
            Target::List(name) | Target::Page(name) => Some(Target::Object(name)),
            _ => None,
        }
    }

    /// A path with the name that it begins with replaced by what the name stands for.
    fn stands_for(&self, path: &str) -> String {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let stands_for = self.names.get(name).map_or(name, |bound| &bound.stands_for);
        rest.map_or_else(|| stands_for.to_owned(), |rest| format!("{stands_for}.{rest}"))
    }

    /// Notes what a step reads.
    fn note(&mut self, scope: &Scope) {
        let mut found = Vec::new();
        leaves(&scope.root, scope, "", &mut found);
        for (path, whole) in found {
            let path = self.stands_for(&path);
            self.reads.add(&path, whole);
        }
    }

    fn fail(&self, fail: &document::Fail, view: &mut View<'_>) -> Fail {
        Fail { code: fail.code, at: fail.at.clone(), message: self.message(&fail.message, view) }
    }

    fn message(&self, message: &document::Message, view: &mut View<'_>) -> Message {
        match message {
            document::Message::Fixed(text) => Message::Fixed(text.clone()),
            document::Message::Made(spec) => Message::Made(MadeMessage(self.compiler().rules(spec, &Kind::Text, view))),
        }
    }

    fn touches(&mut self, document: &ActionDocument) -> Option<Touches> {
        let first = document.touches.first()?;
        let row_type = self.names.define(&mut self.schema);
        let mut scope = Scope::default();
        let because = (Place::new(self.file, first.0.span), self.names.describe());
        let mut view = View::new(&mut scope, row_type, String::new(), because);
        let mut fields = Vec::new();
        for (name, spec) in &document.touches {
            let Some(model) = Model::named(&name.value) else {
                self.problems.report(
                    Problem::error("M0201", format!("there is no model `{}`", name.value))
                        .at(self.file, name.span, "unknown model")
                        .suggest(&name.value, MODELS.iter().map(|model| model.name)),
                );
                continue;
            };
            fields.push((model, self.compiler().field_of(model.name, &Kind::Text, false, spec, &mut view)));
        }
        self.note(&scope);
        scope.set_dates(&self.dates);
        Some(Touches { fields, scope })
    }

    /// The fields of the input that no step reads, with what is said when they were given.
    fn unread(&self, action: &'static Action, document: &ActionDocument) -> Vec<(String, String)> {
        let mut unread = Vec::new();
        for (path, message) in &document.accepts {
            if let Err(error) = self.schema.walk(names::INPUT, &path.value) {
                let span = path.part(self.file, error.at..error.at + error.length);
                let mut problem = Problem::error("M0101", error.message).at(self.file, span, error.label);
                problem.help = error.help;
                self.problems.report(problem);
            } else if self.reads.reads_input(&path.value) {
                self.problems.report(
                    Problem::error("M0808", format!("a step reads `input.{}`", path.value))
                        .at(self.file, path.span, "so the source has a place for it")
                        .help("remove it here"),
                );
            }
            unread.push((path.value.clone(), message.value.clone()));
        }
        let said: Vec<&str> = document.accepts.iter().map(|(path, _)| path.value.as_str()).collect();
        let is_said = |path: &str| {
            said.iter().any(|said| path == *said || path.strip_prefix(said).is_some_and(|rest| rest.starts_with('.')))
        };
        for path in names::paths(action.fields) {
            if !self.reads.reads_input(&path) && !is_said(&path) {
                let message = format!("`{path}` was left out: there is no place for it at the source");
                unread.push((path, message));
            }
        }
        unread
    }

    fn finished(&self, step: Unfinished<'_>, action: &str) -> Option<Step> {
        let Unfinished { id, place, when, scope, kind } = step;
        let name_of = |suffix: &str| format!("{action}_{id}{suffix}");
        let kind = match kind {
            Unsent::Find { name, ask, none } => {
                let ask = self.asked(ask, name, name_of(""))?;
                StepKind::Find(Find { name: name.to_owned(), ask, none })
            }
            Unsent::Change { name, word, ask, already, on_error } => {
                let ask = self.asked(ask, name, name_of(""))?;
                let repetition = match already {
                    Some(already) => Repetition::Ask(Box::new(self.asked(already, name, name_of("_already"))?)),
                    None => Repetition::Same,
                };
                StepKind::Mutate(Mutate { name: name.to_owned(), word, ask, repetition, on_error })
            }
            Unsent::ForEach { name, list, steps } => {
                let steps = steps.into_iter().map(|step| self.finished(step, action)).collect::<Vec<_>>();
                let steps = steps.into_iter().collect::<Option<Vec<_>>>()?;
                StepKind::ForEach(ForEach { name: name.to_owned(), list: list.to_owned(), steps })
            }
            Unsent::Other(kind) => kind,
        };
        Some(Step { id: id.to_owned(), place, when, kind, scope })
    }

    /// A request with what is selected of its result.
    fn asked(&self, draft: Draft<'_>, name: &str, operation: String) -> Option<Ask> {
        let mut scope = Scope::default();
        for read in self.reads.of(name).iter().filter(|read| !read.path.is_empty()) {
            let steps = self.schema.walk(&draft.row_type, &read.path).ok()?;
            match steps.last()?.target {
                Target::Scalar(..) => scope.keep(&steps),
                Target::Object(_) => drop(scope.presence(&steps)),
                Target::List(_) | Target::Page(_) => drop(scope.list(&steps)),
            }
        }
        self.write(draft, operation, &scope)
    }
}

/// What was tried must have worked; what was not tried is fine.
#[expect(clippy::option_option, reason = "the outer says whether it was written, the inner whether it compiled")]
pub(super) fn transpose<T>(tried: Option<Option<T>>) -> Option<Option<T>> {
    match tried {
        Some(worked) => worked.map(Some),
        None => Some(None),
    }
}

/// The paths that are read, from the start of a scope; the second says that all of an object or a list is meant.
fn leaves(shape: &Shape, scope: &Scope, before: &str, found: &mut Vec<(String, bool)>) {
    for member in &shape.members {
        let path = if before.is_empty() { member.name.to_string() } else { format!("{before}.{}", member.name) };
        match &member.node {
            Node::Kept | Node::Slot(_) | Node::Json(_) => found.push((path, false)),
            Node::Object { present, shape } => {
                if present.is_some() || shape.members.is_empty() {
                    found.push((path.clone(), true));
                }
                leaves(shape, scope, &path, found);
            }
            Node::List { list, .. } => {
                let inner = &scope.lists[*list].scope;
                if inner.root.members.is_empty() {
                    found.push((path.clone(), true));
                }
                leaves(&inner.root, inner, &path, found);
            }
        }
    }
}
