//! A text as a QR code (ISO/IEC 18004) in half blocks: two modules in one character.

use crate::exit::{Exit, Failure, Outcome};
use qrcode::{Color, EcLevel, QrCode};
use std::io::{IsTerminal, Write};

/// "A quiet zone four modules wide" (ISO/IEC 18004, 5.3.8).
const QUIET: usize = 4;

/// Black on white, whatever the terminal's own colours are.
const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const RESET: &str = "\x1b[0m";

/// The code, dark modules drawn; one line for two rows.
pub(crate) fn draw(text: &str) -> Outcome<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| Failure::new(Exit::Failure, "qr", error.to_string()))?;
    let modules = Modules { width: code.width(), colors: code.to_colors() };
    let rows: Vec<usize> = (0..modules.side()).step_by(2).collect();
    let lines = rows.into_iter().map(|row| {
        let character = |column| match (
            modules.is_dark(row, column),
            modules.is_dark(row.saturating_add(1), column),
        ) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        (0..modules.side()).map(character).collect::<String>()
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Prints a drawn code.
pub(crate) fn print(drawn: &str) {
    let mut out = std::io::stdout().lock();
    let (begin, end) = if out.is_terminal() { (BLACK_ON_WHITE, RESET) } else { ("", "") };
    for line in drawn.lines() {
        writeln!(out, "{begin}{line}{end}").unwrap_or_default();
    }
}

/// A code in its quiet zone.
struct Modules {
    width: usize,
    colors: Vec<Color>,
}

impl Modules {
    fn side(&self) -> usize {
        self.width.saturating_add(QUIET.saturating_mul(2))
    }

    fn is_dark(&self, row: usize, column: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        let (Some(row), Some(column)) = (inside(row), inside(column)) else { return false };
        let at = row.saturating_mul(self.width).saturating_add(column);
        self.colors.get(at) == Some(&Color::Dark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tests::device;
    use crate::text_form::TextForm;

    /// Another implementation reads what was drawn, as a camera would see it.
    #[test]
    fn drawn_cards_and_revocations_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        reads_back(&device.identity.card().to_qr_text());
        let revocation = device.presigned_revocation().unwrap().to_bytes();
        reads_back(&TextForm::Endorsement.write(&revocation));
    }

    fn reads_back(text: &str) {
        let drawn = draw(text).unwrap();
        let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let side = lines[0].len();
        assert!(side <= 80, "{side} columns: it must fit a terminal");
        assert!(lines.iter().all(|line| line.len() == side));
        assert!(lines[0].iter().chain(&lines[1]).all(|character| *character == ' '));
        // Three pixels a module.
        let is_dark = |x: usize, y: usize| {
            let (column, row) = (x / 3, y / 3);
            let drawn = lines[row / 2][column];
            drawn == '█' || drawn == if row % 2 == 0 { '▀' } else { '▄' }
        };
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(side * 3, side * 3, |x, y| {
                if is_dark(x, y) { 0 } else { 255 }
            });
        let found = picture.detect_grids();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].decode().unwrap().1, text);
    }
}
