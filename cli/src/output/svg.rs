//! A chart as a picture inside a page.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::chart::{Chart, Kind, shown};
use super::text::escaped_html as escaped;

/// Width and height of a picture that is not as high as its bars.
const SIZE: (f64, f64) = (800.0, 320.0);
/// Room for labels at the left and below.
const MARGIN: (f64, f64) = (180.0, 60.0);
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
    let (width, height) = (SIZE.0, height + legend_height(chart));
    let title = escaped(&chart.title);
    let caption = if title.is_empty() { title } else { format!("<figcaption>{title}</figcaption>\n") };
    write!(
        out,
        "<figure>\n{caption}<svg viewBox=\"0 0 {width} {height:.0}\" width=\"{width}\" height=\"{height:.0}\" role=\"img\">\n{body}{}</svg>\n</figure>\n",
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
    let words: String = words.chars().take(40).collect();
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escaped(&words))
}

fn bars(chart: &Chart) -> (f64, String) {
    let mut out = String::new();
    let (bar, room) = (18.0, SIZE.0 - MARGIN.0 - 90.0);
    let mut y = 4.0;
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
    let step = (SIZE.0 - 70.0) / real(chart.labels.len().max(1));
    let width = step * 0.8 / real(chart.series.len().max(1));
    for (label_index, label) in chart.labels.iter().enumerate() {
        let x = 60.0 + step * real(label_index);
        for index in 0..chart.series.len() {
            let height = chart.get(index, label_index).unwrap_or(0.0).max(0.0) / chart.max() * (floor - 20.0);
            let (left, top) = (x + width * real(index), floor - height);
            writeln!(
                out,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{}\"/>",
                color(index)
            )
            .ok();
        }
        out.push_str(&slanted(x + step * 0.4, floor + 14.0, label));
    }
    (SIZE.1, out)
}

fn slanted(x: f64, y: f64, label: &str) -> String {
    let label: String = label.chars().take(16).collect();
    format!(
        "<text transform=\"translate({x:.1} {y:.1}) rotate(30)\" text-anchor=\"start\">{}</text>\n",
        escaped(&label)
    )
}

fn axes(chart: &Chart) -> String {
    let floor = SIZE.1 - MARGIN.1;
    format!(
        "<path d=\"M60 20V{floor}H{}\" fill=\"none\" stroke=\"#888\"/>\n{}{}",
        SIZE.0 - 10.0,
        text(54.0, 26.0, "end", &shown(chart.max())),
        text(54.0, floor, "end", "0")
    )
}

fn lines(chart: &Chart) -> (f64, String) {
    let mut out = axes(chart);
    let floor = SIZE.1 - MARGIN.1;
    let step = (SIZE.0 - 80.0) / real(chart.labels.len().saturating_sub(1).max(1));
    for index in 0..chart.series.len() {
        let mut path = String::new();
        for label_index in 0..chart.labels.len() {
            let Some(value) = chart.get(index, label_index) else { continue };
            let (x, y) =
                (65.0 + step * real(label_index), floor - value.max(0.0) / chart.max() * (floor - 20.0));
            write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" }).ok();
            writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{}\"/>", color(index)).ok();
        }
        writeln!(out, "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>", color(index))
            .ok();
    }
    let every = chart.labels.len().div_ceil(8).max(1);
    for (label_index, label) in chart.labels.iter().enumerate().step_by(every) {
        out.push_str(&slanted(65.0 + step * real(label_index), floor + 14.0, label));
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
        out.push_str(&text(340.0, y, "start", &format!("{:.1} %  {label}", share * 100.0)));
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
                "<rect x=\"65\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{}\"/>",
                y - 11.0,
                color(index)
            )
            .ok();
            out.push_str(&text(84.0, y, "start", &series.name));
        }
    }
    out
}
