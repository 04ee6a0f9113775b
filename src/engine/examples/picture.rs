//! One view of a scenario as an SVG that stands alone, in the page's own style: to judge it by eye.
//!
//! ```text
//! cargo run -p lamplight-engine --example picture -- FILE.lamp VIEW TIME [WIDTHxHEIGHT] [dark] [e123|m45|n3] [FROM..TO]
//! VIEW: topology spacetime KEY (an exhibit) history or history:MODEL thumbnail
//! ```

use engine::check::{history_of, judge_history};
use engine::ids::*;
use engine::run::Run;
use engine::scene::spacetime::{self, Viewport};
use engine::scene::topology::{self, Layout};
use engine::scene::{Index, Kin, Pick, Shape, exhibit, history, svg, thumbnail};
use engine::{protocols, scenario};

const STYLE: [&str; 2] =
    [include_str!("../../../style/tokens.css"), include_str!("../../../style/scene.css")];

struct Asked {
    file: String,
    view: String,
    now: Us,
    w: f32,
    h: f32,
    dark: bool,
    pick: Pick,
    span: Option<(Us, Us)>,
}

fn main() {
    match read_args().and_then(|asked| picture(&asked)) {
        Ok(svg) => println!("{svg}"),
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(2);
        }
    }
}

fn read_args() -> Result<Asked, String> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, view, now, rest @ ..] = &args[..] else {
        return Err("FILE.lamp VIEW TIME, please".into());
    };
    let mut asked = Asked {
        file: file.clone(),
        view: view.clone(),
        now: time(now)?,
        w: 900.0,
        h: 420.0,
        dark: false,
        pick: Pick::None,
        span: None,
    };
    rest.iter().try_for_each(|word| asked.take(word)).map(|()| asked)
}

impl Asked {
    fn take(&mut self, word: &str) -> Result<(), String> {
        if word == "dark" {
            self.dark = true;
        } else if let Some((from, to)) = word.split_once("..") {
            self.span = Some((time(from)?, time(to)?));
        } else if let Some((w, h)) = word.split_once('x') {
            (self.w, self.h) = (number(w)?, number(h)?);
        } else {
            let (sort, id) = word.split_at(1);
            let id = number(id)? as u32;
            self.pick = match sort {
                "e" => Pick::Event(EventId(id)),
                "m" => Pick::Message(MsgId(id)),
                _ => Pick::Node(NodeId(id as u16)),
            };
        }
        Ok(())
    }
}

fn number(word: &str) -> Result<f32, String> {
    word.parse().map_err(|_| format!("{word} is not a number"))
}

fn time(word: &str) -> Result<Us, String> {
    let ms = word.strip_suffix("ms").ok_or(format!("{word}: a time in ms, please"))?;
    Ok((number(ms)? * 1_000.0) as Us)
}

fn picture(asked: &Asked) -> Result<String, String> {
    let text = std::fs::read_to_string(&asked.file).map_err(|e| format!("{}: {e}", asked.file))?;
    let scenario = scenario::parse(&text, &protocols::entries()).map_err(|f| format!("{f:?}"))?;
    let mut run = protocols::open(scenario).map_err(|r| r.message)?;
    run.finish();
    run.advance(run.horizon().min(asked.now * 4 + SEC), u32::MAX);
    let index = Index::new(&run);
    let (shapes, h) = shapes(&run, &index, asked);
    let ground = Shape::rect("ground", 0.0, 0.0, asked.w, h);
    let all: Vec<Shape> = std::iter::once(ground).chain(shapes).collect();
    Ok(dressed(&svg(&all, asked.w, h, &run.scenario().title), asked.dark))
}

fn shapes(run: &Run, index: &Index, asked: &Asked) -> (Vec<Shape>, f32) {
    let (w, h, now) = (asked.w, asked.h, asked.now);
    let peek = run.peek_at(now);
    let (from, to) = asked.span.unwrap_or((0, run.horizon().min(now * 2)));
    match asked.view.as_str() {
        "topology" => {
            let layout = Layout::new(run, w, h);
            (topology::still(run, index, &peek, &layout, now, asked.pick), h)
        }
        "spacetime" => {
            let view = Viewport::new(run, from, to, w, h);
            (spacetime::still(run, index, &view, now, asked.pick), h)
        }
        view if view == "history" || view.starts_with("history:") => {
            let model = view.split_once(':').map_or("linearizable", |(_, model)| model);
            let h = history_of(run);
            let verdict = judge_history(&h, model);
            let judged = verdict.as_ref().map(|v| (&h, v));
            let stretch = (from, to);
            let bars = history::history(run, judged, (stretch, now), w, (asked.pick, None));
            let picture = bars.still(history::x_at(run, stretch, w, now.clamp(from, to)));
            (picture.shapes, picture.h)
        }
        "thumbnail" => (thumbnail::thumbnail(run, index, now, w, h), h),
        key => {
            let before = exhibit::stacks(run, &run.peek_at(now.saturating_sub(200 * MS)));
            let stacks = exhibit::stacks(run, &peek);
            let Some(stack) = stacks.iter().find(|s| s.key == key) else { return (vec![], h) };
            let before = before.iter().find(|s| s.key == key);
            let picture = exhibit::draw(run, stack, before, (w, h), asked.pick, &|_| Kin::Outside);
            (picture.shapes, picture.h)
        }
    }
}

fn dressed(svg: &str, dark: bool) -> String {
    let scheme = if dark { "dark" } else { "light" };
    let style = STYLE.concat().replace(":root {", "svg {");
    let own = format!("svg {{ color-scheme: {scheme}; }} .ground {{ fill: var(--ground); }}");
    let at = svg.find('>').map_or(0, |i| i + 1);
    format!("{}<style><![CDATA[{style}{own}]]></style>{}", &svg[..at], &svg[at..])
}
