//! The catalogue's pictures, each the scene of its entry's first scenario: `thumbnails DIR` writes `DIR/<entry>/thumb.svg`.

use std::fs;
use std::path::Path;

use engine::protocols::{self, CATALOGUE};
use engine::scenario;
use engine::scene::thumbnail;

fn main() -> Result<(), String> {
    let dir = std::env::args().nth(1).ok_or("thumbnails DIR")?;
    for bill in CATALOGUE {
        let own = Path::new(&dir).join(bill.entry().id);
        let text = fs::read_to_string(own.join(format!("{}.lamp", bill.entry().first)))
            .map_err(|e| format!("{}: {e}", bill.entry().id))?;
        let scenario = scenario::parse(&text, &protocols::entries())
            .map_err(|f| format!("{}: {f:?}", bill.entry().id))?;
        let mut run = protocols::open(scenario).map_err(|r| r.message)?;
        fs::write(own.join("thumb.svg"), thumbnail::svg(&mut run)).map_err(|e| e.to_string())?;
    }
    Ok(())
}
