//! One process of the demo: started, listened to, spoken to, ended by its own process id.

use crate::exit::{Exit, Failure, Outcome};
use serde_json::Value;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc::UnboundedSender;

/// A line a process printed.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) actor: String,
    pub(super) value: Value,
}

impl Event {
    pub(super) fn name(&self) -> &str {
        self.text("event")
    }

    /// A text field, or nothing.
    pub(super) fn text(&self, field: &str) -> &str {
        self.value.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn is(&self, field: &str) -> bool {
        self.value.get(field).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn number(&self, field: &str) -> u64 {
        self.value.get(field).and_then(Value::as_u64).unwrap_or_default()
    }

    pub(super) fn texts(&self, field: &str) -> Vec<String> {
        let texts = self.value.get(field).and_then(Value::as_array);
        let own = |value: &Value| value.as_str().map(str::to_owned);
        texts.map(|texts| texts.iter().filter_map(own).collect()).unwrap_or_default()
    }
}

/// A running process.
pub(super) struct Actor {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
}

impl Actor {
    /// Starts `chappe --json …` as `name`; what it prints goes to `events`.
    pub(super) fn start(
        name: &str,
        arguments: &[String],
        events: &UnboundedSender<Event>,
    ) -> Outcome<Self> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::new(Exit::Failure, "process", error.to_string()))?;
        let mut child = Command::new(program)
            .arg("--json")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::new(Exit::Failure, "process", format!("{name}: {error}")))?;
        if let Some(output) = child.stdout.take() {
            let (name, events) = (name.to_owned(), events.clone());
            tokio::spawn(async move {
                let mut lines = BufReader::new(output).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    // What is no JSON is shown by the actor to people; the demo has no use for it.
                    if let Ok(value) = serde_json::from_str(&line) {
                        events.send(Event { actor: name.clone(), value }).unwrap_or_default();
                    }
                }
            });
        }
        let input = child.stdin.take();
        Ok(Self { name: name.to_owned(), child, input })
    }

    /// Writes a line to the process.
    pub(super) async fn say(&mut self, line: &str) -> Outcome<()> {
        let gone = || Failure::new(Exit::Failure, "process", format!("{} has gone", self.name));
        let input = self.input.as_mut().ok_or_else(gone)?;
        let text = format!("{line}\n");
        input.write_all(text.as_bytes()).await.map_err(|_| gone())
    }

    /// Lets the process know that nothing more comes.
    pub(super) fn end_input(&mut self) {
        drop(self.input.take());
    }

    /// Lets the process know that nothing more comes, and waits for its end.
    pub(super) async fn finish(mut self) -> Outcome<i32> {
        self.end_input();
        let status = self.child.wait().await;
        let status =
            status.map_err(|error| Failure::new(Exit::Failure, "process", error.to_string()))?;
        Ok(status.code().unwrap_or(-1))
    }

    /// SIGKILL: the process gets no chance to save anything.
    pub(super) async fn kill(mut self) -> Outcome<()> {
        self.child
            .kill()
            .await
            .map_err(|error| Failure::new(Exit::Failure, "process", error.to_string()))
    }
}
