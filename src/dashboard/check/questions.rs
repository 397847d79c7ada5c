//! What the views answer: each card's SQL with every combination of its filters, and whether its settings fit the result.

use std::collections::BTreeMap;

use super::clicks;
use super::problem::Problems;
use crate::dashboard::fit;
use crate::dashboard::model::{
    Card, CellRule, Dashboard, Dashcard, Field, TemplateTag, VALUE_FILTER, column_of_key,
};
use crate::dashboard::template::Template;
use crate::error::Error;
use crate::pg::analysis::{ResultColumn, result_columns};
use crate::pg::subtransaction::subtransaction;
use crate::pg::syntax::{self, Promise};
use crate::sql;
use crate::view::state::ViewState;

/// A card of more filters has more combinations than anybody would ask for.
const MOST_FILTERS: usize = 6;

pub fn check(dashboard: &Dashboard, problems: &mut Problems) -> Result<(), Error> {
    let mut missing = Vec::new();
    for view in dashboard.source_views() {
        match ViewState::find(view)?.filter(ViewState::is_materialized_view) {
            Some(state) if state.populated => {}
            Some(_) => problems.dashboard(format!(
                "materialized view analytics.{view} was never filled; fill it: SELECT * FROM metabase.refresh_view('{view}')"
            )),
            None => {
                problems.dashboard(format!(
                    "materialized view analytics.{view} does not exist; create it: SELECT * FROM metabase.create_view('{view}')"
                ));
                missing.push(view);
            }
        }
    }
    for (dashcard, card) in dashboard.cards() {
        if missing.iter().any(|view| card.reads(view)) {
            continue;
        }
        // What is wrong with a template the wiring has said.
        if let Ok(template) = Template::parse(card.sql()) {
            check_card(dashboard, dashcard, card, &template, problems);
        }
    }
    Ok(())
}

fn check_card(
    dashboard: &Dashboard,
    dashcard: &Dashcard,
    card: &Card,
    template: &Template,
    problems: &mut Problems,
) {
    let mut conditions = BTreeMap::new();
    for (name, tag) in &card.dataset_query.native.template_tags {
        if let Some(condition) = condition(card, tag, problems) {
            conditions.insert(name.clone(), condition);
        }
    }
    if conditions.len() > MOST_FILTERS {
        problems.card(&card.key, format!("it has more than {MOST_FILTERS} filters"));
        return;
    }
    let mut columns = None;
    for chosen in subsets(&conditions) {
        match ask(&template.render(&chosen)) {
            Ok(found) => columns = Some(found),
            Err(error) => {
                let with = match chosen.is_empty() {
                    true => "without a filter".to_owned(),
                    false => format!(
                        "with the filters {}",
                        chosen.into_keys().collect::<Vec<_>>().join(", ")
                    ),
                };
                problems.card(&card.key, format!("its SQL does not work {with}: {error}"));
                return;
            }
        }
    }
    // What was analyzed is not nested too deeply to be looked at.
    let unfiltered = template.render(&BTreeMap::new());
    if let Some(columns) = columns
        && let Ok(Some(promise)) = syntax::promise(&unfiltered)
    {
        Fit {
            dashboard,
            dashcard,
            card,
            columns,
            promise,
            problems,
        }
        .check();
    }
}

/// The condition that stands for a filter that is set, as Metabase writes it: by the field's full name, which a view with an alias
/// does not answer to. None where there is no such field, which is a problem of its own.
fn condition(card: &Card, tag: &TemplateTag, problems: &mut Problems) -> Option<String> {
    let Field::Name(field) = &tag.dimension.1 else {
        problems.card(
            &card.key,
            format!(
                "its tag {{{{{}}}}} names its field by a number, which only one Metabase knows",
                tag.name
            ),
        );
        return None;
    };
    let Some([schema, view, column]) = tag.dimension.1.parts() else {
        problems.card(&card.key, format!("\"{field}\" is not schema.view.column"));
        return None;
    };
    let relation = sql::qualified(schema, view);
    let kind = match ask(&format!("SELECT {} FROM {relation}", sql::ident(column))) {
        Ok(columns) => columns.first().map(|column| column.category),
        Err(error) => {
            problems.card(
                &card.key,
                format!("its tag {{{{{}}}}} is a filter on {field}: {error}", tag.name),
            );
            return None;
        }
    };
    let (wanted, test) = match tag.widget_type.as_str() {
        VALUE_FILTER => ('S', "IN ('x')"),
        _ => ('D', "BETWEEN date '2020-01-01' AND date '2020-01-31'"),
    };
    if kind != Some(wanted) {
        problems.card(
            &card.key,
            format!(
                "its tag {{{{{}}}}} is a filter of the type {} on {field}, whose type does not fit",
                tag.name, tag.widget_type
            ),
        );
        return None;
    }
    Some(format!("{relation}.{} {test}", sql::ident(column)))
}

/// The columns that a query would return, or what is wrong with it.
fn ask(query: &str) -> Result<Vec<ResultColumn>, String> {
    match syntax::is_select(query) {
        Ok(true) => subtransaction(|| result_columns(query)).map_err(|error| error.to_string()),
        Ok(false) => Err("it is not one well-formed SELECT".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Every choice of some of the conditions, from none to all.
fn subsets(conditions: &BTreeMap<String, String>) -> impl Iterator<Item = BTreeMap<String, String>> {
    (0..1_u32 << conditions.len()).map(|choice| {
        conditions
            .iter()
            .enumerate()
            .filter(|(place, _)| choice & (1 << place) != 0)
            .map(|(_, (tag, condition))| (tag.clone(), condition.clone()))
            .collect()
    })
}

/// Whether a card's settings fit the columns of its result, and its rows and columns its place.
struct Fit<'a> {
    dashboard: &'a Dashboard,
    dashcard: &'a Dashcard,
    card: &'a Card,
    columns: Vec<ResultColumn>,
    promise: Promise,
    problems: &'a mut Problems,
}

impl Fit<'_> {
    fn check(&mut self) {
        let settings = &self.card.visualization_settings;
        match self.card.display.as_str() {
            "scalar" => self.scalar(),
            "smartscalar" => self.smartscalar(),
            "line" | "bar" | "area" | "row" | "combo" | "scatter" | "waterfall" => self.graph(),
            "pie" => {
                self.dimension("pie.dimension", settings.pie_dimension.as_deref());
                self.metric("pie.metric", settings.pie_metric.as_deref());
            }
            "map" => self.map(),
            "table" => self.table(),
            _ => {}
        }
        for key in settings.column_settings.keys() {
            match column_of_key(key) {
                Some(name) => _ = self.column("column_settings", &name),
                None => self.tell(format!("column_settings has a key {key}, which names no column")),
            }
        }
        for name in clicks::columns(self.dashcard, self.card) {
            self.column("click_behavior", &name);
        }
        for set in clicks::set_by_columns(self.dashboard, self.dashcard, self.card) {
            let column = self.columns.iter().find(|column| column.name == set.column);
            if let Some(fault) = column.and_then(|column| set.fault(column.category)) {
                self.tell(fault);
            }
        }
        self.goal();
        self.names();
        self.formats();
    }

    fn tell(&mut self, problem: impl Into<String>) {
        self.problems.card(&self.card.key, problem);
    }

    /// The category of the type of a column that a setting names.
    fn column(&mut self, setting: &str, name: &str) -> Option<char> {
        let found = self.columns.iter().find(|column| column.name == name);
        let category = found.map(|column| column.category);
        if category.is_none() {
            self.tell(format!(
                "{setting} names a column \"{name}\" that its result does not have"
            ));
        }
        category
    }

    fn dimension(&mut self, setting: &str, name: Option<&str>) -> Option<char> {
        match name {
            Some(name) => self.column(setting, name),
            None => {
                self.tell(format!("{setting} is not set"));
                None
            }
        }
    }

    fn metric(&mut self, setting: &str, name: Option<&str>) {
        if let (Some(category), Some(name)) = (self.dimension(setting, name), name)
            && category != 'N'
        {
            self.tell(format!("{setting} names \"{name}\", which is not a number"));
        }
    }

    fn scalar(&mut self) {
        match self.card.visualization_settings.scalar_field.as_deref() {
            Some(name) => self.metric("scalar.field", Some(name)),
            None if self.columns.first().is_none_or(|column| column.category != 'N') => {
                self.tell("a scalar shows its first column, which is not a number");
            }
            None => {}
        }
        self.never_null();
    }

    /// A number is there or is not; Metabase would write "null" in its place.
    fn never_null(&mut self) {
        let field = self.card.visualization_settings.scalar_field.as_deref();
        let place = match field {
            Some(name) => self.columns.iter().position(|column| column.name == name),
            None => Some(0),
        };
        let Some(place) = place else { return };
        let (Some(column), promised) = (self.columns.get(place), self.promise.never_null.get(place)) else {
            return;
        };
        if promised != Some(&true) {
            self.tell(format!(
                "\"{}\" can be NULL, which Metabase writes out in large letters: have no row then, by WHERE … IS NOT NULL, \
                 or write coalesce(…, 0)",
                column.name
            ));
        }
    }

    fn smartscalar(&mut self) {
        let count = |category| {
            self.columns
                .iter()
                .filter(|column| column.category == category)
                .count()
        };
        if count('D') != 1 || count('N') != 1 || self.columns.len() != 2 {
            self.tell("a smartscalar needs one date and one number in its result, and nothing else");
            return;
        }
        let date = self.columns.iter().find(|column| column.category == 'D');
        let date = date.map(|column| column.name.clone()).unwrap_or_default();
        if self.promise.sorted_by.as_deref() != Some(&date) {
            self.tell(format!(
                "a smartscalar shows its last row, so its SQL must end with ORDER BY {}",
                sql::ident(&date)
            ));
        }
        self.never_null();
    }

    fn graph(&mut self) {
        let settings = &self.card.visualization_settings;
        for (setting, names) in [
            ("graph.dimensions", &settings.graph_dimensions),
            ("graph.metrics", &settings.graph_metrics),
        ] {
            if names.as_ref().is_none_or(Vec::is_empty) {
                self.tell(format!("{setting} is not set"));
            }
        }
        for name in settings.graph_metrics.iter().flatten() {
            self.metric("graph.metrics", Some(name));
        }
        for (place, name) in settings.graph_dimensions.iter().flatten().enumerate() {
            let category = self.column("graph.dimensions", name);
            // A second one makes lines of its values.
            let is_timeseries = place == 0 && settings.x_axis_scale.as_deref() == Some("timeseries");
            if is_timeseries && category.is_some_and(|category| category != 'D') {
                self.tell(format!(
                    "the scale of its x axis needs a date, and \"{name}\" is none"
                ));
            }
        }
        self.scale();
    }

    /// Names that stand side by side or below each other, each with its bars.
    fn scale(&mut self) {
        let settings = &self.card.visualization_settings;
        let display = self.card.display.as_str();
        let series = settings.graph_metrics.as_ref().map_or(0, Vec::len);
        let shows_values = settings.show_values == Some(true);
        if settings.x_axis_scale.as_deref() == Some("histogram") {
            self.tell(
                "SQL has no bins, so that a histogram leaves out what is empty: return the classes as texts, the empty ones, too, \
                 on an ordinal scale",
            );
        }
        if matches!(display, "bar" | "combo" | "row") && shows_values && series > 1 {
            self.tell(format!(
                "the values of {series} series would be written over each other: set graph.show_values to false"
            ));
        }
        if display == "row" && shows_values && settings.y_axis_enabled != Some(false) {
            self.tell(
                "beside the values of its bars, a scale says nothing new, and repeats whole numbers: set graph.y_axis.axis_enabled to false",
            );
        }
        let room = match display {
            "row" => fit::bars(self.dashcard.size_y) / u32::try_from(series).unwrap_or(u32::MAX).max(1),
            "bar" | "combo" if settings.x_axis_scale.as_deref() == Some("ordinal") => {
                fit::standing_bars(self.dashcard.size_x)
            }
            _ => return,
        };
        if self.promise.limit.is_none_or(|limit| limit > room) {
            self.tell(format!(
                "there is room for {room} names with their bars: its SQL must end with a LIMIT that is no larger"
            ));
        }
    }

    fn map(&mut self) {
        let settings = &self.card.visualization_settings;
        if settings.map_type.as_deref() != Some("region")
            || settings.map_region.as_deref() != Some("world_countries")
        {
            self.tell("its map must be of the type region and the region world_countries");
        }
        if let Some(category) = self.dimension("map.dimension", settings.map_dimension.as_deref())
            && category != 'S'
        {
            self.tell("map.dimension must be a text: codes of countries");
        }
        self.metric("map.metric", settings.map_metric.as_deref());
    }

    fn table(&mut self) {
        for column in self.card.visualization_settings.table_columns.iter().flatten() {
            self.column("table.columns", &column.name);
        }
        for rule in &self.card.visualization_settings.table_column_formatting {
            self.mark(rule);
        }
        match self.promise.limit {
            None => self.tell("a table can grow, and its SQL has no LIMIT"),
            Some(limit) => self.rows_seen(limit),
        }
        self.columns_seen();
    }

    /// A rule that marks cells is about columns that there are, and compares what they hold with its like.
    fn mark(&mut self, rule: &CellRule) {
        let CellRule { operator, value, .. } = rule;
        // The categories of types that it can compare.
        let compared: &[char] = match operator.as_str() {
            "=" | "!=" => &['N', 'S'],
            "<" | "<=" | ">" | ">=" => &['N'],
            "contains" | "does-not-contain" | "starts-with" | "ends-with" => &['S'],
            "is-null" | "not-null" | "is-true" | "is-false" => &[],
            _ => {
                self.tell(format!(
                    "table.column_formatting has an operator \"{operator}\", which Metabase does not have"
                ));
                return;
            }
        };
        if rule.columns.is_empty() {
            self.tell("table.column_formatting has a rule that is about no column");
        }
        for name in &rule.columns {
            let Some(category) = self.column("table.column_formatting", name) else {
                continue;
            };
            let is_like = match category {
                'N' => value.is_number(),
                _ => value.is_string(),
            };
            let marks = compared.is_empty() || compared.contains(&category) && is_like;
            if !marks {
                self.tell(format!(
                    "table.column_formatting compares \"{name}\" by \"{operator}\" with {value}, which marks nothing of its type"
                ));
            }
        }
    }

    /// A line that others are to reach has a height, and is drawn.
    fn goal(&mut self) {
        let settings = &self.card.visualization_settings;
        let is_drawn = matches!(self.card.display.as_str(), "line" | "area" | "bar" | "combo");
        match (settings.show_goal, settings.goal_value) {
            (Some(true), None) => self.tell("graph.show_goal is set, and graph.goal_value is not"),
            (Some(true), Some(_)) if !is_drawn => {
                self.tell(format!("a {} has no line for a goal", self.card.display));
            }
            (None | Some(false), Some(_)) => {
                self.tell("graph.goal_value is set, and its line is not drawn: set graph.show_goal to true");
            }
            _ => {}
        }
    }

    /// Few rows are all seen; many scroll.
    fn rows_seen(&mut self, limit: u32) {
        let seen = fit::table_rows(self.dashcard.size_y);
        let wanted = if limit <= fit::FEW_ROWS {
            limit
        } else {
            fit::SEEN_ROWS
        };
        if seen < wanted {
            self.tell(format!(
                "of its rows, {seen} are seen, and {wanted} should be: make it higher"
            ));
        }
    }

    /// A few columns are all seen; of more, those that matter come first.
    fn columns_seen(&mut self) {
        let settings = &self.card.visualization_settings;
        let columns = settings.table_columns.iter().flatten();
        let count = columns.filter(|column| column.enabled).count();
        let widths = settings.table_column_widths.as_deref().unwrap_or_default();
        if widths.len() != count {
            self.tell(format!(
                "table.column_widths has {} widths, and the table {count} columns",
                widths.len()
            ));
            return;
        }
        let seen = fit::table_columns(self.dashcard.size_x, widths);
        let wanted = count.min(fit::SEEN_COLUMNS);
        if seen < wanted {
            self.tell(format!(
                "of its columns, {seen} are seen in a window of 1024 pixels, and {wanted} should be: make it wider, or columns narrower"
            ));
        }
    }

    /// Legends, tooltips and downloads have the names of the columns, whatever titles the settings give them.
    fn names(&mut self) {
        for column in self.columns.clone() {
            let is_identifier = |name: &str| {
                name.chars()
                    .all(|character| matches!(character, 'a'..='z' | '0'..='9' | '_'))
            };
            if column.name == "?column?" || is_identifier(&column.name) {
                self.tell(format!(
                    "column \"{0}\" is called as in SQL, in legends and tooltips, too: write AS \"…\" as people read it",
                    column.name
                ));
            }
        }
    }

    /// Each number says what it is; nothing else is formatted as one.
    fn formats(&mut self) {
        for ResultColumn { name, category } in self.columns.clone() {
            let format = self.card.visualization_settings.column(&name);
            let style = format.and_then(|format| format.number_style.as_deref());
            let has_currency = format.is_some_and(|format| format.currency.is_some());
            let has_date_style = format.is_some_and(|format| format.date_style.is_some());
            if has_date_style && category != 'D' {
                self.tell(format!("column \"{name}\" has a date_style and is not a date"));
            }
            match (category, style) {
                ('N', None) => self.tell(format!("column \"{name}\" is a number without a number_style")),
                ('N', Some("percent")) => self.tell(format!(
                    "column \"{name}\" has number_style percent, which is for ratios: a percentage is a decimal with a suffix"
                )),
                ('N', Some("currency")) if !has_currency => {
                    self.tell(format!("column \"{name}\" is an amount of no currency"));
                }
                ('N', Some("decimal" | "currency" | "scientific")) => {}
                ('N', Some(style)) => self.tell(format!("column \"{name}\" has a number_style \"{style}\" that does not exist")),
                (_, Some(_)) => self.tell(format!("column \"{name}\" has a number_style and is not a number")),
                _ => {}
            }
        }
    }
}
