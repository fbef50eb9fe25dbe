//! What of a configuration the router's kernel cannot carry out, told to whoever commits it.
//!
//! That follows from configuration and post alone: lines that go down and lists that fall silent make no configuration impossible. So what
//! was taken once can be carried out for good.

use std::sync::Arc;

use kernel::{NotHere, Program};
use router::{datastore::Tree, forwarding, yang::Schema};

use crate::post::Post;

/// So many reasons are told; the rest is counted. An answer has to fit into the header of a gRPC reply.
const MOST: usize = 8;

/// Judges configurations for a router at its post. The text of a refusal has the reasons, for people.
pub fn judge(
    post: Arc<Post>,
    schema: Arc<Schema>,
) -> impl Fn(&Tree) -> Result<(), String> + Send + Sync + 'static {
    move |tree: &Tree| match Program::of(&forwarding::read(&schema, tree), &post.place) {
        Ok(_) => Ok(()),
        Err(refused) => Err(reasons(&refused)),
    }
}

fn reasons(refused: &NotHere) -> String {
    let told: Vec<String> = refused.refusals.iter().take(MOST).map(ToString::to_string).collect();
    let rest = refused.refusals.len().saturating_sub(told.len());
    let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
    format!("the kernel of {} cannot carry this out: {}{more}", refused.node, told.join("; "))
}

#[cfg(test)]
mod tests;
