//! The line editor of a terminal: completion, highlighting and validation of the REPL in the form of `reedline`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use query::language::{Meaning, highlight};
use query::{Context, Tables as _};
use reedline::{
    Color, Completer, CompletionResult, DefaultHinter, DescriptionMode, EditCommand, Emacs,
    FileBackedHistory, Highlighter, IdeMenu, KeyCode, KeyModifiers, MenuBuilder, Prompt, PromptEditMode,
    PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, Signal, Span, StyledText, Suggestion,
    ValidationResult, Validator, default_emacs_keybindings,
};

use crate::bridge::query::StoredTables;

use super::complete::complete;
use super::{Kept, dot, history, validate};

const MENU: &str = "completion";

/// An input at the prompt.
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
        definitions: &Kept,
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
        let shown = QueryHighlighter::new(tables);
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
        let prompt = Marks { tenant: self.tables.tenant(), point: self.tables.default_point() };
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

/// The prompt: the tenant, and the point in time when it is not the newest.
struct Marks {
    /// Short and printable; empty when it is unknown.
    tenant: String,
    point: String,
}

impl Prompt for Marks {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        let of_tenant = if self.tenant.is_empty() { "" } else { " " };
        match self.point.as_str() {
            "latest" => Cow::Owned(format!("entrasnap{of_tenant}{}", self.tenant)),
            point => Cow::Owned(format!("entrasnap{of_tenant}{}@{point}", self.tenant)),
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
    definitions: Kept,
}

impl Completer for Looked {
    fn complete(&mut self, line: &str, cursor: usize) -> CompletionResult {
        let definitions = self.definitions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // No name depends on the instant.
        let context = Context { definitions, ..Context::new(&*self.tables, Timestamp::UNIX_EPOCH) };
        let found = complete(line, cursor, &context);
        self.tables.forget();
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
struct QueryHighlighter {
    tables: HashSet<String>,
}

impl QueryHighlighter {
    fn new(tables: &Arc<StoredTables>) -> Self {
        Self { tables: tables.names().into_iter().collect() }
    }
}

impl Highlighter for QueryHighlighter {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        let mut styled = StyledText::new();
        if let Some(end) = dot::command_end(line) {
            styled.push((Color::Cyan.normal(), line[..end].to_owned()));
            styled.push((Color::Default.normal(), line[end..].to_owned()));
            return styled;
        }
        for (meaning, text) in highlight(line, &|name| self.tables.contains(name)) {
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
            };
            styled.push((style, text.to_owned()));
        }
        styled
    }
}
