//! How fast `reset_many` is on a live domain controller, beside bare modifications on one connection: `bench_reset_many [ACCOUNTS]`.
//!
//! Both set a password for each of so many accounts, once. A bare modification is what the server itself takes; a reset of the library
//! also connects, logs on, looks at the account, and reads it back.

use futures_util::{StreamExt, stream};
use ldap3::{Ldap, Mod};
use password_writeback::{ActiveDirectory, History, PasswordWritebackExt, ResetPassword, Settings};
use std::collections::HashSet;
use std::time::Instant;
use testkit::samba::{DomainController, NewUser, Principal, ProcessModel, Release, require};

type Fault = Box<dyn std::error::Error>;

/// The value of unicodePwd (MS-ADTS 3.1.1.3.1.5): in quotation marks, as UTF-16.
fn quoted(password: &str) -> Vec<u8> {
    format!("\"{password}\"")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect()
}

async fn bare(ldap: &mut Ldap, users: &[Principal]) -> Result<f64, Fault> {
    let began = Instant::now();
    for (number, user) in users.iter().enumerate() {
        let value = HashSet::from([quoted(&format!("Zx9-bare-horse-{number}"))]);
        ldap.modify(&user.dn, vec![Mod::Replace(b"unicodePwd".to_vec(), value)])
            .await?
            .success()?;
    }
    Ok(rate(users.len(), began))
}

async fn many(directory: &ActiveDirectory, names: &[String], concurrency: usize) -> Result<f64, Fault> {
    let began = Instant::now();
    let requests = names
        .iter()
        .map(|name| ResetPassword::new(name.as_str(), format!("Zx9-{concurrency}-mule-{name}")).history(History::Off));
    let mut results = directory.reset_many(stream::iter(requests)).concurrency(concurrency);
    while let Some(done) = results.next().await {
        done.result?;
    }
    Ok(rate(names.len(), began))
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: usize, began: Instant) -> f64 {
    count as f64 / began.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let accounts: usize = std::env::args().nth(1).map_or(Ok(100), |text| text.parse())?;
    let release = require(Release::V4_24).ok_or("there is no Samba to measure")?;
    let dc = DomainController::start(release, ProcessModel::Standard).await?;
    let names: Vec<String> = (0..accounts).map(|number| format!("many{number}")).collect();
    let new: Vec<NewUser> = names.iter().map(|name| NewUser::new(name)).collect();
    let users = dc.admin().create_users(&new).await?;
    let settings = Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password()).ca_file(dc.ca_file());
    let directory = ActiveDirectory::new(settings)?;
    let mut ldap = dc.connect_as(dc.service_user(), dc.service_password()).await?;

    let server = bare(&mut ldap, &users).await?;
    println!("{accounts} accounts; bare modifications on one connection: {server:.1} a second");
    for concurrency in [1, 2, 4, 8, 16] {
        let ours = many(&directory, &names, concurrency).await?;
        println!(
            "reset_many, {concurrency:2} at once: {ours:.1} a second, {:.2} of that",
            ours / server
        );
    }
    Ok(())
}
