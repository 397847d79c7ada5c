//! The page: title, filters, and the cards where the dashboard's grid has them.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use pulldown_cmark::{Event, Parser};

use super::filter::{Choice, Choices};
use super::format::legible;
use crate::dashboard::catalog::DASHBOARDS;
use crate::dashboard::model::{Card, Dashboard, Dashcard, GRID_WIDTH};
use crate::dashboard::resolve::display_name;
use crate::error::Error;

/// Nothing is loaded and nothing runs: not even if a text from the data got into the page as something else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// What stands on a page besides what its cards answer.
pub struct Page<'a> {
    pub dashboard: &'a Dashboard,
    /// What each filter is set to, by its id.
    pub choices: &'a Choices<'a>,
    /// The views that it reads, each with when it was last refreshed.
    pub refreshed: Vec<(&'a str, String)>,
    /// When the page was made.
    pub made: String,
    pub time_zone: &'a str,
}

impl Page<'_> {
    /// The page, with what `draw` makes of each card.
    pub fn render(&self, draw: impl Fn(&Dashcard, &Card) -> Result<Markup, Error>) -> String {
        let dashboard = self.dashboard;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (dashboard.name) }
                    style { (PreEscaped(include_str!("page.css"))) }
                }
                body {
                    div.page {
                        header {
                            (self.links())
                            h1 { (dashboard.name) }
                            p.lead { (dashboard.description) }
                            (self.filters())
                            (self.times())
                        }
                        main.grid {
                            @for dashcard in &dashboard.ordered_cards { (rectangle(dashcard, &draw)) }
                        }
                    }
                }
            }
        };
        in_ascii(&page.into_string())
    }

    /// To the pages of all dashboards, where these lie beside this one.
    fn links(&self) -> Markup {
        html! {
            nav {
                span { "Other pages, where they were saved beside this one:" }
                @for other in DASHBOARDS {
                    a href=(format!("{}.html", other.key)) aria-current=[(other.key == self.dashboard.key).then_some("page")] {
                        (other.name)
                    }
                }
            }
        }
    }

    fn filters(&self) -> Markup {
        html! {
            dl.filters {
                @for parameter in &self.dashboard.parameters {
                    div {
                        dt { (parameter.name) }
                        dd { (legible(&self.choices.get(parameter.id.as_str()).map_or_else(|| "All".to_owned(), Choice::shown))) }
                    }
                }
            }
        }
    }

    /// How fresh what the page shows is.
    fn times(&self) -> Markup {
        html! {
            dl.times {
                div { dt { "Page made" } dd { (self.made) } }
                @for (view, minute) in &self.refreshed {
                    div { dt { (display_name(view)) " refreshed" } dd { (minute) } }
                }
                div { dt { "Times are those of" } dd { (self.time_zone) } }
            }
        }
    }
}

/// A card, a heading or a text in its place.
fn rectangle(dashcard: &Dashcard, draw: impl Fn(&Dashcard, &Card) -> Result<Markup, Error>) -> Markup {
    let Dashcard {
        row,
        col,
        size_x,
        size_y,
        ..
    } = dashcard;
    let place = format!(
        "grid-area:{}/{}/span {size_y}/span {size_x};--rows:{size_y}",
        row + 1,
        col + 1
    );
    let settings = &dashcard.visualization_settings;
    let text = settings.text.as_deref().unwrap_or_default();
    let is_heading = settings
        .virtual_card
        .as_ref()
        .is_some_and(|it| it.display == "heading");
    html! {
        @match &dashcard.card {
            Some(card) => (section(card, &place, draw(dashcard, card))),
            None if is_heading => h2 style=(place) { (text) },
            None => div.notes style=(place) { (markdown(text)) },
        }
    }
}

fn section(card: &Card, place: &str, drawn: Result<Markup, Error>) -> Markup {
    let id = format!("card-{}", card.key);
    html! {
        section.card.(card.display) id=(card.key) style=(place) aria-labelledby=(id) {
            h3 id=(id) { (card.name) }
            p.about { (card.description) }
            @match drawn {
                Ok(content) => (content),
                Err(error) => div.failed role="note" {
                    strong { "This card could not be drawn" }
                    span { (legible(&error.to_string())) }
                },
            }
        }
    }
}

/// The same page in ASCII, so that it is whole whatever encoding a client receives it in.
fn in_ascii(page: &str) -> String {
    let mut ascii = String::with_capacity(page.len());
    for character in page.chars() {
        match character.is_ascii() {
            true => ascii.push(character),
            false => ascii.push_str(&format!("&#{};", u32::from(character))),
        }
    }
    ascii
}

/// A text in Markdown, in which HTML is nothing but text.
fn markdown(text: &str) -> Markup {
    let events = Parser::new(text).map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        other => other,
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    PreEscaped(html)
}

/// A place for a drawing, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: i32,
    pub height: i32,
}

/// The widths of a page that charts are drawn for, as page.css tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Wide,
    Narrow,
    /// Each card is as wide as the page.
    Small,
}

impl Layout {
    /// Pixels of the grid.
    fn width(self) -> i32 {
        match self {
            Layout::Wide => 1392,
            Layout::Narrow => 976,
            Layout::Small => 568,
        }
    }
}

/// How much of the grid a card takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardPlace {
    columns: i32,
    rows: i32,
}

impl CardPlace {
    // Pixels, as in page.css.
    const ROW: i32 = 44;
    const GAP: i32 = 12;
    const PADDING: (i32, i32) = (38, 30);
    /// Of title, description and the gap between them and a drawing.
    const TEXTS: i32 = 60;

    pub fn of(dashcard: &Dashcard) -> CardPlace {
        CardPlace {
            columns: dashcard.size_x as i32,
            rows: dashcard.size_y as i32,
        }
    }

    /// The room for a drawing in a card.
    pub fn inside(self, page: Layout) -> Size {
        let width = match page {
            Layout::Small => page.width(),
            _ => (page.width() + Self::GAP) * self.columns / GRID_WIDTH as i32 - Self::GAP,
        };
        let height = (Self::ROW + Self::GAP) * self.rows - Self::GAP;
        let (beside, above) = Self::PADDING;
        Size {
            width: width - beside,
            height: height - above - Self::TEXTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_ascii() {
        assert_eq!(in_ascii("<b>€5 ▼ 漢</b>"), "<b>&#8364;5 &#9660; &#28450;</b>");
        // In which nothing can be written so.
        assert!(include_str!("page.css").is_ascii());
    }

    #[test]
    fn html_in_a_text_is_text() {
        assert_eq!(
            markdown("**Revenue** <script>alert(1)</script> of `a < b`").into_string(),
            "<p><strong>Revenue</strong> &lt;script&gt;alert(1)&lt;/script&gt; of <code>a &lt; b</code></p>\n"
        );
    }

    #[test]
    fn a_card_is_as_wide_as_its_columns_with_the_gaps_between_them() {
        let half = CardPlace { columns: 12, rows: 8 };
        for (page, width) in [(Layout::Wide, 652), (Layout::Narrow, 444), (Layout::Small, 530)] {
            assert_eq!(half.inside(page), Size { width, height: 346 });
        }
    }
}
