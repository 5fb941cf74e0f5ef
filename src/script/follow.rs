//! Which line a function returned from.
//!
//! Rhai does not say, and its debugger would slow every call. So whoever explains a call makes it once more, with a
//! copy of the scripts in which a mark stands before every value that a function can end with:
//!
//! ```text
//! fn f(n) {__returns 0 (); if n > 9 {__returns 1 (); return __returns 2 "many"; } "few" }
//! ```
//!
//! The mark at the beginning of a block tells of the value at its end, and the last mark that a call passes tells the
//! truth: whatever is passed later lies closer to the end. Marks that functions pass which it calls are left out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{AST, ASTFlags, ASTNode, Dynamic, Engine, EvalContext, Expr, Expression, OptimizationLevel, Position, Stmt};
use rhai::{EvalAltResult, StmtBlock, SwitchCasesCollection};

use super::{Library, host, module, span_at};
use crate::diagnostics::{Place, SourceFile};
use crate::table::{Hit, Manner, Tables};

/// A word that no script uses. One that does is not followed.
const MARK: &str = "__returns";

/// Makes calls once more to see where they end.
#[derive(Debug)]
pub struct Follower {
    library: Library,
    /// What the marks stand for, by their numbers.
    places: Vec<Place>,
    /// The functions that have marks.
    marked: BTreeSet<String>,
}

/// A call that was made once more.
#[derive(Debug, Clone)]
pub struct Followed {
    /// What it gave.
    pub result: Dynamic,
    /// Where the value stands that it gave.
    pub place: Place,
    /// The tables that it asked.
    pub asked: Vec<Asked>,
}

/// A table that a function asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its name.
    pub table: String,
    /// The text that was looked for.
    pub text: String,
    /// What was found, and what it stands for.
    pub hit: Option<(Hit, String)>,
}

/// The last mark of a call.
#[derive(Debug, Clone, Copy)]
struct Passed {
    /// How deep in calls the followed function runs.
    level: usize,
    number: usize,
}

thread_local! {
    static PASSED: Cell<Option<Passed>> = const { Cell::new(None) };
    static ASKED: RefCell<Vec<Asked>> = const { RefCell::new(Vec::new()) };
}

impl Library {
    /// Begins to follow calls. This compiles the scripts anew, so it is not for every record.
    pub fn follower(&self) -> Follower {
        let engines = self.engines.marking(marking_engine);
        let engine = &engines.running;
        let mut follower = Follower { library: self.clone(), places: Vec::new(), marked: BTreeSet::new() };
        // The files that a mapping names come first among the modules; those that they import stay as they are.
        for (file, runs) in self.files.iter().zip(&mut follower.library.modules) {
            let mut marks = Marks { file, first: follower.places.len(), places: Vec::new(), insertions: Vec::new() };
            let functions = marks.add(&self.engines.running);
            // A script that cannot be marked stays as it is, since the others may call it.
            let marked = engine.compile(marks.text());
            if marked.is_ok() {
                follower.marked.extend(functions);
                follower.places.append(&mut marks.places);
            }
            if let Ok(mut ast) = marked {
                ast.set_source(file.path.as_str());
                *runs = module(&ast, file);
            }
        }
        follower.library.engines = engines;
        follower
    }
}

impl Follower {
    /// Makes a call once more. `None` when it fails, or when it cannot be told where it ended.
    pub fn follow(&self, function: &str, arguments: &[Dynamic]) -> Option<Followed> {
        if !self.marked.contains(function) {
            return None;
        }
        PASSED.set(None);
        ASKED.take();
        let result = self.library.caller().call(function, || arguments.iter().cloned().collect(), |_| {}).ok()?;
        let place = self.places.get(PASSED.take()?.number)?.clone();
        Some(Followed { result, place, asked: ASKED.take() })
    }
}

/// Makes the mark a word of the language, and lets tables tell what they are asked.
fn marking_engine(engine: &mut Engine, tables: &Tables) {
    engine.set_optimization_level(OptimizationLevel::None);
    // A mark makes an expression deeper. Those of the script were within the limits.
    engine.set_max_expr_depths(0, 0);
    let registered = engine.register_custom_syntax([MARK, "$int$", "$expr$"], false, pass);
    debug_assert!(registered.is_ok(), "{registered:?}");
    for (name, manner) in [("keyword", Manner::Keywords), ("lookup", Manner::Lookup)] {
        let tables = tables.clone();
        engine.register_fn(name, move |name: &str, text: &str| {
            let found = host::ask_table(&tables, manner, name, text)?;
            if let Some(Some(table)) = tables.get(name) {
                let hit = table.hit(text);
                let hit = hit.map(|hit| (hit.clone(), table.values[hit.value].0.clone()));
                let asked = Asked { table: name.to_owned(), text: text.to_owned(), hit };
                ASKED.with_borrow_mut(|all| all.push(asked));
            }
            Ok::<_, Box<EvalAltResult>>(found)
        });
    }
}

fn pass(
    context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    inputs: &[Expression<'_>],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let number = inputs[0].get_literal_value::<i64>().and_then(|number| usize::try_from(number).ok());
    let level = context.call_level();
    let first = PASSED.get().map_or(level, |passed| passed.level);
    if let (true, Some(number)) = (level == first, number) {
        PASSED.set(Some(Passed { level, number }));
    }
    context.eval_expression_tree(&inputs[1])
}

/// The marks of a file.
struct Marks<'f> {
    file: &'f Arc<SourceFile>,
    /// The number of the first.
    first: usize,
    places: Vec<Place>,
    /// What is put into the text, and where.
    insertions: Vec<(usize, String)>,
}

impl Marks<'_> {
    /// Adds the marks of all functions of the file, and gives their names.
    fn add(&mut self, engine: &Engine) -> Vec<String> {
        let Ok(ast) = engine.compile(&self.file.text) else { return Vec::new() };
        let mut reader = Engine::new_raw();
        reader.set_optimization_level(OptimizationLevel::None);
        reader.set_max_expr_depths(0, 0);
        let mut names = Vec::new();
        for function in ast.iter_functions() {
            let Some(definition) = ast.shared_lib().get_script_fn(function.name, function.params.len()) else {
                continue;
            };
            let (start, end) = (definition.body.start_position(), definition.body.end_position());
            let (Some(start), Some(end)) = (self.offset(start), self.offset(end)) else { continue };
            // Functions of closures stand within others, and have no name to be called by.
            if !function.name.starts_with("anon$")
                && let Some(body) = read_alone(&reader, &self.file.text, start..end + 1)
                && let [Stmt::Block(block)] = body.statements()
            {
                self.block(block);
                self.returns(&body);
                names.push(function.name.to_owned());
            }
        }
        names
    }

    fn text(&mut self) -> String {
        self.insertions.sort_by_key(|(offset, _)| *offset);
        let mut text = String::with_capacity(2 * self.file.text.len());
        let mut done = 0;
        for (offset, insertion) in &self.insertions {
            text.push_str(&self.file.text[done..*offset]);
            text.push_str(insertion);
            done = *offset;
        }
        text.push_str(&self.file.text[done..]);
        text
    }

    fn offset(&self, position: Position) -> Option<usize> {
        position.line()?;
        Some(span_at(self.file, position).start).filter(|start| *start < self.file.text.len())
    }

    /// Puts a mark for `place` behind `word`, which stands at `position`.
    fn mark(&mut self, position: Position, word: &str, place: Position, rest: &str) {
        let Some(at) = self.offset(position).filter(|at| self.file.text[*at..].starts_with(word)) else { return };
        let number = self.first + self.places.len();
        self.places.push(Place::new(self.file, span_at(self.file, place)));
        self.insertions.push((at + word.len(), format!(" {MARK} {number} {rest}")));
    }

    /// Marks a block whose value its function gives.
    fn block(&mut self, block: &StmtBlock) {
        let last = block.statements().last();
        let place = match last {
            Some(statement) if yields(statement) => start_of(statement),
            _ => block.end_position(),
        };
        // The block of a single statement has no braces: then the mark of the one around it counts.
        self.mark(block.position(), "{", place, "(); ");
        if let Some(last) = last {
            self.last(last);
        }
    }

    /// Marks what is inside a statement whose value its function gives.
    fn last(&mut self, statement: &Stmt) {
        match statement {
            Stmt::If(flow, _) | Stmt::TryCatch(flow, _) => {
                self.block(&flow.body);
                self.block(&flow.branch);
            }
            Stmt::Switch(switch, _) => self.arms(&switch.1),
            Stmt::Block(block) => self.block(block),
            Stmt::Expr(expression) => {
                if let Expr::Stmt(block) = &**expression {
                    self.block(block);
                }
            }
            Stmt::While(flow, _) | Stmt::Do(flow, _, _) => self.breaks(&flow.body),
            Stmt::For(parts, _) => self.breaks(&parts.2.body),
            _ => {}
        }
    }

    fn arms(&mut self, arms: &SwitchCasesCollection) {
        for arm in &arms.expressions {
            let Expr::Stmt(block) = &arm.rhs else {
                self.value(&arm.rhs);
                continue;
            };
            match block.statements() {
                [Stmt::Expr(expression)] if block.end_position().is_none() => self.value(expression),
                [Stmt::FnCall(_, position)] if block.end_position().is_none() => {
                    self.mark(*position, "", *position, "")
                }
                _ => self.block(block),
            }
        }
    }

    /// Marks a value that stands alone.
    fn value(&mut self, expression: &Expr) {
        if let Expr::Stmt(block) = expression {
            return self.block(block);
        }
        let start = start_of_expression(expression);
        self.mark(start, "", start, "");
    }

    /// Marks the values with which a loop ends. Those of loops inside it end only these.
    fn breaks(&mut self, block: &StmtBlock) {
        for statement in block.statements() {
            match statement {
                Stmt::BreakLoop(Some(_), flags, position) if flags.contains(ASTFlags::BREAK) => {
                    self.mark(*position, "break", *position, "");
                }
                Stmt::If(flow, _) | Stmt::TryCatch(flow, _) => {
                    self.breaks(&flow.body);
                    self.breaks(&flow.branch);
                }
                Stmt::Block(block) => self.breaks(block),
                _ => {}
            }
        }
    }

    /// Marks every `return`, those of closures too: they run a call deeper and do not count.
    fn returns(&mut self, body: &AST) {
        body.walk(&mut |nodes: &[ASTNode<'_>]| {
            if let Some(ASTNode::Stmt(Stmt::Return(value, flags, position))) = nodes.last()
                && !flags.contains(ASTFlags::BREAK)
            {
                self.mark(*position, "return", *position, if value.is_none() { "()" } else { "" });
            }
            true
        });
    }
}

/// A block of a file as a script of its own, with each statement where it stands in the file.
fn read_alone(engine: &Engine, text: &str, block: std::ops::Range<usize>) -> Option<AST> {
    let before = text.get(..block.start)?;
    let blanks: String = before.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    engine.compile(blanks + text.get(block)?).ok()
}

/// Whether a statement has a value.
fn yields(statement: &Stmt) -> bool {
    matches!(
        statement,
        Stmt::If(..)
            | Stmt::Switch(..)
            | Stmt::Block(_)
            | Stmt::Expr(_)
            | Stmt::FnCall(..)
            | Stmt::While(..)
            | Stmt::For(..)
            | Stmt::Do(..)
            | Stmt::Return(..)
    )
}

fn start_of(statement: &Stmt) -> Position {
    match statement {
        Stmt::Expr(expression) => start_of_expression(expression),
        statement => statement.position(),
    }
}

/// Where an expression begins. Of `a + b`, Rhai gives the place of the `+`.
fn start_of_expression(expression: &Expr) -> Position {
    match expression {
        Expr::FnCall(call, _) if call.op_token.is_some() && call.args.len() > 1 => start_of_expression(&call.args[0]),
        Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => start_of_expression(&parts[0]),
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => start_of_expression(&parts.lhs),
        expression => expression.start_position(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::library;
    use super::*;

    /// The line on which a call of `f` ended, and what it gave.
    fn line(text: &str, arguments: &[Dynamic]) -> (usize, String) {
        let (library, problems) = library(text);
        assert_eq!(problems, Vec::<String>::new());
        let expected = library.caller().call("f", || arguments.iter().cloned().collect(), |_| {}).unwrap();
        let followed = library.follower().follow("f", arguments).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(followed.result.to_string(), expected.to_string(), "{text}");
        (followed.place.file.line_column(followed.place.span.start).0, expected.to_string())
    }

    fn lines(text: &str, cases: &[(i64, usize)]) {
        for (argument, expected) in cases {
            let (line, result) = line(text, &[(*argument).into()]);
            assert_eq!(line, *expected, "f({argument}) = {result}\n{text}");
        }
    }

    #[test]
    fn early_returns_and_the_value_at_the_end() {
        let text = "fn f(n) {\n  if n > 2 {\n    return n\n      + 1;\n  }\n  if n == 2 { return; }\n  n\n    + 5\n}";
        lines(text, &[(3, 3), (2, 6), (1, 7)]);
    }

    #[test]
    fn nested_ifs_at_the_end() {
        let text = "fn f(n) {\n  if n > 5 {\n    if n > 7 {\n      7\n    } else if n > 6 {\n      6\n    } else {\n      let x = 5;\n      x - 1\n    }\n  } else if n > 3 {\n    return 3;\n  }\n}";
        lines(text, &[(8, 4), (7, 6), (6, 9), (5, 12), (1, 2)]);
    }

    #[test]
    fn ifs_in_the_middle_do_not_count() {
        let text =
            "fn f(n) {\n  let x = if n > 1 {\n    10\n  } else {\n    20\n  };\n  if x == 10 { x += 1; }\n  x\n}";
        lines(text, &[(1, 8), (2, 8)]);
    }

    #[test]
    fn arms_of_a_switch() {
        let text = "fn f(n) {\n  switch n {\n    1 => 10,\n    2 => { let x = 4;\n      x }\n    3 => return 7,\n    4 | 5 =>\n      -n + 2,\n    8 if n > 7 => (n + 1) * 2,\n    9 => if n > 3 {\n      1 } else { 2 }\n    20..30 => n\n      - 1,\n    _ => `${n} is\n      ${n}`\n  }\n}";
        lines(text, &[(1, 3), (2, 5), (3, 6), (4, 8), (8, 9), (9, 11), (20, 12), (7, 14)]);
    }

    #[test]
    fn loops() {
        let text = "fn f(n) {\n  for i in 0..5 {\n    if i == n {\n      return i;\n    }\n  }\n  loop {\n    n += 1;\n    if n > 9 {\n      break n;\n    }\n  }\n}";
        lines(text, &[(3, 4), (7, 10)]);
        lines("fn f(n) {\n  while n > 0 {\n    n -= 1;\n  }\n  n = 4;\n}", &[(3, 6)]);
    }

    #[test]
    fn closures_and_other_functions_have_returns_of_their_own() {
        let text = "fn g(n) {\n  return n * 2;\n}\nfn f(n) {\n  let big = [1, n, 9].filter(|x| {\n    return x > 2;\n  });\n  if n > 3 {\n    return g(big.len());\n  }\n  g(n)\n    .abs()\n}";
        lines(text, &[(5, 9), (1, 11)]);
    }

    #[test]
    fn a_function_that_calls_itself() {
        lines("fn f(n) {\n  if n == 0 {\n    return 0;\n  }\n  return 1 +\n    f(n - 1);\n}", &[(0, 3), (3, 5)]);
    }

    #[test]
    fn conditions_blocks_and_tries_at_the_end() {
        lines("fn f(n) {\n  n > 1\n    && n < 3\n}", &[(2, 2)]);
        lines("fn f(n) {\n  {\n    let x = n;\n    x ?? 3\n  }\n}", &[(2, 4)]);
        lines(
            "fn f(n) {\n  try {\n    if n > 1 { throw \"x\"; }\n    return 1;\n  } catch {\n    return 2;\n  }\n}",
            &[(1, 4), (2, 6)],
        );
        lines(
            "fn f(n) { // a { in a comment\n  let s = \"a } and ${ in a text\"; /* { */\n  #{ a: n }.a\n}",
            &[(1, 3)],
        );
        lines("fn f(n) {\n}", &[(1, 2)]);
    }

    #[test]
    fn every_function_that_comes_with_the_engine_can_be_followed() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
        let mut followed = 0;
        let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for connector in folders.filter(|path| path.is_dir()) {
            for script in std::fs::read_dir(connector).unwrap() {
                let text = std::fs::read_to_string(script.unwrap().path()).unwrap();
                let file = SourceFile::new("test.rhai", text.clone());
                let mut engine = Engine::new();
                marking_engine(&mut engine, &Tables::default());
                let mut marks = Marks { file: &file, first: 0, places: Vec::new(), insertions: Vec::new() };
                let functions = marks.add(&engine);
                assert_eq!(functions.len(), text.lines().filter(|line| line.starts_with("fn ")).count(), "{text}");
                followed += functions.len();
            }
        }
        assert!(followed > 5);
    }

    #[test]
    fn tables_that_were_asked_are_told() {
        let text = "fn f(n) { g(\"The Alpha\") ?? keyword(\"kinds\", ()) ?? n }\nfn g(t) { keyword(\"kinds\", \"none\") ?? keyword(\"kinds\", t) }";
        let followed = library(text).0.follower().follow("f", &[1.into()]).unwrap();
        let told: Vec<_> = followed
            .asked
            .iter()
            .map(|asked| {
                let hit = asked.hit.as_ref().map(|(hit, value)| (hit.word.as_str(), value.as_str()));
                (asked.table.as_str(), asked.text.as_str(), hit)
            })
            .collect();
        assert_eq!(told, [("kinds", "none", None), ("kinds", "The Alpha", Some(("alpha", "A")))]);
    }

    #[test]
    fn a_script_that_uses_the_word_is_not_followed() {
        let (library, _) = library("fn f(n) { let __returns = n; __returns }");
        assert!(library.follower().follow("f", &[1.into()]).is_none());
    }
}
