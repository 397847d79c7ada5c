//! What tells the SQL of one version of this extension from that of another: facts are built anew where it is another one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::program::Program;
use super::script::Step;
use super::target::{Portion, TARGETS};
use crate::source::entity::ENTITIES;
use crate::sql;

/// The digest of all SQL of incremental refresh, as it is for some shop: what differs from shop to shop, the facts' sources tell.
pub fn digest() -> &'static str {
    static DIGEST: LazyLock<String> = LazyLock::new(|| sql::digest(&all_sql(&any_shop())));
    &DIGEST
}

fn all_sql(program: &Program) -> String {
    let mut steps = [program.take(), program.apply(), program.build()].concat();
    let mut queries = Vec::new();
    for target in &TARGETS {
        steps.extend(target.take_groups(true, Portion::All));
        queries.push(target.note_groups());
        // One that has no rows fails where it is flushed.
        if let Ok((flush, changes)) = target.changes(program) {
            steps.extend(flush);
            queries.push(changes);
        }
    }
    let steps = steps.iter().map(Step::to_string);
    steps.chain(queries).collect::<Vec<_>>().join("\n")
}

/// A shop with a second table for each entity.
fn any_shop() -> Program {
    let key = || "uuid".to_owned();
    let links = ENTITIES.iter().map(|spec| (spec.name.to_owned(), key()));
    Program {
        zone: "UTC".into(),
        order: key(),
        stock_item: key(),
        product: key(),
        brand: key(),
        category: key(),
        platform: key(),
        supplier: key(),
        size: key(),
        links: BTreeMap::from_iter(links),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_each_time_and_of_all_sql() {
        let sql = all_sql(&any_shop());
        assert_eq!(sql, all_sql(&any_shop()));
        for said in [
            "CREATE TABLE metabase_internal.sale_fact",
            "DELETE FROM metabase_internal.order_queue",
            "analytics.metabase_sales",
            "INSERT INTO metabase_internal.dirty_brand",
            "metabase_internal.joined_queue",
        ] {
            assert!(sql.contains(said), "{said}");
        }
    }
}
