//! Puts a dashboard's data into Metabase's form: places on the grid, filters wired to cards, a format for every column.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::color;
use super::data_as_of::{self, DATA_AS_OF};
use super::fit;
use super::mark;
use super::model::{
    Card, ColumnSettings, DATE_FILTER, Dashboard, Dashcard, DatasetQuery, Dimension, Field, FieldWord,
    GRID_WIDTH, MARKER, NativeQuery, Parameter, ParameterMapping, PieRow, SeriesSettings, TableColumn,
    TemplateTag, VALUE_FILTER, VirtualCard, VisualizationSettings, column_key, marked, names_view,
};
use super::shop::ShopSettings;
use super::spec::{Asked, CardColumn, DashboardSpec, Drawing, Filter, FilterKind, Format, Question};
use super::template::Template;
use crate::sql;
use crate::view::catalog::VIEWS;

/// Rows of the grid that a heading takes.
const HEADING_HEIGHT: u32 = 1;

impl DashboardSpec {
    /// The dashboard in Metabase's form.
    pub fn assemble(&self, shop: &ShopSettings) -> Dashboard {
        let (mut ordered_cards, mut next_row) = self.freshness(shop);
        for row in self.rows {
            let asked: Vec<_> = row.asked(shop.has_sales).collect();
            if asked.is_empty() {
                continue;
            }
            // Known by the first card under it, whatever rows a later version puts between these.
            let first = row.questions.first().map_or("", |(_, question)| question.key);
            ordered_cards.push(virtual_card(
                self.marked(&format!("heading.{first}")),
                "heading",
                row.heading.to_owned(),
                next_row,
                HEADING_HEIGHT,
            ));
            next_row += HEADING_HEIGHT;
            let mut col = 0;
            for (width, question, asked) in asked {
                ordered_cards.push(Dashcard {
                    row: next_row,
                    col,
                    size_x: width,
                    size_y: row.height,
                    parameter_mappings: self
                        .filters_of(asked.sql)
                        .map(|(filter, _)| ParameterMapping::new(&self.marked(filter.tag), filter.tag))
                        .collect(),
                    card: Some(self.card(question, asked, shop)),
                    visualization_settings: self.click_settings(question, asked),
                });
                col += width;
            }
            next_row += row.height;
        }
        let notes = self.notes(shop);
        let height = fit::text_height(&notes, GRID_WIDTH);
        ordered_cards.push(virtual_card(
            self.marked("notes"),
            "text",
            notes,
            next_row,
            height,
        ));
        Dashboard {
            key: self.key.to_owned(),
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            audience: self.audience.to_owned(),
            parameters: self.filters.iter().map(|filter| self.parameter(filter)).collect(),
            ordered_cards,
        }
    }

    /// Above all else, where people look first: up to when the figures hold what was committed; and how many rows that takes.
    fn freshness(&self, shop: &ShopSettings) -> (Vec<Dashcard>, u32) {
        let width = GRID_WIDTH - data_as_of::WIDTH;
        let words = self.freshness_words(shop);
        let height = fit::text_height(&words, width).max(data_as_of::HEIGHT);
        let words = Dashcard {
            size_x: width,
            ..virtual_card(self.marked("freshness"), "text", words, 0, height)
        };
        let card = DATA_AS_OF.asked(shop.has_sales).map(|asked| Dashcard {
            row: 0,
            col: width,
            size_x: data_as_of::WIDTH,
            size_y: data_as_of::HEIGHT,
            parameter_mappings: Vec::new(),
            card: Some(self.card(&DATA_AS_OF, asked, shop)),
            visualization_settings: VisualizationSettings::default(),
        });
        (std::iter::once(words).chain(card).collect(), height)
    }

    fn parameter(&self, filter: &Filter) -> Parameter {
        let (section, default, values_query_type) = match filter.kind {
            FilterKind::Date { default } => ("date", Some(default.into()), None),
            FilterKind::Value => ("string", None, Some("list".to_owned())),
        };
        Parameter {
            id: self.marked(filter.tag),
            name: filter.name.to_owned(),
            slug: filter.tag.to_owned(),
            kind: filter.kind.parameter_type().to_owned(),
            section: section.to_owned(),
            default,
            values_query_type,
        }
    }

    /// What a heading, text or filter of this one is known by.
    pub fn marked(&self, name: &str) -> String {
        marked(self.key, name)
    }

    /// The filters that a question's SQL has a tag for, each with the column that it restricts there.
    fn filters_of(&self, sql: &'static str) -> impl Iterator<Item = (&Filter, &'static str)> {
        let template = Template::parse(sql).ok();
        self.filters.iter().filter_map(move |filter| {
            template.as_ref()?.tags().contains(&filter.tag).then_some(())?;
            let column = filter.columns.iter().find(|column| {
                column
                    .split_once('.')
                    .is_some_and(|(view, _)| names_view(sql, view))
            })?;
            Some((filter, *column))
        })
    }

    fn card(&self, question: &Question, asked: &Asked, shop: &ShopSettings) -> Card {
        let template_tags: BTreeMap<String, TemplateTag> = self
            .filters_of(asked.sql)
            .map(|(filter, column)| {
                let tag = TemplateTag {
                    id: tag_id(&format!("{}.{}", self.marked(filter.tag), question.key)),
                    name: filter.tag.to_owned(),
                    display_name: filter.name.to_owned(),
                    kind: "dimension".to_owned(),
                    dimension: Dimension(FieldWord::Field, Field::Name(format!("analytics.{column}")), ()),
                    widget_type: filter.kind.parameter_type().to_owned(),
                };
                (filter.tag.to_owned(), tag)
            })
            .collect();
        Card {
            key: question.key.to_owned(),
            name: asked.name.to_owned(),
            description: asked.description.to_owned(),
            display: question.drawing.display().to_owned(),
            dataset_query: DatasetQuery {
                database: None,
                kind: "native".to_owned(),
                native: NativeQuery {
                    // The first line says whose card it is, to metabase-push and to whoever finds the query in a log.
                    query: format!(
                        "-- {MARKER}: {}/{}\n{}",
                        self.key,
                        question.key,
                        self.fill(asked.sql.trim_end(), shop)
                    ),
                    template_tags,
                },
            },
            visualization_settings: question.visualization_settings(asked, shop),
        }
    }

    /// What the numbers mean, and what clicks do.
    fn notes(&self, shop: &ShopSettings) -> String {
        format!("{} {}", self.meaning.text(shop.has_sales), self.click_words())
    }

    /// What amounts and days are, and how often the figures are brought up to date.
    fn freshness_words(&self, shop: &ShopSettings) -> String {
        let refreshed: Vec<String> = shop
            .strategies
            .iter()
            .filter(|(view, _)| self.reads(view, shop))
            .map(|(view, strategy)| format!("`{view}` {strategy}"))
            .collect();
        format!(
            "Amounts are in {}, days are those of {}. Refreshed: {}; a moment after each sale where the database's background \
             worker follows them.",
            shop.currency.code(),
            shop.time_zone,
            refreshed.join(", ")
        )
    }

    /// A card's SQL, with what of the shop and of the dashboard stands in it.
    fn fill(&self, sql: &str, shop: &ShopSettings) -> String {
        let names = VIEWS.iter().map(|view| view.name);
        let views: Vec<&str> = names.filter(|view| self.reads(view, shop)).collect();
        sql::fill(
            sql,
            &[
                (":views", &sql::text_array(&views)),
                (":'time_zone'", &sql::literal(&shop.time_zone)),
            ],
        )
    }

    /// Whether one of its cards reads a view.
    fn reads(&self, view: &str, shop: &ShopSettings) -> bool {
        let mut asked = self.rows.iter().flat_map(|row| row.asked(shop.has_sales));
        asked.any(|(_, _, asked)| names_view(asked.sql, view))
    }
}

/// A tag's id, which is the same each time for a tag of the same name. Metabase makes UUIDs, and its schema of files has no other ids.
fn tag_id(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// A heading or a text as wide as the grid.
fn virtual_card(name: String, display: &str, text: String, row: u32, height: u32) -> Dashcard {
    Dashcard {
        row,
        col: 0,
        size_x: GRID_WIDTH,
        size_y: height,
        card: None,
        parameter_mappings: Vec::new(),
        visualization_settings: VisualizationSettings {
            virtual_card: Some(VirtualCard::new(name, display)),
            text: Some(text),
            background: Some(false),
            ..VisualizationSettings::default()
        },
    }
}

impl FilterKind {
    pub fn parameter_type(self) -> &'static str {
        match self {
            FilterKind::Date { .. } => DATE_FILTER,
            FilterKind::Value => VALUE_FILTER,
        }
    }
}

impl Drawing {
    fn display(&self) -> &'static str {
        match self {
            Drawing::Number => "scalar",
            Drawing::Trend => "smartscalar",
            Drawing::LineToGoal | Drawing::LinePerValue => "line",
            Drawing::Bar => "bar",
            Drawing::Row => "row",
            Drawing::Pie | Drawing::OrderedPie(_) => "pie",
            Drawing::Map => "map",
            Drawing::Table => "table",
        }
    }
}

impl Question {
    fn visualization_settings(&self, asked: &Asked, shop: &ShopSettings) -> VisualizationSettings {
        let mut settings = VisualizationSettings {
            column_settings: self
                .columns
                .iter()
                .map(|column| (column_key(column.name), self.column_settings(column, shop)))
                .collect(),
            ..VisualizationSettings::default()
        };
        let [over, drawn @ ..] = self.columns else {
            return settings;
        };
        match self.drawing {
            Drawing::Number | Drawing::Trend => {
                settings.scalar_field = self.columns.last().map(|column| column.name.to_owned());
            }
            Drawing::LineToGoal | Drawing::LinePerValue | Drawing::Bar | Drawing::Row => {
                let is_line = matches!(self.drawing, Drawing::LineToGoal | Drawing::LinePerValue);
                let (by, drawn) = drawn.split_at(usize::from(matches!(self.drawing, Drawing::LinePerValue)));
                // Labels at the bars of several series would lie on each other; where they are, nobody needs a scale.
                let has_labels = !is_line && drawn.len() == 1;
                let dimensions = std::iter::once(over).chain(by);
                settings.graph_dimensions = Some(dimensions.map(|column| column.name.to_owned()).collect());
                settings.graph_metrics = Some(drawn.iter().map(|column| column.name.to_owned()).collect());
                settings.x_axis_title = Some(match over.format {
                    Format::PriceClass => format!("{} in {}", over.name, shop.currency.code()),
                    _ => over.name.to_owned(),
                });
                settings.y_axis_title = (drawn.len() == 1).then(|| drawn[0].name.to_owned());
                settings.show_values = Some(has_labels);
                settings.y_axis_enabled = Some(!has_labels);
                // Below many bars it would be cut.
                settings.y_axis_has_title = Some(!matches!(self.drawing, Drawing::Row));
                settings.x_axis_scale = Some(if is_line { "timeseries" } else { "ordinal" }.to_owned());
                if let (Drawing::LineToGoal, Some(goal)) = (&self.drawing, shop.monthly_revenue_goal) {
                    settings.show_goal = Some(true);
                    settings.goal_value = Some(goal);
                    settings.goal_label = Some("Revenue goal".to_owned());
                }
                // Lines of values have colors of Metabase's own.
                let measures = drawn.iter().filter(|_| by.is_empty());
                settings.series_settings = measures.filter_map(series_color).collect();
            }
            Drawing::Pie | Drawing::OrderedPie(_) => {
                settings.version = Some(2);
                settings.pie_dimension = Some(over.name.to_owned());
                settings.pie_metric = drawn.first().map(|column| column.name.to_owned());
                settings.pie_show_legend = Some(true);
                settings.pie_show_total = Some(true);
                // In the legend they would take the room of the names.
                settings.pie_percent_visibility = Some("inside".to_owned());
                // As percentages have everywhere.
                settings.pie_decimal_places = Some(1);
                settings.pie_slice_threshold = Some(2.5);
                if let Drawing::OrderedPie(slices) = self.drawing {
                    settings.pie_slice_threshold = Some(0.0);
                    settings.pie_sort_rows = Some(false);
                    settings.pie_sort_rows_dimension = Some(over.name.to_owned());
                    let rows = slices.iter().map(|(value, color)| PieRow::new(value, color));
                    settings.pie_rows = Some(rows.collect());
                }
            }
            Drawing::Map => {
                settings.map_type = Some("region".to_owned());
                settings.map_region = Some("world_countries".to_owned());
                settings.map_dimension = Some(over.name.to_owned());
                settings.map_metric = drawn.first().map(|column| column.name.to_owned());
            }
            Drawing::Table => {
                let table_column = |column: &CardColumn| TableColumn {
                    name: column.name.to_owned(),
                    enabled: true,
                };
                let unseen = self
                    .unseen_columns(asked)
                    .map(|name| TableColumn { name, enabled: false });
                settings.table_columns = Some(self.columns.iter().map(table_column).chain(unseen).collect());
                settings.table_column_widths = Some(self.columns.iter().map(|column| column.width).collect());
                settings.table_column_formatting = mark::rules(self.columns);
            }
        }
        settings
    }

    fn column_settings(&self, column: &CardColumn, shop: &ShopSettings) -> ColumnSettings {
        let decimal = |decimals| ColumnSettings {
            number_style: Some("decimal".to_owned()),
            decimals: Some(decimals),
            ..ColumnSettings::default()
        };
        let amount = |decimals| ColumnSettings {
            number_style: Some("currency".to_owned()),
            currency: Some(shop.currency.code().to_owned()),
            currency_style: Some("symbol".to_owned()),
            currency_in_header: matches!(self.drawing, Drawing::Table).then_some(false),
            decimals: Some(decimals),
            ..ColumnSettings::default()
        };
        let day = |style: &str| ColumnSettings {
            date_style: Some(style.to_owned()),
            time_enabled: Some(None),
            ..ColumnSettings::default()
        };
        let mut settings = match column.format {
            Format::Money => amount(0),
            Format::Price => amount(shop.currency.exponent().unwrap_or(0).into()),
            Format::Count => decimal(0),
            Format::Percent | Format::Days | Format::Score => decimal(1),
            Format::Day => ColumnSettings {
                date_abbreviate: Some(true),
                ..day("D MMMM, YYYY")
            },
            Format::Month => day("MMMM, YYYY"),
            Format::Text | Format::PriceClass => ColumnSettings::default(),
        };
        settings.show_mini_bar = (column.has_bars && matches!(self.drawing, Drawing::Table)).then_some(true);
        settings.suffix = match column.format {
            Format::Percent => Some(" %".to_owned()),
            Format::Days => Some(" days".to_owned()),
            // A number that stands alone has no column's title beside it.
            Format::Count if matches!(self.drawing, Drawing::Number) => {
                Some(format!(" {}", column.name.to_lowercase()))
            }
            _ => None,
        };
        settings
    }
}

/// The color of a column that is drawn, by its name.
fn series_color(column: &CardColumn) -> Option<(String, SeriesSettings)> {
    let color = color::of_measure(column.name)?.to_owned();
    Some((column.name.to_owned(), SeriesSettings { color }))
}
