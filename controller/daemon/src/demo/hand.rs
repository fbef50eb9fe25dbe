//! A foreign hand: somebody with an account on a router who changes it over a NETCONF session of his own, behind the
//! controller's back. He uses the router's own host key and login, and nothing that the controller knows.

use std::time::Duration;

use anyhow::{Context as _, bail};
use device::{Device as _, DeviceError, ErrorKind};
use model::{DeviceReading, Edit, NodeId, SteeringRule, TransactionId, VrfName};
use netconf::{
    device::{NetconfDevice, Options},
    ssh::{LoginKey, SshTarget},
};
use tokio::time::{Instant, sleep};

use super::files::Written;

/// How long he tries again while the controller has the router's configuration locked.
const PATIENCE: Duration = Duration::from_secs(15);
/// Before he tries again.
const PAUSE: Duration = Duration::from_millis(300);
/// How long the router waits for his confirm.
const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// His transaction; the controller counts its own from 1.
const HIS: TransactionId = TransactionId(0);

/// Deletes the first steering rule of the controller's on a router, of this VRF where one is named; gives the rule.
///
/// # Errors
/// The router cannot be reached, refuses, or has no such rule.
pub async fn delete_steering(
    node: &NodeId,
    vrf: Option<&VrfName>,
    written: &Written,
) -> anyhow::Result<SteeringRule> {
    let door = written.doors.get(node).with_context(|| format!("there is no router {node}"))?;
    let key = std::fs::read_to_string(&written.login).context("the login key cannot be read")?;
    let key = LoginKey::from_text(&key, None)?;
    let target = SshTarget::new(door.address.to_string(), door.host_key.parse()?, "trunkline", key);
    let mut router = NetconfDevice::new(node.clone(), target, Options::default());
    let DeviceReading::Read { owned, .. } = router.read().await? else { bail!("{node} cannot be read") };
    let rule = owned
        .steering
        .into_values()
        .find(|rule| vrf.is_none_or(|vrf| rule.key.vrf == *vrf))
        .with_context(|| format!("{node} has no steering rule to delete"))?;
    let edits = [Edit::RemoveSteering(rule.key.clone())];
    let until = Instant::now() + PATIENCE;
    loop {
        match change(&mut router, &edits).await {
            Ok(()) => return Ok(rule),
            // The configuration is locked while the controller changes it.
            Err(error) if matches!(error.kind, ErrorKind::Locked(_)) && Instant::now() < until => {
                sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn change(router: &mut NetconfDevice, edits: &[Edit]) -> Result<(), DeviceError> {
    router.stage(HIS, edits).await?;
    router.commit(HIS, CONFIRM_WITHIN).await?;
    router.confirm(HIS).await
}
