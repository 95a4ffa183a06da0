//! What a certificate permits, as options and in plain words (spec/10-identity.md, "Certificate").

mod families;

use crate::exit::{Exit, Failure, Outcome};
use chappe_codec::identity::{Area, NEVER, Permissions, Types};
use chappe_codec::item::Family;
use chappe_codec::precedence::Precedence;
use chappe_codec::signal::MessageCode;
use families::FAMILIES;
use jiff::Timestamp;

/// Hundred-thousandths in a degree.
const DEGREE: f64 = 100_000.0;

/// What is asked for; without an option everything.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PermissionArguments {
    /// Signals by their letters and other kinds by name: PDQF,text
    #[arg(long, value_name = "KINDS", value_parser = parse_types)]
    types: Option<Types>,

    /// The highest precedence
    #[arg(long, value_name = "HOW", default_value_t = Precedence::Flash)]
    precedence: Precedence,

    /// South, west, north and east in degrees
    #[arg(long, value_name = "S,W,N,E", value_parser = parse_area, allow_hyphen_values = true)]
    area: Option<Area>,

    /// From when on: 2026-12-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    not_before: Option<u64>,

    /// Until when
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    expiry: Option<u64>,
}

impl PermissionArguments {
    /// The permissions asked for.
    pub(crate) fn permissions(&self) -> Permissions {
        Permissions {
            types: self.types.unwrap_or(Types::ALL),
            precedence: self.precedence,
            area: self.area.unwrap_or(Area::WORLD),
            not_before: self.not_before.unwrap_or(0),
            expiry: self.expiry.unwrap_or(NEVER),
        }
    }
}

fn parse_types(text: &str) -> Result<Types, String> {
    let mut types = Types(0);
    for name in text.split(',') {
        if let Some((_, code)) = FAMILIES.iter().find(|(known, _)| *known == name) {
            types = types.with(of_family(*code));
            continue;
        }
        for letter in name.chars() {
            let code = MessageCode::ALL.into_iter().find(|code| code.letter() == letter);
            let code = code.ok_or_else(|| format!("{name}: neither signals nor a kind"))?;
            types = types.with(Types::of_signals(&[code]));
        }
    }
    Ok(types)
}

fn of_family(code: u8) -> Types {
    Family::from_code(code).and_then(Types::of_family).unwrap_or(Types(0))
}

fn parse_area(text: &str) -> Result<Area, String> {
    let edge = |part: &str| {
        let degrees: f64 = part.trim().parse().map_err(|_| format!("{part}: not in degrees"))?;
        if !(-180.0..=180.0).contains(&degrees) {
            return Err(format!("{part}: not on Earth"));
        }
        // In range, as was just looked at.
        #[allow(clippy::cast_possible_truncation)]
        Ok((degrees * DEGREE).round() as i32)
    };
    let edges: Vec<i32> = text.split(',').map(edge).collect::<Result<_, _>>()?;
    match edges[..] {
        [south, west, north, east] => Ok(Area { south, west, north, east }),
        _ => Err("four numbers: south, west, north, east".into()),
    }
}

fn parse_time(text: &str) -> Result<u64, String> {
    let time: Timestamp = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    u64::try_from(time.as_second()).map_err(|_| "a time before 1970".into())
}

/// What is permitted, one line each.
pub(crate) fn describe(permissions: &Permissions) -> Outcome<String> {
    let Permissions { types, precedence, area, not_before, expiry } = permissions;
    Ok(format!(
        "may say        {}\nup to          {precedence}\nwhere          {}\nwhen           {}",
        describe_types(*types),
        describe_area(*area),
        match (*not_before, *expiry) {
            (0, NEVER) => "always".to_owned(),
            (from, NEVER) => format!("from {} on", time(from)?),
            (0, until) => format!("until {}", time(until)?),
            (from, until) => format!("{} to {}", time(from)?, time(until)?),
        }
    ))
}

fn describe_types(types: Types) -> String {
    if types == Types::ALL {
        return "everything".into();
    }
    let letters: String = MessageCode::ALL
        .into_iter()
        .filter(|code| types.permits(Types::of_signals(&[*code])))
        .map(MessageCode::letter)
        .collect();
    let others = FAMILIES.iter().filter(|(_, code)| types.permits(of_family(*code)));
    let mut said: Vec<String> = others.map(|(name, _)| (*name).to_owned()).collect();
    if !letters.is_empty() {
        said.insert(0, format!("signals {letters}"));
    }
    if said.is_empty() { "nothing".into() } else { said.join(", ") }
}

fn describe_area(area: Area) -> String {
    if area == Area::WORLD {
        return "everywhere".into();
    }
    let degrees = |edge: i32| format!("{:.5}", f64::from(edge) / DEGREE);
    let [south, west, north, east] = [area.south, area.west, area.north, area.east].map(degrees);
    format!("south {south}, west {west}, north {north}, east {east}")
}

/// A moment in UTC, as people write it.
pub(crate) fn time(seconds: u64) -> Outcome<String> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let time = Timestamp::from_second(seconds)
        .map_err(|error| Failure::new(Exit::Malformed, "out_of_range", error.to_string()))?;
    Ok(time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_of_a_family_that_needs_permission() {
        let kinds = FAMILIES.map(|(_, code)| of_family(code));
        assert!(kinds.iter().all(|kind| *kind != Types(0)));
        let all = kinds.into_iter().fold(Types(0), Types::with);
        assert_eq!(all, Types(0x00FF_F000), "bits 12 to 23 of the chapter, each once");
    }

    #[test]
    fn permissions_are_read_and_told() {
        let types = parse_types("PDQ,text,lease").unwrap();
        assert_eq!(describe_types(types), "signals PDQ, text, lease");
        assert!(parse_types("PX").is_err() && parse_types("letters").is_err());
        let area = parse_area("46.2,5.9,46.3,6.2").unwrap();
        assert_eq!(area, Area { south: 4_620_000, west: 590_000, north: 4_630_000, east: 620_000 });
        assert!(parse_area("1,2,3").is_err() && parse_area("1,2,3,190").is_err());
        let permissions = Permissions {
            types,
            area,
            expiry: parse_time("2027-01-01T00:00:00Z").unwrap(),
            ..Permissions::ALL
        };
        let told = describe(&permissions).unwrap();
        assert!(
            told.contains("until 2027-01-01T00:00:00Z") && told.contains("west 5.90000"),
            "{told}"
        );
        assert!(describe(&Permissions::ALL).unwrap().contains("everything"));
    }
}
