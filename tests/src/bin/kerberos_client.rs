//! A program that logs on with Kerberos, for tests: JSON lines on stdin and stdout.
//!
//! A process of its own, since the Kerberos library takes its configuration, its clock and the names of hosts from the process.
//! The first line holds settings, as [`SettingsOptions`] reads them. Each further one is `{"operation": "find_account" |
//! "reset_password", "options": {...}, "password": "..."}`, and is answered by `{"ok": ...}` or `{"error": ...}`.

use password_writeback::options::{RequestOptions, SettingsOptions};
use password_writeback::{ActiveDirectory, Error, Password, PasswordWriteback};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};

#[derive(Deserialize)]
struct Order {
    operation: String,
    options: Value,
    #[serde(default)]
    password: String,
}

#[tokio::main]
async fn main() {
    let mut lines = std::io::stdin()
        .lock()
        .lines()
        .map(|line| line.expect("the test's text"));
    let settings = lines.next().expect("settings");
    let directory = SettingsOptions::from_json(&settings)
        .and_then(|options| options.settings(None))
        .and_then(ActiveDirectory::new);
    for line in lines {
        let order: Order = serde_json::from_str(&line).expect("an order");
        let answer = match &directory {
            Ok(directory) => obey(directory, order).await,
            Err(error) => Err(error.clone()),
        };
        let answer = match answer {
            Ok(result) => json!({ "ok": result }),
            Err(error) => json!({ "error": error }),
        };
        let mut out = std::io::stdout();
        writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .expect("the test reads");
    }
}

async fn obey(directory: &ActiveDirectory, order: Order) -> Result<Value, Error> {
    let options = RequestOptions::from_json(&order.options.to_string())?;
    Ok(match order.operation.as_str() {
        "find_account" => json!(directory.find_account(options.find_account()?).await?),
        "reset_password" => {
            let request = options.reset_password(Password::from(order.password))?;
            json!(directory.reset_password(request).await?)
        }
        other => panic!("{other} is not an order"),
    })
}
