//! A chart as a picture inside a page.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::chart::{Chart, Kind, shown};
use super::text::{cut, escaped_html as escaped, width};

/// Width and height of a picture that is not as high as its bars.
const SIZE: (f64, f64) = (800.0, 320.0);
/// Room for labels at the left of bars, and below columns.
const MARGIN: (f64, f64) = (190.0, 90.0);
/// Where columns and lines begin.
const LEFT: f64 = 70.0;
/// Where the largest value stands.
const TOP: f64 = 34.0;
/// How wide a letter is, about.
const LETTER: f64 = 7.0;
/// Letters of a slanted label.
const SLANTED_LENGTH_MAX: usize = 18;
/// Letters of a label.
const LABEL_LENGTH_MAX: usize = 26;
/// Series under which numbers fit above the columns.
const NUMBERED_MAX: usize = 24;
/// Colours that people who see few colours can tell apart.
const COLORS: [&str; 8] =
    ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#ee8866"];

/// Writes the picture.
pub(crate) fn write(out: &mut dyn Write, chart: &Chart) -> io::Result<()> {
    let (height, body) = match chart.kind {
        Kind::Bar => bars(chart),
        Kind::Column => columns(chart),
        Kind::Pie => pie(chart),
        Kind::Time => lines(chart),
    };
    let (full, height) = (SIZE.0, height + legend_height(chart));
    let caption = escaped(&chart.caption());
    write!(
        out,
        "<figure>\n<figcaption>{caption}</figcaption>\n<svg viewBox=\"0 0 {full} {height:.0}\" role=\"img\" aria-label=\"{caption}\">\n{body}{}</svg>\n</figure>\n",
        legend(chart, height)
    )
}

#[expect(clippy::cast_precision_loss, reason = "positions in a picture are small")]
fn real(number: usize) -> f64 {
    number as f64
}

fn color(index: usize) -> &'static str {
    COLORS[index % COLORS.len()]
}

fn text(x: f64, y: f64, anchor: &str, words: &str) -> String {
    drawn(&format!("x=\"{x:.1}\" y=\"{y:.1}\""), anchor, "", words)
}

/// A text that stands back, such as the name of an axis.
fn quiet(x: f64, y: f64, anchor: &str, words: &str) -> String {
    drawn(&format!("x=\"{x:.1}\" y=\"{y:.1}\""), anchor, " class=\"quiet\"", words)
}

fn drawn(position: &str, anchor: &str, class: &str, words: &str) -> String {
    let words = escaped(&cut(words, LABEL_LENGTH_MAX));
    format!("<text {position} text-anchor=\"{anchor}\"{class}>{words}</text>\n")
}

fn bars(chart: &Chart) -> (f64, String) {
    let mut out = String::new();
    let (bar, room) = (18.0, SIZE.0 - MARGIN.0 - 90.0);
    let mut y = 24.0;
    out.push_str(&quiet(MARGIN.0 - 8.0, 14.0, "end", &chart.x));
    out.push_str(&quiet(MARGIN.0, 14.0, "start", &value_name(chart)));
    for (label_index, label) in chart.labels.iter().enumerate() {
        out.push_str(&text(MARGIN.0 - 8.0, y + 13.0, "end", label));
        for index in 0..chart.series.len() {
            let value = chart.get(index, label_index).unwrap_or(0.0);
            let width = value.max(0.0) / chart.max() * room;
            writeln!(
                out,
                "<rect x=\"{}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{bar}\" fill=\"{}\"/>",
                MARGIN.0,
                color(index)
            )
            .ok();
            out.push_str(&text(MARGIN.0 + width + 6.0, y + 13.0, "start", &shown(value)));
            y += bar + 2.0;
        }
        y += 4.0;
    }
    (y, out)
}

fn columns(chart: &Chart) -> (f64, String) {
    let mut out = axes(chart);
    let floor = SIZE.1 - MARGIN.1;
    let step = (SIZE.0 - LEFT - 10.0) / real(chart.labels.len().max(1));
    let width = (step * 0.8 / real(chart.series.len().max(1))).min(90.0);
    let is_numbered = chart.labels.len() * chart.series.len() <= NUMBERED_MAX;
    for (label_index, label) in chart.labels.iter().enumerate() {
        let x = LEFT + step * real(label_index) + (step - width * real(chart.series.len())) / 2.0;
        for index in 0..chart.series.len() {
            let value = chart.get(index, label_index).unwrap_or(0.0);
            let height = value.max(0.0) / chart.max() * (floor - TOP);
            let (left, top) = (x + width * real(index), floor - height);
            writeln!(
                out,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{}\"/>",
                color(index)
            )
            .ok();
            if is_numbered {
                out.push_str(&text(left + width / 2.0, top - 4.0, "middle", &shown(value)));
            }
        }
        let middle = LEFT + step * (real(label_index) + 0.5);
        out.push_str(&below(middle, step, label));
    }
    (SIZE.1, out)
}

/// A label below the floor: level where there is room for it, else slanted.
fn below(x: f64, room: f64, label: &str) -> String {
    let floor = SIZE.1 - MARGIN.1;
    let length = real(width(&cut(label, LABEL_LENGTH_MAX))) * LETTER;
    if length <= room {
        let half = length / 2.0;
        return text(x.clamp(half, (SIZE.0 - half).max(half)), floor + 16.0, "middle", label);
    }
    let label = cut(label, SLANTED_LENGTH_MAX);
    let position = format!("transform=\"translate({x:.1} {:.1}) rotate(30)\"", floor + 14.0);
    drawn(&position, "start", "", &label)
}

/// The axes with their names, and a line for each quarter of the largest value.
fn axes(chart: &Chart) -> String {
    let floor = SIZE.1 - MARGIN.1;
    let mut out = String::new();
    for quarter in 0..=4_u8 {
        let part = f64::from(quarter) / 4.0;
        let y = floor - part * (floor - TOP);
        let class = if quarter == 0 { "axis" } else { "grid" };
        writeln!(out, "<path d=\"M{LEFT} {y:.1}H{}\" class=\"{class}\"/>", SIZE.0 - 10.0).ok();
        out.push_str(&text(LEFT - 6.0, y + 4.0, "end", &shown(part * chart.max())));
    }
    out.push_str(&quiet(LEFT, 12.0, "start", &value_name(chart)));
    out.push_str(&quiet(SIZE.0 - 10.0, SIZE.1 - 6.0, "end", &chart.x));
    out
}

/// What the values are: the name of the only series; several are named by the legend.
fn value_name(chart: &Chart) -> String {
    match chart.series.as_slice() {
        [only] => only.name.clone(),
        _ => String::new(),
    }
}

fn lines(chart: &Chart) -> (f64, String) {
    let mut out = axes(chart);
    let floor = SIZE.1 - MARGIN.1;
    let step = (SIZE.0 - LEFT - 20.0) / real(chart.labels.len().saturating_sub(1).max(1));
    for index in 0..chart.series.len() {
        let mut path = String::new();
        for label_index in 0..chart.labels.len() {
            let Some(value) = chart.get(index, label_index) else { continue };
            let (x, y) =
                (LEFT + step * real(label_index), floor - value.max(0.0) / chart.max() * (floor - TOP));
            write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" }).ok();
            writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{}\"/>", color(index)).ok();
        }
        writeln!(out, "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>", color(index))
            .ok();
    }
    let every = chart.labels.len().div_ceil(8).max(1);
    for (label_index, label) in chart.labels.iter().enumerate().step_by(every) {
        out.push_str(&below(LEFT + step * real(label_index), step * real(every), label));
    }
    (SIZE.1, out)
}

/// Parts of a circle, the first series alone, with their labels beside it.
fn pie(chart: &Chart) -> (f64, String) {
    let values: Vec<f64> = (0..chart.labels.len())
        .map(|label_index| chart.get(0, label_index).unwrap_or(0.0).max(0.0))
        .collect();
    let total: f64 = values.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let (center, radius) = ((150.0, 150.0), 130.0);
    let mut out = String::new();
    let mut angle = 0.0_f64;
    for (label_index, (label, value)) in chart.labels.iter().zip(&values).enumerate() {
        let share = value / total;
        let end = angle + share * TAU;
        let point = |angle: f64| (center.0 + radius * angle.sin(), center.1 - radius * angle.cos());
        let (from, to) = (point(angle), point(end));
        let large = u8::from(share > 0.5);
        if share > 0.999_999 {
            writeln!(out, "<circle cx=\"150\" cy=\"150\" r=\"{radius}\" fill=\"{}\"/>", color(label_index))
                .ok();
        } else if share > 0.0 {
            writeln!(
                out,
                "<path d=\"M150 150L{:.1} {:.1}A{radius} {radius} 0 {large} 1 {:.1} {:.1}Z\" fill=\"{}\"/>",
                from.0,
                from.1,
                to.0,
                to.1,
                color(label_index)
            )
            .ok();
        }
        let y = 24.0 + 20.0 * real(label_index);
        writeln!(
            out,
            "<rect x=\"320\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{}\"/>",
            y - 11.0,
            color(label_index)
        )
        .ok();
        out.push_str(&text(
            340.0,
            y,
            "start",
            &format!("{:.1} %  {label} ({})", share * 100.0, shown(*value)),
        ));
        angle = end;
    }
    (SIZE.1.max(30.0 + 20.0 * real(chart.labels.len())), out)
}

fn has_legend(chart: &Chart) -> bool {
    chart.series.len() > 1 && chart.kind != Kind::Pie
}

fn legend_height(chart: &Chart) -> f64 {
    if has_legend(chart) { 20.0 * real(chart.series.len()) } else { 0.0 }
}

/// The colours of several series.
fn legend(chart: &Chart, height: f64) -> String {
    let mut out = String::new();
    if has_legend(chart) {
        for (index, series) in chart.series.iter().enumerate() {
            let y = height - legend_height(chart) + 14.0 + 20.0 * real(index);
            writeln!(
                out,
                "<rect x=\"70\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{}\"/>",
                y - 11.0,
                color(index)
            )
            .ok();
            out.push_str(&text(89.0, y, "start", &series.name));
        }
    }
    out
}
