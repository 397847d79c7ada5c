//! Charts as SVG: lines, bars, rows and donuts. Their figures stand in the page as tables, too, so a label may be brief.
//!
//! plotters has each label of a scale written by a function of ours, from a number of full precision, so that amounts look as they do
//! everywhere on the page; and it escapes all texts. It draws in whole units, so the smallest of them is a fraction of a pixel.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::format::{ShownColumn, cut};
use super::page::Size;
use crate::error::Error;

/// Numbers over names: what any of these charts is drawn from.
pub struct Graph<'a> {
    pub names: Vec<String>,
    pub series: &'a [Series],
    /// Whether bars that stand have their numbers above them.
    pub has_labels: bool,
    /// A number that lines are to reach.
    pub goal: Option<f64>,
}

/// The numbers of a column; None where there is none.
pub struct Series {
    pub column: ShownColumn,
    pub color: RGBColor,
    pub numbers: Vec<Option<f64>>,
}

impl Series {
    /// The numbers as they stand beside their bars.
    fn labels(&self) -> impl Iterator<Item = String> {
        let numbers = self.numbers.iter();
        numbers.map(|number| number.map_or_else(String::new, |number| self.column.write_number(number)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Line,
    Bars,
    /// Bars from left to right.
    Rows,
}

/// Colors of series and slices, in their order.
const COLORS: [RGBColor; 10] = [
    RGBColor(80, 158, 227),
    RGBColor(136, 191, 77),
    RGBColor(169, 137, 197),
    RGBColor(242, 168, 111),
    RGBColor(239, 140, 140),
    RGBColor(249, 212, 92),
    RGBColor(152, 217, 217),
    RGBColor(113, 114, 173),
    RGBColor(242, 140, 190),
    RGBColor(56, 132, 124),
];
/// Of a number that lines are to reach.
pub const GOAL_COLOR: RGBColor = RGBColor(148, 154, 171);
/// Of slices that are together because each is small.
pub const OTHER_COLOR: RGBColor = RGBColor(180, 188, 200);
const TEXT: RGBColor = RGBColor(76, 87, 115);
const DARK_TEXT: RGBColor = RGBColor(46, 53, 77);
const LINES: RGBColor = RGBColor(236, 239, 243);

/// Units in a pixel.
const UNIT: i32 = 4;
/// Pixels of a label's height, and of one of its characters on average.
const LABEL: i32 = 12;
const CHARACTER: i32 = 8;
const MOST_TICKS: usize = 6;
/// Pixels that a name takes at most that stands upright.
const LONGEST_TURNED: i32 = 12 * CHARACTER;
/// Pixels between a bar and a text beside it.
const GAP: i32 = 6;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Color of the series or slice at a place; from the eleventh on they are darker.
pub fn color(place: usize) -> RGBColor {
    let RGBColor(red, green, blue) = COLORS[place % COLORS.len()];
    let darker = |part: u8| (f64::from(part) * 0.8_f64.powi((place / COLORS.len()) as i32)) as u8;
    RGBColor(darker(red), darker(green), darker(blue))
}

/// The color that CSS calls `#509ee3`.
pub fn of_css(text: &str) -> Option<RGBColor> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some(RGBColor(part(0)?, part(2)?, part(4)?))
}

/// As CSS has it.
pub fn css(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

impl Graph<'_> {
    /// The chart, for a place of so many pixels.
    pub fn draw(&self, shape: Shape, size: Size) -> Result<String, Error> {
        svg(size, |area| match shape {
            Shape::Line => self.line(area),
            Shape::Bars if self.has_room_for_bars(size) || !self.has_room_for_rows(size) => {
                self.bars(area, size)
            }
            Shape::Bars | Shape::Rows => self.rows(area, size),
        })
    }

    fn line(&self, area: &Area) -> Drawn {
        let count = self.names.len() as f64;
        let plot = self.plot(area, -0.5..count - 0.5, LABEL)?;
        let nth = self.named(&plot);
        for (place, name) in self.names.iter().enumerate().rev().step_by(nth) {
            write_below(area, &plot, place as f64, name, count / nth as f64)?;
        }
        let points = plot.plotting_area();
        if let Some(goal) = self.goal {
            let dash = 6 * UNIT;
            let line = [(-0.5, goal), (count - 0.5, goal)];
            let style = GOAL_COLOR.stroke_width(2 * UNIT as u32);
            points.draw(&DashedPathElement::new(line, dash, dash, style))?;
        }
        for series in self.series {
            let at = series.numbers.iter().enumerate();
            let at: Vec<(f64, f64)> = at
                .filter_map(|(place, number)| Some((place as f64, (*number)?)))
                .collect();
            points.draw(&PathElement::new(
                at.clone(),
                series.color.stroke_width(2 * UNIT as u32),
            ))?;
            for point in at {
                points.draw(&Circle::new(point, 4 * UNIT, series.color.filled()))?;
                points.draw(&Circle::new(point, 2 * UNIT, WHITE.filled()))?;
            }
        }
        Ok(())
    }

    /// Of how many points of a line, from the last one on, one has room for its name.
    fn named(&self, plot: &Plot) -> usize {
        let (width, _) = plot.plotting_area().dim_in_pixel();
        let longest = self.names.iter().map(|name| name.chars().count()).max();
        let wanted = (longest.unwrap_or(0) + 1) * self.names.len() * (CHARACTER * UNIT) as usize;
        wanted.div_ceil((width as usize).max(1)).max(1)
    }

    fn bars(&self, area: &Area, size: Size) -> Drawn {
        let count = self.names.len();
        // Names that would touch their neighbors stand upright, and where these would, too, at some of the bars only.
        let longest = self.names.iter().map(|name| width_of(name)).max().unwrap_or(0);
        let is_turned = longest * count as i32 > size.width;
        let below = if is_turned {
            longest.min(LONGEST_TURNED)
        } else {
            LABEL
        };
        let plot = self.plot(area, 0.0..count as f64, below)?;
        let nth = match is_turned {
            true => (count * (LABEL + 2) as usize)
                .div_ceil(size.width as usize)
                .max(1),
            false => 1,
        };
        for (place, name) in self.names.iter().enumerate().step_by(nth) {
            let at = place as f64 + 0.5;
            match is_turned {
                true => write_turned(area, &plot, at, name)?,
                false => write_below(area, &plot, at, name, count as f64)?,
            }
        }
        let has_labels = self.has_labels && self.has_room_for_labels(size);
        let points = plot.plotting_area();
        let width = 0.7 / self.series.len() as f64;
        for (nth, series) in self.series.iter().enumerate() {
            for (place, number) in series.numbers.iter().enumerate() {
                let Some(number) = *number else { continue };
                let left = place as f64 + 0.15 + nth as f64 * width;
                let bar = [(left, 0.0), (left + width * 0.94, number)];
                points.draw(&Rectangle::new(bar, series.color.filled()))?;
                if !has_labels {
                    continue;
                }
                let (x, y) = points.map_coordinate(&(left + width * 0.47, number));
                let (beside, anchor) = match number < 0.0 {
                    true => (y + 4 * UNIT, VPos::Top),
                    false => (y - 4 * UNIT, VPos::Bottom),
                };
                let label = series.column.write_briefly(number);
                area.draw_text(&label, &style(LABEL, HPos::Center, anchor), (x, beside))?;
            }
        }
        Ok(())
    }

    fn rows(&self, area: &Area, size: Size) -> Drawn {
        let bars = self.series.len() as i32;
        // Where not all have room for their labels, the last line says how many are left out.
        let room = self.row_lines(size);
        let (lines, shown) = match self.names.len() {
            count if count <= room => (count, count),
            _ => (room, room - 1),
        };
        // A few bars are not drawn as beams.
        let line = (size.height / lines as i32).min(72);
        let thick = (line * 7 / 10).min(36) / bars;
        let more = (shown < self.names.len()).then(|| format!("and {} more", self.names.len() - shown));
        let names = self.names.iter().chain(&more).map(|name| width_of(name));
        let names_end = names.max().unwrap_or(0).min(size.width * 2 / 5);
        let labels = self.series.iter().flat_map(Series::labels);
        let labels_start = size.width - labels.map(|label| width_of(&label)).max().unwrap_or(0);
        let Range { start, end } = self.range();
        let x = |number: f64| {
            let share = (number - start) / (end - start);
            names_end * UNIT + (share * f64::from((labels_start - names_end) * UNIT)) as i32
        };
        let write_name = |place: usize, name: &str| {
            let name = cut(name, ((names_end - GAP) / CHARACTER).max(1) as usize);
            let at = ((names_end - GAP) * UNIT, (line * place as i32 + line / 2) * UNIT);
            area.draw_text(&name, &style(LABEL, HPos::Right, VPos::Center), at)
        };
        for (place, name) in self.names.iter().take(shown).enumerate() {
            write_name(place, name)?;
        }
        if let Some(more) = &more {
            write_name(shown, more)?;
        }
        for (nth, series) in self.series.iter().enumerate() {
            for (place, label) in series.labels().enumerate().take(shown) {
                let Some(number) = series.numbers[place] else {
                    continue;
                };
                let top = line * place as i32 + (line - thick * bars) / 2 + thick * nth as i32;
                let bar = [(x(0.0), top * UNIT), (x(number), (top + thick - 1) * UNIT)];
                area.draw(&Rectangle::new(bar, series.color.filled()))?;
                let at = (x(number.max(0.0)) + GAP * UNIT, (top + thick / 2) * UNIT);
                area.draw_text(&label, &style(LABEL, HPos::Left, VPos::Center), at)?;
            }
        }
        Ok(())
    }

    /// Whether bars that stand would be as wide as the labels above them, or, without these, as the names below. Bars from left to right always
    /// have room for both.
    fn has_room_for_bars(&self, size: Size) -> bool {
        if self.has_labels {
            return self.has_room_for_labels(size);
        }
        let widest = self.names.iter().map(|name| width_of(name)).max();
        self.names.len() as i32 * widest.unwrap_or(0) <= size.width * 4 / 5
    }

    fn has_room_for_labels(&self, size: Size) -> bool {
        let labels = self.series.iter().flat_map(|series| {
            let numbers = series.numbers.iter().flatten();
            numbers.map(|number| width_of(&series.column.write_briefly(*number)))
        });
        let places = (self.names.len() * self.series.len()) as i32;
        places * labels.max().unwrap_or(0) <= size.width * 4 / 5
    }

    /// Whether each of the bars from left to right has a line.
    fn has_room_for_rows(&self, size: Size) -> bool {
        self.names.len() <= self.row_lines(size)
    }

    /// Lines for bars from left to right, each as high as its labels.
    fn row_lines(&self, size: Size) -> usize {
        let bars = self.series.len() as i32;
        (size.height / ((LABEL + 4) * bars)).max(2) as usize
    }

    /// A scale on the left with its lines, and room for names that are so high below.
    fn plot<'a>(
        &self,
        area: &Area<'a>,
        over: Range<f64>,
        below: i32,
    ) -> Result<Plot<'a>, DrawingAreaErrorKind<std::io::Error>> {
        let drawn = self.range();
        // Labels stand above and below the bars.
        let room = (drawn.end - drawn.start) * 0.08;
        let low = if drawn.start < 0.0 {
            drawn.start - room
        } else {
            0.0
        };
        scale(area, over, low..drawn.end + room, &self.series[0].column, below)
    }

    /// From the smallest to the largest number, the goal among them, and zero.
    fn range(&self) -> Range<f64> {
        let numbers = || {
            self.series
                .iter()
                .flat_map(|series| series.numbers.iter().flatten())
        };
        let low = numbers().copied().fold(0.0, f64::min);
        let high = numbers().copied().chain(self.goal).fold(0.0, f64::max);
        low..if high > low { high } else { low + 1.0 }
    }
}

/// A donut of shares, with two lines in its middle. It is as large as it can be, whatever its place.
pub fn donut(shares: &[(f64, RGBColor)], (above, below): (&str, &str)) -> Result<String, Error> {
    let size = Size {
        width: 240,
        height: 240,
    };
    svg(size, |area| {
        let center = (size.width * UNIT / 2, size.height * UNIT / 2);
        let radius = f64::from(size.width * UNIT / 2 - UNIT);
        let hole = radius * 0.64;
        let (sizes, colors): (Vec<f64>, Vec<RGBColor>) = shares.iter().copied().unzip();
        let labels = vec![""; sizes.len()];
        let mut pie = Pie::new(&center, &radius, &sizes, &colors, &labels);
        pie.start_angle(-90.0);
        pie.donut_hole(hole);
        pie.label_style(("sans-serif", LABEL).into_font().color(&TRANSPARENT));
        area.draw(&pie)?;
        let total: f64 = sizes.iter().sum();
        let mut turned = 0.0;
        for share in sizes.iter().filter(|_| sizes.len() > 1) {
            let angle = (turned / total - 0.25) * std::f64::consts::TAU;
            let at = |radius: f64| {
                let (sin, cos) = angle.sin_cos();
                (center.0 + (radius * cos) as i32, center.1 + (radius * sin) as i32)
            };
            let gap = vec![at(hole - 1.0), at(radius + f64::from(UNIT))];
            area.draw(&PathElement::new(gap, WHITE.stroke_width(2 * UNIT as u32)))?;
            turned += share;
        }
        // The number is as large as the hole lets it be.
        let large = (200 / above.chars().count().max(1) as i32).min(28);
        let number = style(large, HPos::Center, VPos::Center).color(&DARK_TEXT);
        area.draw_text(above, &number, (center.0, center.1 - 8 * UNIT))?;
        let word = style(LABEL + 2, HPos::Center, VPos::Center);
        area.draw_text(below, &word, (center.0, center.1 + 16 * UNIT))
    })
}

/// The SVG of a drawing.
fn svg(size: Size, drawing: impl FnOnce(&Area) -> Drawn) -> Result<String, Error> {
    let mut svg = String::new();
    let units = ((size.width * UNIT) as u32, (size.height * UNIT) as u32);
    let area = SVGBackend::with_string(&mut svg, units).into_drawing_area();
    drawing(&area)
        .and_then(|()| area.present())
        .map_err(|error| Error::Internal(format!("a chart could not be drawn: {error}")))?;
    drop(area);
    Ok(svg)
}

/// A scale on the left with its lines, and room for names that are so high below.
fn scale<'a>(
    area: &Area<'a>,
    over: Range<f64>,
    of: Range<f64>,
    column: &ShownColumn,
    below: i32,
) -> Result<Plot<'a>, DrawingAreaErrorKind<std::io::Error>> {
    let most = of.end.abs().max(of.start.abs());
    let label = |number: &f64| column.write_tick(*number, most);
    // plotters chooses the numbers of the scale: they are about as long as these.
    let tenths = (0..=10).map(|tenth| of.start + (of.end - of.start) * f64::from(tenth) / 10.0);
    let width = tenths.map(|number| width_of(&label(&number))).max().unwrap_or(0);
    // Whole numbers have no more ticks than there are of them.
    let ticks = match column.is_whole() {
        true => MOST_TICKS.min(((of.end - of.start) as usize).saturating_add(1)),
        false => MOST_TICKS,
    };
    let mut plot = ChartBuilder::on(area)
        // Half of the label of what may be the uppermost line.
        .margin_top((LABEL / 2 + 2) * UNIT)
        .margin_right(24 * UNIT)
        .margin_bottom((below + 14) * UNIT)
        .set_label_area_size(LabelAreaPosition::Left, width * UNIT)
        .build_cartesian_2d(over, of)?;
    plot.configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .axis_style(TRANSPARENT)
        .light_line_style(TRANSPARENT)
        .bold_line_style(LINES.stroke_width(UNIT as u32))
        .y_labels(ticks)
        .y_label_formatter(&label)
        .y_label_style(style(LABEL, HPos::Right, VPos::Center))
        .draw()?;
    Ok(plot)
}

/// Writes a name below a plot that has room for so many of them; those that would touch their neighbors are cut.
fn write_below(area: &Area, plot: &Plot, at: f64, name: &str, count: f64) -> Drawn {
    let points = plot.plotting_area();
    let (width, _) = points.dim_in_pixel();
    let room = f64::from(width) / count / f64::from(CHARACTER * UNIT);
    let (x, y) = points.map_coordinate(&(at, points.get_y_range().start));
    let name = cut(name, (room as usize).max(3));
    area.draw_text(&name, &style(LABEL, HPos::Center, VPos::Top), (x, y + 8 * UNIT))
}

/// Writes a name upright below a plot, as much of it as has room there.
fn write_turned(area: &Area, plot: &Plot, at: f64, name: &str) -> Drawn {
    let points = plot.plotting_area();
    let (x, y) = points.map_coordinate(&(at, points.get_y_range().start));
    let name = cut(name, (LONGEST_TURNED / CHARACTER) as usize);
    let style = style(LABEL, HPos::Right, VPos::Center).transform(FontTransform::Rotate270);
    area.draw_text(&name, &style, (x, y + 8 * UNIT))
}

/// Pixels that a label takes, with the gaps around it.
fn width_of(label: &str) -> i32 {
    label.chars().count().min(100) as i32 * CHARACTER + 2 * GAP
}

/// The style of a text of so many pixels.
fn style(size: i32, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    // plotters writes the size of a font as a fraction of what it is given.
    let size = f64::from(size * UNIT) * 1.24;
    ("sans-serif", size)
        .into_font()
        .color(&TEXT)
        .pos(Pos::new(horizontal, vertical))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_is_what_css_has() {
        assert_eq!(of_css("#509EE3").map(css).as_deref(), Some("#509ee3"));
        for text in ["", "#", "#509EE", "#509EE3F", "509EE3", "#50é9E", "red"] {
            assert_eq!(of_css(text), None, "{text}");
        }
    }
}
