//! The two protocols in front of a [`crate::router::Router`].

pub mod netconf;

pub mod gnmi;
