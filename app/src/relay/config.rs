//! What holds: the file, over it the environment, over that the command line.

use super::peers::{self, PeerSetting};
use super::setting::{self, SETTINGS, Setting, find, nearest};
use crate::exit::{Exit, Failure, Outcome};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml_edit::{Document, Item, TableLike};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    Line(usize),
    Environment(String),
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// Every setting's value, and where it comes from. Every value has been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    values: BTreeMap<&'static str, (String, Source)>,
    peers: Vec<PeerSetting>,
}

impl Config {
    /// Puts the three together.
    pub(crate) fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: &[(String, String)],
    ) -> Outcome<Self> {
        let text = match file {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?
            }
            None => String::new(),
        };
        let mut config = Self::of(&text)?;
        config.take_environment(environment)?;
        for (name, value) in flags {
            let setting = find(name).ok_or_else(|| unknown("command line", name))?;
            config.put(setting, value.clone(), Source::Flag)?;
        }
        Ok(config)
    }

    /// A file alone.
    pub(crate) fn of(text: &str) -> Outcome<Self> {
        let values = SETTINGS
            .iter()
            .map(|setting| (setting.name, (setting.default.to_owned(), Source::Default)));
        let mut config = Self { values: values.collect(), peers: Vec::new() };
        let document = Document::parse(text)
            .map_err(|error| flaw(format!("the configuration is no TOML: {error}")))?;
        for (section, item) in document.as_table().iter() {
            if section == "peers" {
                config.peers = peers::read(text, item)?;
                continue;
            }
            let Some(table) = item.as_table_like() else {
                let at = document.as_table().key(section).and_then(toml_edit::Key::span);
                return Err(unknown(&place(text, at), section));
            };
            config.take_section(text, section, table)?;
        }
        Ok(config)
    }

    fn take_section(&mut self, text: &str, section: &str, table: &dyn TableLike) -> Outcome<()> {
        for (key, item) in table.iter() {
            let at = table.key(key).and_then(toml_edit::Key::span);
            let name = format!("{section}.{key}");
            let line = place(text, at.clone());
            let setting = find(&name).ok_or_else(|| unknown(&line, &name))?;
            let value = plain(item)
                .ok_or_else(|| flaw(format!("{line}: {name} is neither text, number nor list")))?;
            self.put(setting, value, Source::Line(line_of(text, at)))?;
        }
        Ok(())
    }

    fn take_environment(
        &mut self,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Outcome<()> {
        let ours: BTreeMap<String, String> =
            environment.filter(|(name, _)| name.starts_with("CHAPPE_")).collect();
        // The program's own two, which any command knows; the relay's go before them.
        for (variable, name) in
            [("CHAPPE_HOME", "home.folder"), ("CHAPPE_PASSPHRASE_FILE", "home.passphrase_file")]
        {
            if let (Some(value), Some(setting)) = (ours.get(variable), find(name)) {
                self.put(setting, value.clone(), Source::Environment(variable.to_owned()))?;
            }
        }
        for (variable, value) in &ours {
            let setting = SETTINGS.iter().find(|setting| setting.variable() == *variable);
            match setting {
                Some(setting) => {
                    self.put(setting, value.clone(), Source::Environment(variable.clone()))?;
                }
                None if variable.starts_with("CHAPPE_RELAY_") => {
                    let name = variable.trim_start_matches("CHAPPE_RELAY_").to_lowercase();
                    return Err(unknown("environment", &name.replacen('_', ".", 1)));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn put(&mut self, setting: &'static Setting, value: String, source: Source) -> Outcome<()> {
        if let Some(why) = setting.flaw(&value) {
            return Err(flaw(format!("{source}: {} = {value:?} {why}", setting.name)));
        }
        self.values.insert(setting.name, (value, source));
        Ok(())
    }

    /// Names, values and sources, in the table's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Setting, &str, &Source)> {
        SETTINGS.iter().filter_map(|setting| {
            let (value, source) = self.values.get(setting.name)?;
            Some((setting, value.as_str(), source))
        })
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value)
    }

    pub(crate) fn octets(&self, name: &str) -> u64 {
        setting::octets(self.get(name)).unwrap_or(0)
    }

    pub(crate) fn number(&self, name: &str) -> usize {
        self.get(name).parse().unwrap_or(0)
    }

    /// An address; `None`: off.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        self.get(name).parse().ok()
    }

    /// The relays it knows.
    pub(crate) fn peers(&self) -> &[PeerSetting] {
        &self.peers
    }

    /// A path; `None`: not given.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.get(name)).filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// What differs in another one and is not taken up while running.
    pub(crate) fn needs_restart(&self, other: &Self) -> Vec<&'static str> {
        let fixed = self.iter().filter(|(setting, ..)| !setting.reloads);
        fixed
            .filter(|(setting, value, _)| other.get(setting.name) != *value)
            .map(|(setting, ..)| setting.name)
            .chain((self.peers != other.peers).then_some("peers"))
            .collect()
    }
}

fn plain(item: &Item) -> Option<String> {
    if let Some(array) = item.as_array() {
        let parts: Option<Vec<&str>> = array.iter().map(toml_edit::Value::as_str).collect();
        return Some(parts?.join(","));
    }
    let text = item.as_str().map(str::to_owned);
    text.or_else(|| item.as_integer().map(|number| number.to_string()))
}

pub(super) fn line_of(text: &str, at: Option<std::ops::Range<usize>>) -> usize {
    let before = at.and_then(|at| text.get(..at.start)).unwrap_or_default();
    before.matches('\n').count().saturating_add(1)
}

fn place(text: &str, at: Option<std::ops::Range<usize>>) -> String {
    format!("line {}", line_of(text, at))
}

fn unknown(place: &str, name: &str) -> Failure {
    let failure = flaw(format!("{place}: there is no setting {name}"));
    match nearest(name) {
        Some(near) => failure.advise(format!("did you mean {near}?")),
        None => failure.advise("all settings: chappe relay check"),
    }
}

pub(super) fn flaw(message: String) -> Failure {
    Failure::new(Exit::Malformed, "configuration", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Config::of(text).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_what_was_meant() {
        let said = said("[listen]\n\naddres = \"0.0.0.0:1\"\n");
        assert_eq!(
            said,
            "line 3: there is no setting listen.addres\n  did you mean listen.address?"
        );
    }

    #[test]
    fn values_out_of_bounds_are_refused_with_the_bounds() {
        for (text, why) in [
            ("[store]\nsegment = \"1 TiB\"", "is no size"),
            ("[store]\nsegment = \"1 KiB\"", "is not between 4 KiB and 256 MiB"),
            ("[http]\naddress = \"0.0.0.0:9\"", "of this machine alone"),
            ("[limits]\nconnections = 0", "between 1 and 65536"),
            ("[log]\nlevel = \"loud\"", "none of error, warn, info, debug"),
            ("[admission]\nkeys = [\"00\"]", "admission.keys"),
            ("[log", "no TOML"),
        ] {
            let said = said(text);
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn flags_go_over_the_environment_and_that_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("relay.toml");
        std::fs::write(
            &file,
            "[log]\nlevel = \"warn\"\nform = \"json\"\n[limits]\nconnections = 7",
        )
        .unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment =
            [pair("CHAPPE_RELAY_LOG_LEVEL", "error"), pair("CHAPPE_RELAY_LIMITS_CONNECTIONS", "8")];
        let flags = [pair("limits.connections", "9")];
        let config = Config::read(Some(&file), environment.into_iter(), &flags).unwrap();
        let of = |name: &str| config.values.get(name).cloned().unwrap();
        assert_eq!(of("log.form"), ("json".to_owned(), Source::Line(3)));
        assert_eq!(of("log.level").0, "error");
        assert_eq!(of("limits.connections"), ("9".to_owned(), Source::Flag));
        let wrong = [pair("CHAPPE_RELAY_LOG_LEVLE", "error")];
        let said = Config::read(None, wrong.into_iter(), &[]).unwrap_err().to_string();
        assert!(said.contains("did you mean log.level?"), "{said}");
    }

    #[test]
    fn what_needs_a_restart_is_named() {
        let old = Config::of("").unwrap();
        let new = Config::of("[limits]\nconnections = 9\n[log]\nlevel = \"warn\"").unwrap();
        assert_eq!(old.needs_restart(&new), ["limits.connections"]);
    }
}
