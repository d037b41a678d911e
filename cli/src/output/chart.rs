//! Rows as a chart: which columns make it, and how it is drawn with the letters of a terminal.

use std::fmt::Write as _;

use super::text::{cut, printable, width};
use super::{Cell, Look, Table};

/// Most bars that a terminal shows.
const BARS_MAX: usize = 60;
/// Lines that a column chart is high.
const HEIGHT: usize = 12;
/// Parts of a letter, from the left.
const LEFT_PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
/// Parts of a letter, from below.
const LOWER_PARTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How a chart looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bar,
    Column,
    Pie,
    Time,
}

impl Kind {
    /// The kind of a name; the others are shown as tables.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "barchart" => Self::Bar,
            "columnchart" => Self::Column,
            "piechart" => Self::Pie,
            "timechart" => Self::Time,
            _ => return None,
        })
    }
}

/// The chart that a query requests.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    pub(crate) title: String,
    /// Names of columns; none given means the first that fit.
    pub(crate) x: Option<String>,
    pub(crate) y: Vec<String>,
}

/// Values under labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    pub(crate) kind: Kind,
    pub(crate) title: String,
    /// The name of the column of the labels.
    pub(crate) x: String,
    pub(crate) labels: Vec<String>,
    pub(crate) series: Vec<Series>,
}

/// One value for each label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<f64>>,
}

impl Chart {
    /// Makes a chart of rows; nothing when no column is a number.
    pub(crate) fn of(request: &Request, table: &dyn Table) -> Option<Self> {
        let names = table.columns();
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        table
            .visit(&mut |row| {
                rows.push(row.to_vec());
                Ok(())
            })
            .ok()?;
        let is_number =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).any(|cell| value(cell).is_some());
        let find = |wanted: &String| names.iter().position(|name| name == wanted);
        let x = request.x.as_ref().and_then(find).unwrap_or(0);
        let others = || (0..names.len()).filter(|column| *column != x);
        let mut y: Vec<usize> = request.y.iter().filter_map(find).collect();
        if y.is_empty() {
            y = others().filter(|column| is_number(*column)).collect();
        }
        // A single number is its own bar.
        if y.is_empty() && is_number(x) {
            y.push(x);
        }
        let by = others().find(|column| !is_number(*column) && !y.contains(column));
        if request.kind == Kind::Time {
            rows.sort_by_cached_key(|row| row.get(x).map(Cell::plain));
        }
        let (kind, title) = (request.kind, request.title.clone());
        let x_name = names.get(x).map(|name| printable(name)).unwrap_or_default();
        let mut chart = Self { kind, title, x: x_name, labels: Vec::new(), series: Vec::new() };
        for row in &rows {
            for column in &y {
                let series = match by {
                    Some(by) if y.len() == 1 => row[by].pretty(),
                    _ => printable(names[*column]),
                };
                chart.put(label(&row[x]), series, value(&row[*column]));
            }
        }
        (!chart.series.is_empty()).then_some(chart)
    }

    fn put(&mut self, label: String, name: String, value: Option<f64>) {
        let label_index = self.labels.iter().rposition(|known| *known == label).unwrap_or_else(|| {
            self.labels.push(label);
            self.labels.len() - 1
        });
        let index = self.series.iter().position(|known| known.name == name).unwrap_or_else(|| {
            self.series.push(Series { name, values: Vec::new() });
            self.series.len() - 1
        });
        let values = &mut self.series[index].values;
        values.resize(values.len().max(label_index + 1), None);
        values[label_index] = value;
    }

    /// The title, or what the chart is of.
    pub(crate) fn caption(&self) -> String {
        if !self.title.is_empty() {
            return self.title.clone();
        }
        // A pie is of one series.
        let shown = if self.kind == Kind::Pie { 1 } else { self.series.len() };
        let names: Vec<&str> = self.series.iter().take(shown).map(|series| series.name.as_str()).collect();
        format!("{} by {}", names.join(", "), self.x)
    }

    /// The largest value, and at least a little.
    pub(crate) fn max(&self) -> f64 {
        let values = self.series.iter().flat_map(|series| series.values.iter().flatten());
        values.copied().fold(f64::MIN_POSITIVE, f64::max)
    }

    /// The value of a series under a label.
    pub(crate) fn get(&self, series: usize, label: usize) -> Option<f64> {
        self.series[series].values.get(label).copied().flatten()
    }
}

/// A cell as a label: days without the time that says nothing.
fn label(cell: &Cell) -> String {
    let text = cell.pretty();
    match (cell, text.strip_suffix(" 00:00:00Z")) {
        (Cell::Moment(_), Some(day)) => day.to_owned(),
        _ => text,
    }
}

/// A number of any kind, if it can be drawn.
fn value(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(_) | Cell::Bytes(_) | Cell::Integer(_) | Cell::Real(_) => {
            cell.plain().parse().ok().filter(|number: &f64| number.is_finite())
        }
        _ => None,
    }
}

/// A number for people, without digits that only look exact.
pub(crate) fn shown(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Draws a chart with letters.
pub(crate) fn draw(chart: &Chart, look: Look) -> String {
    let mut out = String::new();
    if !chart.title.is_empty() {
        writeln!(out, "{}", printable(&chart.title)).ok();
    }
    let is_single = chart.series.len() == 1;
    let fits = chart.labels.len() * 2 + 14 <= look.width;
    out.push_str(&match chart.kind {
        Kind::Time if is_single => columns(chart, look, 1),
        Kind::Time => sparks(chart, look),
        Kind::Column if is_single && fits => {
            columns(chart, look, ((look.width - 14) / chart.labels.len().max(1)).clamp(1, 12))
        }
        Kind::Bar | Kind::Column | Kind::Pie => bars(chart, look),
    });
    out
}

/// One bar a line: label, bar, number.
fn bars(chart: &Chart, look: Look) -> String {
    let total: f64 = chart.series.iter().flat_map(|series| series.values.iter().flatten()).sum();
    let is_single = chart.series.len() == 1;
    let mut lines = Vec::new();
    for (label_index, label) in chart.labels.iter().enumerate() {
        for (index, series) in chart.series.iter().enumerate() {
            let Some(value) = chart.get(index, label_index) else { continue };
            let label = if label.is_empty() { "(empty)" } else { label };
            let name = if is_single { label.to_owned() } else { format!("{label} {}", series.name) };
            let share = value / total.max(f64::MIN_POSITIVE) * 100.0;
            let number = match chart.kind {
                Kind::Pie => format!("{share:.1} %  {}", shown(value)),
                _ => shown(value),
            };
            lines.push((name, value, number));
        }
    }
    let more = lines.len().saturating_sub(BARS_MAX);
    lines.truncate(BARS_MAX);
    let label_width = lines.iter().map(|line| width(&line.0)).max().unwrap_or(0).min(look.width / 3);
    let number_width = lines.iter().map(|line| line.2.len()).max().unwrap_or(0);
    let room = look.width.saturating_sub(label_width + number_width + 5).max(8);
    let mut out = String::new();
    for (name, value, number) in lines {
        let name = cut(&name, label_width);
        let space = " ".repeat(label_width - width(&name));
        writeln!(out, "{space}{name} │{} {number}", look.painted(&bar(value / chart.max(), room))).ok();
    }
    if more > 0 {
        writeln!(out, "… and {more} more").ok();
    }
    out
}

/// A bar of so many letters at most, exact to an eighth of one.
fn bar(part: f64, room: usize) -> String {
    let eighths = eighths(part, room);
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(LEFT_PARTS[eighths % 8]);
    }
    bar
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of a terminal is small"
)]
fn eighths(part: f64, room: usize) -> usize {
    (part.clamp(0.0, 1.0) * (room * 8) as f64).round() as usize
}

/// Columns above an axis, with the largest value at the top.
fn columns(chart: &Chart, look: Look, column_width: usize) -> String {
    let values = resampled(chart, look.width.saturating_sub(14).max(8) / column_width);
    let heights: Vec<usize> =
        values.iter().map(|value| eighths(value.unwrap_or(0.0) / chart.max(), HEIGHT)).collect();
    let top = shown(chart.max());
    let mut out = String::new();
    for row in (0..HEIGHT).rev() {
        let axis = if row + 1 == HEIGHT {
            top.as_str()
        } else if row == 0 {
            "0"
        } else {
            ""
        };
        let mut line = String::new();
        for height in &heights {
            let part = LOWER_PARTS[height.saturating_sub(row * 8).min(8)];
            line.extend(std::iter::repeat_n(part, column_width.saturating_sub(1).max(1)));
            line.push_str(if column_width > 1 { " " } else { "" });
        }
        writeln!(out, "{axis:>10} │{}", look.painted(line.trim_end())).ok();
    }
    writeln!(out, "{:>10} └{}", "", "─".repeat(heights.len() * column_width)).ok();
    writeln!(
        out,
        "{:>10}  {}",
        "",
        axis_labels(chart, heights.len() * column_width, column_width).trim_end()
    )
    .ok();
    out
}

/// The labels under columns; where they are narrow, only the first and the last.
fn axis_labels(chart: &Chart, room: usize, column_width: usize) -> String {
    if column_width >= 6 {
        let cells = chart.labels.iter().map(|label| {
            let label = cut(label, column_width - 1);
            let space = " ".repeat(column_width - width(&label));
            label + &space
        });
        return cells.collect();
    }
    match (chart.labels.first(), chart.labels.last()) {
        (Some(first), Some(last)) if chart.labels.len() > 1 => {
            let space = room.saturating_sub(width(first) + width(last)).max(3);
            format!("{first}{}{last}", " ".repeat(space))
        }
        (Some(only), _) => only.clone(),
        _ => String::new(),
    }
}

/// Values of the only series, averaged where there are more than fit.
fn resampled(chart: &Chart, room: usize) -> Vec<Option<f64>> {
    let values: Vec<Option<f64>> =
        (0..chart.labels.len()).map(|label_index| chart.get(0, label_index)).collect();
    thinned(&values, room)
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows shown are small")]
fn thinned(values: &[Option<f64>], room: usize) -> Vec<Option<f64>> {
    let step = values.len().div_ceil(room.max(1)).max(1);
    let average = |chunk: &[Option<f64>]| {
        let known: Vec<f64> = chunk.iter().flatten().copied().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    values.chunks(step).map(average).collect()
}

/// One line for each series.
fn sparks(chart: &Chart, look: Look) -> String {
    let names = chart.series.iter().map(|series| width(&series.name));
    let name_width = names.max().unwrap_or(0).min(look.width / 3);
    let room = look.width.saturating_sub(name_width + 16).max(8);
    let mut out = String::new();
    for (index, series) in chart.series.iter().enumerate() {
        let values: Vec<Option<f64>> =
            (0..chart.labels.len()).map(|label_index| chart.get(index, label_index)).collect();
        let most = series.values.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
        let line: String = thinned(&values, room)
            .into_iter()
            .map(|value| value.map_or(' ', |value| LOWER_PARTS[eighths(value / most, 1).max(1)]))
            .collect();
        let name = cut(&series.name, name_width);
        let space = " ".repeat(name_width - width(&name));
        writeln!(out, "{space}{name} │{} max {}", look.painted(&line), shown(most)).ok();
    }
    let labels = axis_labels(chart, room.min(chart.labels.len()), 1);
    writeln!(out, "{} │{labels}", " ".repeat(name_width)).ok();
    out
}

impl Look {
    /// What is drawn, in the colour of charts.
    fn painted(self, text: &str) -> String {
        if self.color && !text.is_empty() { format!("\u{1b}[36m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests;
