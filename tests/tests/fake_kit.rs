//! The test kit's own tests: certificates, the fake domain controller, the fault proxy, the memory scanner.

#[path = "fake_kit/client.rs"]
mod client;
#[path = "fake_kit/domain.rs"]
mod domain;
#[path = "fake_kit/faults.rs"]
mod faults;
#[path = "fake_kit/network.rs"]
mod network;
#[path = "fake_kit/secrets.rs"]
mod secrets;
#[path = "fake_kit/tls.rs"]
mod tls;
