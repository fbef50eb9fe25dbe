//! Generates the gNMI messages, client and server from `proto/`, without a protobuf compiler on the machine.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(["gnmi.proto"], ["proto"])?;
    // Sorted maps: path keys must not depend on a hash.
    tonic_prost_build::configure().btree_map(".").compile_fds(descriptors)?;
    Ok(())
}
