//! `state`: a table, a state and events to acts and states (clauses 10.6, 15.1, 15.2 and 15.3). Every cell of every table is in a vector of its state, and
//! longer walks lead through several.

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::number;
use super::text::rows;
use hypermesh_core::machine::Cell;
use hypermesh_core::stoq::certs::keeper::states as holder;
use hypermesh_core::stoq::session::{exchange::states as exchange, states as session};
use hypermesh_core::stoq::transfer::states as fetch;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    table: String,
    /// Where every walk begins.
    state: String,
    /// Events, one after the other; each walk on its own.
    walks: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct Output {
    /// For each event of each walk what is done, and the state that follows.
    walks: Vec<Vec<(String, String)>>,
}

/// A table of the text: the names of its events, and each state with its cells.
struct Table {
    name: &'static str,
    requirement: &'static str,
    events: Vec<String>,
    states: Vec<(String, Vec<(String, String)>)>,
}

impl Table {
    fn read(name: &'static str, requirement: &'static str, clause: u8, columns: usize) -> Self {
        let mut rows = rows(clause, columns).into_iter().skip_while(|row| row[0] != "state");
        let events = rows.next().expect("the table has a head")[1..].to_vec();
        let cell = |cell: &String| {
            let (act, next) = cell.split_once(" → ").expect("a cell is an act and a state");
            (act.to_owned(), next.to_owned())
        };
        let states = rows.take_while(|row| row[1].contains(" → ")).map(|row| (row[0].clone(), row[1..].iter().map(cell).collect()));
        Self { name, requirement, events, states: states.collect() }
    }

    /// What the events of a walk lead to.
    fn walk(&self, from: usize, events: &[usize]) -> Vec<(String, String)> {
        let mut at = from;
        let step = |event: &usize| {
            let (act, next) = &self.states[at].1[*event];
            at = self.states.iter().position(|(name, _)| name == next).expect("every state has a row");
            (act.clone(), next.clone())
        };
        events.iter().map(step).collect()
    }

    fn add(&self, maker: &mut Maker, case: &str, from: usize, walks: &[Vec<usize>]) {
        let named = |walk: &Vec<usize>| walk.iter().map(|event| self.events[*event].clone()).collect();
        let input = Input { table: self.name.to_owned(), state: self.states[from].0.clone(), walks: walks.iter().map(named).collect() };
        let output = Output { walks: walks.iter().map(|walk| self.walk(from, walk)).collect() };
        maker.add(&format!("{}-{case}", self.name), &[self.requirement], input, Outcome::output(output));
    }
}

pub(super) fn make(maker: &mut Maker) {
    for table in [
        Table::read("session", "R-15-01", 15, 17),
        Table::read("exchange", "R-15-02", 15, 18),
        Table::read("fetch", "R-15-03", 10, 6),
        Table::read("holder", "R-15-05", 15, 11),
    ] {
        let events = 0..table.events.len();
        for (from, (state, _)) in table.states.iter().enumerate() {
            let walks: Vec<Vec<usize>> = events.clone().map(|event| vec![event]).collect();
            table.add(maker, &format!("cells-of-{}", state.to_lowercase()), from, &walks);
        }
        for seed in 0..6 {
            // Of two events drawn the one that leads elsewhere, and not to the end, so that walks go somewhere.
            let from = number(600 + seed, 0) as usize % table.states.len();
            let (mut at, mut walk) = (from, Vec::new());
            for n in 0..24 {
                let drawn = [1, 2].map(|part| number(600 + seed, 2 * n + part) as usize % table.events.len());
                let leads = |event: usize| {
                    let next = &table.states[at].1[event].1;
                    table.states.iter().position(|(name, _)| name == next).expect("every state has a row")
                };
                let last = table.states.len() - 1;
                let event = drawn.into_iter().max_by_key(|event| (leads(*event) != last, leads(*event) != at)).expect("two were drawn");
                walk.push(event);
                at = leads(event);
            }
            table.add(maker, &format!("walk-{seed}"), from, &[walk]);
        }
    }
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let walks = match input.table.as_str() {
        "session" => walks(&input, &session::STATES, &session::EVENTS, session::cell),
        "exchange" => walks(&input, &exchange::STATES, &exchange::EVENTS, exchange::cell),
        "fetch" => walks(&input, &fetch::STATES, &fetch::EVENTS, fetch::cell),
        "holder" => walks(&input, &holder::STATES, &holder::EVENTS, holder::cell),
        other => Err(format!("there is no table {other}")),
    }?;
    Ok(Outcome::output(Output { walks }))
}

/// What a table of core says of the walks.
fn walks<S: Copy + Debug, E: Copy + Debug, A: Debug>(
    input: &Input,
    states: &[S],
    events: &[E],
    cell: impl Fn(S, E) -> Cell<S, A>,
) -> Result<Vec<Vec<(String, String)>>, String> {
    let find =
        |name: &str| states.iter().find(|state| format!("{state:?}") == name).copied().ok_or_else(|| format!("there is no state {name}"));
    let from = find(&input.state)?;
    let walk = |walk: &Vec<String>| -> Result<Vec<(String, String)>, String> {
        let mut at = from;
        let step = |name: &String| {
            let event = events.iter().find(|event| format!("{event:?}") == *name).ok_or_else(|| format!("there is no event {name}"))?;
            let Cell { next, act } = cell(at, *event);
            at = next;
            Ok::<_, String>((format!("{act:?}"), format!("{next:?}")))
        };
        walk.iter().map(step).collect()
    };
    input.walks.iter().map(walk).collect()
}
