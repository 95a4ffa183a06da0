//! Runs the processes of the demo and listens to all of them: every report is shown as it comes and
//! goes into the transcript.

use super::actor::{Actor, Event};
use super::chronicle::Chronicle;
use super::stage::Stage;
use crate::device::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::transcript::{Content, FrameState, MessageLine, Refused, Verdict};
use chappe_codec::home::HomeRelay;
use chappe_codec::statement::Evidence;
use chappe_radio::frame::PUBLIC_NET;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The device of an account that has one.
const FIRST_DEVICE: u64 = 1;

/// How long the last lines of a process that ended may need to be read.
const PIPE_DELAY: Duration = Duration::from_millis(50);

/// Everyone on stage.
pub(super) struct Director {
    pub(super) stage: Stage,
    chronicle: Chronicle,
    actors: BTreeMap<String, Actor>,
    sender: UnboundedSender<Event>,
    events: UnboundedReceiver<Event>,
    /// Everything reported so far, in order of arrival.
    history: Vec<Event>,
    /// Account and number of a device, and the name it has here.
    names: BTreeMap<(String, u64), String>,
    /// Processes with a name of their own, and the device they speak for.
    aliases: BTreeMap<String, String>,
    began: Instant,
    patience: Duration,
}

impl Director {
    pub(super) fn new(stage: Stage, chronicle: Chronicle, patience: Duration) -> Self {
        let (sender, events) = unbounded_channel();
        let names = names_of(&stage);
        Self {
            stage,
            chronicle,
            actors: BTreeMap::new(),
            sender,
            events,
            history: Vec::new(),
            names,
            aliases: BTreeMap::new(),
            began: Instant::now(),
            patience,
        }
    }

    /// Everyone who is not a server comes on stage, with these relays as homes.
    pub(super) fn populate(&mut self, homes: Vec<HomeRelay>) -> Outcome<()> {
        self.stage.populate(homes)?;
        self.names = names_of(&self.stage);
        Ok(())
    }

    /// A heading in what is shown.
    pub(super) fn scene(&self, title: &str) {
        println!("\n{title}");
    }

    /// A remark in what is shown.
    pub(super) fn remark(&self, text: &str) {
        println!("{:>9}  {text}", self.elapsed());
    }

    /// Starts a process that stays, and waits until it says it is ready.
    pub(super) async fn start(&mut self, name: &str, arguments: &[&str]) -> Outcome<Event> {
        let before = self.history.len();
        let mut all: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        if self.stage.device(name).is_ok() {
            all.extend(self.stage.device_arguments(name));
        }
        let actor = Actor::start(name, &all, &self.sender)?;
        self.actors.insert(name.to_owned(), actor);
        self.until_from(before, &format!("{name} to be ready"), |event| {
            event.actor == name && event.name() == "ready"
        })
        .await
    }

    /// Runs a process to its end, writing `lines` to it; returns its exit code and its reports.
    pub(super) async fn run(
        &mut self,
        name: &str,
        arguments: &[&str],
        lines: &[Value],
    ) -> Outcome<(i32, Vec<Event>)> {
        let before = self.history.len();
        let mut all: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        all.extend(self.stage.device_arguments(name));
        let mut actor = Actor::start(name, &all, &self.sender)?;
        for line in lines {
            actor.say(&line.to_string()).await?;
        }
        let code = self.attend(name, actor).await?;
        let reports =
            self.history.iter().skip(before).filter(|event| event.actor == name).cloned().collect();
        Ok((code, reports))
    }

    /// Starts a process of `device`'s folder that ends by itself, under a name of its own, and writes
    /// `lines` to it.
    pub(super) async fn launch(
        &mut self,
        device: &str,
        name: &str,
        arguments: &[&str],
        lines: &[Value],
    ) -> Outcome<()> {
        let mut all: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        all.extend(self.stage.device_arguments(device));
        let mut actor = Actor::start(name, &all, &self.sender)?;
        for line in lines {
            actor.say(&line.to_string()).await?;
        }
        actor.end_input();
        self.aliases.insert(name.to_owned(), device.to_owned());
        self.actors.insert(name.to_owned(), actor);
        Ok(())
    }

    /// Waits for the end of a process and returns its exit code.
    pub(super) async fn wait(&mut self, name: &str) -> Outcome<i32> {
        let Some(actor) = self.actors.remove(name) else {
            return Err(Failure::new(Exit::Failure, "demo", format!("{name} is not there")));
        };
        let code = self.attend(name, actor).await?;
        Ok(code)
    }

    /// Waits until so many reports have come, counted from the `since`-th report on.
    pub(super) async fn until_count(
        &mut self,
        since: usize,
        count: usize,
        what: &str,
        fits: impl Fn(&Event) -> bool,
    ) -> Outcome<()> {
        let deadline = tokio::time::Instant::now() + self.patience;
        while self.history.iter().skip(since).filter(|event| fits(event)).count() < count {
            self.next(deadline, what).await?;
        }
        Ok(())
    }

    /// Whether a process ended as it should.
    pub(super) fn expect_code(&self, name: &str, found: i32, wanted: i32) -> Outcome<()> {
        if found == wanted {
            return Ok(());
        }
        let message = format!("{name} ended with code {found}, not {wanted}");
        Err(Failure::new(Exit::Failure, "demo", message))
    }

    /// Speaks to a process that stays.
    pub(super) async fn say(&mut self, name: &str, line: &Value) -> Outcome<()> {
        match self.actors.get_mut(name) {
            Some(actor) => actor.say(&line.to_string()).await,
            None => Err(Failure::new(Exit::Failure, "demo", format!("{name} is not there"))),
        }
    }

    /// Waits for a report, among those already seen as well.
    pub(super) async fn until(
        &mut self,
        what: &str,
        fits: impl Fn(&Event) -> bool,
    ) -> Outcome<Event> {
        self.until_from(0, what, fits).await
    }

    /// Waits for a report among those from the `since`-th on.
    pub(super) async fn until_from(
        &mut self,
        since: usize,
        what: &str,
        fits: impl Fn(&Event) -> bool,
    ) -> Outcome<Event> {
        let deadline = tokio::time::Instant::now() + self.patience;
        let mut looked_at = since;
        loop {
            while let Some(event) = self.history.get(looked_at) {
                if fits(event) {
                    return Ok(event.clone());
                }
                looked_at = looked_at.saturating_add(1);
            }
            self.next(deadline, what).await?;
        }
    }

    /// Takes the next report, whosever it is.
    async fn next(&mut self, deadline: tokio::time::Instant, what: &str) -> Outcome<()> {
        match tokio::time::timeout_at(deadline, self.events.recv()).await {
            Ok(Some(event)) => self.observe(event),
            Ok(None) | Err(_) => {
                let patience = self.patience.as_secs();
                let message = format!("waited {patience} s for {what}: it did not come");
                Err(Failure::new(Exit::Failure, "demo", message))
            }
        }
    }

    /// Listens to everyone until one process ends; returns its exit code.
    async fn attend(&mut self, name: &str, actor: Actor) -> Outcome<i32> {
        let mut finished = std::pin::pin!(actor.finish());
        let deadline = tokio::time::Instant::now() + self.patience;
        let code = loop {
            tokio::select! {
                code = &mut finished => break code?,
                taken = self.next(deadline, name) => taken?,
            }
        };
        // What it printed last may still be on its way through the pipe.
        tokio::time::sleep(PIPE_DELAY).await;
        self.drain()?;
        Ok(code)
    }

    /// Everything reported so far.
    pub(super) fn history(&self) -> &[Event] {
        &self.history
    }

    /// Writes down what the demo itself concludes.
    pub(super) fn decide(
        &mut self,
        by: &str,
        decision: Verdict,
        because: Vec<String>,
    ) -> Outcome<()> {
        self.chronicle.note(Content::Decision { by: by.into(), decision, because })
    }

    /// Writes down what a restart preserved.
    pub(super) fn restarted(
        &mut self,
        role: &str,
        acknowledged: Vec<String>,
        fetched: Vec<String>,
    ) -> Outcome<()> {
        self.chronicle.note(Content::Restart { role: role.into(), acknowledged, fetched })
    }

    /// SIGKILL for a process that stays.
    pub(super) async fn kill(&mut self, name: &str) -> Outcome<()> {
        match self.actors.remove(name) {
            Some(actor) => actor.kill().await,
            None => Err(Failure::new(Exit::Failure, "demo", format!("{name} is not there"))),
        }
    }

    /// Ends everyone and closes the transcript.
    pub(super) async fn close(mut self) -> Outcome<Stage> {
        for (_, actor) in std::mem::take(&mut self.actors) {
            actor.kill().await?;
        }
        self.drain()?;
        self.chronicle.close(&self.stage.file("transcript.jsonl"))?;
        Ok(self.stage)
    }

    fn drain(&mut self) -> Outcome<()> {
        while let Ok(event) = self.events.try_recv() {
            self.observe(event)?;
        }
        Ok(())
    }

    /// Shows a report, writes it down, and keeps it.
    fn observe(&mut self, event: Event) -> Outcome<()> {
        if let Some(text) = self.narrate(&event) {
            println!("{:>9}  {:<9} {text}", self.elapsed(), event.actor);
        }
        if let Some(content) = self.to_line(&event) {
            self.chronicle.note(content)?;
        }
        self.history.push(event);
        Ok(())
    }

    fn elapsed(&self) -> String {
        format!("{:.3} s", self.began.elapsed().as_secs_f64())
    }

    /// The demo's name of the device a report is about.
    fn author_of(&self, event: &Event) -> String {
        let account = [event.text("author"), event.text("account")].concat();
        let device = device_of(event).unwrap_or(FIRST_DEVICE);
        self.names.get(&(account.clone(), device)).cloned().unwrap_or(account)
    }

    /// The relays that acknowledged a parcel, by the names they have here; a gateway has one.
    fn relays_of(&self, event: &Event) -> String {
        let keys = event.texts("relays");
        let name = |(name, device): (&str, &Device)| {
            let key = hex::encode(device.identity.card().transport_key());
            keys.contains(&key).then(|| name.to_owned())
        };
        let names: Vec<String> = self.stage.devices().filter_map(name).collect();
        if names.is_empty() { "its relay".to_owned() } else { names.join(" and ") }
    }

    fn narrate(&self, event: &Event) -> Option<String> {
        let octets = event.number("size");
        Some(match event.name() {
            "ready" => format!("ready      {} {}", event.text("role"), event.text("address"))
                .trim_end()
                .to_owned(),
            "envelope" => format!(
                "envelope   {octets:>4} B  {} → {}",
                event.text("summary"),
                event.text("to")
            ),
            "parcel" => format!(
                "parcel     {octets:>4} B  on the disk of {} after {:.1} ms",
                self.relays_of(event),
                milliseconds(event.number("microseconds"))
            ),
            "transmission" => format!(
                "frame      {octets:>4} B  on air {:.1} ms{}",
                milliseconds(event.number("time_on_air_ns") / 1000),
                if event.value.get("damaged") == Some(&Value::Bool(true)) {
                    ", ONE BIT FLIPPED BY THE DEMO"
                } else {
                    ""
                }
            ),
            "delivered" => "frame acknowledged by the gateway".to_owned(),
            "lease" => {
                format!("lease      {} labels of {}", event.number("labels"), self.author_of(event))
            }
            "downlink" => format!("downlink   {octets:>4} B  relay → air"),
            "message" => format!(
                "message    {octets:>4} B  {} from {}, {}",
                event.text("summary"),
                self.author_of(event),
                if event.value.get("sealed") == Some(&Value::Bool(true)) {
                    "sealed"
                } else {
                    "open"
                },
            ),
            "step" => format!("step       new keys in the session with {}", self.author_of(event)),
            "change" => format!(
                "CHANGE     {}, device {} of its account, is {}",
                self.author_of(event),
                event.number("device"),
                event.text("what")
            ),
            "lease ended" => {
                format!("lease      of {} has ended", self.author_of(event))
            }
            "signed" => format!(
                "signed     {:>4} messages of {}",
                event.texts("ids").len(),
                self.author_of(event)
            ),
            "anchored" => format!(
                "anchored   {octets:>4} B  receipt: leaf {} of {}, after {:.1} ms",
                event.number("index"),
                event.number("tree_size"),
                milliseconds(event.number("microseconds"))
            ),
            "refused" => format!(
                "REFUSED    {octets:>4} B  {}: {}",
                event.text("kind"),
                event.text("message")
            ),
            "offline" => "relay gone, trying again".to_owned(),
            "online" => "relay back".to_owned(),
            _ => return None,
        })
    }

    fn to_line(&self, event: &Event) -> Option<Content> {
        let actor = self.aliases.get(&event.actor).unwrap_or(&event.actor).clone();
        let octets = event.text("octets").to_owned();
        let author = self.author_of(event);
        Some(match event.name() {
            "envelope" => Content::Envelope { by: actor, to: event.text("to").into(), octets },
            "parcel" => Content::Parcel { by: actor, octets, id: event.text("id").into() },
            "transmission" if event.value.get("damaged") != Some(&Value::Bool(true)) => {
                Content::Frame {
                    net: net_of(&octets)?,
                    octets,
                    time_on_air_ns: event.number("time_on_air_ns"),
                    state: FrameState::Sent,
                }
            }
            "message" | "step" => {
                let mut line: MessageLine =
                    serde_json::from_value(event.value.get("line")?.clone()).ok()?;
                line.at = actor;
                line.author = author;
                Content::Message(line)
            }
            "change" if event.text("what") == "revoked" => Content::Revocation {
                at: actor,
                // Behind the kind, which stands first where an endorsement is carried.
                octets: event.text("endorsement").get(2..)?.to_owned(),
            },
            "signed" => Content::Statement {
                at: actor,
                author,
                evidence: event.text("evidence").into(),
                ids: event.texts("ids"),
            },
            "anchored" => Content::Receipt {
                at: actor,
                author,
                evidence: event.text("evidence").into(),
                receipt: event.text("receipt").into(),
            },
            // Damage by chance may hit anything; what others cannot recompute is shown only.
            "refused" if is_recomputable(event) => Content::Refusal {
                at: actor,
                what: if event.text("what") == "frame" {
                    Refused::Frame
                } else {
                    Refused::Envelope
                },
                kind: event.text("kind").into(),
                octets,
            },
            _ => return None,
        })
    }
}

/// What to call each device.
fn names_of(stage: &Stage) -> BTreeMap<(String, u64), String> {
    let named = |(name, device): (&str, &Device)| {
        let identity = &device.identity;
        let account = identity.account().id().to_string();
        ((account, u64::from(identity.device())), name.to_owned())
    };
    stage.devices().map(named).collect()
}

/// The device a report is about, by what it shows of it.
fn device_of(event: &Event) -> Option<u64> {
    let shown = event.value.get("device").or_else(|| event.value.pointer("/line/device"));
    if let Some(device) = shown.and_then(Value::as_u64) {
        return Some(device);
    }
    let evidence = hex::decode("evidence", event.value.get("evidence")?.as_str()?).ok()?;
    Some(u64::from(Evidence::parse(&evidence).ok()?.statement.claim.device))
}

fn milliseconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64() * 1000.0
}

/// Whether a verifier can see for itself that this was rightly refused (spec/08-transcript.md).
fn is_recomputable(event: &Event) -> bool {
    match (event.text("what"), event.text("kind")) {
        ("frame", "bad_mic") => net_of(event.text("octets")) == Some(PUBLIC_NET),
        ("envelope", "unknown_hint" | "revoked") => true,
        _ => false,
    }
}

/// The third octet of a frame (spec/05-radio.md).
fn net_of(frame: &str) -> Option<u8> {
    hex::decode("a frame", frame).ok()?.get(2).copied()
}
