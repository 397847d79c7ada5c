//! From which major version on Metabase does what it does not do before. Each names where that was read in its sources.

use std::ops::RangeInclusive;

/// The versions that metabase-push is for.
pub const ALL: RangeInclusive<u64> = 50..=63;

/// Questions may be saved within a dashboard (`dashboard_id` of a card): `card-query` in
/// `src/metabase/collections_rest/api.clj`, `archive-or-unarchive-internal-dashboard-questions!` in `models/dashboard.clj`.
pub const QUESTIONS_IN_DASHBOARDS: u64 = 53;

/// The editor of a dashboard looks for a target with its stage. Before, `buildDimensionTarget` has two elements:
/// `frontend/src/metabase-lib/v1/parameters/utils/targets.ts`.
pub const STAGES_IN_TARGETS: u64 = 53;

/// A filter may stand in a card or heading (`inline_parameters` of a dashcard), and goes with it:
/// `cleanup-orphaned-inline-parameters!` in `src/metabase/dashboards/models/dashboard_card.clj`.
pub const FILTERS_IN_DASHCARDS: u64 = 56;

/// A card's query is answered as a list of stages, whichever form was sent: `::stage.native` in `src/metabase/lib/schema.cljc`.
pub const STAGES_IN_QUERIES: u64 = 57;

/// Whether each dashcard needs a tab depends on the tabs that come, and not on those that are there: `update-dashboard!`,
/// in `src/metabase/api/dashboard.clj` (0.50) and in `src/metabase/dashboards_rest/api.clj` (0.59).
pub const TABS_THAT_COME: u64 = 59;

/// The tags of a query are a list, so that their order is kept: `::stage.native` in `src/metabase/lib/schema.cljc` says since when.
pub const TAGS_IN_A_LIST: u64 = 63;
