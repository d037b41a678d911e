//! The line editor of a terminal: what the other files of the REPL know, in the form that `reedline` asks for.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use query::Tables as _;
use reedline::{
    Color, Completer, CompletionResult, DefaultHinter, DescriptionMode, EditCommand, Emacs,
    FileBackedHistory, Highlighter, IdeMenu, KeyCode, KeyModifiers, MenuBuilder, Prompt, PromptEditMode,
    PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, Signal, Span, StyledText, Suggestion,
    ValidationResult, Validator, default_emacs_keybindings,
};

use crate::bridge::query::{StoredTables, columns_of};
use crate::output::text::people_time;

use super::complete::{Names, complete};
use super::highlight::{Known, Meaning, meanings};
use super::{Definitions, history, validate};

const MENU: &str = "completion";

/// What somebody did at the prompt.
pub(super) enum Typed {
    Input(String),
    /// Ctrl-C: the input is dropped.
    Dropped,
    /// Ctrl-D.
    End,
}

/// The line editor.
pub(super) struct Editor {
    inner: Reedline,
    tables: Arc<StoredTables>,
}

impl Editor {
    /// Makes an editor that keeps its inputs in a file, if there is one.
    pub(super) fn new(
        tables: &Arc<StoredTables>,
        definitions: &Definitions,
        history: Option<&Path>,
        color: bool,
    ) -> Self {
        let mut keys = default_emacs_keybindings();
        let complete = vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext];
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(complete));
        keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
        let new_line = ReedlineEvent::Edit(vec![EditCommand::InsertNewline]);
        keys.add_binding(KeyModifiers::ALT, KeyCode::Enter, new_line);
        let menu = IdeMenu::default()
            .with_name(MENU)
            .with_marker("> ")
            .with_max_completion_height(10)
            .with_max_description_width(60)
            .with_description_mode(DescriptionMode::PreferRight);
        let names = Looked { tables: Arc::clone(tables), definitions: Arc::clone(definitions) };
        let shown = Shown::new(tables);
        let mut inner = Reedline::create()
            .use_bracketed_paste(true)
            .with_ansi_colors(color)
            .with_quick_completions(true)
            .with_partial_completions(true)
            .with_completer(Box::new(names))
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            .with_edit_mode(Box::new(Emacs::new(keys)))
            .with_validator(Box::new(Whole))
            .with_highlighter(Box::new(shown))
            .with_hinter(Box::new(DefaultHinter::default().with_style(Color::DarkGray.normal())))
            .with_history_exclusion_prefix(Some(" ".to_owned()));
        if let Some(file) = history
            && let Ok(kept) = FileBackedHistory::with_file(history::COUNT_MAX, file.to_owned())
        {
            inner = inner.with_history(Box::new(kept));
        }
        Self { inner, tables: Arc::clone(tables) }
    }

    /// Reads one input.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub(super) fn read(&mut self) -> std::io::Result<Typed> {
        let prompt = Marks { point: self.tables.default_point() };
        let read = self.inner.read_line(&prompt).map_err(std::io::Error::other)?;
        // What is lost with a power cut is the history of one input at most.
        self.inner.sync_history().ok();
        Ok(match read {
            Signal::Success(text) => Typed::Input(text),
            Signal::CtrlD => Typed::End,
            _ => Typed::Dropped,
        })
    }
}

/// The prompt: the point in time when it is not the newest.
struct Marks {
    point: String,
}

impl Prompt for Marks {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        match self.point.as_str() {
            "latest" => Cow::Borrowed("entrasnap"),
            point => Cow::Owned(format!("entrasnap@{point}")),
        }
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("     ...> ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!("(history: {}) ", search.term))
    }

    fn get_prompt_color(&self) -> Color {
        Color::Cyan
    }

    fn get_indicator_color(&self) -> Color {
        Color::Cyan
    }

    fn get_prompt_multiline_color(&self) -> reedline::Color {
        Color::DarkGray
    }
}

/// Whether Enter runs the input.
struct Whole;

impl Validator for Whole {
    fn validate(&self, text: &str) -> ValidationResult {
        if validate::is_complete(text) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

/// Names of the store and of earlier inputs.
struct Looked {
    tables: Arc<StoredTables>,
    definitions: Definitions,
}

impl Names for Looked {
    fn tables(&self) -> Vec<String> {
        self.tables.names()
    }

    fn definitions(&self) -> String {
        locked(&self.definitions)
    }

    fn columns(&self, pipe: &str) -> Vec<(String, String)> {
        let columns = columns_of(pipe, &*self.tables);
        self.tables.forget();
        columns
    }

    fn points(&self) -> Vec<(String, String)> {
        let backups = self.tables.store().map(|store| store.backups().to_vec()).unwrap_or_default();
        let mut points = vec![("latest".to_owned(), "the newest backup".to_owned())];
        for (back, backup) in backups.iter().rev().enumerate().skip(1).take(9) {
            points.push((format!("latest~{back}"), people_time(backup.taken_at)));
        }
        for backup in backups.iter().rev() {
            let text = format!("{} {}", people_time(backup.taken_at), backup.note);
            points.push((backup.id.to_string(), crate::output::text::printable(text.trim_end())));
        }
        points
    }
}

impl Completer for Looked {
    fn complete(&mut self, line: &str, cursor: usize) -> CompletionResult {
        let found = complete(line, cursor, self);
        let suggestions: Vec<Suggestion> = found
            .into_iter()
            .map(|found| Suggestion {
                append_whitespace: !found.value.ends_with('('),
                description: (!found.description.is_empty()).then_some(found.description),
                span: Span::new(found.start.min(cursor), cursor),
                value: found.value,
                ..Suggestion::default()
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}

/// Colours for what was typed.
struct Shown {
    tables: HashSet<String>,
    functions: HashSet<&'static str>,
}

impl Shown {
    fn new(tables: &Arc<StoredTables>) -> Self {
        let functions = query::functions().into_iter().map(|function| function.name).collect();
        Self { tables: tables.names().into_iter().collect(), functions }
    }
}

impl Highlighter for Shown {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        let known = Known {
            is_table: &|name| self.tables.contains(name),
            is_function: &|name| self.functions.contains(name),
        };
        let mut styled = StyledText::new();
        for (meaning, text) in meanings(line, &known) {
            let style = match meaning {
                Meaning::Plain => Color::Default.normal(),
                Meaning::Operator => Color::Blue.bold(),
                Meaning::Unknown => Color::Red.normal(),
                Meaning::Keyword => Color::Blue.normal(),
                Meaning::Function => Color::Yellow.normal(),
                Meaning::Table => Color::Cyan.bold(),
                Meaning::Text => Color::Green.normal(),
                Meaning::Number => Color::Purple.normal(),
                Meaning::Comment => Color::DarkGray.normal(),
                Meaning::Command => Color::Cyan.normal(),
            };
            styled.push((style, text.to_owned()));
        }
        styled
    }
}

fn locked(definitions: &Mutex<String>) -> String {
    definitions.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
